
/*
 * The judge does not know who reads: here members are pushed to it as a reader
 * would, and whole requests go through readers, judge and report.
 */


#include <jansson.h>

#include "unit.h"


typedef struct {
    unit_arena_t            arena;
    ngx_snapshot_mem_t      mem;
    ngx_snapshot_policy_t   policy;
    ngx_snapshot_route_t    route;
    ngx_snapshot_judge_t    judge;
} unit_t;


static int
setup(void **state)
{
    unit_t  *u;

    u = calloc(1, sizeof(unit_t));

    u->mem.alloc = unit_alloc;
    u->mem.data = &u->arena;
    ngx_snapshot_policy_default(&u->policy);

    *state = u;

    return 0;
}


static int
teardown(void **state)
{
    unit_t  *u = *state;

    unit_free(&u->arena);
    free(u);

    return 0;
}


static void
begin(unit_t *u, const char *method, const char *path)
{
    assert_int_equal(ngx_snapshot_route(&u->route, unit_router(), &u->mem,
                                        unit_str(method), unit_str(path),
                                        unit_str(""), 0),
                     NGX_SNAPSHOT_OK);
    ngx_snapshot_judge_init(&u->judge, &u->mem, &u->policy,
                            unit_patterns(), &u->route);
}


static int
member(unit_t *u, const char *key, ngx_snapshot_type_e type, const char *value)
{
    return ngx_snapshot_judge_member(&u->judge, unit_str(key), type,
                                     unit_str(value));
}


static void
expect(unit_t *u, const char *list)
{
    ngx_snapshot_str_t  s;

    assert_int_equal(ngx_snapshot_report_list(&u->judge,
                                              NGX_SNAPSHOT_SEVERITY_WARN,
                                              NGX_SNAPSHOT_SEVERITY_REJECT, &s),
                     NGX_SNAPSHOT_OK);
    unit_assert_str(s, list);
}


#define VOLUME  "5aa119a8-d25b-45a7-8d1b-88e127885635"


static void
members_are_judged_as_they_are_pushed(void **state)
{
    unit_t  *u = *state;

    begin(u, "POST", "/v3/p/snapshots");
    ngx_snapshot_judge_begin(&u->judge);

    assert_int_equal(member(u, "snapshot", NGX_SNAPSHOT_TYPE_OBJECT, ""), 1);
    assert_int_equal(member(u, "volume_id", NGX_SNAPSHOT_TYPE_STRING, VOLUME),
                     0);
    assert_int_equal(member(u, "force", NGX_SNAPSHOT_TYPE_BOOLEAN, ""), 0);
    assert_int_equal(member(u, "metadata", NGX_SNAPSHOT_TYPE_OBJECT, ""), 1);
    assert_int_equal(member(u, "k", NGX_SNAPSHOT_TYPE_STRING, "v"), 0);
    assert_int_equal(member(u, "o", NGX_SNAPSHOT_TYPE_OBJECT, ""), 0);
    ngx_snapshot_judge_leave(&u->judge);
    assert_int_equal(member(u, "name", NGX_SNAPSHOT_TYPE_STRING,
                            "autobk_snapshot_"), 0);
    ngx_snapshot_judge_leave(&u->judge);
    assert_int_equal(member(u, "more", NGX_SNAPSHOT_TYPE_OBJECT, ""), 0);
    ngx_snapshot_judge_leave(&u->judge);

    expect(u, "field-unknown;at=\"/more\", name-reserved;at=\"/snapshot/name\""
              ", metadata-entry;at=\"/snapshot/metadata/o\"");
    unit_assert_str(u->judge.keep[NGX_SNAPSHOT_KEEP_VOLUME_ID], VOLUME);
    assert_int_equal(u->judge.failed, 0);
}


