
/*
 * HAR files: one JSON text of any size, whose log.entries are looked for byte
 * by byte.  Of each entry only the request is kept, and read by jansson.
 */


#include "check.h"

#include <stdlib.h>


/* a longer name is none of those that are looked for, in bytes */

#define CHECK_HAR_NAME  16


typedef struct {
    check_t          *c;
    check_source_t   *s;
    check_buffer_t    request;
    uint64_t          line;
    unsigned          large;
    const char       *why;
} check_har_t;

typedef int (*check_har_pt)(check_har_t *h);


static int check_har_recognize(ngx_snapshot_str_t head);
static int check_har_read(check_t *c, check_source_t *s);
static int check_har_members(check_har_t *h, const char *name,
    check_har_pt take);
static int check_har_entries(check_har_t *h);
static int check_har_list(check_har_t *h);
static int check_har_entry(check_har_t *h);
static int check_har_request(check_har_t *h);
static void check_har_judge(check_har_t *h);
static const char *check_har_record(check_har_t *h, json_t *request);
static void check_har_headers(check_record_t *r, const json_t *headers);
static void check_har_body(check_record_t *r, const json_t *request);
static int check_har_value(check_har_t *h, int keep);
static int check_har_string(check_har_t *h, int keep);
static int check_har_name(check_har_t *h, char *name);
static void check_har_keep(check_har_t *h, int c);
static int check_har_next(check_har_t *h);
static int check_har_wrong(check_har_t *h, const char *why);


const check_kind_t  check_har = { "har", check_har_recognize, check_har_read };


/* the first member is "log"; a line of a log has its object in one line */

static int
check_har_recognize(ngx_snapshot_str_t head)
{
    const u_char  *p, *last;

    p = head.data;
    last = p + head.len;

    if (*p++ != '{') {
        return 0;
    }

    while (p < last && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n')) {
        p++;
    }

    return check_begins(p, last, "\"log\"");
}


static int
check_har_read(check_t *c, check_source_t *s)
{
    int          rc;
    check_har_t  h;

    memset(&h, 0, sizeof(check_har_t));

    h.c = c;
    h.s = s;

    rc = check_har_members(&h, "log", check_har_entries);

    if (rc == NGX_SNAPSHOT_OK && check_har_next(&h) != -1) {
        rc = check_har_wrong(&h, "has text behind the HAR object");
    }

    if (rc != NGX_SNAPSHOT_OK && !s->error) {
        check_unreadable(c, s, s->line, h.why);
    }

    free(h.request.data);

    return rc;
}


/* gives the value of that member to take(), and passes over the others */

static int
check_har_members(check_har_t *h, const char *name, check_har_pt take)
{
    int   c, rc;
    char  found[CHECK_HAR_NAME];

    if (check_har_next(h) != '{') {
        return check_har_wrong(h, "must be an object, is none or ends early");
    }

    (void) check_source_byte(h->s);

    if (check_har_next(h) == '}') {
        (void) check_source_byte(h->s);
        return NGX_SNAPSHOT_OK;
    }

    for ( ;; ) {

        if (check_har_name(h, found) != NGX_SNAPSHOT_OK) {
            return NGX_SNAPSHOT_ERROR;
        }

        rc = strcmp(found, name) == 0 ? take(h) : check_har_value(h, 0);

        if (rc != NGX_SNAPSHOT_OK) {
            return rc;
        }

        (void) check_har_next(h);

        c = check_source_byte(h->s);

        if (c == '}') {
            return NGX_SNAPSHOT_OK;
        }

        if (c != ',') {
            return check_har_wrong(h, "ends early, or has no comma between "
                                      "members");
        }
    }
}


static int
check_har_entries(check_har_t *h)
{
    return check_har_members(h, "entries", check_har_list);
}


static int
check_har_list(check_har_t *h)
{
    int  c;

    if (check_har_next(h) != '[') {
        return check_har_wrong(h, "\"entries\" must be a list, is none");
    }

    (void) check_source_byte(h->s);

    if (check_har_next(h) == ']') {
        (void) check_source_byte(h->s);
        return NGX_SNAPSHOT_OK;
    }

    for ( ;; ) {

        if (check_har_entry(h) != NGX_SNAPSHOT_OK) {
            return NGX_SNAPSHOT_ERROR;
        }

        (void) check_har_next(h);

        c = check_source_byte(h->s);

        if (c == ']') {
            return NGX_SNAPSHOT_OK;
        }

        if (c != ',') {
            return check_har_wrong(h, "ends early, or has no comma between "
                                      "entries");
        }
    }
}


static int
check_har_entry(check_har_t *h)
{
    (void) check_har_next(h);

    h->line = h->s->line;
    h->request.len = 0;
    h->large = 0;

    if (check_har_members(h, "request", check_har_request)
        != NGX_SNAPSHOT_OK)
    {
        return NGX_SNAPSHOT_ERROR;
    }

    check_har_judge(h);

    return NGX_SNAPSHOT_OK;
}


static int
check_har_request(check_har_t *h)
{
    h->request.len = 0;

    return check_har_value(h, 1);
}


