
#include "ngx_snapshot_route.h"
#include "ngx_snapshot_check.h"
#include "ngx_snapshot_text.h"


/*
 * What a server may do to a path before it looks at it.  The contract's normal
 * form does the first four; a server may leave any of them out, and a dot
 * segment then takes another segment away, or a slash that is not one joins
 * two.  The others are for a path that is decoded before it is cut.
 */

#define NGX_SNAPSHOT_READ_MERGE      0x01
#define NGX_SNAPSHOT_READ_DOTS       0x02
#define NGX_SNAPSHOT_READ_BACKSLASH  0x04
#define NGX_SNAPSHOT_READ_PARAMS     0x08
#define NGX_SNAPSHOT_READ_FRAGMENT   0x10
#define NGX_SNAPSHOT_READ_QUERY      0x20

#define NGX_SNAPSHOT_READ_CONTRACT   0x0f
#define NGX_SNAPSHOT_READ_ALL        0x3f

/* how often percent-escapes are decoded: until nothing changes, or less */

#define NGX_SNAPSHOT_DECODE_ALL   0
#define NGX_SNAPSHOT_DECODE_ONCE  1
#define NGX_SNAPSHOT_DECODE_NOT   2
#define NGX_SNAPSHOT_DECODES      3

/* version, project, "snapshots", one more, and whether there is another */

#define NGX_SNAPSHOT_SEGMENTS  5


typedef struct {
    ngx_snapshot_str_t  prefix;
    unsigned            bit;
    unsigned            sent;
} ngx_snapshot_asked_t;


static int ngx_snapshot_route_quick(ngx_snapshot_route_t *route,
    const ngx_snapshot_asked_t *asked, ngx_snapshot_str_t path);
static int ngx_snapshot_route_read(ngx_snapshot_route_t *route,
    const ngx_snapshot_mem_t *mem, const ngx_snapshot_asked_t *asked,
    ngx_snapshot_str_t path);
static int ngx_snapshot_route_otherwise(ngx_snapshot_route_t *route,
    const ngx_snapshot_mem_t *mem, const ngx_snapshot_asked_t *asked,
    ngx_snapshot_str_t path);
static int ngx_snapshot_route_decoded(ngx_snapshot_route_t *route,
    const ngx_snapshot_asked_t *asked, ngx_snapshot_str_t decoded,
    unsigned decode, size_t most, u_char *buf);
static int ngx_snapshot_route_later(ngx_snapshot_route_t *route,
    const ngx_snapshot_asked_t *asked, ngx_snapshot_str_t path, size_t most,
    u_char *buf);
static int ngx_snapshot_route_try(ngx_snapshot_route_t *route,
    const ngx_snapshot_asked_t *asked, u_char *p, size_t len);
static int ngx_snapshot_route_find(ngx_snapshot_route_t *route,
    const ngx_snapshot_asked_t *asked, ngx_snapshot_str_t norm);
static int ngx_snapshot_route_match(ngx_snapshot_route_t *route,
    const ngx_snapshot_asked_t *asked, ngx_snapshot_str_t *seg, unsigned n,
    unsigned at);
static unsigned ngx_snapshot_route_split(ngx_snapshot_str_t norm,
    ngx_snapshot_str_t prefix, ngx_snapshot_str_t *seg);
static int ngx_snapshot_route_in_scope(ngx_snapshot_str_t norm);
static int ngx_snapshot_route_plain(ngx_snapshot_str_t path);
static int ngx_snapshot_route_hints(ngx_snapshot_str_t path);
static int ngx_snapshot_route_again(unsigned read);
static unsigned ngx_snapshot_route_matters(ngx_snapshot_str_t path);
static size_t ngx_snapshot_route_most(ngx_snapshot_str_t prefix,
    ngx_snapshot_str_t decoded);
static size_t ngx_snapshot_route_decode(u_char *buf, ngx_snapshot_str_t path,
    unsigned decode);
static size_t ngx_snapshot_route_normalize(u_char *out,
    ngx_snapshot_str_t path, unsigned read, size_t most);
static int ngx_snapshot_route_stays(u_char c);
static size_t ngx_snapshot_route_merge(u_char *out, size_t len);
static ngx_snapshot_str_t ngx_snapshot_route_trim(ngx_snapshot_str_t seg,
    unsigned read);
