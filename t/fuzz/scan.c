
/*
 * Both readers make the same of every body, violation by violation: whatever
 * ngx_snapshot_scan() is sure of, ngx_snapshot_json_read() says as well, and
 * where it is not, no trace of it is left.  The first byte of the input tells
 * operation and policy, the rest is the body.
 */


#include "fuzz.h"


#define FUZZ_POLICIES  4


/* so often it was sure */

static unsigned long       fuzz_sure;


static const char *
fuzz_differs(const ngx_snapshot_judge_t *a, const ngx_snapshot_judge_t *b)
{
    unsigned                         i;
    const ngx_snapshot_violation_t  *v, *w;

#define fuzz_same(s, t)  ((s).len == (t).len                                  \
                          && ((s).len == 0                                    \
                              || memcmp((s).data, (t).data, (s).len) == 0))

    for (v = a->first, w = b->first; v && w; v = v->next, w = w->next) {

        if (v->rule != w->rule || v->severity != w->severity
            || v->status != w->status || strcmp(v->code, w->code) != 0)
        {
            return "a violation is another one";
        }

        if (!fuzz_same(ngx_snapshot_text_str(&v->at),
                       ngx_snapshot_text_str(&w->at)))
        {
            return "a violation is elsewhere";
        }

        if (!fuzz_same(ngx_snapshot_text_str(&v->message),
                       ngx_snapshot_text_str(&w->message)))
        {
            return "a violation has another message";
        }
    }

    if (v || w) {
        return "there are more violations with one of them";
    }

    if (memcmp(a->count, b->count, sizeof(a->count)) != 0
        || a->rules.bits != b->rules.bits || a->failed != b->failed)
    {
        return "they are counted otherwise";
    }

    if (*a->last != NULL || *b->last != NULL) {
        return "the list does not end";
    }

    for (i = 0; i < NGX_SNAPSHOT_KEEPS; i++) {
        if (!fuzz_same(a->keep[i], b->keep[i])) {
            return "a variable has another value";
        }
    }

    return NULL;
}


/* "json" is the reader with the authority, alone */

static void
fuzz_judge(ngx_snapshot_judge_t *j, const ngx_snapshot_mem_t *mem,
    const ngx_snapshot_policy_t *policy,
    const ngx_snapshot_patterns_t *patterns,
    const ngx_snapshot_route_t *route, ngx_snapshot_str_t body, int json,
    uint64_t seed)
{
    ngx_snapshot_judge_init(j, mem, policy, patterns, route);

    /* a violation that was there before, and one that is not to be lost */

    ngx_snapshot_judge_headers_end(j);

    if (!json && ngx_snapshot_scan(j, body, seed)) {
        fuzz_sure++;
        return;
    }

    ngx_snapshot_json_read(j, body);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned               i, n, rule;
    const char            *how;
    fuzz_block_t          *blocks;
    ngx_snapshot_mem_t     mem;
    ngx_snapshot_str_t     body;
    ngx_snapshot_judge_t   a, b;
    ngx_snapshot_route_t   route;

    static ngx_snapshot_policy_t    policies[FUZZ_POLICIES];
    static const ngx_snapshot_operation_t
        *operations[NGX_SNAPSHOT_OPERATIONS];
    static unsigned                 noperations;

    if (noperations == 0) {

        for (i = 0; i < NGX_SNAPSHOT_OPERATIONS; i++) {
            if (ngx_snapshot_operations[i].body) {
                operations[noperations++] = &ngx_snapshot_operations[i];
            }
        }

        /* the default one, all warnings, all rejections, small limits */

        for (i = 0; i < FUZZ_POLICIES; i++) {
            ngx_snapshot_policy_default(&policies[i]);

            for (rule = 1; rule < NGX_SNAPSHOT_RULES; rule++) {
                if (i == 1) {
                    policies[i].rule[rule].severity =
                        NGX_SNAPSHOT_SEVERITY_WARN;

                } else if (i > 1) {
                    policies[i].rule[rule].severity =
                        NGX_SNAPSHOT_SEVERITY_REJECT;
                }

                if (i == 3) {
                    policies[i].rule[rule].max = 5;
                }
            }
        }
    }

    if (size == 0) {
        return 0;
    }

    memset(&route, 0, sizeof(route));
    route.operation = operations[data[0] % noperations];
    route.family = route.operation->family;

    n = data[0] / noperations % FUZZ_POLICIES;

    body = fuzz_exact(data + 1, size - 1);

    blocks = NULL;
    mem.alloc = fuzz_alloc;
    mem.data = &blocks;

    fuzz_judge(&a, &mem, &policies[n], fuzz_patterns(), &route, body, 1, 0);
    fuzz_judge(&b, &mem, &policies[n], fuzz_patterns(), &route, body, 0,
               data[0]);

    how = fuzz_differs(&a, &b);

    if (how) {
        fprintf(stderr, "%s: operation %.*s, policy %u, body \"%.*s\"\n", how,
                (int) route.operation->name.len, route.operation->name.data,
                n, (int) body.len, body.data);
        abort();
    }

    free((void *) body.data);
    fuzz_free(blocks);

    return 0;
}
