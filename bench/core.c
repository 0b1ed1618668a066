
/*
 * What the core costs, without nginx.  Each case is checked before and after
 * it is measured, as a benchmark of what does not work is fast.  Prints one
 * line a case, for bench/core.pl: group, series, name, n (what the series
 * grows by), bytes that are read or written, then
 *
 *     nanoseconds, the best and the median of all rounds; or
 *     under callgrind, the iterations in the dump of the same name; or
 *     with BENCH_HEAP, calls and bytes of the pool, and of the heap.
 *
 * The first case does nothing but what all have in common, and is to be
 * subtracted.
 */


#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <valgrind/callgrind.h>

#include "ngx_snapshot_json.h"
#include "ngx_snapshot_query.h"
#include "ngx_snapshot_report.h"


#define BENCH_ROUNDS   101

/* nanoseconds of a round at least: most are over before they are preempted */

#define BENCH_ROUND    200000

/* the allocator's lists are full and its arena has grown after so many */

#define BENCH_WARM     3

/* counts hardly differ from one iteration to the next */

#define BENCH_COUNTED  20
#define BENCH_FEW      3
#define BENCH_LONG     16384

#define BENCH_POOL     (4 * 1024 * 1024)
#define BENCH_INPUT    (256 * 1024)
#define BENCH_ENTRIES  256

/* a key that is shown cut, and stays under the limit of a metadata key */

#define BENCH_HOSTILE  240

/* so that the same bytes are taken in the same way as by the reader */

#define BENCH_FLAGS    JSON_DECODE_INT_AS_REAL|JSON_REJECT_DUPLICATES


typedef struct {
    size_t                         used;
    size_t                         calls;
    size_t                         bytes;
    u_char                        *start;
} bench_pool_t;


/* route, object and found are what a case has left for its check */

typedef struct {
    bench_pool_t                   pool;
    ngx_snapshot_mem_t             mem;
    ngx_snapshot_policy_t          policy;
    ngx_snapshot_patterns_t        patterns;
    ngx_snapshot_json_t           *reader;
    ngx_snapshot_judge_t           judge;
    ngx_snapshot_judge_t           judged;
    ngx_snapshot_route_t           route;
    ngx_snapshot_str_t             object;
    size_t                         found;
    u_char                         input[BENCH_INPUT];
    u_char                         keys[BENCH_ENTRIES][BENCH_HOSTILE];
} bench_t;


typedef struct {
    ngx_snapshot_str_t             key;
    ngx_snapshot_type_e            type;
    ngx_snapshot_str_t             value;
} bench_member_t;


typedef struct {
    ngx_snapshot_str_t             name;
    ngx_snapshot_str_t             value;
} bench_header_t;


typedef struct bench_case_s  bench_case_t;

typedef void (*bench_run_pt)(bench_t *b, const bench_case_t *c);
typedef const char *(*bench_check_pt)(bench_t *b, const bench_case_t *c);

/* asked is the route that the judge begins with; the last five are expected */

struct bench_case_s {
    const char                    *group;
    const char                    *series;
    const char                    *name;
    size_t                         n;
    size_t                         bytes;
    bench_run_pt                   run;
    bench_check_pt                 check;

    ngx_snapshot_route_t           asked;
    ngx_snapshot_str_t             method;
    ngx_snapshot_str_t             input;
    const bench_header_t          *headers;
    const bench_member_t          *fields;
    unsigned                       nfields;
    const bench_member_t          *entries;
    unsigned                       nentries;
    size_t                         mark;

    const char                    *operation;
    int                            canonical;
    unsigned                       known;
    unsigned                       violations;
    unsigned                       detailed;
};


typedef struct {
    const char                    *series;
    const char                    *name;
    const char                    *method;
    const char                    *before;
    const char                    *unit;
    const char                    *after;
    size_t                         size;
    const char                    *operation;
    int                            canonical;
} bench_path_t;


/* unit is repeated, %u in it is a number that grows; known: of the table */

typedef struct {
    const char                    *series;
    const char                    *name;
    const char                    *method;
    const char                    *path;
    const char                    *before;
    const char                    *unit;
    unsigned                       times;
    unsigned                       violations;
    unsigned                       known;
} bench_query_t;


/*
 * members: so many, or 0 for as many as fit; wrong: of these are numbers;
 * unit is what the values are made of; escaped: the last one ends in "\n"
 */

typedef struct {
    const char                    *group;
    const char                    *name;
    size_t                         size;
    unsigned                       members;
    const char                    *unit;
    unsigned                       wrong;
    unsigned                       escaped:1;
} bench_body_t;


typedef struct {
    const char                    *series;
    bench_run_pt                   run;
    bench_check_pt                 check;
} bench_reader_t;


/* hostile: keys of quotes, control characters, and what is no UTF-8 */

typedef struct {
    const char                    *series;
    const char                    *name;
    unsigned                       members;
    unsigned                       wrong;
    unsigned                       hostile;
} bench_entries_t;


typedef struct {
    const char                    *series;
    unsigned                       hostile;
    bench_run_pt                   run;
    bench_check_pt                 check;
} bench_report_t;