static int ngx_snapshot_route_blank(u_char c);
static ngx_snapshot_str_t ngx_snapshot_route_behind(ngx_snapshot_str_t path,
    unsigned read);
static size_t ngx_snapshot_route_until(ngx_snapshot_str_t path, size_t i,
    unsigned read, int slash);
static size_t ngx_snapshot_route_suffix(const u_char *out, size_t len,
    unsigned bare);
static unsigned ngx_snapshot_route_method(ngx_snapshot_str_t method);


static const ngx_snapshot_str_t  ngx_snapshot_none = ngx_snapshot_null;


int
ngx_snapshot_route(ngx_snapshot_route_t *route, const ngx_snapshot_mem_t *mem,
    ngx_snapshot_str_t method, ngx_snapshot_str_t path,
    ngx_snapshot_str_t prefix, int sent)
{
    ngx_snapshot_asked_t  asked;

    asked.prefix = prefix;
    asked.bit = ngx_snapshot_route_method(method);
    asked.sent = sent;

    route->operation = NULL;
    route->project = ngx_snapshot_none;
    route->id = ngx_snapshot_none;
    route->family = NGX_SNAPSHOT_EVS;
    route->methods = 0;
    route->canonical = 1;
    route->sound = 0;

    if (ngx_snapshot_route_quick(route, &asked, path)) {
        return NGX_SNAPSHOT_OK;
    }

    if (!ngx_snapshot_route_plain(path)) {
        return ngx_snapshot_route_read(route, mem, &asked, path);
    }

    /* there is one way to read the path */

    if (!ngx_snapshot_route_find(route, &asked, path)
        && ngx_snapshot_route_in_scope(path))
    {
        route->operation = &ngx_snapshot_unknown;
    }

    return NGX_SNAPSHOT_OK;
}


/*
 * 1 where the path is that of an operation letter for letter, with a project
 * and a snapshot id that are well-formed, as nearly every request's is.
 */

static int
ngx_snapshot_route_quick(ngx_snapshot_route_t *route,
    const ngx_snapshot_asked_t *asked, ngx_snapshot_str_t path)
{
    const u_char                    *p, *last;
    ngx_snapshot_str_t               version, project, id;
    ngx_snapshot_shape_e             shape;
    ngx_snapshot_finding_t           finding;
    const ngx_snapshot_operation_t  *op;

    p = path.data;
    last = p + path.len;

    if (path.len <= asked->prefix.len
        || (asked->prefix.len
            && memcmp(p, asked->prefix.data, asked->prefix.len) != 0))
    {
        return 0;
    }

    p += asked->prefix.len;

    if (*p++ != '/') {
        return 0;
    }

    version.data = p;

    while (p < last && *p != '/') {
        p++;
    }

    version.len = p - version.data;

    if (p == last) {
        return 0;
    }

    project.data = ++p;

    p = ngx_snapshot_skip(p, last, NGX_SNAPSHOT_BYTE_WORD);

    project.len = p - project.data;

    if (project.len == 0
        || project.len > NGX_SNAPSHOT_PROJECT_ID_MAX
        || (size_t) (last - p) <= ngx_snapshot_segment.len
        || *p++ != '/'
        || memcmp(p, ngx_snapshot_segment.data, ngx_snapshot_segment.len) != 0)
    {
        return 0;
    }

    p += ngx_snapshot_segment.len;

    shape = NGX_SNAPSHOT_COLLECTION;
    id.len = 0;

    if (p < last) {

        if (*p++ != '/') {
            return 0;
        }

        id.data = p;
        id.len = last - p;

        shape = ngx_snapshot_same(id, ngx_snapshot_detail)
                    ? NGX_SNAPSHOT_DETAIL : NGX_SNAPSHOT_MEMBER;
    }

    for (op = ngx_snapshot_operations; op->name.len; op++) {

        if (op->shape == shape
            && op->methods & asked->bit
            && ngx_snapshot_same(op->version, version))
        {
            goto found;
        }
    }

    return 0;

found:

    if (shape == NGX_SNAPSHOT_MEMBER) {

        if (!ngx_snapshot_check(&ngx_snapshot_rules[NGX_SNAPSHOT_SNAPSHOT_ID],
                                0, NULL, id, &finding))
        {
            return 0;
        }

        route->id = id;
    }

    route->operation = op;
    route->project = project;
    route->family = op->family;
    route->sound = 1;

    return 1;
}


