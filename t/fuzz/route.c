
/*
 * A request line against two readers of CONTRACT section 1: the one knows the
 * documented paths letter for letter, the other the normal form, made one step
 * after another.  What the gateway lets through as an operation is documented
 * letter for letter; what normalizes to an operation's path is that operation,
 * and what has a segment "snapshots" is in scope.  The input is "METHOD path";
 * it is read with and without a prefix, as sent and as decoded by a server.
 */


#include "fuzz.h"
#include "reply.h"


#define FUZZ_PATH_MAX  600


/* "{}" stands for any one segment, that of a project or a snapshot */

typedef struct {
    const char  *methods;
    const char  *path;
    const char  *name;
} fuzz_documented_t;


static const fuzz_documented_t  fuzz_documented[] = {
    { "POST", "/v3/{}/snapshots", "evs_v3_create" },
    { "POST", "/v2/{}/snapshots", "evs_v2_create" },
    { "POST", "/v1.0/{}/snapshots", "dws_v1_create" },
    { "GET HEAD", "/v3/{}/snapshots/detail", "evs_v3_detail" },
    { "GET HEAD", "/v2/{}/snapshots/detail", "evs_v2_detail" },
    { "GET HEAD", "/v3/{}/snapshots", "evs_v3_list" },
    { "GET HEAD", "/v2/{}/snapshots", "evs_v2_list" },
    { "PUT", "/v3/{}/snapshots/{}", "evs_v3_update" },
    { "PUT", "/v2/{}/snapshots/{}", "evs_v2_update" },

    /* the project id alone is missing */

    { "POST", "/v3/snapshots", "evs_v3_create" },
    { "POST", "/v2/snapshots", "evs_v2_create" },
    { "POST", "/v1.0/snapshots", "dws_v1_create" },
    { "GET HEAD", "/v3/snapshots/detail", "evs_v3_detail" },
    { "GET HEAD", "/v2/snapshots/detail", "evs_v2_detail" },
    { "GET HEAD", "/v3/snapshots", "evs_v3_list" },
    { "GET HEAD", "/v2/snapshots", "evs_v2_list" },
    { "PUT", "/v3/snapshots/{}", "evs_v3_update" },
    { "PUT", "/v2/snapshots/{}", "evs_v2_update" }
};


/*
 * What servers do to a path, step by step, before they look for it: "d" for
 * decoding escapes once, "m" for merging slashes, "." for dot segments, "b" for
 * taking a backslash for a slash, "p" for cutting parameters, "a" for cutting a
 * host off a reference.  A path that one of them takes for an operation's is
 * that operation.
 */

static const char *const  fuzz_servers[] = {
    "d", "d.", "dm.", "dd", "dd.", "ddm.", "p", "pd", "dp", "dp.", "dpm.",
    "db", "db.", "dbm.", "dbp.", ".", "m.", ".m", "p.", "pd.", "pdm.",
    ".d", "m.d", "p.d", "dm.d", "d.d", "a", "ad", "a.", "ad.", "adm.", "ba",
    "bad", "bad."
};


typedef struct {
    char                      method[16];
    ngx_snapshot_str_t        path;
    const char               *prefix;
    int                       sent;
} fuzz_request_t;


/* words are what "{}" stood for */

typedef struct {
    const fuzz_documented_t  *documented;
    ngx_snapshot_str_t        words[2];
    unsigned                  nwords;
} fuzz_match_t;


static void fuzz_try(const fuzz_request_t *r);
static void fuzz_check_accepted(const fuzz_request_t *r,
    const ngx_snapshot_route_t *route, const fuzz_match_t *literal);
static void fuzz_check_normal(const fuzz_request_t *r,
    const ngx_snapshot_route_t *route);
static void fuzz_check_servers(const fuzz_request_t *r,
    const ngx_snapshot_route_t *route);
static int fuzz_find(fuzz_match_t *m, const fuzz_request_t *r,
    ngx_snapshot_str_t path, int nocase);
static int fuzz_is_other_detail(const fuzz_match_t *m);
static int fuzz_match(fuzz_match_t *m, const char *prefix, const char *pattern,
    ngx_snapshot_str_t path, int nocase);
