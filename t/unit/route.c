
/*
 * Method and path to an operation: spellings beyond those that go over the
 * wire, and what nginx itself would not let through.
 */


#include "unit.h"
#include "ngx_snapshot_check.h"
#include "ngx_snapshot_text.h"


typedef struct {
    const char  *method;
    const char  *path;
    const char  *prefix;
    const char  *operation;
    int          canonical;
    const char  *project;
    const char  *id;
} case_t;


static const case_t  cases[] = {

    { "POST", "/v3/p/snapshots", "", "evs_v3_create", 1, "p", "" },
    { "POST", "/v2/p/snapshots", "", "evs_v2_create", 1, "p", "" },
    { "POST", "/v1.0/p/snapshots", "", "dws_v1_create", 1, "p", "" },
    { "PUT", "/v3/p/snapshots/i", "", "evs_v3_update", 1, "p", "i" },
    { "PUT", "/v2/p/snapshots/i", "", "evs_v2_update", 1, "p", "i" },
    { "GET", "/v3/p/snapshots", "", "evs_v3_list", 1, "p", "" },
    { "HEAD", "/v2/p/snapshots", "", "evs_v2_list", 1, "p", "" },
    { "GET", "/v3/p/snapshots/detail", "", "evs_v3_detail", 1, "p", "" },
    { "HEAD", "/v2/p/snapshots/detail", "", "evs_v2_detail", 1, "p", "" },

    { "post", "/v3/p/snapshots", "", "unknown", 1, "p", "" },
    { "", "/v3/p/snapshots", "", "unknown", 1, "p", "" },
    { "PATCH", "/v3/p/snapshots/i", "", "unknown", 1, "p", "" },
    { "GET", "/v3/p/snapshots/i", "", "unknown", 1, "p", "" },
    { "GET", "/v1.0/p/snapshots", "", "unknown", 1, "p", "" },
    { "PUT", "/v1.0/p/snapshots/i", "", "unknown", 1, "p", "" },
    { "GET", "/v1/p/snapshots", "", "unknown", 1, "", "" },
    { "GET", "/p/snapshots", "", "unknown", 1, "", "" },
    { "GET", "/snapshots", "", "unknown", 1, "", "" },
    { "GET", "/x/v3/p/snapshots", "", "unknown", 1, "", "" },

    { "GET", "", "", NULL, 1, "", "" },
    { "GET", "/", "", NULL, 1, "", "" },
    { "GET", "*", "", NULL, 1, "", "" },
    { "GET", "/v3/p/snapshot", "", NULL, 1, "", "" },
    { "GET", "/v3/p/xsnapshots", "", NULL, 1, "", "" },
    { "GET", "/v3/p/snapshots/..", "", NULL, 1, "", "" },

    { "POST", "/v3/snapshots", "", "evs_v3_create", 1, "", "" },
    { "PUT", "/v3/snapshots/i", "", "evs_v3_update", 1, "", "i" },
    { "GET", "/v3/snapshots/snapshots", "", "evs_v3_list", 1, "snapshots", "" },

    { "POST", "/v3/p/snapshots\xa0", "", "evs_v3_create", 0, "p", "" },
    { "POST", "/v3/p/snapshots.json\x85", "", "evs_v3_create", 0, "p", "" },
    { "PUT", "/v3/p/snapshots/i\xa0", "", "evs_v3_update", 0, "p", "i" },

    { "PUT", "/v3/p/snapshots/detail", "", "evs_v3_update", 1, "p", "detail" },
    { "PUT", "/v2/p/snapshots/Detail", "", "evs_v2_update", 0, "p", "Detail" },
    { "PUT", "/v3/snapshots/DETAIL", "", "evs_v3_update", 0, "", "DETAIL" },
    { "GET", "/v3/p/snapshots/\xc3\xa0", "", "unknown", 0, "p", "" },

    { "POST", "/a/v3/p/snapshots", "/a", "evs_v3_create", 1, "p", "" },
    { "POST", "/a/b/v3/p/snapshots", "/a/b", "evs_v3_create", 1, "p", "" },
    { "POST", "/A/v3/p/snapshots", "/a", "evs_v3_create", 0, "p", "" },
    { "POST", "/v3/p/snapshots", "/a", "unknown", 1, "", "" },
    { "POST", "/ab/v3/p/snapshots", "/a", "unknown", 1, "", "" },
    { "POST", "/a", "/a", NULL, 1, "", "" },

    { "POST", "v3/p/snapshots", "", "evs_v3_create", 0, "p", "" },
    { "POST", "/v3/p/snapshots ", "", "evs_v3_create", 0, "p", "" },
    { "POST", "/v3/p/snapshots\n", "", "evs_v3_create", 0, "p", "" },
    { "POST", "/v3/p/snapshots%00", "", "evs_v3_create", 0, "p", "" },
    { "POST", "/v3/p%/snapshots", "", "evs_v3_create", 1, "p%", "" },
    { "POST", "/V3/p/snapshots", "", "evs_v3_create", 0, "p", "" },
    { "POST", "/../v3/p/snapshots", "", "evs_v3_create", 0, "p", "" },
    { "POST", "/../../../v3/p/snapshots", "", "evs_v3_create", 0, "p", "" },
    { "POST", "/v3/p/snapshots/../snapshots", "", "evs_v3_create", 0, "p", "" },
    { "GET", "/v3/p/snapshots/../../x", "", NULL, 0, "", "" },
    { "POST", "/v3/p/%25252525252573napshots", "", "evs_v3_create", 0, "p",
      "" },

    /* read otherwise than by the contract, each by a server that exists */

    { "POST", "/v3/a/..;/../../p/snapshots", "", "evs_v3_create", 0, "p", "" },
    { "POST", "/v3/p/a\\..\\..\\../../snapshots", "", "evs_v3_create", 0, "p",
      "" },
    { "POST", "/v3/%252e%252e/../p/snapshots", "", "evs_v3_create", 0, "p",
      "" },
    { "POST", "/v3/a%2Fb/snapshots", "", "evs_v3_create", 0, "a%2Fb", "" },
    { "PUT", "/v3/p/snapshots/a%2Fb", "", "evs_v3_update", 0, "p", "a%2Fb" },
    { "POST", "/v3/p#/snapshots", "", "evs_v3_create", 0, "p#", "" },
    { "POST", "/v3/p/snapshots?x", "", "evs_v3_create", 0, "p", "" },
    { "POST", "/v3/p/snapshots%23/x", "", "evs_v3_create", 0, "p", "" },
    { "GET", "/v3/a%2Fb/snapshots", "", "evs_v3_list", 0, "a%2Fb", "" },
    { "POST", "/v3//../p/snapshots", "", "evs_v3_create", 0, "p", "" },
    { "GET", "/v3//../p/snapshots/detail", "", "evs_v3_detail", 0, "p", "" },
    { "GET", "/v3/%25%32%65./../p/snapshots", "", "evs_v3_list", 0, "p", "" },
    { "GET", "/v3/p/snapshots/%23", "", "unknown", 0, "p", "" },

    /* a host before the path, to who reads a reference */

    { "POST", "//x/v3/p/snapshots", "", "evs_v3_create", 0, "p", "" },
    { "POST", "///x/v3/p/snapshots", "", "evs_v3_create", 0, "p", "" },
    { "POST", "/\\x/v3/p/snapshots", "", "evs_v3_create", 0, "p", "" },
    { "POST", "//u@x:80/v3/p/%73napshots", "", "evs_v3_create", 0, "p", "" },
    { "POST", "//x\\y/v3/p/snapshots", "", "evs_v3_create", 0, "p", "" },
    { "PUT", "//x\\y/v3/p/snapshots\\i", "", "evs_v3_update", 0, "p", "i" },
    { "POST", "//x\\v3/p/snapshots", "", "evs_v3_create", 0, "p", "" },
    { "POST", "//x\\y\\v3/p/snapshots", "", "unknown", 0, "", "" },
    { "POST", "//x/y/../v3/p/snapshots", "", "evs_v3_create", 0, "p", "" },
    { "POST", "//x/api/v3/p/snapshots", "/api", "evs_v3_create", 0, "p", "" },
    { "GET", "//x/v3/p/snapshots", "", "evs_v3_list", 0, "p", "" },
    { "POST", "/x/v3/p/snapshots", "", "unknown", 1, "", "" },
    { "POST", "/x//v3/p/snapshots", "", "unknown", 0, "", "" },
    { "POST", "//snapshots", "", "unknown", 0, "", "" },

    /* dot segments for one server, escapes for the next one */

    { "POST", "/v3/x%2Fy/../p/snap%73hots", "", "evs_v3_create", 0, "p", "" },
    { "POST", "/x%2Fy/../v3/p/snap%73hots", "", "evs_v3_create", 0, "p", "" },
    { "POST", "/x%252Fy/../v3/p/snap%2573hots", "", "evs_v3_create", 0, "p",
      "" },
    { "GET", "/v3/x%2Fy/../p/%73napshots", "", "evs_v3_list", 0, "p", "" },
    { "POST", "/v3/x%2Fy/../p%5Cq/snap%73hots", "", "evs_v3_create", 0, "p\\q",
      "" },
    { "POST", "/v3/x%2Fy/../p%252Fq/snap%73hots", "", "evs_v3_create", 0,
      "p%2Fq", "" },
    { "POST", "/v3/x%2Fy/../%2e%2E/snap%73hots", "", "evs_v3_create", 0, "",
      "" },
    { "POST", "/v3/%2e%2e/v3/p/x/y/z/%2e%2e/%2e/%2e%2e%2f../snapshots", "",
      "evs_v3_create", 0, "p", "" },
    { "POST", "/a/b/c/d/e/f/g/h/%2525/v3/p/snapshots", "", "unknown", 0, "",
      "" },

    /* a suffix */

    { "GET", "/v3/p/snapshots.json", "", "evs_v3_list", 0, "p", "" },
    { "GET", "/v3/p/snapshots.a.b", "", "evs_v3_list", 0, "p", "" },
    { "GET", "/v3/p/snapshots/.a/.b", "", "unknown", 0, "p", "" },
    { "POST", "/v3/p/snapshots/.a/.b", "", "evs_v3_create", 0, "p", "" },
    { "GET", "/v3/p/snapshots/.a", "", "unknown", 0, "p", "" },
    { "POST", "/v3/p/snapshots/.a", "", "evs_v3_create", 0, "p", "" },
    { "PUT", "/v3/p/snapshots/.a", "", "evs_v3_update", 1, "p", ".a" },
    { "PUT", "/v3/p/snapshots/i.a", "", "evs_v3_update", 0, "p", "i" },
    { "GET", "/v3/p/snapshots .json", "", "evs_v3_list", 0, "p", "" },
    { "GET", "/v3/p.json/snapshots", "", "evs_v3_list", 1, "p.json", "" }
};