int
ngx_snapshot_route_normal(const ngx_snapshot_mem_t *mem,
    ngx_snapshot_str_t path)
{
    u_char              *buf;
    ngx_snapshot_str_t   decoded, norm;

    buf = mem->alloc(mem->data, 2 * path.len + 2);
    if (buf == NULL) {
        return NGX_SNAPSHOT_ERROR;
    }

    decoded.data = buf;
    decoded.len = ngx_snapshot_route_decode(buf, path,
                                            NGX_SNAPSHOT_DECODE_ALL);

    norm.data = buf + path.len + 1;
    norm.len = ngx_snapshot_route_normalize(buf + path.len + 1, decoded,
                                            NGX_SNAPSHOT_READ_CONTRACT,
                                            SIZE_MAX);

    return ngx_snapshot_eq(path, norm) && !memchr(norm.data, '#', norm.len);
}


/* the contract's reading first, then all others */

static int
ngx_snapshot_route_read(ngx_snapshot_route_t *route,
    const ngx_snapshot_mem_t *mem, const ngx_snapshot_asked_t *asked,
    ngx_snapshot_str_t path)
{
    u_char              *buf, *out;
    size_t               i, before;
    const u_char        *mark;
    ngx_snapshot_str_t   cut, decoded, norm, behind;

    static const unsigned  hosts[] = { NGX_SNAPSHOT_READ_BACKSLASH, 0 };

    if (!ngx_snapshot_route_hints(path)) {
        return NGX_SNAPSHOT_OK;
    }

    buf = mem->alloc(mem->data, 2 * path.len + 2);
    if (buf == NULL) {
        return NGX_SNAPSHOT_ERROR;
    }

    out = buf + path.len + 1;
    cut = path;

    /* a "#" that the client sent ends the path, one that it escaped not */

    if (asked->sent) {
        mark = memchr(path.data, '#', path.len);
        cut.len = mark ? (size_t) (mark - path.data) : path.len;
    }

    decoded.data = buf;
    decoded.len = ngx_snapshot_route_decode(buf, cut, NGX_SNAPSHOT_DECODE_ALL);

    norm.data = out;
    norm.len = ngx_snapshot_route_normalize(out, decoded,
                                            NGX_SNAPSHOT_READ_CONTRACT,
                                            SIZE_MAX);
    norm.len = ngx_snapshot_route_suffix(out, norm.len, 0);

    route->canonical = ngx_snapshot_eq(path, norm);

    if (ngx_snapshot_route_find(route, asked, norm)) {
        return NGX_SNAPSHOT_OK;
    }

    if (ngx_snapshot_route_in_scope(norm)) {
        route->operation = &ngx_snapshot_unknown;
    }

    if (!asked->bit) {
        return NGX_SNAPSHOT_OK;
    }

    if (ngx_snapshot_route_otherwise(route, mem, asked, path)
        != NGX_SNAPSHOT_OK)
    {
        return NGX_SNAPSHOT_ERROR;
    }

    before = 0;

    for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {

        behind = ngx_snapshot_route_behind(path, hosts[i]);

        if (behind.len == 0 || behind.len == before) {
            continue;
        }

        if (route->operation && route->operation != &ngx_snapshot_unknown) {
            break;
        }

        if (ngx_snapshot_route_otherwise(route, mem, asked, behind)
            != NGX_SNAPSHOT_OK)
        {
            return NGX_SNAPSHOT_ERROR;
        }

        before = behind.len;
    }

    return NGX_SNAPSHOT_OK;
}


/*
 * What is left of "//host/path" where it is read as a reference without a
 * scheme (RFC 3986, section 4.2), as URI parsers do that are given a target as
 * it was sent: the path behind the host.  Empty where there is none.  Those of
 * browsers take any number of slashes and backslashes for two slashes, and a
 * backslash for the end of the host.
 */

static ngx_snapshot_str_t
ngx_snapshot_route_behind(ngx_snapshot_str_t path, unsigned read)
{
    size_t  i;

    i = ngx_snapshot_route_until(path, 0, read, 0);

    if (i < 2) {
        return ngx_snapshot_none;
    }

    i = ngx_snapshot_route_until(path, i, read, 1);

    path.data += i;
    path.len -= i;

    return path;
}


