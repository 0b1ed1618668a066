
/*
 * Memory that runs short at any allocation of the core's makes a 500: no
 * verdict, no pass, no byte beyond a block.  Each run is a process of its own,
 * so that one that crashes is an outcome like any other.
 */


#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"


/* gcc's counters are written by exit() alone */

#ifndef UNIT_EXIT
#define UNIT_EXIT  _exit
#endif

#define CANARY  64

/* what a process ends with begins here: a sanitizer's own is 1 */

#define STATUS  64


/* one block: how long it is, then its bytes, then what nobody may write to */

typedef struct block_s  block_t;

struct block_s {
    block_t  *next;
    size_t    size;
    union {
        max_align_t    align;
        unsigned char  bytes[1];
    } u;
};


/*
 * The allocation with the number "fail" fails, from 1 on, or it and all later
 * ones where "on" is set.  pool has all of them, which are freed at once.
 */

static struct {
    unsigned   fail;
    unsigned   on;
    unsigned   n;
    unsigned   fired;
    unsigned   overrun;
    block_t   *pool;
} memory;


static block_t *
take(size_t size)
{
    block_t  *b;

    memory.n++;

    if (memory.fail
        && (memory.n == memory.fail
            || (memory.on && memory.n > memory.fail)))
    {
        memory.fired = 1;
        return NULL;
    }

    b = malloc(offsetof(block_t, u) + size + CANARY);
    if (b == NULL) {
        abort();
    }

    b->size = size;
    memset(b->u.bytes, 0x5a, size);
    memset(b->u.bytes + size, 0xa5, CANARY);

    return b;
}


static void
give(block_t *b)
{
    size_t  i;

    for (i = 0; i < CANARY; i++) {
        memory.overrun |= (b->u.bytes[b->size + i] != 0xa5);
    }

    free(b);
}


static void *
core_alloc(void *data, size_t size)
{
    block_t  *b;

    (void) data;

    b = take(size);
    if (b == NULL) {
        return NULL;
    }

    b->next = memory.pool;
    memory.pool = b;

    return b->u.bytes;
}


static void
core_free(void)
{
    block_t  *b;

    while (memory.pool) {
        b = memory.pool;
        memory.pool = b->next;
        give(b);
    }
}


#define N8(s)    s s s s s s s s
#define N64(s)   N8(N8(s))
#define N255     N64("nnn") N8("nnnnnnn") "nnnnnnn"
#define PATH     "/v3/p/snapshots"
#define VOLUME   "\"volume_id\": \"5aa119a8-d25b-45a7-8d1b-88e127885635\""
#define K(s)     "\"a" s "\": \"v\", \"b" s "\": \"v\", \"c" s "\": \"v\", "
#define MANY     K("0") K("1") K("2") K("3") K("4") K("5") K("6") K("7")      \
                 K("8") K("9") "\"z\": \"v\""


/* lenient: a key may be there twice, and be unknown */

typedef struct {
    const char  *name;
    const char  *method;
    const char  *path;
    const char  *query;
    const char  *body;
    unsigned     lenient;
} request_t;