static void
what_is_missing_is_noticed_when_an_object_is_left(void **state)
{
    unit_t  *u = *state;

    begin(u, "POST", "/v1.0/p/snapshots");
    ngx_snapshot_judge_begin(&u->judge);
    assert_int_equal(member(u, "snapshot", NGX_SNAPSHOT_TYPE_OBJECT, ""), 1);
    ngx_snapshot_judge_leave(&u->judge);
    ngx_snapshot_judge_leave(&u->judge);
    expect(u, "field-required;at=\"/snapshot/name\", "
              "field-required;at=\"/snapshot/cluster_id\"");

    begin(u, "POST", "/v1.0/p/snapshots");
    ngx_snapshot_judge_begin(&u->judge);
    ngx_snapshot_judge_leave(&u->judge);
    expect(u, "field-required;at=\"/snapshot\"");

    begin(u, "PUT", "/v3/p/snapshots/i");
    ngx_snapshot_judge_begin(&u->judge);
    assert_int_equal(member(u, "snapshot", NGX_SNAPSHOT_TYPE_OBJECT, ""), 1);
    assert_int_equal(member(u, "name", NGX_SNAPSHOT_TYPE_NULL, ""), 0);
    ngx_snapshot_judge_leave(&u->judge);
    ngx_snapshot_judge_leave(&u->judge);
    expect(u, "update-empty;at=\"/snapshot\"");
}


static void
the_order_is_that_of_the_rules(void **state)
{
    unit_t                          *u = *state;
    const ngx_snapshot_violation_t  *v;

    begin(u, "GET", "/v3/p/snapshots");
    ngx_snapshot_query_read(&u->judge,
              unit_str("status=x&marker=x&sort_dir=x&foo=1&limit=0&_method=x"));
    expect(u, "method-override;at=\"query:_method\", "
              "param-unknown;at=\"query:foo\", "
              "param-unknown;at=\"query:_method\", "
              "limit-range;at=\"query:limit\", sort-dir;at=\"query:sort_dir\", "
              "marker;at=\"query:marker\", status-known;at=\"query:status\"");

    v = ngx_snapshot_report_next(&u->judge, NULL, NGX_SNAPSHOT_SEVERITY_REJECT);
    assert_int_equal(v->rule, NGX_SNAPSHOT_RULE_METHOD_OVERRIDE);
    v = ngx_snapshot_report_next(&u->judge, v, NGX_SNAPSHOT_SEVERITY_REJECT);
    assert_int_equal(v->rule, NGX_SNAPSHOT_RULE_LIMIT_RANGE);
}


static void
headers_with_underscores_count(void **state)
{
    unit_t  *u = *state;

    begin(u, "POST", "/v3/p/snapshots");
    ngx_snapshot_judge_header(&u->judge, unit_str("content_type"),
                              unit_str("application/json"));
    ngx_snapshot_judge_header(&u->judge, unit_str("Content-Type"),
                              unit_str("application/json"));
    ngx_snapshot_judge_header(&u->judge, unit_str("X_HTTP_Method_Override"),
                              unit_str("PUT"));
    ngx_snapshot_judge_header(&u->judge, unit_str("Content\rType"),
                              unit_str("x"));
    ngx_snapshot_judge_headers_end(&u->judge);
    expect(u, "method-override;at=\"header:X-HTTP-Method-Override\", "
              "content-type;at=\"header:Content-Type\"");
}


/* each allocation in turn fails: no pass, no broken answer, but "failed" */

typedef struct {
    const char  *method;
    const char  *path;
    const char  *query;
    const char  *body;
} request_t;


static const request_t  requests[] = {
    { "POST", "/v3/p/snapshots", "",
      "{\"snapshot\": {\"volume_id\": \"x\", \"na/me\": 1, \"name\": \"n\","
      " \"metadata\": {\"k\": 1}}, \"s\": 2}" },
    { "POST", "/v3/p/snapshots", "_meth%6fd=1", "{" },
    { "GET", "/v3/p/snapshots", "limit=%30&f%6fo=1&name=a+b", NULL },
    { "GET", "/v3//p/snapshots", "", NULL },
    { "POST", "/v1.0/p/snapshots", "", "{\"snapshot\": {\"name\": \"abcd\","
      " \"cluster_id\": \"c\"}}" }
};