/* the place, from i on, of the first byte that is a slash, or that is none */

static size_t
ngx_snapshot_route_until(ngx_snapshot_str_t path, size_t i, unsigned read,
    int slash)
{
    for ( /* void */ ; i < path.len; i++) {

        if ((path.data[i] == '/'
             || (path.data[i] == '\\' && read & NGX_SNAPSHOT_READ_BACKSLASH))
            == slash)
        {
            break;
        }
    }

    return i;
}


/* tries every other way to read the path */

static int
ngx_snapshot_route_otherwise(ngx_snapshot_route_t *route,
    const ngx_snapshot_mem_t *mem, const ngx_snapshot_asked_t *asked,
    ngx_snapshot_str_t path)
{
    u_char              *buf;
    size_t               most, before;
    unsigned             decode;
    ngx_snapshot_str_t   decoded;

    /* a project of the contract's reading must outlive the other readings */

    buf = mem->alloc(mem->data, 4 * path.len + 4);
    if (buf == NULL) {
        return NGX_SNAPSHOT_ERROR;
    }

    decoded.data = buf;
    most = 0;
    before = 0;

    for (decode = 0; decode < NGX_SNAPSHOT_DECODES; decode++) {

        decoded.len = ngx_snapshot_route_decode(buf, path, decode);

        if (decode == NGX_SNAPSHOT_DECODE_ALL) {
            most = ngx_snapshot_route_most(asked->prefix, decoded);

        } else if (decoded.len == before) {

            /* decoding makes shorter what it changes, so it was read before */

            continue;
        }

        before = decoded.len;

        if (ngx_snapshot_route_decoded(route, asked, decoded, decode, most,
                                       buf + path.len + 1))
        {
            break;
        }
    }

    return NGX_SNAPSHOT_OK;
}


/*
 * 1 where one of the ways to read what was decoded leads to an operation; buf
 * has room for the path three times and 3 bytes.  What only a decoded "#" or
 * "?" or a bare suffix leads to counts for operations with a body alone: there
 * a reading that the gateway did not think of is a write that nobody judged,
 * while GET looks names up, which may begin with any of these.
 */

static int
ngx_snapshot_route_decoded(ngx_snapshot_route_t *route,
    const ngx_snapshot_asked_t *asked, ngx_snapshot_str_t decoded,
    unsigned decode, size_t most, u_char *buf)
{
    unsigned             read, matters;
    ngx_snapshot_str_t   norm;

    /* what nobody cuts who leaves escapes to the next server */

    static const unsigned  uncut[NGX_SNAPSHOT_DECODES] = {
        [NGX_SNAPSHOT_DECODE_ONCE] = NGX_SNAPSHOT_READ_FRAGMENT
                                     |NGX_SNAPSHOT_READ_QUERY,
        [NGX_SNAPSHOT_DECODE_NOT] = NGX_SNAPSHOT_READ_QUERY
    };

    matters = ngx_snapshot_route_matters(decoded);

    if (!(asked->bit & (NGX_SNAPSHOT_POST|NGX_SNAPSHOT_PUT))) {
        matters &= ~(NGX_SNAPSHOT_READ_FRAGMENT|NGX_SNAPSHOT_READ_QUERY);
    }

    norm.data = buf;

    for (read = 0; read <= NGX_SNAPSHOT_READ_ALL; read++) {

        /* what does not matter is read in one way only */

        if (read & ~matters || ngx_snapshot_route_again(read)) {
            continue;
        }

        norm.len = ngx_snapshot_route_normalize(buf, decoded, read, most);

        if (ngx_snapshot_route_try(route, asked, buf, norm.len)) {
            return 1;
        }

        if (decode != NGX_SNAPSHOT_DECODE_ALL
            && !(read & uncut[decode])
            && ngx_snapshot_route_later(route, asked, norm, most,
                                        buf + norm.len + 1))
        {
            return 1;
        }
    }

    return 0;
}


/*
 * What a server that resolved dot segments passes on is decoded by the next
 * one, which then has a normal form of it, or looks at it as it is.  1 where
 * that leads to an operation; buf has room for the path twice and 2 bytes.
 */