static void bench_measure(bench_t *b, const bench_case_t *c);
static void bench_check(bench_t *b, const bench_case_t *c);
static void bench_once(bench_t *b, const bench_case_t *c);
static void bench_routes(bench_t *b);
static void bench_queries(bench_t *b);
static void bench_bodies(bench_t *b);
static size_t bench_body(u_char *buf, const bench_body_t *body);
static void bench_fill(u_char *p, size_t len, const char *unit);
static void bench_heads(bench_t *b);
static void bench_judgements(bench_t *b);
static void bench_reports(bench_t *b);
static void bench_entries(bench_t *b, bench_case_t *c, bench_member_t *members,
    const bench_entries_t *e);
static void bench_nothing(bench_t *b, const bench_case_t *c);
static const ngx_snapshot_router_t *bench_router(void);
static void bench_route(bench_t *b, const bench_case_t *c);
static void bench_query(bench_t *b, const bench_case_t *c);
static void bench_json(bench_t *b, const bench_case_t *c);
static void bench_loadb(bench_t *b, const bench_case_t *c);
static void bench_head(bench_t *b, const bench_case_t *c);
static void bench_push(bench_t *b, const bench_case_t *c);
static void bench_object(bench_t *b, const bench_case_t *c);
static void bench_details(bench_t *b, const bench_case_t *c);
static void bench_list(bench_t *b, const bench_case_t *c);
static const char *bench_routed(bench_t *b, const bench_case_t *c);
static const char *bench_queried(bench_t *b, const bench_case_t *c);
static const char *bench_headed(bench_t *b, const bench_case_t *c);
static const char *bench_judged(bench_t *b, const bench_case_t *c);
static const char *bench_read(bench_t *b, const bench_case_t *c);
static const char *bench_loaded(bench_t *b, const bench_case_t *c);
static const char *bench_valid(bench_t *b, const bench_case_t *c);
static const char *bench_detailed(bench_t *b, const bench_case_t *c);
static const char *bench_listed(bench_t *b, const bench_case_t *c);
static const char *bench_mentions(bench_t *b, const bench_case_t *c,
    const char *text);
static unsigned bench_found(const bench_t *b, const char *text);
static unsigned bench_violations(const ngx_snapshot_judge_t *j);
static void bench_ask(bench_t *b, bench_case_t *c, const char *method,
    const char *path);
static void *bench_alloc(void *data, size_t size);
static void *bench_heap_alloc(void *data, size_t size);
static ngx_snapshot_str_t bench_str(const char *s);


#define PROJECT  "0123456789abcdef0123456789abcdef"
#define UUID     "5aa119a8-d25b-45a7-8d1b-88e127885635"
#define EVS      "/v3/" PROJECT "/snapshots"
#define DETAIL   EVS "/detail"
#define DWS      "/v1.0/" PROJECT "/snapshots"

#define S(s)     ngx_snapshot_string(s)
#define N(a)     (sizeof(a) / sizeof(a[0]))


/* a series is a path that grows; that of "all oddities" has one of each */

#define PATH(series, unit, size, operation)                                   \
    { series, #size " B", "POST", "/v3/", unit, "/snapshots", size,           \
      operation, 0 }

#define ESCAPED(size)   PATH("escapes", "%61", size, "evs_v3_create")
#define NESTED(size)    PATH("nested escapes", "%2525252561", size,           \
                             "evs_v3_create")
#define ODDITIES(size)                                                        \
    { "all oddities", #size " B", "POST", "/v3/", "a%2561%;\\..%23%3f./",      \
      "/snapshots", size, "unknown", 0 }

static const bench_path_t  bench_paths[] = {
    { "", "create v3", "POST", EVS, "", "", 0, "evs_v3_create", 1 },
    { "", "list v3", "GET", EVS, "", "", 0, "evs_v3_list", 1 },
    { "", "detail v3", "GET", DETAIL, "", "", 0, "evs_v3_detail", 1 },
    { "", "update v3, by id", "PUT", EVS "/" UUID, "", "", 0, "evs_v3_update",
      1 },
    { "", "create DWS", "POST", DWS, "", "", 0, "dws_v1_create", 1 },
    { "", "delete, a sibling", "DELETE", EVS "/" UUID, "", "", 0, "evs_delete",
      1 },
    { "", "in scope, unknown", "PATCH", EVS "/" UUID, "", "", 0, "unknown",
      1 },
    { "", "out of scope", "GET", "/static/js/application.js", "", "", 0, NULL,
      1 },
    { "", "one escape", "POST", "/v3/" PROJECT "/%73napshots", "", "", 0,
      "evs_v3_create", 0 },
    ESCAPED(128), ESCAPED(512), ESCAPED(2048), ESCAPED(8192),
    NESTED(128), NESTED(512), NESTED(2048), NESTED(8192),
    ODDITIES(128), ODDITIES(512), ODDITIES(2048), ODDITIES(8192)
};


#define KNOWN                                                                 \
    "limit=10&offset=0&status=available&sort_dir=desc&name=snap-001"          \
    "&marker=" UUID "&volume_id=" UUID
#define KNOWN_ESCAPED                                                         \
    "limit=%31%30&offset=%30&status=%61%76%61%69%6c%61%62%6c%65"              \
    "&sort_dir=%64%65%73%63&name=%73%6e%61%70%2d%30%30%31"                    \
    "&marker=5aa119a8%2dd25b%2d45a7%2d8d1b%2d88e127885635"                    \
    "&volume_id=5aa119a8%2dd25b%2d45a7%2d8d1b%2d88e127885635"

