
/*
 * Lines of JSON that a server wrote of requests.  They are flat and many, so a
 * line is read without a tree where it is as nginx writes it; jansson reads the
 * others, to the same end.
 */


#include "check.h"


typedef enum {
    CHECK_LOG_METHOD = 0,
    CHECK_LOG_TARGET,
    CHECK_LOG_REQUEST,
    CHECK_LOG_URI,
    CHECK_LOG_ARGS,
    CHECK_LOG_BODY,
    CHECK_LOG_TENANT,
    CHECK_LOG_VERDICT,
    CHECK_LOG_VIOLATIONS,
    CHECK_LOG_PARTS
} check_log_part_e;


/* behind the parts, header fields that rules look at have their places */

#define CHECK_LOG_HEADERS  16
#define CHECK_LOG_VALUES   (CHECK_LOG_PARTS + CHECK_LOG_HEADERS)


/* how logs call it: nginx's variables, and what else is common */

typedef struct {
    ngx_snapshot_str_t   name;
    unsigned             part;
    u_char               header[48];
} check_log_name_t;

#define CHECK_LOG_NAMED  (2 * CHECK_LOG_VALUES + CHECK_MEMBERS_MAX + 1)


/* value[i].data is NULL where a line does not have the part */

typedef struct {
    ngx_snapshot_str_t   value[CHECK_LOG_VALUES];
    check_log_name_t     names[CHECK_LOG_NAMED];
    unsigned             n;
} check_log_t;


static int check_log_recognize(ngx_snapshot_str_t head);
static int check_log_read(check_t *c, check_source_t *s);
static void check_log_begin(check_log_t *log, const check_t *c);
static void check_log_headers(check_log_t *log);
static void check_log_name(check_log_t *log, const char *name, unsigned part);
static int check_log_flat(check_log_t *log, check_arena_t *a,
    ngx_snapshot_str_t line);
static const u_char *check_log_string(const u_char *p, const u_char *last,
    check_arena_t *a, ngx_snapshot_str_t *value);
static const u_char *check_log_escaped(const u_char *p, const u_char *last,
    check_arena_t *a, ngx_snapshot_str_t *value);
static const u_char *check_log_text(const u_char *p, const u_char *last);
static const u_char *check_log_other(const u_char *p, const u_char *last);
static const u_char *check_log_space(const u_char *p, const u_char *last);
static const check_log_name_t *check_log_find(const check_log_t *log,
    ngx_snapshot_str_t name);
static json_t *check_log_tree(check_log_t *log, ngx_snapshot_str_t line);
static const char *check_log_line(check_t *c, check_log_t *log);
static void check_log_fields(check_record_t *r,
    const ngx_snapshot_str_t *value);
static const char *check_log_target(check_t *c, check_record_t *r,
    const ngx_snapshot_str_t *value);


const check_kind_t  check_log = { "log", check_log_recognize, check_log_read };


static const char *const  check_log_parts[CHECK_LOG_PARTS] = {
    "method", "target", "request", "uri", "args", "body", "tenant", "verdict",
    "violations"
};


static const char *const  check_log_usual[CHECK_LOG_PARTS][2] = {
    { "request_method", "method" },
    { "request_uri", "target" },
    { "request", "request_line" },
    { "uri", NULL },
    { "args", "query_string" },
    { "request_body", "body" },
    { "tenant", NULL },
    { "verdict", NULL },
    { "violations", NULL }
};


