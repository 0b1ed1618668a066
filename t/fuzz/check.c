
/*
 * The inputs of snapshot-check bear whatever a file has.  Each request of the
 * tally has one verdict; a line of a log that is read without a tree is read
 * as jansson reads it; of a HAR file that is whole each entry is found.  The
 * first byte says what kind of file the others are, or that it is to be found
 * out.
 */


#include "../../src/check/cases.c"
#include "../../src/check/har.c"
#include "../../src/check/http.c"
#include "../../src/check/input.c"
#include "../../src/check/json.c"
#include "../../src/check/judging.c"
#include "../../src/check/junit.c"
#include "../../src/check/log.c"
#include "../../src/check/memory.c"
#include "../../src/check/sarif.c"
#include "../../src/check/source.c"
#include "../../src/check/tally.c"
#include "../../src/check/text.c"

#include <sys/mman.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_reports(check_t *c, const check_record_t *r,
    const check_verdict_t *v);
static void fuzz_counts(const check_t *c);
static void fuzz_lines(check_t *c, ngx_snapshot_str_t text);
static void fuzz_line(check_t *c, check_log_t *log, ngx_snapshot_str_t line);
static void fuzz_entries(const check_t *c, ngx_snapshot_str_t text);
static void fuzz_wrong(const char *what);


/* all that write while they read, into nothing */

static const check_format_t  fuzz_format = { "all", NULL, fuzz_reports, NULL };


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                         fd;
    unsigned                    i;
    ngx_snapshot_str_t          text;

    static check_t             *c;
    static check_judge_t       *judge;
    static const check_kind_t  *kind[] = {
        ['c'] = &check_cases, ['h'] = &check_har, ['l'] = &check_log,
        ['r'] = &check_http, [255] = NULL
    };

    if (size == 0) {
        return 0;
    }

    if (c == NULL) {
        judge = check_judge_create();
        c = check_alloc(sizeof(check_t));
        check_arena_init(&c->arena);

        c->out = fopen("/dev/null", "w");
        c->judge = judge;
        c->format = &fuzz_format;
    }

    memset(&c->tally, 0, sizeof(check_tally_t));

    c->kind = kind[data[0]];

    text.data = data + 1;
    text.len = size - 1;

    fd = memfd_create("fuzz", 0);

    if (c->out == NULL || fd < 0
        || write(fd, text.data, text.len) != (ssize_t) text.len
        || lseek(fd, 0, SEEK_SET) != 0)
    {
        fuzz_wrong("there is no file");
    }

    /* so many were named already, then */

    c->tally.unreadable = CHECK_NAMED;
    check_read(c, "fuzz", fd);
    c->tally.unreadable -= CHECK_NAMED;

    (void) close(fd);

    fuzz_counts(c);
    fuzz_lines(c, text);

    if (c->kind == &check_har) {
        fuzz_entries(c, text);
    }

    check_text.end(c);
    check_json.end(c);
    check_junit.end(c);
    check_sarif.end(c);

    for (i = 0; i < 2 * CHECK_TENANTS; i++) {
        free(c->tally.tenants[i]);
    }

    return 0;
}


static void
fuzz_reports(check_t *c, const check_record_t *r, const check_verdict_t *v)
{
    check_ndjson.record(c, r, v);
    check_sarif.record(c, r, v);
}


static void
fuzz_counts(const check_t *c)
{
    unsigned  i;
    uint64_t  all;

    all = 0;

    for (i = 0; i < CHECK_VERDICTS; i++) {
        all += c->tally.verdicts[i];
    }

    if (all != c->tally.requests) {
        fuzz_wrong("a request has no verdict, or two");
    }
}


static void
fuzz_lines(check_t *c, ngx_snapshot_str_t text)
{
    check_log_t          log;
    const u_char        *end;
    ngx_snapshot_str_t   line;

    check_log_begin(&log, c);

    while (text.len) {

        end = memchr(text.data, '\n', text.len);

        line.data = text.data;
        line.len = end ? (size_t) (end - text.data) : text.len;

        text.data += line.len + (end != NULL);
        text.len -= line.len + (end != NULL);

        fuzz_line(c, &log, line);
    }
}


static void
fuzz_line(check_t *c, check_log_t *log, ngx_snapshot_str_t line)
{
    json_t              *tree;
    unsigned             i;
    ngx_snapshot_str_t   value[CHECK_LOG_VALUES];

    check_arena_reset(&c->arena);

    if (check_log_flat(log, &c->arena, line) != NGX_SNAPSHOT_OK) {
        return;
    }

    memcpy(value, log->value, sizeof(value));

    tree = check_log_tree(log, line);

    if (tree == NULL) {
        fuzz_wrong("what is no JSON was read");
    }

    for (i = 0; i < CHECK_LOG_VALUES; i++) {
        if ((value[i].data == NULL) != (log->value[i].data == NULL)
            || value[i].len != log->value[i].len
            || (value[i].len && memcmp(value[i].data, log->value[i].data,
                                       value[i].len)
                                != 0))
        {
            fuzz_wrong("a member has another value");
        }
    }

    json_decref(tree);
}


/* a letter that is escaped in a name is not looked for */

static void
fuzz_entries(const check_t *c, ngx_snapshot_str_t text)
{
    json_t        *root, *entries, *entry;
    size_t         i, n;
    json_error_t   error;

    if (text.len == 0 || memmem(text.data, text.len, "\\u", 2)) {
        return;
    }

    root = json_loadb((const char *) text.data, text.len,
                      JSON_REJECT_DUPLICATES|JSON_DECODE_INT_AS_REAL, &error);
    entries = json_object_get(json_object_get(root, "log"), "entries");

    n = 0;

    json_array_foreach(entries, i, entry) {
        n += (unsigned) json_is_object(entry);
    }

    if (n == json_array_size(entries) && json_is_array(entries)
        && n != c->tally.requests + c->tally.unreadable)
    {
        fuzz_wrong("an entry was not found");
    }

    json_decref(root);
}


static void
fuzz_wrong(const char *what)
{
    fprintf(stderr, "%s\n", what);

    abort();
}