static int
ngx_snapshot_route_later(ngx_snapshot_route_t *route,
    const ngx_snapshot_asked_t *asked, ngx_snapshot_str_t path, size_t most,
    u_char *buf)
{
    u_char              *out;
    size_t               len, before;
    unsigned             decode;
    ngx_snapshot_str_t   decoded;

    if (memchr(path.data, '%', path.len) == NULL) {
        return 0;
    }

    out = buf + path.len + 1;

    decoded.data = buf;
    before = path.len;

    for (decode = 0; decode < NGX_SNAPSHOT_DECODE_NOT; decode++) {

        decoded.len = ngx_snapshot_route_decode(buf, path, decode);

        if (decoded.len == before) {
            break;
        }

        before = decoded.len;

        len = ngx_snapshot_route_normalize(out, decoded,
                                           NGX_SNAPSHOT_READ_CONTRACT, most);

        if (ngx_snapshot_route_try(route, asked, out, len)) {
            return 1;
        }

        if (!(ngx_snapshot_route_matters(decoded)
              & NGX_SNAPSHOT_READ_CONTRACT))
        {
            continue;
        }

        len = ngx_snapshot_route_normalize(out, decoded, 0, most);

        if (ngx_snapshot_route_try(route, asked, out, len)) {
            return 1;
        }
    }

    return 0;
}


/*
 * 1 where a reading of the path that is not the contract's leads to an
 * operation, which is then set; a suffix is taken off the reading.
 */

static int
ngx_snapshot_route_try(ngx_snapshot_route_t *route,
    const ngx_snapshot_asked_t *asked, u_char *p, size_t len)
{
    ngx_snapshot_str_t    norm;
    ngx_snapshot_route_t  other;

    other = *route;

    norm.data = p;
    norm.len = ngx_snapshot_route_suffix(p, len, 0);

    if (!ngx_snapshot_route_find(&other, asked, norm)) {

        if (!(asked->bit & (NGX_SNAPSHOT_POST|NGX_SNAPSHOT_PUT))) {
            return 0;
        }

        norm.len = ngx_snapshot_route_suffix(p, norm.len, 1);

        if (!ngx_snapshot_route_find(&other, asked, norm)) {
            return 0;
        }
    }

    *route = other;
    route->canonical = 0;

    return 1;
}


/*
 * 1 where the normal form is that of an operation, which is then set; clears
 * canonical where its fixed parts are spelled in other letters.
 */

static int
ngx_snapshot_route_find(ngx_snapshot_route_t *route,
    const ngx_snapshot_asked_t *asked, ngx_snapshot_str_t norm)
{
    unsigned            at, n;
    ngx_snapshot_str_t  head, seg[NGX_SNAPSHOT_SEGMENTS];

    n = ngx_snapshot_route_split(norm, asked->prefix, seg);

    /* with a project id, then without one */

    for (at = 2; at > 0; at--) {

        if (n <= at
            || !ngx_snapshot_caseeq(seg[at], ngx_snapshot_segment)
            || !ngx_snapshot_route_match(route, asked, seg, n, at))
        {
            continue;
        }

        head.data = norm.data;
        head.len = asked->prefix.len;

        if (!ngx_snapshot_eq(head, asked->prefix)
            || !ngx_snapshot_eq(seg[0], route->operation->version)
            || !ngx_snapshot_eq(seg[at], ngx_snapshot_segment)
            || (n > at + 1
                && ngx_snapshot_caseeq(seg[at + 1], ngx_snapshot_detail)
                && !ngx_snapshot_eq(seg[at + 1], ngx_snapshot_detail)))
        {
            route->canonical = 0;
        }

        return 1;
    }

    return 0;
}


/*
 * Holds the segments, of which seg[at] is "snapshots", against the table.
 * Sets the project where the version is known, the operation where all fits.
 */