int
check_log_knows(const char *name, size_t len)
{
    unsigned  i;

    for (i = 0; i < CHECK_LOG_PARTS; i++) {
        if (strlen(check_log_parts[i]) == len
            && memcmp(check_log_parts[i], name, len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static int
check_log_recognize(ngx_snapshot_str_t head)
{
    return head.data[0] == '{';
}


static int
check_log_read(check_t *c, check_source_t *s)
{
    int                  rc;
    json_t              *tree;
    const char          *why;
    check_log_t          log;
    ngx_snapshot_str_t   line;

    check_log_begin(&log, c);

    while ((rc = check_source_line(s, &line)) != 0) {

        if (rc == NGX_SNAPSHOT_ERROR) {
            check_unreadable(c, s, s->at, "is longer than 16 MB");
            continue;
        }

        if (line.len == 0) {
            continue;
        }

        (void) check_begin(c, s, s->at);

        tree = NULL;
        why = NULL;

        if (check_log_flat(&log, &c->arena, line) != NGX_SNAPSHOT_OK) {
            tree = check_log_tree(&log, line);
            why = tree ? NULL : "is no JSON object";
        }

        why = why ? why : check_log_line(c, &log);

        if (why) {
            check_unreadable(c, s, s->at, why);
        }

        json_decref(tree);
    }

    return NGX_SNAPSHOT_OK;
}


/* a name that the operator gives takes the place of the usual ones */

static void
check_log_begin(check_log_t *log, const check_t *c)
{
    unsigned     i, n, given;
    const char  *tenant;

    log->n = 0;

    for (i = 0; i < CHECK_LOG_PARTS; i++) {

        given = log->n;

        for (n = 0; n < c->nmembers; n++) {
            if (strcmp(c->members[n].name, check_log_parts[i]) == 0) {
                check_log_name(log, c->members[n].member, i);
            }
        }

        for (n = 0; n < 2 && log->n - given <= n; n++) {
            if (check_log_usual[i][n]) {
                check_log_name(log, check_log_usual[i][n], i);
            }
        }
    }

    tenant = check_judge_variable(c->judge);

    if (tenant) {
        check_log_name(log, tenant + 1, CHECK_LOG_TENANT);
    }

    check_log_headers(log);
}


/* nginx's variables: Content-Type is $http_content_type, or $content_type */

static void
check_log_headers(check_log_t *log)
{
    size_t               i;
    unsigned             n;
    check_log_name_t    *name;
    ngx_snapshot_str_t   header;

    static const char  before[] = "http_content_type";

    for (n = 0; n < CHECK_LOG_HEADERS && ngx_snapshot_headers[n].name.len;
         n++)
    {
        name = &log->names[log->n++];
        header = ngx_snapshot_headers[n].name;

        memcpy(name->header, "http_", 5);

        for (i = 0; i < header.len && i < sizeof(name->header) - 5; i++) {
            name->header[5 + i] = header.data[i] == '-'
                                  ? '_' : (header.data[i] | 0x20);
        }

        name->name.data = name->header;
        name->name.len = 5 + i;
        name->part = CHECK_LOG_PARTS + n;

        if (ngx_snapshot_eq(name->name, check_str(before))) {
            check_log_name(log, before + 5, name->part);
        }
    }
}


static void
check_log_name(check_log_t *log, const char *name, unsigned part)
{
    log->names[log->n].name = check_str(name);
    log->names[log->n].part = part;
    log->n++;
}


/*
 * An object of strings, numbers and literals, in UTF-8.  Anything else is left
 * to jansson.
 */

static int
check_log_flat(check_log_t *log, check_arena_t *a, ngx_snapshot_str_t line)
{
    const u_char            *p, *last;
    ngx_snapshot_str_t       name, value;
    const check_log_name_t  *known;

    memset(log->value, 0, sizeof(log->value));

    last = line.data + line.len;
    p = check_log_space(line.data, last);

    if (p == last || *p++ != '{') {
        return NGX_SNAPSHOT_ERROR;
    }

    for ( ;; ) {

        p = check_log_space(p, last);
        p = check_log_string(p, last, NULL, &name);

        if (p == NULL) {
            return NGX_SNAPSHOT_ERROR;
        }

        known = check_log_find(log, name);

        p = check_log_space(p, last);

        if (p == last || *p++ != ':') {
            return NGX_SNAPSHOT_ERROR;
        }

        p = check_log_space(p, last);

        if (p < last && *p == '"') {
            p = check_log_string(p, last, a, &value);

            if (known) {
                log->value[known->part] = value;
            }

        } else {
            p = check_log_other(p, last);
        }

        if (p == NULL) {
            return NGX_SNAPSHOT_ERROR;
        }

        p = check_log_space(p, last);

        if (p < last && *p == ',') {
            p++;
            continue;
        }

        if (p == last || *p++ != '}') {
            return NGX_SNAPSHOT_ERROR;
        }

        return check_log_space(p, last) == last ? NGX_SNAPSHOT_OK
                                                : NGX_SNAPSHOT_ERROR;
    }
}


/* returns what is behind the string, or NULL for one that is not so plain */

static const u_char *
check_log_string(const u_char *p, const u_char *last, check_arena_t *a,
    ngx_snapshot_str_t *value)
{
    if (p == last || *p++ != '"') {
        return NULL;
    }

    value->data = p;

    p = check_log_text(p, last);

    value->len = (size_t) (p - value->data);

    if (p < last && *p == '"') {
        return p + 1;
    }

    return (a && p < last && *p == '\\')
           ? check_log_escaped(p, last, a, value) : NULL;
}


/* the escapes that nginx writes, but for \u */

static const u_char *
check_log_escaped(const u_char *p, const u_char *last, check_arena_t *a,
    ngx_snapshot_str_t *value)
{
    u_char        *dst;
    size_t         n;
    const char    *escape;
    const u_char  *end;

    static const char  escapes[] = "\"\\/bfnrt";
    static const char  meant[] = "\"\\/\b\f\n\r\t";

    for (end = p; end < last && *end == '\\';
         end = check_log_text(end + 2, last))
    {
        if (last - end < 2 || end[1] == '\0' || !strchr(escapes, end[1])) {
            return NULL;
        }
    }

    if (end == last || *end != '"') {
        return NULL;
    }

    dst = check_arena_alloc(a, (size_t) (end - value->data));

    memcpy(dst, value->data, value->len);

    value->data = dst;
    dst += value->len;

    while (p < end) {

        if (*p == '\\') {
            escape = strchr(escapes, p[1]);
            *dst++ = (u_char) meant[escape - escapes];
            p += 2;
            continue;
        }

        n = (size_t) (check_log_text(p, end) - p);

        memcpy(dst, p, n);

        dst += n;
        p += n;
    }

    value->len = (size_t) (dst - value->data);

    return end + 1;
}


/* to the first byte that is no character, a quote, or begins an escape */

static const u_char *
check_log_text(const u_char *p, const u_char *last)
{
    size_t  n;

    for ( ;; ) {

        p = ngx_snapshot_skip(p, last, NGX_SNAPSHOT_BYTE_PLAIN);

        if (p == last || *p < 0x80) {
            return p;
        }

        n = ngx_snapshot_utf8_len(p, last);

        if (n == 0) {
            return p;
        }

        p += n;
    }
}


static const u_char *
check_log_other(const u_char *p, const u_char *last)
{
    size_t    n;
    unsigned  i;

    static const char *const  literals[] = { "true", "false", "null" };

    n = ngx_snapshot_number_len(p, last);

    /* jansson refuses numbers that are too large */

    if (n) {
        return n < 16 ? p + n : NULL;
    }

    for (i = 0; i < sizeof(literals) / sizeof(literals[0]); i++) {
        if (check_begins(p, last, literals[i])) {
            return p + strlen(literals[i]);
        }
    }

    return NULL;
}


static const u_char *
check_log_space(const u_char *p, const u_char *last)
{
    while (p < last && (*p == ' ' || *p == '\t' || *p == '\r')) {
        p++;
    }

    return p;
}


static const check_log_name_t *
check_log_find(const check_log_t *log, ngx_snapshot_str_t name)
{
    unsigned  i;

    for (i = 0; i < log->n; i++) {
        if (ngx_snapshot_same(log->names[i].name, name)) {
            return &log->names[i];
        }
    }

    return NULL;
}


static json_t *
check_log_tree(check_log_t *log, ngx_snapshot_str_t line)
{
    json_t                  *tree, *value;
    const char              *key;
    json_error_t             error;
    const check_log_name_t  *known;

    memset(log->value, 0, sizeof(log->value));

    tree = json_loadb((const char *) line.data, line.len,
                      JSON_ALLOW_NUL|JSON_DECODE_INT_AS_REAL, &error);

    if (!json_is_object(tree)) {
        json_decref(tree);
        return NULL;
    }

    json_object_foreach(tree, key, value) {

        known = check_log_find(log, check_str(key));

        if (known && json_is_string(value)) {
            log->value[known->part] = check_value(value);
        }
    }

    return tree;
}


static const char *
check_log_line(check_t *c, check_log_t *log)
{
    const char                *why;
    check_record_t            *r;
    const ngx_snapshot_str_t  *value;

    r = &c->record;
    value = log->value;

    why = check_log_target(c, r, value);

    if (why) {
        return why;
    }

    check_log_fields(r, value + CHECK_LOG_PARTS);

    if (value[CHECK_LOG_BODY].len) {
        r->body = value[CHECK_LOG_BODY];
        r->length = r->body.len;

    } else {
        r->lacks |= CHECK_LACKS_BODY;
    }

    r->tenant = value[CHECK_LOG_TENANT];

    if (value[CHECK_LOG_VERDICT].len > 1 && value[CHECK_LOG_VIOLATIONS].data) {
        r->judged = 1;
        r->recorded = value[CHECK_LOG_VIOLATIONS];
    }

    check_done(c);

    return NULL;
}


/* nginx writes nothing for a field that is not there */

static void
check_log_fields(check_record_t *r, const ngx_snapshot_str_t *value)
{
    unsigned                      i;
    const ngx_snapshot_header_t  *header;

    for (i = 0; i < CHECK_LOG_HEADERS && ngx_snapshot_headers[i].name.len; i++)
    {
        header = &ngx_snapshot_headers[i];

        if (value[i].data == NULL) {
            r->lacks |= CHECK_LACKS_HEADERS;
            continue;
        }

        if (header->rule == NGX_SNAPSHOT_RULE_CONTENT_TYPE) {
            r->typed = 1;
        }

        if (value[i].len) {
            check_header(r, header->name, value[i]);
        }
    }
}


/* "POST /v3/p/snapshots HTTP/1.1", or its parts, or what nginx made of it */

static const char *
check_log_target(check_t *c, check_record_t *r,
    const ngx_snapshot_str_t *value)
{
    u_char        *p;
    const u_char  *space, *last;

    r->method = value[CHECK_LOG_METHOD];
    r->target = value[CHECK_LOG_TARGET];

    if (value[CHECK_LOG_REQUEST].len && !(r->method.len && r->target.len)) {

        r->method = value[CHECK_LOG_REQUEST];
        last = r->method.data + r->method.len;
        space = memchr(r->method.data, ' ', r->method.len);

        if (space == NULL) {
            return "has a request line without a target";
        }

        r->method.len = (size_t) (space - r->method.data);
        r->target.data = space + 1;

        space = memrchr(r->target.data, ' ',
                        (size_t) (last - r->target.data));
        last = space ? space : last;

        r->target.len = (size_t) (last - r->target.data);
    }

    if (r->target.len == 0 && value[CHECK_LOG_URI].len) {

        r->lacks |= CHECK_LACKS_TARGET;
        r->target = value[CHECK_LOG_URI];

        if (value[CHECK_LOG_ARGS].len) {

            p = check_arena_alloc(&c->arena, r->target.len + 1
                                             + value[CHECK_LOG_ARGS].len);

            memcpy(p, r->target.data, r->target.len);
            p[r->target.len] = '?';
            memcpy(p + r->target.len + 1, value[CHECK_LOG_ARGS].data,
                   value[CHECK_LOG_ARGS].len);

            r->target.len += 1 + value[CHECK_LOG_ARGS].len;
            r->target.data = p;
        }
    }

    return (r->method.len && r->target.len) ? NULL
           : "has no method or no target";
}