static void
every_path_leads_where_it_should(void **state)
{
    int                    rc;
    size_t                 i;
    unit_arena_t           arena = { 0 };
    ngx_snapshot_mem_t     mem = { unit_alloc, &arena };
    ngx_snapshot_route_t   route;

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        rc = ngx_snapshot_route(&route, &mem, unit_str(cases[i].method),
                                unit_str(cases[i].path),
                                unit_str(cases[i].prefix), 1);
        assert_int_equal(rc, NGX_SNAPSHOT_OK);

        if (cases[i].operation == NULL) {
            assert_null(route.operation);

        } else {
            assert_non_null(route.operation);
            unit_assert_str(route.operation->name, cases[i].operation);
            unit_assert_str(route.project, cases[i].project);
            unit_assert_str(route.id, cases[i].id);

            if (route.operation != &ngx_snapshot_unknown) {
                assert_int_equal(route.canonical, cases[i].canonical);
            }
        }

        unit_free(&arena);
    }
}


static void
a_plain_path_takes_no_memory(void **state)
{
    size_t                 i;
    unit_arena_t           arena = { 0 };
    ngx_snapshot_mem_t     mem = { unit_alloc, &arena };
    ngx_snapshot_route_t   route;

    static const char  *paths[] = {
        "/v3/p/snapshots", "/v1.0/p/snapshots", "/v3/p/snapshots/detail",
        "/v3/p/snapshots/some-id", "/v3/p/snapshots/x/action", "/", "/x/y",
        "/static/app.js", "/volumes/"
    };

    (void) state;

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        assert_int_equal(ngx_snapshot_route(&route, &mem, unit_str("POST"),
                                            unit_str(paths[i]), unit_str(""),
                                            1),
                         NGX_SNAPSHOT_OK);
        assert_int_equal(arena.n, 0);
    }
}


