
/* The tables hold together. */


#include "unit.h"

static void
every_rule_has_its_row(void **state)
{
    unsigned                    i, k;
    const ngx_snapshot_rule_t  *r;

    (void) state;

    for (i = NGX_SNAPSHOT_RULE_NONE + 1; i < NGX_SNAPSHOT_RULES; i++) {
        r = &ngx_snapshot_rules[i];

        assert_true(r->name.len > 0);
        assert_true(r->status >= 400 && r->status < 500);

        for (k = 0; k < NGX_SNAPSHOT_FAMILIES && r->code[k] == NULL; k++) {
            /* void */
        }

        assert_true(k < NGX_SNAPSHOT_FAMILIES);
        assert_int_equal(r->unit == NGX_SNAPSHOT_UNIT_NONE, r->max == 0);
        assert_int_equal(ngx_snapshot_rule_by_name(r->name), i);
    }

    assert_int_equal(ngx_snapshot_rule_by_name(unit_str("")), 0);
    assert_int_equal(ngx_snapshot_rule_by_name(unit_str("nosuch")), 0);
}


static void
check_scope(const ngx_snapshot_scope_t *scope, ngx_snapshot_family_e family,
    unsigned depth)
{
    unsigned                     i, k;
    ngx_snapshot_rule_e          rule;
    const ngx_snapshot_field_t  *f;

    assert_true(depth < NGX_SNAPSHOT_DEPTH);
    assert_true(scope->nfields <= 32);

    if (scope->entry) {
        assert_non_null(ngx_snapshot_rules[scope->entry].code[family]);
    }

    if (scope->any_of) {
        assert_non_null(ngx_snapshot_rules[scope->any_of].code[family]);
    }

    for (i = 0; i < scope->nfields; i++) {
        f = &scope->fields[i];

        assert_true(f->name.len > 0);
        assert_non_null(f->page);
        assert_int_equal(f->type == NGX_SNAPSHOT_TYPE_OBJECT,
                         f->members != NULL);

        /* the judge looks no further than the first that is not required */

        assert_true(i == 0 || !(f->flags & NGX_SNAPSHOT_FLAG_REQUIRED)
                    || f[-1].flags & NGX_SNAPSHOT_FLAG_REQUIRED);

        for (k = 0; k < NGX_SNAPSHOT_FIELD_CHECKS && f->rules[k]; k++) {
            rule = f->rules[k];
            assert_non_null(ngx_snapshot_rules[rule].code[family]);
            assert_true(ngx_snapshot_rules[rule].check
                        != NGX_SNAPSHOT_CHECK_NONE);
            assert_int_equal(ngx_snapshot_rules[rule].where,
                             NGX_SNAPSHOT_WHERE_VALUE);

            /* a rule that looks at no value of the field is of no use to it */

            assert_true(ngx_snapshot_check_takes(rule, f->type)
                        || ngx_snapshot_check_stands_in(rule,
                                                  NGX_SNAPSHOT_TYPE_STRING));
        }

        if (f->members) {
            check_scope(f->members, family, depth + 1);
        }
    }
}


/* "/version/{project_id}/snapshots", and as much behind it as has room */

static void
check_path(const char *path)
{
    unsigned     n;
    const char  *p;

    p = strchr(path + 1, '/');

    assert_non_null(p);
    assert_int_equal(path[0], '/');
    assert_true(p - path > 1);
    assert_memory_equal(p, "/{project_id}/snapshots",
                        sizeof("/{project_id}/snapshots") - 1);

    for (n = 0, p = path; *p; p++) {
        n += (*p == '/');
        assert_true(*p != '{' || p[-1] == '/');
        assert_true(*p != '}' || p[1] == '/' || p[1] == '\0');
    }

    assert_true(n <= NGX_SNAPSHOT_SEGMENTS);
}


/* each parameter has a rule, which needs no pattern; each version has room */