static const request_t  requests[] = {
    { "good", "POST", PATH, "",
      "{\"snapshot\": {" VOLUME ", \"name\": \"n\", \"force\": true}}", 0 },

    { "good, escapes", "POST", PATH, "",
      "{\"snapshot\": {" VOLUME ", \"n\\u0061me\": \"\\ud83d\\ude00\\n\\\"\\\\"
      "\", \"description\": \"\\u4e2d\\t\xe4\xb8\xad\"}}", 0 },

    { "good, many members", "POST", PATH, "",
      "{\"snapshot\": {" VOLUME ", \"metadata\": {" MANY "}}}", 0 },

    { "good, a name of 255 bytes", "POST", PATH, "",
      "{\"snapshot\": {\"name\": \"" N255 "\", " VOLUME "}}", 0 },

    { "good, the longest string last", "PUT",
      PATH "/5aa119a8-d25b-45a7-8d1b-88e127885635", "",
      "{\"snapshot\": {\"name\": \"n\", \"description\": \"" N64("d") "\"}}",
      0 },

    { "good, numbers and arrays", "POST", PATH, "",
      "{\"snapshot\": {" VOLUME ", \"metadata\": {\"a\": "
      "123456789012345678901234567890, \"b\": [1.5e3, [null, false]], "
      "\"c\": {\"d\": {}}}}}", 0 },

    { "good, a number that no double can hold", "POST", PATH, "",
      "{\"snapshot\": {" VOLUME ", \"metadata\": {\"a\": [1e400]}}}", 0 },

    { "good, DWS", "POST", "/v1.0/p/snapshots", "",
      "{\"snapshot\": {\"name\": \"snap-001\", \"cluster_id\": "
      "\"44b277eb-39be-4921-be31-3d61b43651d7\"}}", 0 },

    { "good, a key twice", "POST", PATH, "",
      "{\"snapshot\": {" VOLUME ", " VOLUME "}}", 1 },

    { "good, a query", "GET", PATH, "limit=%35&n%61me=a+b&status=x", NULL, 0 },

    { "good, an odd path", "GET", PATH "/a%20b", "", NULL, 0 },

    /* no room in the reader's own memory */

    { "good, a long string with an escape", "PUT",
      PATH "/5aa119a8-d25b-45a7-8d1b-88e127885635", "",
      "{\"snapshot\": {\"name\": \"n\", \"" N64(N64("k")) "\\n\": 1}}", 1 },

    { "good, a body with more keys than the table has slots for", "PUT",
      PATH "/5aa119a8-d25b-45a7-8d1b-88e127885635", "",
      "{\"snapshot\": {\"name\": \"n\"}" N64(N64(N8("     "))) "}", 0 },

    { "bad name", "POST", PATH, "",
      "{\"snapshot\": {" VOLUME ", \"name\": \"" N255 "n\"}}", 0 },

    { "bad name, escapes", "POST", PATH, "",
      "{\"snapshot\": {" VOLUME ", \"name\": \"" N255 "\\u006e\"}}", 0 },

    { "bad volume", "POST", PATH, "",
      "{\"snapshot\": {\"volume_id\": "
      "\"5aa119a8-d25b-45a7-8d1b-88e1278856355\"}}", 0 },

    { "bad in many ways", "POST", PATH, "",
      "{\"snapshot\": {\"volume_id\": \"x\", \"na/me\": 1, \"name\": \"n\","
      " \"force\": \"yes\", \"metadata\": {\"k\": 1, \"\": \"\"}},"
      " \"s\\n\": 2, \"\xe4\xb8\xad\": {}}", 0 },

    { "bad, many members", "POST", PATH, "",
      "{\"snapshot\": {" MANY "}, " MANY "}", 0 },

    { "bad, a key twice", "POST", PATH, "",
      "{\"snapshot\": {" VOLUME ", \"metadata\": {" MANY ", \"z\": 1}}}", 0 },

    { "bad JSON", "POST", PATH, "",
      "{\"snapshot\": {" VOLUME ", \"metadata\": {" MANY "}}", 0 },

    { "bad, an array", "POST", PATH, "", "[[], {\"a\": \"b\"}]", 0 },

    { "bad DWS", "POST", "/v1.0/p/snapshots", "",
      "{\"snapshot\": {\"name\": \"1\", \"cluster_id\": \"c\"}}", 0 },

    { "bad query", "GET", PATH "/detail", "limit=0&f%6fo=1&foo=2&name=%ff;x",
      NULL, 0 },

    { "bad method", "POST", PATH, "_meth%6fd=PUT", "{}", 0 },

    { "bad path", "GET", "/v3//%70/./snapshots.json", "", NULL, 0 },

    { "bad path, a host", "POST", "//x\\y/v3/p/snapshots", "", "{}", 0 }
};