/* 1 where a verdict and its answer came out, 0 where memory was short */

static int
run(unit_t *u, const request_t *r, ngx_snapshot_str_t *answer)
{
    ngx_snapshot_judge_t  *j;

    j = &u->judge;

    if (ngx_snapshot_route(&u->route, unit_router(), &u->mem,
                           unit_str(r->method), unit_str(r->path),
                           unit_str(""), 0)
        != NGX_SNAPSHOT_OK)
    {
        return 0;
    }

    ngx_snapshot_judge_init(j, &u->mem, &u->policy, unit_patterns(), &u->route);

    if (ngx_snapshot_judge_route(j, &u->route)) {
        ngx_snapshot_query_read(j, unit_str(r->query));

        if (r->body && !ngx_snapshot_judge_rejects(j)) {
            ngx_snapshot_json_read(unit_reader(), j,
                                   unit_str(r->body));
        }
    }

    if (j->failed) {
        return 0;
    }

    if (ngx_snapshot_judge_rejects(j)) {
        return ngx_snapshot_report_object(j, 1, answer) == NGX_SNAPSHOT_OK;
    }

    return ngx_snapshot_report_list(j, NGX_SNAPSHOT_SEVERITY_WARN,
                                    NGX_SNAPSHOT_SEVERITY_WARN,
                                    answer)
           == NGX_SNAPSHOT_OK;
}


static void
short_memory_never_lets_anything_pass(void **state)
{
    int                  done;
    char                *whole;
    unit_t              *u = *state;
    size_t               i;
    unsigned             n, failures;
    ngx_snapshot_str_t   answer;

    for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {

        assert_int_equal(run(u, &requests[i], &answer), 1);
        whole = strndup((const char *) answer.data, answer.len);
        assert_true(answer.len > 0);
        unit_free(&u->arena);

        failures = 0;

        for (n = 1; ; n++) {
            u->arena.fail = n;
            done = run(u, &requests[i], &answer);

            if (u->arena.fail) {
                break;
            }

            assert_int_equal(done, 0);
            failures++;
            unit_free(&u->arena);
        }

        u->arena.fail = 0;
        assert_true(failures >= 3);
        assert_int_equal(done, 1);
        unit_assert_str(answer, whole);
        free(whole);
        unit_free(&u->arena);
    }
}


static void
good_requests_take_no_memory_but_for_what_is_kept(void **state)
{
    unit_t  *u = *state;

    begin(u, "GET", "/v3/p/snapshots/detail");
    (void) ngx_snapshot_judge_route(&u->judge, &u->route);
    ngx_snapshot_query_read(&u->judge,
                            unit_str("limit=50&name=x&status=error"));
    assert_int_equal(ngx_snapshot_judge_rejects(&u->judge), 0);
    assert_int_equal(u->arena.n, 0);

    begin(u, "PUT", "/v3/p/snapshots/" VOLUME);
    ngx_snapshot_json_read(unit_reader(), &u->judge,
                     unit_str("{\"snapshot\": {\"description\": \"d\"}}"));
    assert_int_equal(ngx_snapshot_judge_rejects(&u->judge), 0);
    assert_int_equal(u->arena.n, 0);
}


/* code and place are kept of all, whoever reads the messages */