static int
ngx_snapshot_route_match(ngx_snapshot_route_t *route,
    const ngx_snapshot_asked_t *asked, ngx_snapshot_str_t *seg, unsigned n,
    unsigned at)
{
    unsigned                         project, member;
    ngx_snapshot_shape_e             shape;
    ngx_snapshot_finding_t           found;
    const ngx_snapshot_operation_t  *op;

    shape = (n == at + 1) ? NGX_SNAPSHOT_COLLECTION
            : (n == at + 2) ? NGX_SNAPSHOT_MEMBER : NGX_SNAPSHOT_OTHER;

    if (shape == NGX_SNAPSHOT_MEMBER
        && ngx_snapshot_caseeq(seg[at + 1], ngx_snapshot_detail))
    {
        shape = NGX_SNAPSHOT_DETAIL;
    }

    project = 0;
    member = 0;

    if (at == 2) {
        project = ngx_snapshot_check(
                      &ngx_snapshot_rules[NGX_SNAPSHOT_PROJECT_ID], 0, NULL,
                      seg[1], &found);
    }

    if (shape == NGX_SNAPSHOT_MEMBER) {
        member = ngx_snapshot_check(
                     &ngx_snapshot_rules[NGX_SNAPSHOT_SNAPSHOT_ID], 0, NULL,
                     seg[at + 1], &found);
    }

    for (op = ngx_snapshot_operations; op->name.len; op++) {

        if (!ngx_snapshot_caseeq(op->version, seg[0])) {
            continue;
        }

        route->family = op->family;

        if (at == 2) {
            route->project = seg[1];
        }

        if (op->methods & asked->bit) {

            /* to a router "detail" is a snapshot id where no word fits */

            if (op->shape == shape
                || (op->shape == NGX_SNAPSHOT_MEMBER
                    && shape == NGX_SNAPSHOT_DETAIL))
            {
                route->operation = op;

                if (op->shape == NGX_SNAPSHOT_MEMBER) {
                    route->id = seg[at + 1];
                }

                return 1;
            }
        }

        if (op->shape == shape && project
            && (shape != NGX_SNAPSHOT_MEMBER || member))
        {
            route->methods |= op->methods;
        }
    }

    return 0;
}


/*
 * Cuts a normal form after the prefix at its slashes.  Returns the number of
 * segments, NGX_SNAPSHOT_SEGMENTS where there are as many or more.
 */

static unsigned
ngx_snapshot_route_split(ngx_snapshot_str_t norm, ngx_snapshot_str_t prefix,
    ngx_snapshot_str_t *seg)
{
    unsigned             n;
    const u_char        *p, *last, *slash;
    ngx_snapshot_str_t   head;

    head.data = norm.data;
    head.len = prefix.len;

    if (norm.len <= prefix.len
        || norm.data[prefix.len] != '/'
        || !ngx_snapshot_caseeq(head, prefix))
    {
        return 0;
    }

    p = norm.data + prefix.len;
    last = norm.data + norm.len;

    for (n = 0; n < NGX_SNAPSHOT_SEGMENTS && p < last; n++) {

        p++;

        slash = (p < last) ? memchr(p, '/', last - p) : NULL;

        if (slash == NULL) {
            slash = last;
        }

        seg[n].data = p;
        seg[n].len = slash - p;

        p = slash;
    }

    return n;
}


/* 1 where one of the segments of the normal form is "snapshots" */

static int
ngx_snapshot_route_in_scope(ngx_snapshot_str_t norm)
{
    const u_char        *p, *last;
    ngx_snapshot_str_t   seg;

    last = norm.data + norm.len;

    for (p = norm.data; p < last; p = seg.data + seg.len) {

        seg.data = (*p == '/') ? p + 1 : p;
        seg.len = 0;

        while (seg.data + seg.len < last && seg.data[seg.len] != '/') {
            seg.len++;
        }

        if (ngx_snapshot_caseeq(seg, ngx_snapshot_segment)) {
            return 1;
        }
    }

    return 0;
}


/*
 * 1 where nothing in the path can be read in more than one way, but for the
 * case of letters: it is its own normal form.
 */

static int
ngx_snapshot_route_plain(ngx_snapshot_str_t path)
{
    u_char  prev;
    size_t  i, suffix;

    if (path.len == 0 || path.data[0] != '/') {
        return 0;
    }

    prev = 'x';
    suffix = 0;

    for (i = 0; i < path.len; i++) {

        switch (path.data[i]) {

        case '%':
        case '\\':
        case ';':
        case '#':
        case '?':
            return 0;

        case '/':
        case '.':
            if (prev == '/') {
                return 0;
            }

            suffix = (path.data[i] == '.');
            break;

        default:
            if (ngx_snapshot_route_blank(path.data[i])) {
                return 0;
            }
        }

        prev = path.data[i];
    }

    return prev != '/' && !suffix;
}