/* a path with a slash too many is read in another way than a plain one */

static void
a_plain_path_leads_where_another_spelling_does(void **state)
{
    char                     path[256], twice[256];
    size_t                   m, v, p, t, x;
    unit_arena_t             arena = { 0 };
    ngx_snapshot_mem_t       mem = { unit_alloc, &arena };
    ngx_snapshot_route_t     plain, other;
    ngx_snapshot_finding_t   found;

    static const char *const  methods[] = { "GET", "HEAD", "POST", "PUT",
                                            "DELETE", "get" };
    static const char *const  prefixes[] = { "", "/a", "/a/b" };
    static const char *const  versions[] = { "v3", "v2", "v1.0", "v1", "V3",
                                             "v3x", "" };
    static const char *const  projects[] = {
        "/p", "", "/", "/p.q", "/a-b_C9",
        "/0123456789012345678901234567890123456789012345678901234567890123",
        "/01234567890123456789012345678901234567890123456789012345678901234"
    };
    static const char *const  tails[] = {
        "/snapshots", "/snapshots/detail", "/snapshots/Detail",
        "/snapshots/details", "/Snapshots", "/snapshotsx", "/snapshot", "",
        "/snapshots/f9faf7df-fdc1-4093-9ef3-5cba06eef995",
        "/snapshots/F9faf7df-fdc1-4093-9ef3-5cba06eef99F",
        "/snapshots/f9faf7df-fdc1-4093-9ef3-5cba06eef99g",
        "/snapshots/f9faf7df-fdc1-4093-9ef3_5cba06eef995",
        "/snapshots/f9faf7df-fdc1-4093-9ef3-5cba06eef9955",
        "/snapshots/i", "/snapshots/i/j", "/snapshots/detail/x"
    };

#define n_of(a)  (sizeof(a) / sizeof((a)[0]))

    (void) state;

    for (m = 0; m < n_of(methods); m++)
    for (x = 0; x < n_of(prefixes); x++)
    for (v = 0; v < n_of(versions); v++)
    for (p = 0; p < n_of(projects); p++)
    for (t = 0; t < n_of(tails); t++) {

        sprintf(path, "%s/%s%s%s", prefixes[x], versions[v], projects[p],
                tails[t]);

        assert_int_equal(ngx_snapshot_route(&plain, &mem, unit_str(methods[m]),
                                            unit_str(path),
                                            unit_str(prefixes[x]), 1),
                         NGX_SNAPSHOT_OK);

        if (plain.sound) {
            assert_int_equal(plain.canonical, 1);
            assert_true(ngx_snapshot_check(
                            &ngx_snapshot_rules[NGX_SNAPSHOT_PROJECT_ID], 0,
                            NULL, plain.project, &found));

            if (plain.operation->shape == NGX_SNAPSHOT_MEMBER) {
                assert_true(ngx_snapshot_check(
                                &ngx_snapshot_rules[NGX_SNAPSHOT_SNAPSHOT_ID],
                                0, NULL, plain.id, &found));
            }
        }

        sprintf(twice, "%s//%s%s%s", prefixes[x], versions[v], projects[p],
                tails[t]);

        assert_int_equal(ngx_snapshot_route(&other, &mem, unit_str(methods[m]),
                                            unit_str(twice),
                                            unit_str(prefixes[x]), 1),
                         NGX_SNAPSHOT_OK);

        assert_ptr_equal(plain.operation, other.operation);
        assert_int_equal(plain.family, other.family);
        assert_true(ngx_snapshot_eq(plain.project, other.project));
        assert_true(ngx_snapshot_eq(plain.id, other.id));
        assert_int_equal(other.sound, 0);

        unit_free(&arena);
    }
}


