
/*
 * The reader of paths that the gateway had before, kept as a model: it tries
 * 36 readings of three decodings, each again as a next server would read it,
 * behind up to two hosts.  It is complete in nothing, and finds much.
 */


#ifndef _SERVERS_OLD_H_INCLUDED_
#define _SERVERS_OLD_H_INCLUDED_


#include "steps.h"


#define OLD_MERGE      0x01
#define OLD_DOTS       0x02
#define OLD_BACKSLASH  0x04
#define OLD_PARAMS     0x08
#define OLD_FRAGMENT   0x10
#define OLD_QUERY      0x20

#define OLD_CONTRACT   0x0f
#define OLD_ALL        0x3f

#define OLD_DECODE_ALL   0
#define OLD_DECODE_ONCE  1
#define OLD_DECODE_NOT   2


typedef struct {
    ngx_snapshot_str_t  prefix;
    unsigned            method;
} old_asked_t;


static inline size_t
old_decode(u_char *buf, ngx_snapshot_str_t path, unsigned decode)
{
    memcpy(buf, path.data, path.len);

    switch (decode) {

    case OLD_DECODE_ALL:
        return step_decode_all(buf, path.len, STEPS_ANY);

    case OLD_DECODE_ONCE:
        return step_decode(buf, path.len, STEPS_ANY);

    default:
        return path.len;
    }
}


static inline ngx_snapshot_str_t
old_trim(ngx_snapshot_str_t seg, unsigned read)
{
    size_t  i;

    if (!(read & OLD_PARAMS)) {
        return seg;
    }

    for (i = 0; i < seg.len && seg.data[i] != ';'; i++) { /* void */ }

    seg.len = i;

    while (seg.len && step_is(seg.data[seg.len - 1], STEPS_BLANK)) {
        seg.len--;
    }

    return seg;
}


/* the next segment of the path from *p on, as it is read; moves *p behind it */

static inline ngx_snapshot_str_t
old_segment(const u_char **pp, const u_char *last, unsigned read)
{
    const u_char        *p;
    ngx_snapshot_str_t   seg;

    p = *pp;
    seg.data = p;

    while (p < last
           && *p != '/'
           && (*p != '\\' || !(read & OLD_BACKSLASH))
           && (*p != '#' || !(read & OLD_FRAGMENT))
           && (*p != '?' || !(read & OLD_QUERY)))
    {
        p++;
    }

    seg.len = p - seg.data;

    *pp = (p == last || *p == '#' || *p == '?') ? last : p + 1;

    return old_trim(seg, read);
}


/* drops empty segments, which have had their effect on dot segments */

static inline size_t
old_merge(u_char *out, size_t len)
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


/* writes the path as it is read into out, which has room for as much + 1 */

static inline size_t
old_normalize(u_char *out, ngx_snapshot_str_t path, unsigned read)
{
    size_t               len;
    const u_char        *p, *last;
    ngx_snapshot_str_t   seg;

    len = 0;
    p = path.data;
    last = path.data + path.len;

    if (p < last && *p == '/') {
        p++;
    }

    while (p < last) {

        seg = old_segment(&p, last, read);

        if (seg.len == 0 && read & OLD_MERGE) {
            continue;
        }

        if (read & OLD_DOTS) {

            if (seg.len == 1 && seg.data[0] == '.') {
                continue;
            }

            if (seg.len == 2 && seg.data[0] == '.' && seg.data[1] == '.') {

                while (len && out[--len] != '/') { /* void */ }

                continue;
            }
        }

        out[len++] = '/';
        memmove(out + len, seg.data, seg.len);
        len += seg.len;
    }

    return (read & OLD_MERGE) ? len : old_merge(out, len);
}


/*
 * Takes ".json" and the like off the last segment; where the suffix is all of
 * it, only if bare is set, and then off the one before as well.
 */

static inline size_t
old_suffix(const u_char *out, size_t len, unsigned bare)
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
        seg = old_trim(seg, OLD_PARAMS);

        if (seg.len) {
            return slash + 1 + seg.len;
        }

        if (!bare) {
            return len;
        }
    }

    return 0;
}


static inline const table_row_t *
old_find(const old_asked_t *asked, const u_char *p, size_t len)
{
    ngx_snapshot_str_t  path;

    path.data = p;
    path.len = len;

    return table_find(path, asked->prefix, asked->method, 1);
}


/* the row that a reading leads to, a suffix taken off */

static inline const table_row_t *
old_try(const old_asked_t *asked, const u_char *p, size_t len)
{
    const table_row_t  *row;

    len = old_suffix(p, len, 0);
    row = old_find(asked, p, len);

    if (row || !(asked->method & (TABLE_POST|TABLE_PUT))) {
        return row;
    }

    return old_find(asked, p, old_suffix(p, len, 1));
}


/* what a server that resolved dot segments passes on, read by the next one */

static inline const table_row_t *
old_later(const old_asked_t *asked, ngx_snapshot_str_t path)
{
    u_char               buf[STEPS_PATH_MAX + 2], out[STEPS_PATH_MAX + 2];
    size_t               before;
    unsigned             decode;
    ngx_snapshot_str_t   decoded;
    const table_row_t   *row;

    before = path.len;
    decoded.data = buf;

    for (decode = 0; decode < OLD_DECODE_NOT; decode++) {

        decoded.len = old_decode(buf, path, decode);

        if (decoded.len == before) {
            break;
        }

        before = decoded.len;

        row = old_try(asked, out, old_normalize(out, decoded, OLD_CONTRACT));

        if (row == NULL) {
            row = old_try(asked, out, old_normalize(out, decoded, 0));
        }

        if (row) {
            return row;
        }
    }

    return NULL;
}