#define OTHERS(n)                                                             \
    { "unknown", #n, "GET", DETAIL, "", "&p%03u=v", n, n, 0 }
#define HEXED(n)                                                              \
    { "unknown, escaped", #n, "GET", DETAIL, "", "&%%70%03u=%%76", n, n, \
      0 }
#define SHORT(n)                                                              \
    { "unknown, shortest", #n, "GET", DETAIL, "", "&p", n, n, 0 }
#define VALUE(n)                                                              \
    { "one value", #n " times \"v\"", "GET", DETAIL, "name=", "v", n, 0, 1 }
#define HEXES(n)                                                              \
    { "one value, escaped", #n " times \"%76\"", "GET", DETAIL, "name=",      \
      "%%76", n, 0, 1 }

static const bench_query_t  bench_targets[] = {
    { "", "0 parameters", "GET", DETAIL, "", "", 0, 0, 0 },
    { "", "1 parameter", "GET", DETAIL, "limit=10", "", 0, 0, 1 },
    { "", "4 parameters", "GET", DETAIL,
      "limit=10&offset=0&status=available&sort_dir=desc", "", 0, 0, 4 },
    { "", "4 parameters, escaped", "GET", DETAIL,
      "limit=%31%30&offset=%30&status=%61vailable&sort_dir=%64esc", "", 0, 0,
      4 },
    { "", "7 known parameters", "GET", DETAIL, KNOWN, "", 0, 0, 7 },
    { "", "7 known parameters, escaped", "GET", DETAIL, KNOWN_ESCAPED, "", 0,
      0, 7 },
    { "", "20 parameters, 13 unknown", "GET", DETAIL, KNOWN, "&p%03u=v", 13,
      13, 7 },
    { "", "20 of them, all escaped", "GET", DETAIL, KNOWN_ESCAPED,
      "&%%70%03u=%%76", 13, 13, 7 },
    { "", "20, of an operation without any", "POST", EVS, KNOWN, "&p%03u=v",
      13, 0, 0 },
    OTHERS(20), OTHERS(80), OTHERS(320),
    HEXED(20), HEXED(80), HEXED(320),
    SHORT(256), SHORT(1024), SHORT(4096),
    VALUE(128), VALUE(512), VALUE(2048), VALUE(8192),
    HEXES(128), HEXES(512), HEXES(2048)
};


/* small members are 20 bytes long */

#define LONG   "Read, a few long values"
#define SMALL  "Read, many small members"
#define WRONG  "Read, 4 KB of small members by violations"
#define OTHER  "Read, UTF-8"
#define LATE   "Read, an escape at the end"

#define UTF8   "\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80"

static const bench_body_t  bench_texts[] = {
    { LONG, "200 B", 200, 4, "v", 0, 0 },
    { LONG, "1 KB", 1024, 4, "v", 0, 0 },
    { LONG, "4 KB", 4096, 4, "v", 0, 0 },
    { LONG, "16 KB", 16384, 4, "v", 0, 0 },
    { LONG, "64 KB", 65536, 4, "v", 0, 0 },
    { LONG, "256 KB", 262144, 4, "v", 0, 0 },

    { SMALL, "200 B", 200, 0, "v", 0, 0 },
    { SMALL, "1 KB", 1024, 0, "v", 0, 0 },
    { SMALL, "4 KB", 4096, 0, "v", 0, 0 },
    { SMALL, "16 KB", 16384, 0, "v", 0, 0 },
    { SMALL, "64 KB", 65536, 0, "v", 0, 0 },
    { SMALL, "256 KB", 262144, 0, "v", 0, 0 },

    { WRONG, "0 violations", 4096, 0, "v", 0, 0 },
    { WRONG, "1 violation", 4096, 0, "v", 1, 0 },
    { WRONG, "4 violations", 4096, 0, "v", 4, 0 },
    { WRONG, "16 violations", 4096, 0, "v", 16, 0 },
    { WRONG, "64 violations", 4096, 0, "v", 64, 0 },

    { OTHER, "4 KB", 4096, 4, UTF8, 0, 0 },
    { OTHER, "64 KB", 65536, 4, UTF8, 0, 0 },

    { LATE, "4 KB", 4096, 0, "v", 0, 1 },
    { LATE, "64 KB", 65536, 0, "v", 0, 1 }
};

#define HEAD     "{\"snapshot\":{\"volume_id\":\"" UUID "\","                 \
                 "\"name\":\"snap-001\",\"metadata\":{"
#define TAIL     "}}}"
#define MEMBER   20


static const bench_reader_t  bench_readers[] = {
    { "one pass", bench_json, bench_read },
    { "json_loadb", bench_loadb, bench_loaded }
};


static const bench_header_t  bench_headers[] = {
    { S("Host"), S("evs.example.com") },
    { S("User-Agent"), S("python-cinderclient") },
    { S("Accept"), S("application/json") },
    { S("Accept-Encoding"), S("gzip, deflate") },
    { S("Connection"), S("keep-alive") },
    { S("X-Auth-Token"), S(PROJECT PROJECT PROJECT PROJECT) },
    { S("Content-Type"), S("application/json") },
    { S("Content-Length"), S("200") },
    { ngx_snapshot_null, ngx_snapshot_null }
};

static const bench_header_t  bench_bad_headers[] = {
    { S("Host"), S("evs.example.com") },
    { S("User-Agent"), S("python-cinderclient") },
    { S("Accept"), S("application/json") },
    { S("Content-Encoding"), S("gzip") },
    { S("Connection"), S("keep-alive") },
    { S("X-HTTP-Method-Override"), S("PUT") },
    { S("Content-Type"), S("text/plain") },
    { S("Content-Type"), S("application/json") },
    { ngx_snapshot_null, ngx_snapshot_null }
};


static const bench_member_t  bench_good[] = {
    { S("volume_id"), NGX_SNAPSHOT_TYPE_STRING, S(UUID) },
    { S("name"), NGX_SNAPSHOT_TYPE_STRING, S("snap-001") }
};

/* four rules that a body can break */

static const bench_member_t  bench_bad[] = {
    { S("volume_id"), NGX_SNAPSHOT_TYPE_STRING, S("5aa119a8") },
    { S("force"), NGX_SNAPSHOT_TYPE_STRING, S("True") },
    { S("name"), NGX_SNAPSHOT_TYPE_NUMBER, ngx_snapshot_null },
    { S("descripton"), NGX_SNAPSHOT_TYPE_STRING, S("Daily backup") }
};

static const bench_entries_t  bench_members[] = {
    { "of 16 members", "1 wrong", 16, 1, 0 },
    { "of 16 members", "4 wrong", 16, 4, 0 },
    { "of 16 members", "16 wrong", 16, 16, 0 },
    { "none wrong", "of 16", 16, 0, 0 },
    { "none wrong", "of 64", 64, 0, 0 },
    { "none wrong", "of 256", 256, 0, 0 },
    { "all wrong", "16", 16, 16, 0 },
    { "all wrong", "64", 64, 64, 0 },
    { "all wrong", "256", 256, 256, 0 },
    { "all wrong, hostile", "1", 1, 1, 1 },
    { "all wrong, hostile", "4", 4, 4, 1 },
    { "all wrong, hostile", "16", 16, 16, 1 },
    { "all wrong, hostile", "64", 64, 64, 1 },
    { "all wrong, hostile", "256", 256, 256, 1 }
};


static const bench_report_t  bench_forms[] = {
    { "error object", 0, bench_object, bench_valid },
    { "error object, hostile", 1, bench_object, bench_valid },
    { "with violations", 0, bench_details, bench_detailed },
    { "with violations, hostile", 1, bench_details, bench_detailed },
    { "header list", 0, bench_list, bench_listed },
    { "header list, hostile", 1, bench_list, bench_listed }
};


#ifdef BENCH_HEAP

/*
 * Calls of shared libraries end here as well.  A time or a count would have
 * this in it, so it is a program of its own.
 */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);


static struct {
    size_t                         calls;
    size_t                         bytes;
} bench_heap;


void *
malloc(size_t size)
{
    bench_heap.calls++;
    bench_heap.bytes += size;

    return __libc_malloc(size);
}


void *
calloc(size_t n, size_t size)
{
    bench_heap.calls++;
    bench_heap.bytes += n * size;

    return __libc_calloc(n, size);
}


void *
realloc(void *p, size_t size)
{
    bench_heap.calls++;
    bench_heap.bytes += size;

    return __libc_realloc(p, size);
}


static void
bench_count(bench_t *b, const bench_case_t *c)
{
    memset(&bench_heap, 0, sizeof(bench_heap));
    b->pool.calls = 0;
    b->pool.bytes = 0;

    bench_once(b, c);

    printf("\t%zu\t%zu\t%zu\t%zu", b->pool.calls, b->pool.bytes,
           bench_heap.calls, bench_heap.bytes);
}

#else

static uint64_t
bench_now(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;
}


static uint64_t
bench_round(bench_t *b, const bench_case_t *c, uint64_t times)
{
    uint64_t  begun;

    begun = bench_now();

    while (times--) {
        bench_once(b, c);
    }

    return bench_now() - begun;
}


static int
bench_compare(const void *a, const void *b)
{
    double  x, y;

    x = *(const double *) a;
    y = *(const double *) b;

    return (x > y) - (x < y);
}


static void
bench_time(bench_t *b, const bench_case_t *c)
{
    double    each[BENCH_ROUNDS];
    uint64_t  times;
    unsigned  i;

    for (times = 1; bench_round(b, c, times) < BENCH_ROUND; times *= 2) {
        /* void */
    }

    for (i = 0; i < BENCH_ROUNDS; i++) {
        each[i] = (double) bench_round(b, c, times) / times;
    }

    qsort(each, BENCH_ROUNDS, sizeof(each[0]), bench_compare);

    printf("\t%.2f\t%.2f", each[0], each[BENCH_ROUNDS / 2]);
}


static void
bench_instructions(bench_t *b, const bench_case_t *c)
{
    char      name[128];
    unsigned  i, times;

    times = (c->bytes > BENCH_LONG) ? BENCH_FEW : BENCH_COUNTED;

    for (i = 0; i < BENCH_WARM; i++) {
        bench_once(b, c);
    }

    CALLGRIND_TOGGLE_COLLECT;

    for (i = 0; i < times; i++) {
        bench_once(b, c);
    }

    CALLGRIND_TOGGLE_COLLECT;

    (void) snprintf(name, sizeof(name), "%s/%s/%s", c->group, c->series,
                    c->name);
    CALLGRIND_DUMP_STATS_AT(name);

    printf("\t%u", times);
}

#endif


int
main(void)
{
    bench_t             *b;
    bench_case_t         c;
    ngx_snapshot_mem_t   mem;

    /* a tree's order, and so its cost, is the same in every run */

    json_object_seed(1);

    b = calloc(1, sizeof(bench_t));
    if (b == NULL || (b->pool.start = malloc(BENCH_POOL)) == NULL) {
        return 1;
    }

    b->mem.alloc = bench_alloc;
    b->mem.data = &b->pool;
    (void) ngx_snapshot_patterns_compile(&b->patterns);

    mem.alloc = bench_heap_alloc;
    mem.data = NULL;

    b->reader = ngx_snapshot_json_create(&mem, 0x9e3779b97f4a7c15);
    if (b->reader == NULL) {
        return 1;
    }

    /* values of any length pass, and a wrong one is rejected */

    ngx_snapshot_policy_default(&b->policy);
    b->policy.rule[NGX_SNAPSHOT_RULE_NAME_LENGTH].max = BENCH_INPUT;
    b->policy.rule[NGX_SNAPSHOT_RULE_METADATA_ENTRY].max = BENCH_INPUT;
    b->policy.rule[NGX_SNAPSHOT_RULE_METADATA_ENTRY].severity =
        NGX_SNAPSHOT_SEVERITY_REJECT;

    memset(&c, 0, sizeof(bench_case_t));
    c.group = "Nothing";
    c.series = "";
    c.name = "nothing";
    c.run = bench_nothing;
    c.check = bench_judged;
    bench_ask(b, &c, "POST", EVS);
    bench_measure(b, &c);

    bench_routes(b);
    bench_queries(b);
    bench_bodies(b);
    bench_heads(b);
    bench_judgements(b);
    bench_reports(b);

    ngx_snapshot_patterns_free(&b->patterns);
    free(b->reader);
    free(b->pool.start);
    free(b);

    return fflush(stdout) ? 1 : 0;
}


static void
bench_measure(bench_t *b, const bench_case_t *c)
{
    bench_once(b, c);
    bench_check(b, c);

    printf("%s\t%s\t%s\t%zu\t%zu", c->group, c->series, c->name, c->n,
           c->bytes);

#ifdef BENCH_HEAP

    bench_count(b, c);

#else

    if (RUNNING_ON_VALGRIND) {
        bench_instructions(b, c);

    } else {
        bench_time(b, c);
    }

#endif

    printf("\n");

    bench_check(b, c);
}


static void
bench_check(bench_t *b, const bench_case_t *c)
{
    const char  *why;

    why = b->judge.failed ? "memory was short" : c->check(b, c);

    if (why) {
        (void) fflush(stdout);
        fprintf(stderr, "%s, %s, %s: %s\n", c->group, c->series, c->name, why);
        exit(1);
    }
}


/* a request begins with an empty pool, but for what c->mark keeps */

static void
bench_once(bench_t *b, const bench_case_t *c)
{
    b->pool.used = c->mark;

    ngx_snapshot_judge_init(&b->judge, &b->mem, &b->policy, &b->patterns,
                            &c->asked);
    b->judge.detailed = c->detailed;
    c->run(b, c);
}


static void
bench_routes(bench_t *b)
{
    u_char              *p;
    size_t               i, before, after;
    bench_case_t         c;
    const bench_path_t  *path;

    for (i = 0; i < N(bench_paths); i++) {

        path = &bench_paths[i];

        memset(&c, 0, sizeof(bench_case_t));
        c.group = "Route";
        c.series = path->series;
        c.name = path->name;
        c.run = bench_route;
        c.check = bench_routed;
        c.method = bench_str(path->method);
        c.operation = path->operation;
        c.canonical = path->canonical;

        before = strlen(path->before);
        after = strlen(path->after);

        p = b->input;
        memcpy(p, path->before, before);
        p += before;

        if (path->size) {
            bench_fill(p, path->size - before - after, path->unit);
            p += path->size - before - after;
        }

        memcpy(p, path->after, after);
        p += after;

        c.input.data = b->input;
        c.input.len = p - b->input;
        c.bytes = c.input.len;
        c.n = c.bytes;

        bench_ask(b, &c, "POST", EVS);
        bench_measure(b, &c);
    }
}


static void
bench_queries(bench_t *b)
{
    char                 *p;
    size_t                i;
    unsigned              n;
    bench_case_t          c;
    const bench_query_t  *query;

    for (i = 0; i < N(bench_targets); i++) {

        query = &bench_targets[i];

        memset(&c, 0, sizeof(bench_case_t));
        c.group = "Query";
        c.series = query->series;
        c.name = query->name;
        c.run = bench_query;
        c.check = bench_queried;
        c.known = query->known;
        c.violations = query->violations;

        p = (char *) b->input;
        p += sprintf(p, "%s", query->before);

        for (n = 0; n < query->times; n++) {
            p += sprintf(p, query->unit, n);
        }

        c.input.data = b->input;
        c.input.len = p - (char *) b->input;
        c.bytes = c.input.len;
        c.n = c.bytes;

        bench_ask(b, &c, query->method, query->path);
        bench_measure(b, &c);
    }
}


static void
bench_bodies(bench_t *b)
{
    size_t                 i, r;
    bench_case_t           c;
    const bench_body_t    *body;
    const bench_reader_t  *reader;

    for (i = 0; i < N(bench_texts); i++) {

        body = &bench_texts[i];

        memset(&c, 0, sizeof(bench_case_t));
        c.group = body->group;
        c.name = body->name;
        c.violations = body->wrong;
        c.input.data = b->input;
        c.input.len = bench_body(b->input, body);
        c.bytes = c.input.len;
        c.n = strcmp(body->group, WRONG) ? c.bytes : body->wrong;

        for (r = 0; r < N(bench_readers); r++) {

            reader = &bench_readers[r];

            c.series = reader->series;
            c.run = reader->run;
            c.check = reader->check;

            bench_ask(b, &c, "POST", EVS);
            bench_measure(b, &c);
        }
    }
}


/* a body of exactly so many bytes */

static size_t
bench_body(u_char *buf, const bench_body_t *body)
{
    char      key[16];
    u_char   *p;
    size_t    room, each, len;
    unsigned  i, n;

    room = body->size - (sizeof(HEAD) - 1) - (sizeof(TAIL) - 1);
    n = body->members ? body->members : room / MEMBER;

    /* one comma is missing */

    each = (room + 1) / n;

    p = buf;
    memcpy(p, HEAD, sizeof(HEAD) - 1);
    p += sizeof(HEAD) - 1;

    for (i = 0; i < n; i++) {

        len = sprintf(key, "\"k%05u\":", i);
        memcpy(p, key, len);
        p += len;

        /* what stands between the colon and the comma */

        len = (i < n - 1 ? each : room + 1 - each * (n - 1)) - len - 1;

        bench_fill(p, len, i < body->wrong ? "1" : body->unit);

        if (i >= body->wrong) {
            p[0] = '"';
            p[len - 1] = '"';
            bench_fill(p + 1, len - 2, body->unit);
        }

        if (i == n - 1 && body->escaped) {
            memcpy(p + len - 3, "\\n", 2);
        }

        p += len;
        *p++ = ',';
    }

    p--;

    memcpy(p, TAIL, sizeof(TAIL) - 1);
    p += sizeof(TAIL) - 1;

    return p - buf;
}


/* whole units, then letters */

static void
bench_fill(u_char *p, size_t len, const char *unit)
{
    size_t  n;

    n = strlen(unit);

    for ( /* void */ ; len >= n; len -= n) {
        memcpy(p, unit, n);
        p += n;
    }

    memset(p, 'a', len);
}


static void
bench_heads(bench_t *b)
{
    size_t                 i;
    bench_case_t           c;
    const bench_header_t  *h;

    static const struct {
        const char            *name;
        const char            *path;
        const bench_header_t  *headers;
        unsigned               violations;
    } heads[] = {
        { "8 headers", EVS, bench_headers, 0 },
        { "1 violation", "/v3/a.b/snapshots", bench_headers, 1 },
        { "5 violations", "/v3/a.b/snapshots", bench_bad_headers, 5 }
    };

    for (i = 0; i < N(heads); i++) {

        memset(&c, 0, sizeof(bench_case_t));
        c.group = "Judge";
        c.series = "path and headers";
        c.name = heads[i].name;
        c.headers = heads[i].headers;
        c.run = bench_head;
        c.check = bench_headed;
        c.violations = heads[i].violations;
        c.n = c.violations;
        c.bytes = strlen(heads[i].path);

        for (h = c.headers; h->name.len; h++) {
            c.bytes += h->name.len + h->value.len;
        }

        bench_ask(b, &c, "POST", heads[i].path);
        bench_measure(b, &c);
    }
}


/* members are pushed as a reader would, so that no reading is measured */

static void
bench_judgements(bench_t *b)
{
    size_t          i;
    bench_case_t    c;
    bench_member_t  members[BENCH_ENTRIES];

    memset(&c, 0, sizeof(bench_case_t));
    c.group = "Judge";
    c.series = "";
    c.name = "4 members, 4 rules broken";
    c.n = 4;
    c.run = bench_push;
    c.check = bench_judged;
    c.fields = bench_bad;
    c.nfields = N(bench_bad);
    c.violations = 4;

    for (i = 0; i < c.nfields; i++) {
        c.bytes += bench_bad[i].key.len + bench_bad[i].value.len;
    }

    bench_ask(b, &c, "POST", EVS);
    bench_measure(b, &c);

    for (i = 0; i < N(bench_members); i++) {

        memset(&c, 0, sizeof(bench_case_t));
        c.group = "Judge";
        c.series = bench_members[i].series;
        c.name = bench_members[i].name;
        c.run = bench_push;
        c.check = bench_read;

        bench_entries(b, &c, members, &bench_members[i]);
        c.n = c.violations ? c.violations : c.nentries;

        bench_ask(b, &c, "POST", EVS);
        bench_measure(b, &c);
    }
}


static void
bench_reports(bench_t *b)
{
    char             name[32];
    size_t           f, i;
    bench_case_t     c;
    bench_member_t   members[BENCH_ENTRIES];
    bench_entries_t  e;

    static const unsigned  counts[] = { 1, 4, 16, 64, 256 };

    for (f = 0; f < N(bench_forms); f++) {
        for (i = 0; i < N(counts); i++) {

            (void) snprintf(name, sizeof(name), "%u violation%s", counts[i],
                            counts[i] == 1 ? "" : "s");

            memset(&c, 0, sizeof(bench_case_t));
            c.group = "Report";
            c.series = bench_forms[f].series;
            c.name = name;
            c.n = counts[i];

            e.members = counts[i];
            e.wrong = counts[i];
            e.hostile = bench_forms[f].hostile;

            bench_entries(b, &c, members, &e);
            bench_ask(b, &c, "POST", EVS);

            c.detailed = (bench_forms[f].run == bench_details);
            c.run = bench_push;
            bench_once(b, &c);

            b->judged = b->judge;
            c.mark = b->pool.used;

            c.run = bench_forms[f].run;
            c.check = bench_forms[f].check;

            bench_once(b, &c);
            c.bytes = b->object.len;

            bench_measure(b, &c);
        }
    }
}


/* a good body whose metadata has the members; the first of them are wrong */

static void
bench_entries(bench_t *b, bench_case_t *c, bench_member_t *members,
    const bench_entries_t *e)
{
    size_t    len;
    unsigned  i;

    c->fields = bench_good;
    c->nfields = N(bench_good);
    c->entries = members;
    c->nentries = e->members;
    c->violations = e->wrong;
    c->bytes = 0;

    for (i = 0; i < c->nfields; i++) {
        c->bytes += bench_good[i].key.len + bench_good[i].value.len;
    }

    for (i = 0; i < e->members; i++) {

        len = sprintf((char *) b->keys[i], "k%05u", i);

        if (e->hostile) {
            bench_fill(b->keys[i] + len, BENCH_HOSTILE - len,
                       "\"\\\x01\r\n\xff\xc3~/<\xe2\x80\xae");
            len = BENCH_HOSTILE;
        }

        members[i].key.data = b->keys[i];
        members[i].key.len = len;
        members[i].type = i < e->wrong ? NGX_SNAPSHOT_TYPE_NUMBER
                                       : NGX_SNAPSHOT_TYPE_STRING;
        members[i].value = bench_str(i < e->wrong ? "" : "value");

        c->bytes += len + members[i].value.len;
    }
}


static void
bench_nothing(bench_t *b, const bench_case_t *c)
{
    (void) b;
    (void) c;
}


static void *
bench_router_alloc(void *data, size_t size)
{
    (void) data;

    return malloc(size);
}


static const ngx_snapshot_router_t *
bench_router(void)
{
    ngx_snapshot_mem_t             mem = { bench_router_alloc, NULL };

    static ngx_snapshot_router_t  *router;

    if (router == NULL) {
        router = ngx_snapshot_router(&mem);
    }

    return router;
}


static void
bench_route(bench_t *b, const bench_case_t *c)
{
    static const ngx_snapshot_str_t  prefix = ngx_snapshot_null;

    (void) ngx_snapshot_route(&b->route, bench_router(), &b->mem, c->method,
                              c->input, prefix, 0);
}


static void
bench_query(bench_t *b, const bench_case_t *c)
{
    ngx_snapshot_query_read(&b->judge, c->input);
}


static void
bench_json(bench_t *b, const bench_case_t *c)
{
    ngx_snapshot_json_read(b->reader, &b->judge, c->input);
}


static void
bench_loadb(bench_t *b, const bench_case_t *c)
{
    json_t        *root;
    json_error_t   error;

    root = json_loadb((const char *) c->input.data, c->input.len, BENCH_FLAGS,
                      &error);

    b->found = json_object_size(root);
    json_decref(root);
}


static void
bench_head(bench_t *b, const bench_case_t *c)
{
    const bench_header_t  *h;

    (void) ngx_snapshot_judge_route(&b->judge, &c->asked);

    for (h = c->headers; h->name.len; h++) {
        ngx_snapshot_judge_header(&b->judge, h->name, h->value);
    }

    ngx_snapshot_judge_headers_end(&b->judge);
    (void) ngx_snapshot_judge_size(&b->judge, 200);
}


static void
bench_push(bench_t *b, const bench_case_t *c)
{
    unsigned               i;
    ngx_snapshot_judge_t  *j;

    static const ngx_snapshot_str_t  snapshot = S("snapshot");
    static const ngx_snapshot_str_t  metadata = S("metadata");
    static const ngx_snapshot_str_t  empty = ngx_snapshot_null;

    j = &b->judge;

    ngx_snapshot_judge_begin(j);
    (void) ngx_snapshot_judge_member(j, snapshot, NGX_SNAPSHOT_TYPE_OBJECT,
                                     empty);

    for (i = 0; i < c->nfields; i++) {
        (void) ngx_snapshot_judge_member(j, c->fields[i].key,
                                         c->fields[i].type,
                                         c->fields[i].value);
    }

    if (c->nentries) {
        (void) ngx_snapshot_judge_member(j, metadata, NGX_SNAPSHOT_TYPE_OBJECT,
                                         empty);

        for (i = 0; i < c->nentries; i++) {
            (void) ngx_snapshot_judge_member(j, c->entries[i].key,
                                             c->entries[i].type,
                                             c->entries[i].value);
        }

        ngx_snapshot_judge_leave(j);
    }

    ngx_snapshot_judge_leave(j);
    ngx_snapshot_judge_leave(j);
}


static void
bench_object(bench_t *b, const bench_case_t *c)
{
    (void) c;
    b->object.len = 0;
    (void) ngx_snapshot_report_object(&b->judged, 0, &b->object);
}


static void
bench_details(bench_t *b, const bench_case_t *c)
{
    (void) c;
    b->object.len = 0;
    (void) ngx_snapshot_report_object(&b->judged, 1, &b->object);
}


static void
bench_list(bench_t *b, const bench_case_t *c)
{
    (void) c;
    b->object.len = 0;
    (void) ngx_snapshot_report_list(&b->judged, NGX_SNAPSHOT_SEVERITY_WARN,
                                    NGX_SNAPSHOT_SEVERITY_REJECT, &b->object);
}


static const char *
bench_routed(bench_t *b, const bench_case_t *c)
{
    if (c->operation == NULL) {
        return b->route.operation ? "in scope" : NULL;
    }

    if (b->route.operation == NULL
        || !ngx_snapshot_eq(b->route.operation->name, bench_str(c->operation)))
    {
        return "another operation";
    }

    return (b->route.odd == 0) != c->canonical ? "canonical is wrong" : NULL;
}


static const char *
bench_queried(bench_t *b, const bench_case_t *c)
{
    if ((unsigned) __builtin_popcount(b->judge.params) != c->known) {
        return "another number of known parameters";
    }

    return bench_judged(b, c);
}


static const char *
bench_headed(bench_t *b, const bench_case_t *c)
{
    /* the first one is required */

    if (!(b->judge.headers & 1)) {
        return "headers are not judged";
    }

    return bench_judged(b, c);
}


static const char *
bench_judged(bench_t *b, const bench_case_t *c)
{
    return bench_violations(&b->judge) != c->violations
           ? "another number of violations" : NULL;
}


/* the volume is kept by the judge, so a body was read where it is there */

static const char *
bench_read(bench_t *b, const bench_case_t *c)
{
    if (b->judge.keep[NGX_SNAPSHOT_KEEP_VOLUME_ID].len != sizeof(UUID) - 1) {
        return "not read";
    }

    return bench_judged(b, c);
}


static const char *
bench_loaded(bench_t *b, const bench_case_t *c)
{
    (void) c;

    return b->found != 1 ? "not loaded" : NULL;
}


static const char *
bench_valid(bench_t *b, const bench_case_t *c)
{
    json_t        *root;
    const char    *why;
    json_error_t   error;

    root = json_loadb((const char *) b->object.data, b->object.len, 0, &error);
    why = json_is_object(root) ? bench_mentions(b, c, "must be a string, is ")
                               : "no JSON";
    json_decref(root);

    return why;
}


static const char *
bench_detailed(bench_t *b, const bench_case_t *c)
{
    json_t        *root, *value;
    size_t         expected;
    const char    *why;
    json_error_t   error;

    root = json_loadb((const char *) b->object.data, b->object.len, 0, &error);
    value = json_object_iter_value(json_object_iter(root));
    value = json_object_get(value, "violations");

    expected = c->violations < NGX_SNAPSHOT_DETAILED_MAX
               ? c->violations : NGX_SNAPSHOT_DETAILED_MAX;

    why = json_array_size(value) != expected ? "not all violations in it"
                                             : NULL;
    json_decref(root);

    return why;
}


/* a header is cut where it has no room, and says how many it leaves out */

static const char *
bench_listed(bench_t *b, const bench_case_t *c)
{
    size_t    i;
    unsigned  n, scale;

    n = bench_found(b, ";at=\"");

    if (bench_found(b, "more;count=")) {

        scale = 1;

        for (i = b->object.len; b->object.data[i - 1] != '='; i--) {
            n += scale * (b->object.data[i - 1] - '0');
            scale *= 10;
        }
    }

    return n != c->violations ? "not all violations in it" : NULL;
}


/* what each violation is said with is there as often as some are listed */

static const char *
bench_mentions(bench_t *b, const bench_case_t *c, const char *text)
{
    unsigned  expected;

    expected = c->violations < NGX_SNAPSHOT_LISTED_MAX
               ? c->violations : NGX_SNAPSHOT_LISTED_MAX;

    return bench_found(b, text) != expected ? "not all violations in it"
                                            : NULL;
}


static unsigned
bench_found(const bench_t *b, const char *text)
{
    size_t    i, len;
    unsigned  n;

    n = 0;
    len = strlen(text);

    for (i = 0; i + len <= b->object.len; i++) {
        n += memcmp(b->object.data + i, text, len) == 0;
    }

    return n;
}


static unsigned
bench_violations(const ngx_snapshot_judge_t *j)
{
    return j->count[NGX_SNAPSHOT_SEVERITY_WARN]
           + j->count[NGX_SNAPSHOT_SEVERITY_REJECT];
}


/* routes by memory that nobody measures */

static void
bench_ask(bench_t *b, bench_case_t *c, const char *method, const char *path)
{
    static const ngx_snapshot_str_t  prefix = ngx_snapshot_null;

    (void) ngx_snapshot_route(&c->asked, bench_router(), &b->mem,
                              bench_str(method), bench_str(path), prefix, 0);
}


/* as simple as that of a pool with room; what is too much fails the check */

static void *
bench_alloc(void *data, size_t size)
{
    void          *p;
    bench_pool_t  *pool = data;

    if (size > BENCH_POOL - pool->used) {
        return NULL;
    }

    p = pool->start + pool->used;

    pool->used += (size + 15) & ~(size_t) 15;
    pool->calls++;
    pool->bytes += size;

    return p;
}


/* of a worker, not of a request */

static void *
bench_heap_alloc(void *data, size_t size)
{
    (void) data;

    return malloc(size);
}


static ngx_snapshot_str_t
bench_str(const char *s)
{
    ngx_snapshot_str_t  str;

    str.data = (const u_char *) s;
    str.len = strlen(s);

    return str;
}
