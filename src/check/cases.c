
/*
 * Lines of JSON, each a whole request: {"method", "target", "headers": [[name,
 * value]], "body" or "body_base64"}, as in t/data/cases.jsonl.
 */


#include "check.h"


static int check_cases_recognize(ngx_snapshot_str_t head);
static int check_cases_read(check_t *c, check_source_t *s);
static const char *check_cases_line(check_t *c, check_source_t *s,
    json_t *line);
static int check_base64(check_t *c, ngx_snapshot_str_t src,
    ngx_snapshot_str_t *dst);


const check_kind_t  check_cases = {
    "cases", check_cases_recognize, check_cases_read
};


/* a line of a log has no list of header fields */

static int
check_cases_recognize(ngx_snapshot_str_t head)
{
    const u_char  *p, *end;

    static const char  name[] = "\"headers\"";

    end = memchr(head.data, '\n', head.len);
    head.len = end ? (size_t) (end - head.data) : head.len;

    p = head.data[0] == '{'
        ? memmem(head.data, head.len, name, sizeof(name) - 1) : NULL;

    if (p == NULL) {
        return 0;
    }

    end = head.data + head.len;
    p += sizeof(name) - 1;

    while (p < end && (*p == ' ' || *p == ':' || *p == '\t')) {
        p++;
    }

    return p < end && *p == '[';
}


static int
check_cases_read(check_t *c, check_source_t *s)
{
    int                  rc;
    json_t              *line;
    const char          *why;
    json_error_t         error;
    ngx_snapshot_str_t   text;

    while ((rc = check_source_line(s, &text)) != 0) {

        if (rc == NGX_SNAPSHOT_ERROR) {
            check_unreadable(c, s, s->at, "is longer than 16 MB");
            continue;
        }

        if (text.len == 0) {
            continue;
        }

        line = json_loadb((const char *) text.data, text.len,
                          JSON_ALLOW_NUL|JSON_DECODE_INT_AS_REAL, &error);

        why = line ? check_cases_line(c, s, line) : "is no JSON object";

        if (why) {
            check_unreadable(c, s, s->at, why);
        }

        json_decref(line);
    }

    return NGX_SNAPSHOT_OK;
}


static const char *
check_cases_line(check_t *c, check_source_t *s, json_t *line)
{
    size_t               i;
    json_t              *headers, *header, *name, *value;
    check_record_t      *r;
    ngx_snapshot_str_t   base64;

    if (!json_is_object(line)) {
        return "is no JSON object";
    }

    r = check_begin(c, s, s->at);

    r->method = check_member(line, "method");
    r->target = check_member(line, "target");
    r->body = check_member(line, "body");

    base64 = check_member(line, "body_base64");

    if (r->method.len == 0 || r->target.len == 0) {
        return "has no \"method\" or no \"target\"";
    }

    if (base64.len && check_base64(c, base64, &r->body) != NGX_SNAPSHOT_OK) {
        return "has a \"body_base64\" that is no Base64";
    }

    if (json_object_get(line, "body") == NULL && base64.len == 0) {
        r->lacks |= CHECK_LACKS_BODY;
    }

    r->length = r->body.len;

    headers = json_object_get(line, "headers");

    if (!json_is_array(headers)) {
        r->lacks |= CHECK_LACKS_HEADERS;
    }

    json_array_foreach(headers, i, header) {

        name = json_array_get(header, 0);
        value = json_array_get(header, 1);

        if (!json_is_string(name) || !json_is_string(value)) {
            return "has a header that is no list of a name and a value";
        }

        check_header(r, check_value(name), check_value(value));
    }

    check_done(c);

    return NULL;
}


static int
check_base64(check_t *c, ngx_snapshot_str_t src, ngx_snapshot_str_t *dst)
{
    u_char      *p;
    size_t       i;
    uint32_t     bits;
    unsigned     n;
    const char  *digit;

    static const char  digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789+/";

    while (src.len && src.data[src.len - 1] == '=') {
        src.len--;
    }

    p = check_arena_alloc(&c->arena, src.len + 1);

    dst->data = p;

    bits = 0;
    n = 0;

    for (i = 0; i < src.len; i++) {

        digit = src.data[i] ? strchr(digits, src.data[i]) : NULL;

        if (digit == NULL) {
            return NGX_SNAPSHOT_ERROR;
        }

        bits = bits << 6 | (uint32_t) (digit - digits);
        n += 6;

        if (n >= 8) {
            n -= 8;
            *p++ = (u_char) (bits >> n);
        }
    }

    dst->len = (size_t) (p - dst->data);

    return NGX_SNAPSHOT_OK;
}