/* 0 where no reading of the path can have a segment "snapshots" */

static int
ngx_snapshot_route_hints(ngx_snapshot_str_t path)
{
    size_t              i;
    ngx_snapshot_str_t  s;

    s.len = ngx_snapshot_segment.len;

    for (i = 0; i < path.len; i++) {

        if (path.data[i] == '%') {
            return 1;
        }

        s.data = path.data + i;

        if (path.len - i >= s.len
            && ngx_snapshot_caseeq(s, ngx_snapshot_segment))
        {
            return 1;
        }
    }

    return 0;
}


/*
 * 1 where another reading that is tried comes to the same: only dot segments
 * take empty ones away, and a path is cut at its first "#" or "?".
 */

static int
ngx_snapshot_route_again(unsigned read)
{
    unsigned  cuts;

    cuts = NGX_SNAPSHOT_READ_FRAGMENT|NGX_SNAPSHOT_READ_QUERY;

    return (read & cuts) == cuts
           || (read & (NGX_SNAPSHOT_READ_MERGE|NGX_SNAPSHOT_READ_DOTS))
              == NGX_SNAPSHOT_READ_MERGE;
}


/* which ways to read the path differ */

static unsigned
ngx_snapshot_route_matters(ngx_snapshot_str_t path)
{
    size_t    i;
    unsigned  matters;

    matters = 0;

    for (i = 0; i < path.len; i++) {

        switch (path.data[i]) {

        case '.':
            matters |= NGX_SNAPSHOT_READ_MERGE|NGX_SNAPSHOT_READ_DOTS;
            break;

        case '\\':
            matters |= NGX_SNAPSHOT_READ_BACKSLASH;
            break;

        case '#':
            matters |= NGX_SNAPSHOT_READ_FRAGMENT;
            break;

        case '?':
            matters |= NGX_SNAPSHOT_READ_QUERY;
            break;

        default:
            if (ngx_snapshot_route_blank(path.data[i])
                || path.data[i] == ';')
            {
                matters |= NGX_SNAPSHOT_READ_PARAMS;
            }
        }
    }

    return matters;
}


/*
 * So many segments a reading of the path may have, of those that stay, before
 * dots are resolved and suffixes taken off: those of an operation, and for each
 * segment that begins with a dot itself and another one.
 */

static size_t
ngx_snapshot_route_most(ngx_snapshot_str_t prefix, ngx_snapshot_str_t decoded)
{
    size_t  i, n;

    n = NGX_SNAPSHOT_SEGMENTS;

    for (i = 0; i < prefix.len; i++) {
        n += (prefix.data[i] == '/');
    }

    for (i = 0; i < decoded.len; i++) {

        if (decoded.data[i] == '.'
            && (i == 0
                || decoded.data[i - 1] == '/' || decoded.data[i - 1] == '\\'))
        {
            n += 2;
        }
    }

    return n;
}


/*
 * Decoding until nothing changes is done in one go: where a byte completes an
 * escape with those before it, they become one byte, which may complete
 * another.  Two escapes never share a byte, so the order does not matter.
 */

static size_t
ngx_snapshot_route_decode(u_char *buf, ngx_snapshot_str_t path,
    unsigned decode)
{
    size_t              i, len;
    ngx_snapshot_str_t  escape;

    if (decode == NGX_SNAPSHOT_DECODE_ONCE) {
        return ngx_snapshot_percent_decode(buf, path, 0, NULL);
    }

    len = 0;
    escape.len = 3;

    for (i = 0; i < path.len; i++) {

        buf[len++] = path.data[i];

        if (decode == NGX_SNAPSHOT_DECODE_NOT) {
            continue;
        }

        while (len >= 3 && buf[len - 3] == '%') {

            escape.data = buf + len - 3;

            if (ngx_snapshot_percent_decode(buf + len - 3, escape, 0, NULL)
                != 1)
            {
                break;
            }

            len -= 2;
        }
    }

    return len;
}


/*
 * Writes the path as it is read into out, which has room for as much + 1; or
 * nothing where there are more segments than most, of those that stay.
 */