static void
methods_of_a_path_are_known(void **state)
{
    size_t                 i;
    unit_arena_t           arena = { 0 };
    ngx_snapshot_mem_t     mem = { unit_alloc, &arena };
    ngx_snapshot_route_t   route;

    static const struct {
        const char  *path;
        unsigned     methods;
    } paths[] = {
        { "/v3/p/snapshots",
          NGX_SNAPSHOT_GET|NGX_SNAPSHOT_HEAD|NGX_SNAPSHOT_POST },
        { "/v3/p/snapshots/detail", NGX_SNAPSHOT_GET|NGX_SNAPSHOT_HEAD },
        { "/v3/p/snapshots/f9faf7df-fdc1-4093-9ef3-5cba06eef995",
          NGX_SNAPSHOT_PUT },
        { "/v1.0/p/snapshots", NGX_SNAPSHOT_POST },
        { "/v3/p/snapshots/name", 0 }, { "/v3/p/snapshots/x/y", 0 },
        { "/v3/p.q/snapshots", 0 }, { "/v3/snapshots", 0 },
        { "/v5/p/snapshots", 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        assert_int_equal(ngx_snapshot_route(&route, &mem, unit_str("DELETE"),
                                            unit_str(paths[i].path),
                                            unit_str(""), 1),
                         NGX_SNAPSHOT_OK);
        assert_int_equal(route.methods, paths[i].methods);
        assert_int_equal(arena.n, 0);
    }
}


static void
short_memory_is_an_error(void **state)
{
    unsigned               n;
    unit_arena_t           arena = { 0 };
    ngx_snapshot_mem_t     mem = { unit_alloc, &arena };
    ngx_snapshot_route_t   route;

    (void) state;

    for (n = 1; n <= 2; n++) {
        arena.fail = n;
        assert_int_equal(ngx_snapshot_route(&route, &mem, unit_str("POST"),
                                            unit_str("/v3/p/snapshots/%61"),
                                            unit_str(""), 1),
                         NGX_SNAPSHOT_ERROR);
        unit_free(&arena);
    }

    arena.fail = 1;
    assert_int_equal(ngx_snapshot_route_normal(&mem, unit_str("/a")),
                     NGX_SNAPSHOT_ERROR);
}


static void
a_normal_form_is_known(void **state)
{
    size_t               i;
    unit_arena_t         arena = { 0 };
    ngx_snapshot_mem_t   mem = { unit_alloc, &arena };

    static const char  *good[] = { "/a/b", "/v3/p/snapshots", "/A", "/a.b" };
    static const char  *bad[] = { "/a/", "//a", "/%61", "/a/../b", "/a;b",
                                  "/a\\b", "/a#", "/a " };

    (void) state;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(ngx_snapshot_route_normal(&mem, unit_str(good[i])),
                         1);
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(ngx_snapshot_route_normal(&mem, unit_str(bad[i])),
                         0);
    }

    unit_free(&arena);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(every_path_leads_where_it_should),
        cmocka_unit_test(a_plain_path_takes_no_memory),
        cmocka_unit_test(a_plain_path_leads_where_another_spelling_does),
        cmocka_unit_test(methods_of_a_path_are_known),
        cmocka_unit_test(short_memory_is_an_error),
        cmocka_unit_test(a_normal_form_is_known)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