static size_t fuzz_normal(char *path, size_t len, int sent, int suffix);
static size_t fuzz_decode(char *path, size_t len);
static size_t fuzz_merge(char *path, size_t len);
static size_t fuzz_dots(char *path, size_t len);
static size_t fuzz_params(char *path, size_t len);
static size_t fuzz_host(char *path, size_t len);
static size_t fuzz_backslash(char *path, size_t len);
static size_t fuzz_segment(const char *s, size_t len);
static int fuzz_blank(char c);
static int fuzz_in_scope(ngx_snapshot_str_t norm);
static void fuzz_wrong(const fuzz_request_t *r,
    const ngx_snapshot_route_t *route, const char *what);


static void
fuzz_try(const fuzz_request_t *r)
{
    int                     normal;
    char                    norm[FUZZ_PATH_MAX + 1];
    fuzz_block_t           *blocks;
    fuzz_match_t            literal;
    ngx_snapshot_mem_t      mem;
    ngx_snapshot_str_t      s;
    ngx_snapshot_judge_t    j;
    ngx_snapshot_route_t    route;
    ngx_snapshot_policy_t   policy;

    blocks = NULL;
    mem.alloc = fuzz_alloc;
    mem.data = &blocks;

    if (ngx_snapshot_route(&route, &mem, fuzz_str(r->method), r->path,
                           fuzz_str(r->prefix), r->sent)
        != NGX_SNAPSHOT_OK)
    {
        fuzz_wrong(r, &route, "memory is not short");
    }

    memset(&literal, 0, sizeof(literal));
    (void) fuzz_find(&literal, r, r->path, 0);

    fuzz_check_accepted(r, &route, &literal);
    fuzz_check_normal(r, &route);
    fuzz_check_servers(r, &route);

    if (route.operation) {
        ngx_snapshot_policy_default(&policy);
        policy.rule[NGX_SNAPSHOT_OPERATION_KNOWN].severity =
                                                          NGX_SNAPSHOT_REJECT;

        ngx_snapshot_judge_init(&j, &mem, &policy, fuzz_regex(), &route);
        (void) ngx_snapshot_judge_route(&j, &route);

        /* what is documented letter for letter is all that is accepted */

        if ((j.count[NGX_SNAPSHOT_REJECT] == 0)
            != (literal.documented
                && literal.nwords > 0
                && fuzz_is_project(literal.words[0])
                && strstr(literal.documented->path, "/{}/")
                && (literal.nwords == 1 || fuzz_is_uuid(literal.words[1]))))
        {
            fuzz_wrong(r, &route, "the judge says something else");
        }

        reply_check(&j);
    }

    if (r->sent) {

        /* the same without the suffix, and what is behind a "#" is no path */

        memcpy(norm, r->path.data, r->path.len);
        s.data = (const u_char *) norm;
        s.len = fuzz_normal(norm, r->path.len, 0, 0);

        normal = s.len == r->path.len
                 && memcmp(s.data, r->path.data, s.len) == 0
                 && memchr(norm, '#', s.len) == NULL;

        if (ngx_snapshot_route_normal(&mem, r->path) != normal) {
            fuzz_wrong(r, &route, "another path is normal");
        }
    }

    fuzz_free(blocks);
}


static void
fuzz_check_accepted(const fuzz_request_t *r, const ngx_snapshot_route_t *route,
    const fuzz_match_t *literal)
{
    int  known;

    known = route->operation && route->operation != &ngx_snapshot_unknown;

    if (known && route->canonical
        && (literal->documented == NULL
            || !fuzz_is(route->operation->name, literal->documented->name)))
    {
        fuzz_wrong(r, route, "canonical, but not documented so");
    }

    if (known && route->sound
        && (!fuzz_is_project(route->project)
            || (strncmp(r->method, "PUT", 4) == 0 && !fuzz_is_uuid(route->id))))
    {
        fuzz_wrong(r, route, "project and id are not sound");
    }

    if (literal->documented == NULL || literal->nwords == 0
        || strstr(literal->documented->path, "/{}/") == NULL
        || !fuzz_is_project(literal->words[0])
        || (literal->nwords == 2 && !fuzz_is_uuid(literal->words[1])))
    {
        return;
    }

    if (!known || !route->canonical
        || !fuzz_is(route->operation->name, literal->documented->name))
    {
        fuzz_wrong(r, route, "documented so, but not that operation");
    }

    if (!ngx_snapshot_eq(route->project, literal->words[0])
        || (literal->nwords == 2
            && !ngx_snapshot_eq(route->id, literal->words[1])))
    {
        fuzz_wrong(r, route, "another project or snapshot");
    }
}


