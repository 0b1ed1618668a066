
/*
 * The description is valid JSON whatever the policy, and without memory there
 * is none of it, not half, no crash and no leak.
 */


#include <jansson.h>

#include "ngx_snapshot_openapi.h"
#include "unit.h"
#include "heap.h"


/* 1 takes each allocation, and seconds */

#define FAIL_STEP  5


static json_t *
document(const ngx_snapshot_policy_t *policy, const char *prefix,
    unsigned minor, int details)
{
    json_t              *root;
    unit_arena_t         arena = { 0 };
    ngx_snapshot_mem_t   mem = { unit_alloc, &arena };
    ngx_snapshot_str_t   s;

    assert_int_equal(ngx_snapshot_openapi(&mem, policy, unit_str(prefix),
                                          minor, details, &s),
                     NGX_SNAPSHOT_OK);

    /* a key twice would be a constraint lost */

    root = json_loadb((const char *) s.data, s.len, JSON_REJECT_DUPLICATES,
                      NULL);
    assert_non_null(root);
    unit_free(&arena);

    return root;
}


static void
it_is_json_with_every_rule_at_every_severity(void **state)
{
    unsigned               i, severity;
    json_t                *root;
    ngx_snapshot_policy_t  policy;

    (void) state;

    for (severity = 0; severity < NGX_SNAPSHOT_SEVERITIES; severity++) {

        for (i = 1; i < NGX_SNAPSHOT_RULES; i++) {
            ngx_snapshot_policy_default(&policy);
            policy.rule[i].severity = severity;
            root = document(&policy, "/a\"b", i & 1, severity & 1);
            assert_int_equal(json_array_size(json_object_get(root,
                                                   "x-snapshot-rules")),
                             NGX_SNAPSHOT_RULES - 1);
            json_decref(root);
        }

        for (i = 1; i < NGX_SNAPSHOT_RULES; i++) {
            policy.rule[i].severity = severity;
        }

        json_decref(document(&policy, "", 1, 0));
    }
}


static void
a_prefix_may_have_any_bytes(void **state)
{
    json_t                *root, *paths;
    ngx_snapshot_policy_t  policy;

    (void) state;

    ngx_snapshot_policy_default(&policy);

    root = document(&policy, "/\xe4\xb8\xad\xff", 1, 0);
    paths = json_object_get(root, "paths");
    assert_non_null(json_object_get(paths, "/\xe4\xb8\xad%FF/v3/{project_id}"
                                           "/snapshots"));
    json_decref(root);
}


/* most constraints and all that is optional, so that most can be lost */

static void
strict_policy(ngx_snapshot_policy_t *policy)
{
    unsigned  i;

    static const ngx_snapshot_allowed_t  allowed[] = {
        { ngx_snapshot_string("one"), NGX_SNAPSHOT_TYPE_STRING, 5,
          &ngx_snapshot_operations[1], 0 },
        { ngx_snapshot_string("all"), NGX_SNAPSHOT_TYPE_ANY, UINT64_MAX,
          NULL, 0 },
        { ngx_snapshot_string("param"), NGX_SNAPSHOT_TYPE_NUMBER, 5, NULL, 1 }
    };

    ngx_snapshot_policy_default(policy);

    policy->allowed = allowed;
    policy->nallowed = sizeof(allowed) / sizeof(allowed[0]);

    for (i = 0; i < NGX_SNAPSHOT_RULES; i++) {
        policy->rule[i].severity = NGX_SNAPSHOT_SEVERITY_REJECT;
        policy->rule[i].max = 10;
    }

    policy->rule[NGX_SNAPSHOT_RULE_BOOLEAN_STRING].severity =
        NGX_SNAPSHOT_SEVERITY_WARN;
}


static void
a_document_cut_short_is_an_error(void **state)
{
    unsigned               n;
    unit_arena_t           arena = { 0 };
    ngx_snapshot_mem_t     mem = { unit_alloc, &arena };
    ngx_snapshot_str_t     s;
    ngx_snapshot_policy_t  policy;

    (void) state;

    strict_policy(&policy);

    for (n = 1; ; n++) {
        arena.fail = n;

        if (ngx_snapshot_openapi(&mem, &policy, unit_str(""), 1, 1, &s)
            == NGX_SNAPSHOT_OK)
        {
            break;
        }

        assert_int_equal(arena.fail, 0);
        unit_free(&arena);
    }

    assert_true(n > 3);
    unit_free(&arena);
}


/* the allocations of one kind are many, so not each has to fail */

static void
so_is_one_that_jansson_has_no_memory_for(void **state)
{
    int                    rc;
    unit_arena_t           arena = { 0 };
    ngx_snapshot_mem_t     mem = { unit_alloc, &arena };
    ngx_snapshot_str_t     s;
    ngx_snapshot_policy_t  policy;

    (void) state;

    strict_policy(&policy);
    json_set_alloc_funcs(heap_alloc, heap_free);

    for (heap.fail = 1; ; heap.fail += FAIL_STEP) {
        heap.n = 0;

        rc = ngx_snapshot_openapi(&mem, &policy, unit_str(""), 1, 1, &s);

        unit_free(&arena);
        assert_int_equal(heap.live, 0);

        if (heap.n < heap.fail) {
            break;
        }

        assert_int_equal(rc, NGX_SNAPSHOT_ERROR);
    }

    json_set_alloc_funcs(malloc, free);

    assert_int_equal(rc, NGX_SNAPSHOT_OK);
    assert_true(heap.n > 1000);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(it_is_json_with_every_rule_at_every_severity),
        cmocka_unit_test(a_prefix_may_have_any_bytes),
        cmocka_unit_test(a_document_cut_short_is_an_error),
        cmocka_unit_test(so_is_one_that_jansson_has_no_memory_for)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