static void
a_message_is_written_only_where_it_is_read(void **state)
{
    unsigned                         worded;
    unit_t                          *u = *state;
    const ngx_snapshot_violation_t  *v;

    for (worded = NGX_SNAPSHOT_SEVERITY_WARN;
         worded <= NGX_SNAPSHOT_SEVERITIES;
         worded++)
    {
        begin(u, "GET", "/v3/p/snapshots");
        u->judge.worded = worded;

        ngx_snapshot_query_read(&u->judge, unit_str("limit=1001&status=x&x=1"));

        for (v = u->judge.first; v; v = v->next) {
            assert_int_equal(v->worded, v->severity >= worded);
            assert_int_equal(ngx_snapshot_text_str(&v->message).len != 0,
                             v->worded);
        }

        expect(u, "param-unknown;at=\"query:x\", "
                  "limit-range;at=\"query:limit\", "
                  "status-known;at=\"query:status\"");

        v = ngx_snapshot_report_next(&u->judge, NULL,
                                     NGX_SNAPSHOT_SEVERITY_REJECT);
        assert_string_equal(v->code, "EVS.2142");

        unit_free(&u->arena);
    }
}


static void
the_answer_is_as_documented(void **state)
{
    unit_t              *u = *state;
    ngx_snapshot_str_t   answer;

    begin(u, "GET", "/v3/p/snapshots");
    ngx_snapshot_query_read(&u->judge, unit_str("limit=1001&x=\"\\\x01"));
    assert_int_equal(ngx_snapshot_report_object(&u->judge, 0, &answer),
                     NGX_SNAPSHOT_OK);
    unit_assert_str(answer, "{\"badRequest\": {\"message\": \"query limit: "
        "invalid filter limit, can not greater than 1000.\", "
        "\"code\": \"EVS.2142\"}}");

    expect(u, "param-unknown;at=\"query:x\", limit-range;at=\"query:limit\"");

    unit_assert_str(ngx_snapshot_report_internal(NGX_SNAPSHOT_FAMILY_DWS),
        "{\"error\": {\"message\": \"the gateway could not judge the request\""
        ", \"code\": \"500\"}, \"error_code\": \"500\", \"error_msg\": "
        "\"the gateway could not judge the request\"}");

    /* the message that DWS has twice is longer than a text's first memory */

    begin(u, "POST", "/v1.0/p/snapshots");
    ngx_snapshot_judge_override(&u->judge);
    ngx_snapshot_judge_headers_end(&u->judge);
    assert_int_equal(ngx_snapshot_report_object(&u->judge, 0, &answer),
                     NGX_SNAPSHOT_OK);
    unit_assert_str(answer, "{\"badRequest\": {\"message\": \"query _method: "
        "must be absent, is present; header Content-Type: must be "
        "\\\"application/json\\\", is missing\", \"code\": \"DWS.5065\"}, "
        "\"error_code\": \"DWS.5065\", \"error_msg\": \"query _method: must "
        "be absent, is present; header Content-Type: must be "
        "\\\"application/json\\\", is missing\"}");

    begin(u, "GET", "/v3/p/snapshots");
    expect(u, "");
    assert_int_equal(ngx_snapshot_report_object(&u->judge, 0, &answer),
                     NGX_SNAPSHOT_ERROR);
}


