
/*
 * HTTP/1 requests as they were on the wire, one behind the other: what a
 * client has sent on a connection.
 */


#include "check.h"


static int check_http_recognize(ngx_snapshot_str_t head);
static int check_http_read(check_t *c, check_source_t *s);
static const char *check_http_request(check_t *c, check_source_t *s,
    ngx_snapshot_str_t line);
static int check_http_line(check_record_t *r, ngx_snapshot_str_t line);
static const char *check_http_fields(check_t *c, check_source_t *s,
    uint64_t *length);
static const char *check_http_field(check_record_t *r,
    ngx_snapshot_str_t line, uint64_t *length);
static const char *check_http_chunks(check_t *c, check_source_t *s);
static const char *check_http_bytes(check_t *c, check_source_t *s,
    uint64_t length);
static ngx_snapshot_str_t check_http_copy(check_t *c, ngx_snapshot_str_t s);
static int check_http_is(ngx_snapshot_str_t name, const char *known);


const check_kind_t  check_http = {
    "http", check_http_recognize, check_http_read
};


/* "GET /path HTTP/1.1" */

static int
check_http_recognize(ngx_snapshot_str_t head)
{
    const u_char    *end;
    check_record_t   r;

    end = memchr(head.data, '\n', head.len);

    if (end == NULL) {
        return 0;
    }

    head.len = (size_t) (end - head.data);
    head.len -= (head.len && end[-1] == '\r');

    return check_http_line(&r, head) == NGX_SNAPSHOT_OK;
}


static int
check_http_read(check_t *c, check_source_t *s)
{
    int                  rc;
    const char          *why;
    ngx_snapshot_str_t   line;

    while ((rc = check_source_line(s, &line)) != 0) {

        if (rc > 0 && line.len == 0) {
            continue;
        }

        why = rc > 0 ? check_http_request(c, s, line)
                     : "has a line of more than 16 MB";

        /* where the next request begins is not known any more */

        if (why) {
            check_unreadable(c, s, s->at, why);
            return NGX_SNAPSHOT_ERROR;
        }
    }

    return NGX_SNAPSHOT_OK;
}


static const char *
check_http_request(check_t *c, check_source_t *s, ngx_snapshot_str_t line)
{
    uint64_t         length;
    const char      *why;
    check_record_t  *r;

    r = check_begin(c, s, s->at);

    if (check_http_line(r, check_http_copy(c, line)) != NGX_SNAPSHOT_OK) {
        return "is no request line of HTTP/1";
    }

    length = 0;

    why = check_http_fields(c, s, &length);

    if (why == NULL) {
        why = r->chunked ? check_http_chunks(c, s)
                         : check_http_bytes(c, s, length);
    }

    if (why == NULL) {
        check_done(c);
    }

    return why;
}


static int
check_http_line(check_record_t *r, ngx_snapshot_str_t line)
{
    const u_char  *p, *last, *space;

    static const char  version[] = "HTTP/1.";

    last = line.data + line.len;

    for (p = line.data; p < last && *p >= 'A' && *p <= 'Z'; p++) {
        /* void */
    }

    r->method.data = line.data;
    r->method.len = (size_t) (p - line.data);

    if (r->method.len == 0 || p == last || *p++ != ' ') {
        return NGX_SNAPSHOT_ERROR;
    }

    space = memrchr(p, ' ', (size_t) (last - p));

    if (space == NULL || space == p || last - space != sizeof(version) + 1
        || memcmp(space + 1, version, sizeof(version) - 1) != 0)
    {
        return NGX_SNAPSHOT_ERROR;
    }

    r->target.data = p;
    r->target.len = (size_t) (space - p);

    return NGX_SNAPSHOT_OK;
}


static const char *
check_http_fields(check_t *c, check_source_t *s, uint64_t *length)
{
    int                  rc;
    const char          *why;
    ngx_snapshot_str_t   line;

    for ( ;; ) {

        rc = check_source_line(s, &line);

        if (rc <= 0) {
            return rc ? "has a header field of more than 16 MB"
                      : "ends inside of a header";
        }

        if (line.len == 0) {
            return NULL;
        }

        why = check_http_field(&c->record, check_http_copy(c, line), length);

        if (why) {
            return why;
        }
    }
}