static void
fuzz_check_normal(const fuzz_request_t *r, const ngx_snapshot_route_t *route)
{
    int                  same, known;
    char                 buf[FUZZ_PATH_MAX + 1];
    fuzz_match_t         m;
    ngx_snapshot_str_t   norm;

    memcpy(buf, r->path.data, r->path.len);

    norm.data = (const u_char *) buf;
    norm.len = fuzz_normal(buf, r->path.len, r->sent, 1);

    same = norm.len == r->path.len
           && memcmp(norm.data, r->path.data, norm.len) == 0;

    known = route->operation && route->operation != &ngx_snapshot_unknown;

    if (fuzz_find(&m, r, norm, 1)) {

        if (!known || !fuzz_is(route->operation->name, m.documented->name)) {
            fuzz_wrong(r, route, "the normal form is that of an operation");
        }

        /* in lower case as well */

        same = same && fuzz_find(&m, r, norm, 0) && !fuzz_is_other_detail(&m);

        if ((route->canonical != 0) != same) {
            fuzz_wrong(r, route, same ? "in its normal form"
                                      : "not in its normal form");
        }

        return;
    }

    /* in another way to read it, it may still be an operation */

    if (known && route->canonical) {
        fuzz_wrong(r, route, "the normal form is no operation's");
    }

    if (fuzz_in_scope(norm)) {

        if (route->operation == NULL) {
            fuzz_wrong(r, route, "in scope");
        }

    } else if (route->operation == &ngx_snapshot_unknown) {
        fuzz_wrong(r, route, "not in scope");
    }
}


static void
fuzz_check_servers(const fuzz_request_t *r, const ngx_snapshot_route_t *route)
{
    char                 buf[FUZZ_PATH_MAX + 1], what[80];
    size_t               i;
    const char          *step;
    fuzz_match_t         m;
    ngx_snapshot_str_t   path;

    if (route->operation && route->operation != &ngx_snapshot_unknown) {
        return;
    }

    for (i = 0; i < fuzz_array(fuzz_servers); i++) {

        memcpy(buf, r->path.data, r->path.len);

        path.data = (const u_char *) buf;
        path.len = r->path.len;

        for (step = fuzz_servers[i]; *step; step++) {

            switch (*step) {

            case 'd':
                path.len = fuzz_decode(buf, path.len);
                break;

            case 'm':
                path.len = fuzz_merge(buf, path.len);
                break;

            case '.':
                path.len = fuzz_dots(buf, path.len);
                break;

            case 'p':
                path.len = fuzz_params(buf, path.len);
                break;

            case 'a':
                path.len = fuzz_host(buf, path.len);
                break;

            default:
                path.len = fuzz_backslash(buf, path.len);
            }
        }

        if (fuzz_find(&m, r, path, 0)) {
            snprintf(what, sizeof(what), "a server that does \"%s\" takes it "
                     "for %s", fuzz_servers[i], m.documented->name);
            fuzz_wrong(r, route, what);
        }
    }
}


static int
fuzz_find(fuzz_match_t *m, const fuzz_request_t *r, ngx_snapshot_str_t path,
    int nocase)
{
    char                      method[32], methods[32];
    size_t                    i;
    const fuzz_documented_t  *d;

    sprintf(method, " %s ", r->method);

    for (i = 0; i < fuzz_array(fuzz_documented); i++) {

        d = &fuzz_documented[i];

        sprintf(methods, " %s ", d->methods);

        if (strchr(r->method, ' ') || strstr(methods, method) == NULL) {
            continue;
        }

        m->nwords = 0;

        if (fuzz_match(m, r->prefix, d->path, path, nocase)) {
            m->documented = d;
            return 1;
        }
    }

    m->documented = NULL;

    return 0;
}


/* a snapshot id that is "detail" in other letters is spelled wrongly, too */