static void
parameters_and_versions_can_be_looked_up(void **state)
{
    unsigned                         i, n;
    const char                      *version[NGX_SNAPSHOT_OPERATIONS], *path;
    const ngx_snapshot_operation_t  *op;

    (void) state;

    for (i = 0; i < NGX_SNAPSHOT_PARAMS; i++) {
        assert_true(ngx_snapshot_check_takes(ngx_snapshot_path_params[i].rule,
                                             NGX_SNAPSHOT_TYPE_STRING));
        assert_non_null(ngx_snapshot_path_params[i].text);
        assert_true(ngx_snapshot_check_param((ngx_snapshot_param_e) i,
                                             unit_str("\x01"))
                    == 0);
    }

    n = 0;

    for (op = ngx_snapshot_operations; op->name.len; op++) {
        path = op->targets[0].path;

        for (i = 0; i < n; i++) {
            if (strncmp(version[i], path, strcspn(path + 1, "/") + 2) == 0) {
                break;
            }
        }

        if (i == n) {
            version[n++] = path;
        }
    }

    assert_true(n <= NGX_SNAPSHOT_VERSIONS);
}


static void
every_operation_is_whole(void **state)
{
    unsigned                         n;
    const ngx_snapshot_target_t     *target;
    const ngx_snapshot_operation_t  *op;

    (void) state;

    n = 0;

    for (op = ngx_snapshot_operations; op->name.len; op++) {

        n++;
        assert_true(op->targets[0].methods != 0);
        assert_int_equal(op->targets[NGX_SNAPSHOT_TARGETS].methods, 0);

        for (target = op->targets; target->path; target++) {
            check_path(target->path);
        }

        if (!ngx_snapshot_has_rules(op)) {
            continue;
        }

        assert_non_null(op->page);
        assert_non_null(op->text);
        assert_int_equal(op->body == NULL, op->query != NULL);

        check_scope(op->body ? op->body : op->query, op->family, 0);
    }

    assert_int_equal(n, NGX_SNAPSHOT_OPERATIONS);
    assert_null(ngx_snapshot_unknown.body);
    assert_null(ngx_snapshot_unknown.query);
}


static void
faults_are_those_of_the_contract(void **state)
{
    unsigned  i;

    static const struct {
        unsigned     status;
        const char  *name;
    } faults[] = {
        { 400, "badRequest" }, { 401, "unauthorized" }, { 403, "forbidden" },
        { 404, "itemNotFound" }, { 405, "badMethod" },
        { 409, "conflictingRequest" }, { 413, "overLimit" },
        { 415, "badMediaType" }, { 429, "overLimit" },
        { 501, "notImplemented" }, { 503, "serviceUnavailable" },
        { 500, "error" }, { 502, "error" }, { 504, "error" }, { 418, "error" }
    };

    (void) state;

    for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        assert_string_equal(ngx_snapshot_fault(faults[i].status)->name,
                            faults[i].name);
    }
}


/* a set of rules has room for the last one, and knows their order */

static void
a_set_of_rules_has_room_for_all(void **state)
{
    unsigned              i;
    ngx_snapshot_rules_t  set;

    (void) state;

    set.bits = 0;

    assert_int_equal(ngx_snapshot_rules_next(set, NGX_SNAPSHOT_RULE_NONE),
                     NGX_SNAPSHOT_RULE_NONE);

    for (i = 63; i > 0; i--) {
        ngx_snapshot_rules_add(&set, (ngx_snapshot_rule_e) i);
        assert_true(ngx_snapshot_rules_has(set, (ngx_snapshot_rule_e) i));
        assert_false(ngx_snapshot_rules_has(set,
                                            (ngx_snapshot_rule_e) (i - 1)));
        assert_int_equal(ngx_snapshot_rules_next(set, NGX_SNAPSHOT_RULE_NONE),
                         i);
        assert_int_equal(ngx_snapshot_rules_next(set,
                                                 (ngx_snapshot_rule_e) i),
                         (i + 1) % 64);
    }
}


/* found texts never hold a byte of the value's, and are said only if wanted */