static const char *
check_http_field(check_record_t *r, ngx_snapshot_str_t line, uint64_t *length)
{
    const u_char        *colon, *p, *last;
    ngx_snapshot_str_t   name, value;

    colon = memchr(line.data, ':', line.len);

    if (colon == NULL || line.data[0] == ' ' || line.data[0] == '\t') {
        return "has a header field without a name";
    }

    last = line.data + line.len;

    name.data = line.data;
    name.len = (size_t) (colon - line.data);
    value.data = colon + 1;
    value.len = (size_t) (last - value.data);

    check_header(r, name, value);

    if (check_http_is(name, "Transfer-Encoding")) {
        r->chunked = 1;
    }

    if (!check_http_is(name, "Content-Length")) {
        return NULL;
    }

    *length = 0;

    for (p = value.data; p < last && *p == ' '; p++) {
        /* void */
    }

    for ( /* void */ ; p < last && *p >= '0' && *p <= '9'
                       && *length < UINT64_MAX / 100; p++)
    {
        *length = *length * 10 + (uint64_t) (*p - '0');
    }

    while (p < last && *p == ' ') {
        p++;
    }

    return p == last ? NULL : "has a Content-Length that is no number";
}


static const char *
check_http_chunks(check_t *c, check_source_t *s)
{
    uint64_t             size;
    check_record_t      *r;
    const u_char        *p, *last;
    ngx_snapshot_str_t   line;

    r = &c->record;

    c->body.len = 0;

    for ( ;; ) {

        if (check_source_line(s, &line) <= 0) {
            return "ends inside of a chunked body";
        }

        size = 0;
        last = line.data + line.len;

        for (p = line.data;
             p < last && ngx_snapshot_bytes[*p] & NGX_SNAPSHOT_BYTE_HEX
             && size < UINT64_MAX / 32;
             p++)
        {
            size = size * 16 + (uint64_t) (*p <= '9' ? *p - '0'
                                           : (*p | 0x20) - 'a' + 10);
        }

        if (p == line.data || (p < last && *p != ';' && *p != ' ')) {
            return "has a chunk without a size";
        }

        if (size == 0) {
            break;
        }

        if (check_source_bytes(s, size, &c->body) != NGX_SNAPSHOT_OK) {
            return "ends inside of a chunked body";
        }

        r->length += size;

        if (check_source_line(s, &line) <= 0 || line.len) {
            return "has a chunk that is longer than its size";
        }
    }

    if (r->length > c->body.len) {
        r->lacks |= CHECK_LACKS_BODY;
    }

    r->body.data = c->body.data;
    r->body.len = c->body.len;

    /* trailers */

    do {
        if (check_source_line(s, &line) <= 0) {
            return "ends inside of a chunked body";
        }
    } while (line.len);

    return NULL;
}


static const char *
check_http_bytes(check_t *c, check_source_t *s, uint64_t length)
{
    check_record_t  *r;

    r = &c->record;

    c->body.len = 0;

    if (check_source_bytes(s, length, &c->body) != NGX_SNAPSHOT_OK) {
        return "ends inside of a body";
    }

    r->length = length;

    if (length > c->body.len) {
        r->lacks |= CHECK_LACKS_BODY;
    }

    r->body.data = c->body.data;
    r->body.len = c->body.len;

    return NULL;
}


/* lines live until the next one is read */

static ngx_snapshot_str_t
check_http_copy(check_t *c, ngx_snapshot_str_t s)
{
    u_char  *p;

    p = check_arena_alloc(&c->arena, s.len + 1);

    memcpy(p, s.data, s.len);

    s.data = p;

    return s;
}


static int
check_http_is(ngx_snapshot_str_t name, const char *known)
{
    return ngx_snapshot_caseeq(name, check_str(known));
}