static int
fuzz_is_other_detail(const fuzz_match_t *m)
{
    ngx_snapshot_str_t  id;

    if (strcmp(m->documented->methods, "PUT") != 0) {
        return 0;
    }

    id = m->words[m->nwords - 1];

    return id.len == 6
           && strncasecmp((const char *) id.data, "detail", id.len) == 0
           && !fuzz_is(id, "detail");
}


static int
fuzz_match(fuzz_match_t *m, const char *prefix, const char *pattern,
    ngx_snapshot_str_t path, int nocase)
{
    char                 c[2], all[64];
    const char          *p;
    ngx_snapshot_str_t   word;

    sprintf(all, "%s%s", prefix, pattern);

    for (p = all; *p; p++) {

        if (*p != '{') {

            if (path.len == 0) {
                return 0;
            }

            c[0] = (char) path.data[0];
            c[1] = *p;

            if (c[0] != c[1]
                && !(nocase && c[0] >= 'A' && c[0] <= 'Z'
                     && c[0] + 'a' - 'A' == c[1]))
            {
                return 0;
            }

            path.data++;
            path.len--;

            continue;
        }

        word.data = path.data;
        word.len = fuzz_segment((const char *) path.data, path.len);

        if (word.len == 0) {
            return 0;
        }

        m->words[m->nwords++] = word;

        path.data += word.len;
        path.len -= word.len;

        p++;
    }

    return path.len == 0;
}


static size_t
fuzz_segment(const char *s, size_t len)
{
    size_t  i;

    for (i = 0; i < len && s[i] != '/'; i++) { /* void */ }

    return i;
}


/* what a server may take for white space, in Latin-1 */

static int
fuzz_blank(char c)
{
    return (u_char) c <= 0x20 || (u_char) c == 0x85 || (u_char) c == 0xa0;
}


/* in place; where the contract is silent, as the unit tests say */

static size_t
fuzz_normal(char *path, size_t len, int sent, int suffix)
{
    char    *s, out[FUZZ_PATH_MAX + 2];
    size_t   i, n, size, whole;

    if (sent) {
        for (i = 0; i < len && path[i] != '#'; i++) { /* void */ }
        len = i;
    }

    do {
        n = len;
        len = fuzz_decode(path, len);
    } while (len != n);

    for (i = 0; i < len; i++) {
        if (path[i] == '\\') {
            path[i] = '/';
        }
    }

    n = 0;

    for (i = 0; i < len; i += whole + 1) {

        s = path + i;
        whole = fuzz_segment(s, len - i);

        for (size = 0; size < whole && s[size] != ';'; size++) { /* void */ }

        while (size && fuzz_blank(s[size - 1])) {
            size--;
        }

        if (size == 0 || (size == 1 && s[0] == '.')) {
            continue;
        }

        if (size == 2 && s[0] == '.' && s[1] == '.') {

            while (n && out[n - 1] != '/') {
                n--;
            }

            n -= n > 0;

            continue;
        }

        out[n++] = '/';
        memcpy(out + n, s, size);
        n += size;
    }

    memcpy(path, out, n);

    for (i = n; i && path[i - 1] != '/'; i--) { /* void */ }

    if (!suffix || i == n) {
        return n;
    }

    for (size = i; size < n && path[size] != '.'; size++) { /* void */ }

    while (size > i && fuzz_blank(path[size - 1])) {
        size--;
    }

    return size > i ? size : n;
}


/* each escape once, from left to right */

static size_t
fuzz_decode(char *path, size_t len)
{
    char    hex[3];
    size_t  i, n;

    n = 0;

    for (i = 0; i < len; i++) {

        if (path[i] == '%' && len - i >= 3
            && fuzz_is_hex((u_char) path[i + 1])
            && fuzz_is_hex((u_char) path[i + 2]))
        {
            hex[0] = path[++i];
            hex[1] = path[++i];
            hex[2] = '\0';

            path[n++] = (char) strtoul(hex, NULL, 16);

        } else {
            path[n++] = path[i];
        }
    }

    return n;
}


static size_t
fuzz_merge(char *path, size_t len)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < len; i++) {
        if (path[i] != '/' || n == 0 || path[n - 1] != '/') {
            path[n++] = path[i];
        }
    }

    return n;
}


