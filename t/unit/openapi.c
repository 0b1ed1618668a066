
/* The description is valid JSON whatever the policy, and never half of it. */


#include <jansson.h>

#include "ngx_snapshot_openapi.h"
#include "unit.h"


static json_t *
document(const ngx_snapshot_policy_t *policy, const char *prefix, int details)
{
    json_t              *root;
    unit_arena_t         arena = { 0 };
    ngx_snapshot_mem_t   mem = { unit_alloc, &arena };
    ngx_snapshot_str_t   s;

    assert_int_equal(ngx_snapshot_openapi(&mem, policy, unit_str(prefix),
                                          details, &s),
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
            root = document(&policy, "/a\"b", severity & 1);
            assert_int_equal(json_array_size(json_object_get(root,
                                                   "x-snapshot-rules")),
                             NGX_SNAPSHOT_RULES - 1);
            json_decref(root);
        }

        for (i = 1; i < NGX_SNAPSHOT_RULES; i++) {
            policy.rule[i].severity = severity;
        }

        json_decref(document(&policy, "", 0));
    }
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

    ngx_snapshot_policy_default(&policy);

    for (n = 1; ; n++) {
        arena.fail = n;

        if (ngx_snapshot_openapi(&mem, &policy, unit_str(""), 0, &s)
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


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(it_is_json_with_every_rule_at_every_severity),
        cmocka_unit_test(a_document_cut_short_is_an_error)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