/* which ways to read the path differ */

static inline unsigned
old_matters(const old_asked_t *asked, ngx_snapshot_str_t path)
{
    size_t    i;
    unsigned  m;

    m = 0;

    for (i = 0; i < path.len; i++) {
        m |= (path.data[i] == '.') ? OLD_MERGE|OLD_DOTS
             : (path.data[i] == '\\') ? OLD_BACKSLASH
             : (path.data[i] == '#') ? OLD_FRAGMENT
             : (path.data[i] == '?') ? OLD_QUERY
             : step_is(path.data[i], STEPS_BLANK|STEPS_SEMICOLON) ? OLD_PARAMS
             : 0;
    }

    return (asked->method & (TABLE_POST|TABLE_PUT))
           ? m : m & ~(OLD_FRAGMENT|OLD_QUERY);
}


/* another reading comes to the same */

static inline int
old_again(unsigned read)
{
    unsigned  cuts;

    cuts = OLD_FRAGMENT|OLD_QUERY;

    return (read & cuts) == cuts || (read & (OLD_MERGE|OLD_DOTS)) == OLD_MERGE;
}


static inline const table_row_t *
old_decoded(const old_asked_t *asked, ngx_snapshot_str_t decoded,
    unsigned decode)
{
    u_char               out[STEPS_PATH_MAX + 2];
    unsigned             read, matters;
    ngx_snapshot_str_t   norm;
    const table_row_t   *row;

    /* what nobody cuts who leaves escapes to the next server */

    static const unsigned  uncut[] = {
        [OLD_DECODE_ALL] = OLD_ALL,
        [OLD_DECODE_ONCE] = OLD_FRAGMENT|OLD_QUERY,
        [OLD_DECODE_NOT] = OLD_QUERY
    };

    matters = old_matters(asked, decoded);
    norm.data = out;

    for (read = 0; read <= OLD_ALL; read++) {

        if (read & ~matters || old_again(read)) {
            continue;
        }

        norm.len = old_normalize(out, decoded, read);
        row = old_try(asked, out, norm.len);

        if (row == NULL && decode != OLD_DECODE_ALL
            && !(read & uncut[decode]))
        {
            row = old_later(asked, norm);
        }

        if (row) {
            return row;
        }
    }

    return NULL;
}


static inline const table_row_t *
old_otherwise(const old_asked_t *asked, ngx_snapshot_str_t path)
{
    u_char               buf[STEPS_PATH_MAX + 2];
    size_t               before;
    unsigned             decode;
    ngx_snapshot_str_t   decoded;
    const table_row_t   *row;

    before = STEPS_PATH_MAX + 1;
    decoded.data = buf;

    for (decode = 0; decode <= OLD_DECODE_NOT; decode++) {

        decoded.len = old_decode(buf, path, decode);

        if (decoded.len == before) {
            continue;
        }

        before = decoded.len;
        row = old_decoded(asked, decoded, decode);

        if (row) {
            return row;
        }
    }

    return NULL;
}


/* the path behind "//host", or nothing; slashes are of both kinds or of one */

static inline ngx_snapshot_str_t
old_behind(ngx_snapshot_str_t path, int both)
{
    size_t  i, slashes;

#define old_is_slash(c)  ((c) == '/' || ((c) == '\\' && both))

    for (i = 0; i < path.len && old_is_slash(path.data[i]); i++) { /* void */ }

    slashes = i;

    while (i < path.len && !old_is_slash(path.data[i])) {
        i++;
    }

    path.data += i;
    path.len = (slashes < 2) ? 0 : path.len - i;

    return path;
}


/* the row of the first table that it finds in a path as a client sent it */

static inline const table_row_t *
old_reads(ngx_snapshot_str_t path, ngx_snapshot_str_t prefix, unsigned method)
{
    int                  both;
    u_char               buf[STEPS_PATH_MAX + 2], out[STEPS_PATH_MAX + 2];
    size_t               len;
    old_asked_t          asked;
    ngx_snapshot_str_t   decoded, behind;
    const table_row_t   *row;

    asked.prefix = prefix;
    asked.method = method;

    /* a "#" that the client sent ends the path, one that it escaped not */

    memcpy(buf, path.data, path.len);
    len = step_cut(buf, path.len, STEPS_FRAGMENT|STEPS_WHOLE);

    decoded.data = buf;
    decoded.len = step_decode_all(buf, len, STEPS_ANY);

    len = old_normalize(out, decoded, OLD_CONTRACT);
    row = old_find(&asked, out, old_suffix(out, len, 0));

    if (row == NULL) {
        row = old_otherwise(&asked, path);
    }

    for (both = 1; both >= 0 && row == NULL; both--) {
        behind = old_behind(path, both);
        row = behind.len ? old_otherwise(&asked, behind) : NULL;
    }

    return row;
}


#endif /* _SERVERS_OLD_H_INCLUDED_ */
