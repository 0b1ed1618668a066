
/* Reads each file as what it is, and hands on one record after the other. */


#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>


/* so many bytes tell what a file is */

#define CHECK_HEAD  ((size_t) 64 * 1024)

/* so many things that cannot be read are named, the others are counted */

#define CHECK_NAMED  10

/* records between two looks at the clock */

#define CHECK_SHOWN  4096


static const check_kind_t *check_recognize(check_t *c, check_source_t *s);
static void check_progress(check_t *c);


const check_kind_t *const  check_kinds[] = {
    &check_har, &check_cases, &check_log, &check_http, NULL
};


const ngx_snapshot_str_t  check_lacks[CHECK_LACKS] = {
    ngx_snapshot_string("headers"),
    ngx_snapshot_string("body"),
    ngx_snapshot_string("target"),
    ngx_snapshot_string("tenant")
};


void
check_input(check_t *c, const char *name)
{
    int             fd;
    check_source_t  s;

    if (strcmp(name, "-") == 0) {
        check_read(c, name, STDIN_FILENO);
        return;
    }

    fd = open(name, O_RDONLY);

    if (fd < 0) {
        s.name = name;
        check_unreadable(c, &s, 0, strerror(errno));
        return;
    }

    check_read(c, name, fd);

    (void) close(fd);
}


void
check_read(check_t *c, const char *name, int fd)
{
    check_source_t       s;
    const check_kind_t  *kind;

    check_source_init(&s, name, fd);

    c->source = &s;
    c->nfiles++;
    c->record.number = 0;

    kind = check_recognize(c, &s);

    if (kind) {
        (void) kind->read(c, &s);
    }

    if (s.error) {
        check_unreadable(c, &s, s.line, strerror(s.error));
    }

    free(s.buf.data);

    c->source = NULL;
}


/* by its first bytes, where the operator has not said what it is */

static const check_kind_t *
check_recognize(check_t *c, check_source_t *s)
{
    ngx_snapshot_str_t          head;
    const check_kind_t *const  *kind;

    static const u_char  mark[] = { 0xef, 0xbb, 0xbf };

    while (s->buf.len < CHECK_HEAD && check_source_fill(s)) {
        /* void */
    }

    if (s->error) {
        return NULL;
    }

    if (s->buf.len >= sizeof(mark)
        && memcmp(s->buf.data, mark, sizeof(mark)) == 0)
    {
        s->pos = sizeof(mark);
    }

    head.data = s->buf.data + s->pos;
    head.len = s->buf.len - s->pos;

    while (head.len && strchr(" \t\r\n", head.data[0]) && head.data[0]) {
        head.data++;
        head.len--;
    }

    if (head.len == 0) {
        return NULL;
    }

    if (c->kind) {
        return c->kind;
    }

    for (kind = check_kinds; *kind; kind++) {
        if ((*kind)->recognize(head)) {
            return *kind;
        }
    }

    check_unreadable(c, s, 1, "is no HAR file, no lines of JSON and no HTTP "
                     "requests; --kind names what it is");
    return NULL;
}


check_record_t *
check_begin(check_t *c, const check_source_t *s, uint64_t line)
{
    uint64_t         number;
    check_record_t  *r;

    static const check_record_t  empty;

    r = &c->record;

    number = r->number;

    memcpy(r, &empty, offsetof(check_record_t, headers));

    r->file = s->name;
    r->line = line;
    r->number = number + 1;

    check_arena_reset(&c->arena);

    return r;
}


/*
 * nginx drops a field whose name has other bytes than these, unless it is told
 * not to; neither the gateway nor an upstream gets it.
 */

void
check_header(check_record_t *r, ngx_snapshot_str_t name,
    ngx_snapshot_str_t value)
{
    size_t  i;

    for (i = 0; i < name.len; i++) {
        if (!(ngx_snapshot_bytes[name.data[i]] & NGX_SNAPSHOT_BYTE_WORD)
            || name.data[i] == '_')
        {
            return;
        }
    }

    while (value.len && value.data[0] == ' ') {
        value.data++;
        value.len--;
    }

    while (value.len && value.data[value.len - 1] == ' ') {
        value.len--;
    }

    if (r->nheaders == CHECK_HEADERS_MAX) {
        r->lacks |= CHECK_LACKS_HEADERS;
        return;
    }

    r->headers[r->nheaders].name = name;
    r->headers[r->nheaders].value = value;
    r->nheaders++;
}


void
check_done(check_t *c)
{
    check_judge(c->judge, &c->arena, &c->record, &c->verdict);
    check_tally(c, &c->record, &c->verdict);

    if (c->format->record) {
        c->format->record(c, &c->record, &c->verdict);
    }

    if (c->terminal && c->tally.requests % CHECK_SHOWN == 0) {
        check_progress(c);
    }
}


static void
check_progress(check_t *c)
{
    fprintf(stderr, "\rsnapshot-check: %llu requests, %llu MB of %s\033[K",
            (unsigned long long) c->tally.requests,
            (unsigned long long) (c->source->bytes / 1000000),
            c->source->name);
    fflush(stderr);
}


void
check_unreadable(check_t *c, const check_source_t *s, uint64_t line,
    const char *why)
{
    c->tally.unreadable++;

    if (c->tally.unreadable > CHECK_NAMED) {
        return;
    }

    fprintf(stderr, c->terminal ? "\r\033[K" : "");

    if (line) {
        fprintf(stderr, "snapshot-check: %s:%llu: %s\n", s->name,
                (unsigned long long) line, why);

    } else {
        fprintf(stderr, "snapshot-check: %s: %s\n", s->name, why);
    }
}


ngx_snapshot_str_t
check_value(const json_t *value)
{
    ngx_snapshot_str_t  s;

    s.data = (const u_char *) "";
    s.len = 0;

    if (json_is_string(value)) {
        s.data = (const u_char *) json_string_value(value);
        s.len = json_string_length(value);
    }

    return s;
}


ngx_snapshot_str_t
check_member(const json_t *object, const char *name)
{
    return check_value(json_object_get(object, name));
}