static void
thousands_of_violations_are_counted_but_not_kept(void **state)
{
    char                 key[16];
    unsigned             i;
    unit_t              *u = *state;
    ngx_snapshot_str_t   s;

    u->policy.rule[NGX_SNAPSHOT_RULE_METADATA_ENTRY].severity =
        NGX_SNAPSHOT_SEVERITY_REJECT;

    begin(u, "POST", "/v3/p/snapshots");
    ngx_snapshot_judge_begin(&u->judge);

    assert_int_equal(member(u, "snapshot", NGX_SNAPSHOT_TYPE_OBJECT, ""), 1);
    assert_int_equal(member(u, "volume_id", NGX_SNAPSHOT_TYPE_STRING, "x"), 0);
    assert_int_equal(member(u, "metadata", NGX_SNAPSHOT_TYPE_OBJECT, ""), 1);

    for (i = 0; i < 5000; i++) {
        sprintf(key, "%u", i);
        assert_int_equal(member(u, key, NGX_SNAPSHOT_TYPE_NULL, ""), 0);
    }

    ngx_snapshot_judge_leave(&u->judge);

    /* of another rule, after all of them, and first in the order of rules */

    assert_int_equal(member(u, "more", NGX_SNAPSHOT_TYPE_NULL, ""), 0);
    ngx_snapshot_judge_leave(&u->judge);
    ngx_snapshot_judge_leave(&u->judge);

    assert_int_equal(u->judge.count[NGX_SNAPSHOT_SEVERITY_REJECT], 5002);
    assert_int_equal(u->judge.violated[NGX_SNAPSHOT_RULE_METADATA_ENTRY], 5000);
    assert_int_equal(u->judge.violated[NGX_SNAPSHOT_RULE_FIELD_UNKNOWN], 1);
    assert_true(u->arena.n < 100);

    assert_int_equal(ngx_snapshot_report_object(&u->judge, 0, &s),
                     NGX_SNAPSHOT_OK);
    assert_true(unit_has(s, "snapshot.more: "));
    assert_true(unit_has(s, "snapshot.metadata.13: "));
    assert_false(unit_has(s, "snapshot.metadata.14: "));
    assert_true(unit_has(s, "; and 4986 more\""));

    /* another reader begins */

    ngx_snapshot_judge_forget(&u->judge);
    assert_int_equal(u->judge.count[NGX_SNAPSHOT_SEVERITY_REJECT], 0);
    assert_int_equal(u->judge.violated[NGX_SNAPSHOT_RULE_METADATA_ENTRY], 0);
    assert_null(u->judge.first);
}


static void
a_hundred_violations_are_told_with_details(void **state)
{
    char                 key[16];
    unsigned             i;
    unit_t              *u = *state;
    ngx_snapshot_str_t   s;

    u->policy.rule[NGX_SNAPSHOT_RULE_METADATA_ENTRY].severity =
        NGX_SNAPSHOT_SEVERITY_REJECT;

    begin(u, "POST", "/v3/p/snapshots");
    u->judge.detailed = 1;
    ngx_snapshot_judge_begin(&u->judge);

    assert_int_equal(member(u, "snapshot", NGX_SNAPSHOT_TYPE_OBJECT, ""), 1);
    assert_int_equal(member(u, "metadata", NGX_SNAPSHOT_TYPE_OBJECT, ""), 1);

    for (i = 0; i < 1000; i++) {
        sprintf(key, "%u", i);
        assert_int_equal(member(u, key, NGX_SNAPSHOT_TYPE_NULL, ""), 0);
    }

    ngx_snapshot_judge_leave(&u->judge);
    ngx_snapshot_judge_leave(&u->judge);
    ngx_snapshot_judge_leave(&u->judge);

    assert_int_equal(ngx_snapshot_report_object(&u->judge, 1, &s),
                     NGX_SNAPSHOT_OK);
    /* the first one is that there is no volume_id */

    assert_true(unit_has(s, "/snapshot/metadata/98\""));
    assert_false(unit_has(s, "/snapshot/metadata/99\""));
    assert_true(unit_has(s, "\"more\": 901}}"));

    /* no more of them are in memory */

    assert_true(u->arena.n < 100 * 8);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(members_are_judged_as_they_are_pushed,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            what_is_missing_is_noticed_when_an_object_is_left, setup,
            teardown),
        cmocka_unit_test_setup_teardown(the_order_is_that_of_the_rules, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(headers_with_underscores_count, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(short_memory_never_lets_anything_pass,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            good_requests_take_no_memory_but_for_what_is_kept, setup,
            teardown),
        cmocka_unit_test_setup_teardown(
            thousands_of_violations_are_counted_but_not_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_hundred_violations_are_told_with_details, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_message_is_written_only_where_it_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(the_answer_is_as_documented, setup,
                                        teardown)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