static void
check_har_judge(check_har_t *h)
{
    json_t        *request;
    const char    *why;
    json_error_t   error;

    if (h->large) {
        check_unreadable(h->c, h->s, h->line,
                         "has an entry with a request of more than 16 MB");
        return;
    }

    request = json_loadb((const char *) h->request.data, h->request.len,
                         JSON_ALLOW_NUL|JSON_DECODE_INT_AS_REAL, &error);

    why = json_is_object(request) ? check_har_record(h, request)
          : "has an entry without a request, or one that is no JSON in UTF-8";

    if (why) {
        check_unreadable(h->c, h->s, h->line, why);
    }

    json_decref(request);
}


static const char *
check_har_record(check_har_t *h, json_t *request)
{
    check_record_t  *r;

    r = check_begin(h->c, h->s, h->line);

    r->method = check_member(request, "method");
    r->target = check_member(request, "url");

    if (r->method.len == 0 || r->target.len == 0) {
        return "has an entry without \"method\" or \"url\"";
    }

    check_har_headers(r, json_object_get(request, "headers"));
    check_har_body(r, request);

    check_done(h->c);

    return NULL;
}


static void
check_har_headers(check_record_t *r, const json_t *headers)
{
    size_t   i;
    json_t  *header;

    /* a list of none is a list that was left out: each request has a Host */

    if (json_array_size(headers) == 0) {
        r->lacks |= CHECK_LACKS_HEADERS;
    }

    json_array_foreach(headers, i, header) {
        check_header(r, check_member(header, "name"),
                     check_member(header, "value"));
    }
}


/* a text that is not as long as the body was is another one */

static void
check_har_body(check_record_t *r, const json_t *request)
{
    const json_t  *size, *text;
    json_int_t     length;

    size = json_object_get(request, "bodySize");
    text = json_object_get(json_object_get(request, "postData"), "text");

    length = json_is_number(size) ? (json_int_t) json_number_value(size) : -1;

    if (text == NULL && length == 0) {
        return;
    }

    r->body = check_value(text);
    r->length = length >= 0 ? (uint64_t) length : r->body.len;

    if (!json_is_string(text) || r->length != r->body.len) {
        r->lacks |= CHECK_LACKS_BODY;
    }
}


/* passes over a value, whatever it is; its brackets may nest to any depth */

static int
check_har_value(check_har_t *h, int keep)
{
    int       c;
    uint64_t  depth;

    (void) check_har_next(h);

    depth = 0;

    for ( ;; ) {

        c = check_source_peek(h->s);

        switch (c) {

        case -1:
            return check_har_wrong(h, "ends early");

        case '"':
            if (check_har_string(h, keep) != NGX_SNAPSHOT_OK) {
                return NGX_SNAPSHOT_ERROR;
            }

            break;

        case '{':
        case '[':
            depth++;
            break;

        case '}':
        case ']':
            if (depth == 0) {
                return check_har_wrong(h, "has a member without a value");
            }

            depth--;
            break;

        case ',':
            if (depth == 0) {
                return check_har_wrong(h, "has a member without a value");
            }

            break;
        }

        if (c != '"') {
            (void) check_source_byte(h->s);

            if (keep) {
                check_har_keep(h, c);
            }
        }

        if (depth) {
            continue;
        }

        /* a number or a literal ends where something else begins */

        c = check_source_peek(h->s);

        if (c == ',' || c == '}' || c == ']' || c == ' ' || c == '\t'
            || c == '\r' || c == '\n')
        {
            return NGX_SNAPSHOT_OK;
        }
    }
}


static int
check_har_string(check_har_t *h, int keep)
{
    int       c;
    unsigned  escaped;

    escaped = 1;

    for ( ;; ) {

        c = check_source_byte(h->s);

        if (c < 0) {
            return check_har_wrong(h, "ends inside of a string");
        }

        if (keep) {
            check_har_keep(h, c);
        }

        if (c == '"' && !escaped) {
            return NGX_SNAPSHOT_OK;
        }

        /* the quote that it begins with is as good as an escaped one */

        escaped = (c == '\\' && !escaped);
    }
}


/* the name of a member and its colon */

static int
check_har_name(check_har_t *h, char *name)
{
    int     c;
    size_t  n;

    n = 0;

    if (check_har_next(h) != '"') {
        return check_har_wrong(h, "ends early, or has a member without a "
                                  "name");
    }

    (void) check_source_byte(h->s);

    while ((c = check_source_byte(h->s)) != '"') {

        if (c < 0) {
            return check_har_wrong(h, "ends inside of a string");
        }

        if (c == '\\') {
            (void) check_source_byte(h->s);
        }

        if (n < CHECK_HAR_NAME - 1) {
            name[n++] = (char) c;
        }
    }

    name[n] = '\0';

    (void) check_har_next(h);

    if (check_source_byte(h->s) != ':') {
        return check_har_wrong(h, "ends early, or has a member without a "
                                  "value");
    }

    return NGX_SNAPSHOT_OK;
}


static void
check_har_keep(check_har_t *h, int c)
{
    u_char  byte;

    if (h->request.len == CHECK_RECORD_MAX) {
        h->large = 1;
        return;
    }

    byte = (u_char) c;

    check_buffer_add(&h->request, &byte, 1);
}


/* the next byte that is no blank, which stays */

static int
check_har_next(check_har_t *h)
{
    int  c;

    for ( ;; ) {

        c = check_source_peek(h->s);

        if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
            return c;
        }

        (void) check_source_byte(h->s);
    }
}


static int
check_har_wrong(check_har_t *h, const char *why)
{
    h->why = why;

    return NGX_SNAPSHOT_ERROR;
}