#define NREQUESTS  (sizeof(requests) / sizeof(requests[0]))


/* what is made of a request */

#define MONITOR   1
#define DETAILS   2


static const unsigned  ways[] = { 0, MONITOR, DETAILS };

#define NWAYS  (sizeof(ways) / sizeof(ways[0]))


/*
 * WHOLE where no allocation failed; UNHARMED where one did, but what it was
 * for was not needed: the answer is the same to the byte.
 */

enum {
    WHOLE = 0,
    REFUSED,
    ANSWERED,
    PASSED,
    UNHARMED,
    OVERRUN,
    CRASHED,
    OUTCOMES
};

static const char *const  outcomes[OUTCOMES] = {
    "whole", "500", "another refusal than a 500", "a pass", "unharmed",
    "bytes written beyond a block", "a crash"
};


static ngx_snapshot_patterns_t    patterns;
static ngx_snapshot_policy_t      strict, lenient;
static const ngx_snapshot_mem_t   mem = { core_alloc, NULL };


/* what the module does, up to the answer or the header of what passes */

static int
judge(const request_t *r, unsigned way, ngx_snapshot_str_t *answer)
{
    ngx_snapshot_judge_t    j;
    ngx_snapshot_route_t    route;

    if (ngx_snapshot_route(&route, unit_router(), &mem, unit_str(r->method),
                           unit_str(r->path), unit_str(""), 0)
        != NGX_SNAPSHOT_OK)
    {
        return REFUSED;
    }

    ngx_snapshot_judge_init(&j, &mem, r->lenient ? &lenient : &strict,
                            &patterns, &route);
    j.detailed = (way & DETAILS) != 0;

    if (ngx_snapshot_judge_route(&j, &route)) {
        ngx_snapshot_query_read(&j, unit_str(r->query));

        if (r->body && !ngx_snapshot_judge_rejects(&j)) {
            ngx_snapshot_json_read(unit_reader(), &j, unit_str(r->body));
        }
    }

    if (j.failed) {
        return REFUSED;
    }

    if (ngx_snapshot_judge_rejects(&j) && !(way & MONITOR)) {
        return ngx_snapshot_report_object(&j, way & DETAILS, answer)
               == NGX_SNAPSHOT_OK ? ANSWERED : REFUSED;
    }

    if (way & DETAILS) {
        return ngx_snapshot_report_verdict(&j, answer) == NGX_SNAPSHOT_OK
               ? PASSED : REFUSED;
    }

    return ngx_snapshot_report_list(&j, NGX_SNAPSHOT_SEVERITY_WARN,
                                    NGX_SNAPSHOT_SEVERITY_REJECT, answer)
           == NGX_SNAPSHOT_OK ? PASSED : REFUSED;
}


/* the same in a process of its own, held against what it should come to */

static int
run(const request_t *r, unsigned way, unsigned fail, unsigned on)
{
    int                  i, status, outcome, expected;
    const char          *whole;
    pid_t                pid;
    ngx_snapshot_str_t   answer;

    static const struct rlimit  no_core = { 0, 0 };
    static const int  signals[] = { SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV };

    fflush(NULL);

    pid = fork();
    assert_true(pid >= 0);

    if (pid > 0) {
        assert_int_equal(waitpid(pid, &status, 0), pid);

        outcome = WIFEXITED(status) ? WEXITSTATUS(status) - STATUS : CRASHED;

        return outcome >= 0 && outcome < OUTCOMES ? outcome : CRASHED;
    }

    /* cmocka would catch them, and go on with its tests */

    for (i = 0; i < 5; i++) {
        signal(signals[i], SIG_DFL);
    }

    (void) setrlimit(RLIMIT_CORE, &no_core);
    (void) !freopen("/dev/null", "w", stderr);
    alarm(20);

    expected = judge(r, way, &answer);
    whole = answer.len ? strndup((const char *) answer.data, answer.len) : "";
    core_free();

    memory.n = 0;
    memory.fail = fail;
    memory.on = on;

    outcome = judge(r, way, &answer);

    if (outcome == expected && answer.len == strlen(whole)
        && (answer.len == 0
            || memcmp(answer.data, whole, answer.len) == 0))
    {
        outcome = UNHARMED;
    }

    core_free();

    if (memory.overrun) {
        outcome = OVERRUN;
    }

    UNIT_EXIT(STATUS + (memory.fired ? outcome : WHOLE));
}