static void
every_checker_says_what_it_found(void **state)
{
    unsigned                    i, type;
    unit_arena_t                arena;
    ngx_snapshot_mem_t          mem = { unit_alloc, &arena };
    ngx_snapshot_str_t          said;
    ngx_snapshot_text_t         text;
    ngx_snapshot_value_t        value;
    ngx_snapshot_finding_t      found;
    const ngx_snapshot_rule_t  *r;

    (void) state;

    for (i = NGX_SNAPSHOT_RULE_NONE + 1; i < NGX_SNAPSHOT_RULES; i++) {
        r = &ngx_snapshot_rules[i];

        if (r->check == NGX_SNAPSHOT_CHECK_NONE) {
            continue;
        }

        switch (r->check) {

        case NGX_SNAPSHOT_CHECK_PREFIX:
            value.bytes = unit_str("autobk_snapshot_\x01");
            break;

        case NGX_SNAPSHOT_CHECK_BOOLEAN:
            value.bytes = unit_str("tRuE");
            break;

        case NGX_SNAPSHOT_CHECK_ADVISED:
        case NGX_SNAPSHOT_CHECK_RANGE:
            value.bytes = unit_str("99999999999999999999999999");
            break;

        default:
            value.bytes = unit_str("\x01\x02\x01\x02\x01\x02\x01\x02");
        }

        value.rule = r;
        value.max = 4;
        value.patterns = unit_patterns();

        /* a rule does not look at values of other types */

        for (type = 0; type < NGX_SNAPSHOT_TYPES; type++) {
            value.type = (ngx_snapshot_type_e) type;
            assert_int_equal(ngx_snapshot_check(&value, NULL),
                             !ngx_snapshot_check_takes((ngx_snapshot_rule_e) i,
                                                       value.type));
        }

        value.type = NGX_SNAPSHOT_TYPE_STRING;

        found.text = NULL;
        assert_int_equal(ngx_snapshot_check(&value, &found), 0);

        memset(&arena, 0, sizeof(arena));
        ngx_snapshot_text_init(&text, &mem);
        found.text = &text;

        assert_int_equal(ngx_snapshot_check(&value, &found), 0);
        ngx_snapshot_text_add(&text, "", 1);
        said = ngx_snapshot_text_str(&text);

        assert_true(said.len > 10);
        assert_int_equal(strlen((const char *) said.data), said.len - 1);
        assert_null(strchr((const char *) said.data, '\x01'));
        assert_null(strstr((const char *) said.data, "tRuE"));

        unit_free(&arena);
    }
}


static void
a_wrong_pattern_is_refused(void **state)
{
    (void) state;

    assert_null(ngx_snapshot_regex_compile(unit_str("[")));
    ngx_snapshot_regex_free(NULL);
}


/* a pattern that backtracks without end is stopped, and fails closed */

static void
a_runaway_match_is_an_error(void **state)
{
    char                   s[64];
    ngx_snapshot_regex_t  *re;

    (void) state;

    memset(s, 'a', sizeof(s) - 1);
    s[sizeof(s) - 1] = '\0';

    re = ngx_snapshot_regex_compile(unit_str("(a+)+[bc]"));
    assert_non_null(re);
    assert_int_equal(ngx_snapshot_regex_match(re, unit_str(s)),
                     NGX_SNAPSHOT_ERROR);
    ngx_snapshot_regex_free(re);

    re = ngx_snapshot_regex_compile(unit_str("a*"));
    assert_int_equal(ngx_snapshot_regex_match(re, unit_str("")), 1);
    assert_int_equal(ngx_snapshot_regex_match(re, unit_str("aa\n")), 0);
    assert_int_equal(ngx_snapshot_regex_match(re, unit_str("baa")), 0);
    ngx_snapshot_regex_free(re);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(every_rule_has_its_row),
        cmocka_unit_test(every_operation_is_whole),
        cmocka_unit_test(parameters_and_versions_can_be_looked_up),
        cmocka_unit_test(faults_are_those_of_the_contract),
        cmocka_unit_test(a_set_of_rules_has_room_for_all),
        cmocka_unit_test(every_checker_says_what_it_found),
        cmocka_unit_test(a_wrong_pattern_is_refused),
        cmocka_unit_test(a_runaway_match_is_an_error)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