/* RFC 3986, section 5.2.4, of a path that begins with a slash */

static size_t
fuzz_dots(char *path, size_t len)
{
    int     slash;
    size_t  i, n, size;

    if (len == 0 || path[0] != '/') {
        return len;
    }

    n = 0;

    for (i = 0; i < len; i += size) {

        size = 1 + fuzz_segment(path + i + 1, len - i - 1);
        slash = i + size == len;

        if (size == 2 && path[i + 1] == '.') {
            /* nothing */

        } else if (size == 3 && path[i + 1] == '.' && path[i + 2] == '.') {

            while (n && path[n - 1] != '/') {
                n--;
            }

            n -= n > 0;

        } else {
            memmove(path + n, path + i, size);
            n += size;
            slash = 0;
        }

        if (slash) {
            path[n++] = '/';
        }
    }

    return n;
}


/* "//host/path" becomes "/path" */

static size_t
fuzz_host(char *path, size_t len)
{
    char  *slash;

    if (len < 2 || path[0] != '/' || path[1] != '/') {
        return len;
    }

    slash = memchr(path + 2, '/', len - 2);

    if (slash == NULL) {
        return 0;
    }

    len -= slash - path;
    memmove(path, slash, len);

    return len;
}


/* cuts each segment at ";", and trims it: the gateway does both or neither */

static size_t
fuzz_params(char *path, size_t len)
{
    size_t  i, n, size, whole;

    n = 0;

    for (i = 0; i < len; i += whole) {

        if (path[i] == '/') {
            path[n++] = '/';
            whole = 1;
            continue;
        }

        whole = fuzz_segment(path + i, len - i);

        for (size = 0; size < whole && path[i + size] != ';'; size++) {
            /* void */
        }

        while (size && fuzz_blank(path[i + size - 1])) {
            size--;
        }

        memmove(path + n, path + i, size);
        n += size;
    }

    return n;
}


static size_t
fuzz_backslash(char *path, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        if (path[i] == '\\') {
            path[i] = '/';
        }
    }

    return len;
}


static int
fuzz_in_scope(ngx_snapshot_str_t norm)
{
    size_t       i, len;
    const char  *s;

    for (i = 0; i < norm.len; i += len + 1) {

        s = (const char *) norm.data + i;
        len = fuzz_segment(s, norm.len - i);

        if (len == 9 && strncasecmp(s, "snapshots", len) == 0) {
            return 1;
        }
    }

    return 0;
}


static void
fuzz_wrong(const fuzz_request_t *r, const ngx_snapshot_route_t *route,
    const char *what)
{
    fprintf(stderr, "the route and the contract differ: %s:\n", what);
    fprintf(stderr, "  method: %s\n", r->method);
    fuzz_show("path", r->path);
    fprintf(stderr, "  prefix: %s, %s\n", r->prefix,
            r->sent ? "as sent" : "as decoded");

    if (route->operation) {
        fuzz_show("operation", route->operation->name);
    }

    fuzz_show("project", route->project);
    fuzz_show("id", route->id);
    fprintf(stderr, "  canonical: %u\n", route->canonical);

    abort();
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t          i, n;
    fuzz_request_t  r;

    static const char *const  prefixes[] = { "", "/a/b" };

    for (n = 0; n < size && data[n] != ' '; n++) { /* void */ }

    /* long paths are slow to be read in every way, and say no more */

    if (n == size || n >= sizeof(r.method) || size > FUZZ_PATH_MAX) {
        return 0;
    }

    memset(&r, 0, sizeof(r));
    memcpy(r.method, data, n);

    data += n + 1;
    size -= n + 1;

    for (i = 0; i < fuzz_array(prefixes); i++) {

        r.prefix = prefixes[i];

        r.sent = 0;
        r.path = fuzz_exact(data, size);

        fuzz_try(&r);

        free((void *) r.path.data);

        /* a "?" of the client's ends the path, one that was decoded does not */

        for (n = 0; n < size && data[n] != '?'; n++) { /* void */ }

        r.sent = 1;
        r.path = fuzz_exact(data, n);

        fuzz_try(&r);

        free((void *) r.path.data);
    }

    return 0;
}