static size_t
ngx_snapshot_route_normalize(u_char *out, ngx_snapshot_str_t path,
    unsigned read, size_t most)
{
    size_t               len, n;
    const u_char        *p, *last;
    ngx_snapshot_str_t   seg;

    n = 0;
    len = 0;
    p = path.data;
    last = path.data + path.len;

    if (p < last && *p == '/') {
        p++;
    }

    while (p < last) {

        seg.data = p;

        while (p < last
               && *p != '/'
               && (*p != '\\' || !(read & NGX_SNAPSHOT_READ_BACKSLASH))
               && (*p != '#' || !(read & NGX_SNAPSHOT_READ_FRAGMENT))
               && (*p != '?' || !(read & NGX_SNAPSHOT_READ_QUERY)))
        {
            p++;
        }

        seg.len = p - seg.data;

        if (p < last && (*p == '#' || *p == '?')) {
            p = last;

        } else {
            p++;
        }

        seg = ngx_snapshot_route_trim(seg, read);

        if (seg.len == 0 && read & NGX_SNAPSHOT_READ_MERGE) {
            continue;
        }

        if (read & NGX_SNAPSHOT_READ_DOTS) {

            if (seg.len == 1 && seg.data[0] == '.') {
                continue;
            }

            if (seg.len == 2 && seg.data[0] == '.' && seg.data[1] == '.') {

                while (len && out[--len] != '/') { /* void */ }

                continue;
            }
        }

        if (seg.len && ngx_snapshot_route_stays(seg.data[0]) && ++n > most) {
            return 0;
        }

        out[len++] = '/';
        memcpy(out + len, seg.data, seg.len);
        len += seg.len;
    }

    if (!(read & NGX_SNAPSHOT_READ_MERGE)) {
        len = ngx_snapshot_route_merge(out, len);
    }

    return len;
}


/* 1 where a segment that begins so is not empty to any server behind */

static int
ngx_snapshot_route_stays(u_char c)
{
    return c != '%' && c != ';' && c != '\\' && !ngx_snapshot_route_blank(c);
}


/* drops empty segments, which have had their effect on dot segments */

static size_t
ngx_snapshot_route_merge(u_char *out, size_t len)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < len; i++) {
        if (out[i] != '/' || (i + 1 < len && out[i + 1] != '/')) {
            out[n++] = out[i];
        }
    }

    return n;
}


static ngx_snapshot_str_t
ngx_snapshot_route_trim(ngx_snapshot_str_t seg, unsigned read)
{
    const u_char  *p;

    if (seg.len == 0 || !(read & NGX_SNAPSHOT_READ_PARAMS)) {
        return seg;
    }

    p = memchr(seg.data, ';', seg.len);

    if (p) {
        seg.len = p - seg.data;
    }

    while (seg.len && ngx_snapshot_route_blank(seg.data[seg.len - 1])) {
        seg.len--;
    }

    return seg;
}


/*
 * What servers take for white space: Python's, which Cinder's is, splits the
 * request line at these of Latin-1 as well.
 */

static int
ngx_snapshot_route_blank(u_char c)
{
    return c <= 0x20 || c == 0x85 || c == 0xa0;
}


/*
 * Takes ".json" and the like off the last segment; where the suffix is all of
 * it, only if bare is set, and then off the one before as well.
 */

static size_t
ngx_snapshot_route_suffix(const u_char *out, size_t len, unsigned bare)
{
    size_t               slash;
    const u_char        *dot;
    ngx_snapshot_str_t   seg;

    for (slash = len; slash > 0; len = slash) {

        while (out[--slash] != '/') { /* void */ }

        seg.data = out + slash + 1;
        seg.len = len - slash - 1;

        dot = memchr(seg.data, '.', seg.len);

        if (dot == NULL) {
            return len;
        }

        seg.len = dot - seg.data;
        seg = ngx_snapshot_route_trim(seg, NGX_SNAPSHOT_READ_PARAMS);

        if (seg.len) {
            return slash + 1 + seg.len;
        }

        if (!bare) {
            return len;
        }
    }

    return 0;
}


static unsigned
ngx_snapshot_route_method(ngx_snapshot_str_t method)
{
    const ngx_snapshot_method_t  *m;

    for (m = ngx_snapshot_methods; m->method; m++) {
        if (ngx_snapshot_same(m->name, method)) {
            return m->method;
        }
    }

    return 0;
}