/*
 * Each allocation fails, in turn.  Returns the number of outcomes that there
 * must not be; what the core does without may be missing.
 */

static unsigned
run_all(unsigned on, unsigned found[OUTCOMES])
{
    int       outcome;
    size_t    i, way;
    unsigned  n, wrong, of[OUTCOMES], first[OUTCOMES];

    wrong = 0;
    memset(found, 0, OUTCOMES * sizeof(unsigned));

    for (i = 0; i < NREQUESTS; i++) {
        for (way = 0; way < NWAYS; way++) {
            memset(of, 0, sizeof(of));

            for (n = 1; ; n++) {
                outcome = run(&requests[i], ways[way], n, on);

                if (outcome == WHOLE) {
                    break;
                }

                if (of[outcome]++ == 0) {
                    first[outcome] = n;
                }

                /* it crashes without any failure */

                if (of[CRASHED] > 1000) {
                    break;
                }
            }

            for (outcome = REFUSED; outcome < OUTCOMES; outcome++) {
                found[outcome] += of[outcome];

                if (outcome == REFUSED || of[outcome] == 0
                    || outcome == UNHARMED)
                {
                    continue;
                }

                wrong += of[outcome];

                print_message("# %s%s%s: %u of %u allocations%s, first the "
                              "%u.: %s\n", requests[i].name,
                              ways[way] & MONITOR ? ", monitor" : "",
                              ways[way] & DETAILS ? ", details" : "",
                              of[outcome], n - 1,
                              on ? " and all after it" : "", first[outcome],
                              outcomes[outcome]);
            }
        }
    }

    return wrong;
}


static int
setup(void **state)
{
    (void) state;

    (void) unit_reader();

    ngx_snapshot_policy_default(&strict);
    ngx_snapshot_policy_default(&lenient);
    lenient.rule[NGX_SNAPSHOT_RULE_JSON_DUPLICATE_KEY].severity =
        NGX_SNAPSHOT_SEVERITY_WARN;
    lenient.rule[NGX_SNAPSHOT_RULE_FIELD_UNKNOWN].severity =
        NGX_SNAPSHOT_SEVERITY_WARN;

    return ngx_snapshot_patterns_compile(&patterns) != NGX_SNAPSHOT_RULE_NONE;
}


static int
teardown(void **state)
{
    (void) state;

    ngx_snapshot_patterns_free(&patterns);

    return 0;
}


static void
requests_are_what_their_names_say(void **state)
{
    int                  outcome;
    size_t               i, way;
    ngx_snapshot_str_t   answer;

    (void) state;

    for (i = 0; i < NREQUESTS; i++) {
        for (way = 0; way < NWAYS; way++) {
            outcome = judge(&requests[i], ways[way], &answer);
            core_free();

            assert_int_equal(memory.overrun, 0);

            if (outcome != (requests[i].name[0] == 'g'
                            || (ways[way] & MONITOR) ? PASSED : ANSWERED))
            {
                fail_msg("%s: %s", requests[i].name, outcomes[outcome]);
            }
        }
    }
}


static void
without_memory_it_is_a_500(void **state)
{
    unsigned  on, found[OUTCOMES];

    (void) state;

    for (on = 0; on < 2; on++) {
        assert_int_equal(run_all(on, found), 0);
        assert_true(found[REFUSED] > 100);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(requests_are_what_their_names_say),
        cmocka_unit_test(without_memory_it_is_a_500)
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
