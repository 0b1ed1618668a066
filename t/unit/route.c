
/*
 * Method and path to an operation, CONTRACT section 1: spellings beyond those
 * that go over the wire, and what nginx itself would not let through.
 */


#include "unit.h"


#define UUID    "f9faf7df-fdc1-4093-9ef3-5cba06eef995"

/* what a path is: not in scope, plain or harmless, odd */

#define OUT     "-"
#define FINE    ""
#define ESCAPE  "an escape"
#define LETTERS "capital letters"
#define SUFFIX  "a suffix"


typedef struct {
    const char  *method;
    const char  *path;
    const char  *prefix;
    const char  *operation;
    const char  *odd;           /* all that is odd, or FINE */
    const char  *project;
    const char  *id;
} case_t;


/* 32 segments */

#define DEEP4  "/a/a/a/a"
#define DEEP   DEEP4 DEEP4 DEEP4 DEEP4 DEEP4 DEEP4 DEEP4 DEEP4


static const case_t  cases[] = {

    /* plain, with each operation in its own letters */

    { "POST", "/v3/p/snapshots", "", "evs_v3_create", FINE, "p", "" },
    { "POST", "/v2/p/snapshots", "", "evs_v2_create", FINE, "p", "" },
    { "POST", "/v1.0/p/snapshots", "", "dws_v1_create", FINE, "p", "" },
    { "PUT", "/v3/p/snapshots/i", "", "evs_v3_update", FINE, "p", "i" },
    { "PUT", "/v2/p/snapshots/i", "", "evs_v2_update", FINE, "p", "i" },
    { "GET", "/v3/p/snapshots", "", "evs_v3_list", FINE, "p", "" },
    { "HEAD", "/v2/p/snapshots", "", "evs_v2_list", FINE, "p", "" },
    { "GET", "/v3/p/snapshots/detail", "", "evs_v3_detail", FINE, "p", "" },
    { "HEAD", "/v2/p/snapshots/detail", "", "evs_v2_detail", FINE, "p", "" },

    { "GET", "/v3/p/snapshots/i", "", "evs_show", FINE, "p", "i" },
    { "HEAD", "/v2/p/snapshots/i.x", "", "evs_show", FINE, "p", "i.x" },
    { "GET", "/v3/p/snapshots/.hidden", "", "evs_show", FINE, "p",
      ".hidden" },
    { "DELETE", "/v2/p/snapshots/i", "", "evs_delete", FINE, "p", "i" },
    { "PUT", "/v3/p/snapshots/i/metadata", "", "evs_metadata", FINE, "p",
      "i" },
    { "DELETE", "/v2/p/snapshots/i/metadata/k.j", "", "evs_metadata", FINE,
      "p", "i" },
    { "POST", "/v3/p/snapshots/i/action", "", "evs_action", FINE, "p", "i" },
    { "GET", "/v1.0/p/snapshots", "", "dws_list", FINE, "p", "" },
    { "GET", "/v1.0/p/snapshots/i", "", "dws_show", FINE, "p", "i" },
    { "DELETE", "/v1.0/p/snapshots/i", "", "dws_delete", FINE, "p", "i" },
    { "POST", "/v1.0/p/snapshots/i/actions", "", "dws_restore", FINE, "p",
      "i" },
    { "POST", "/v1.0/p/snapshots/i/linked-copy", "", "dws_copy", FINE, "p",
      "i" },

    { "post", "/v3/p/snapshots", "", "unknown", FINE, "p", "" },
    { "", "/v3/p/snapshots", "", "unknown", FINE, "p", "" },
    { "PATCH", "/v3/p/snapshots/i", "", "unknown", FINE, "p", "" },
    { "HEAD", "/v1.0/p/snapshots", "", "unknown", FINE, "p", "" },
    { "PUT", "/v1.0/p/snapshots/i", "", "unknown", FINE, "p", "" },
    { "GET", "/v1/p/snapshots", "", "unknown", FINE, "", "" },
    { "GET", "/p/snapshots", "", "unknown", FINE, "", "" },
    { "GET", "/snapshots", "", "unknown", FINE, "", "" },
    { "GET", "/x/v3/p/snapshots", "", "unknown", FINE, "", "" },
    { "GET", "/v3/p/a.snapshots", "", "unknown", FINE, "", "" },

    { "GET", "", "", NULL, OUT, "", "" },
    { "GET", "/", "", NULL, OUT, "", "" },
    { "GET", "*", "", NULL, OUT, "", "" },
    { "GET", "/v3/p/snapshot", "", NULL, OUT, "", "" },
    { "GET", "/v3/p/xsnapshots", "", NULL, OUT, "", "" },
    { "GET", "/v3/p/snapshots_", "", NULL, OUT, "", "" },
    { "GET", "/v3/p/-snapshots/", "", NULL, OUT, "", "" },
    { "POST", "/v3/p/snapshots%61", "", NULL, OUT, "", "" },
    { "POST", "/v3/p/snap%2573hot%2", "", NULL, OUT, "", "" },

    { "POST", "/v3/snapshots", "", "evs_v3_create", FINE, "", "" },
    { "PUT", "/v3/snapshots/i", "", "evs_v3_update", FINE, "", "i" },
    { "GET", "/v3/snapshots/i", "", "evs_show", FINE, "", "i" },
    { "GET", "/v3/snapshots/snapshots", "", "evs_v3_list", FINE, "snapshots",
      "" },
    { "PUT", "/v3/snapshots/snapshots", "", "evs_v3_update", FINE, "",
      "snapshots" },
    { "PUT", "/v3/snapshots/snapshots/i", "", "evs_v3_update", FINE,
      "snapshots", "i" },

    /* plain, but for letters */

    { "POST", "/V3/p/snapshots", "", "evs_v3_create", LETTERS, "p", "" },
    { "POST", "/v3/p/Snapshots", "", "evs_v3_create", LETTERS, "p", "" },
    { "GET", "/v3/p/snapshots/Detail", "", "evs_v3_detail", LETTERS, "p",
      "" },
    { "PUT", "/v3/p/snapshots/Detail", "", "evs_v3_update", LETTERS, "p",
      "Detail" },
    { "PUT", "/v3/snapshots/DETAIL", "", "evs_v3_update", LETTERS, "",
      "DETAIL" },
    { "DELETE", "/v3/p/snapshots/Detail", "", "evs_delete", FINE, "p",
      "Detail" },
    { "GET", "/v3/snapshots/SNAPSHOTS", "", "evs_v3_list", LETTERS,
      "snapshots", "" },
    { "GET", "/v3/Snapshots/snapshots", "", "evs_v3_list", FINE, "Snapshots",
      "" },
    { "GET", "/v3/p/Snapshots/i", "", "unknown", FINE, "", "" },
    { "GET", "/v3/p/snapshots/i/Metadata", "", "unknown", FINE, "p", "" },

    /* plain, but for a suffix */

    { "GET", "/v3/p/snapshots.json", "", "evs_v3_list", SUFFIX, "p", "" },
    { "GET", "/v3/p/snapshots.a.b", "", "evs_v3_list", SUFFIX, "p", "" },
    { "GET", "/v3/p/SNAPSHOTS.a", "", "evs_v3_list", SUFFIX, "p", "" },
    { "GET", "/v3/p/snapshots/detail.x", "", "evs_v3_detail", SUFFIX, "p",
      "" },
    { "PUT", "/v3/p/snapshots/i.a", "", "evs_v3_update", SUFFIX, "p", "i" },
    { "PUT", "/v3/p/snapshots/.a", "", "evs_v3_update", FINE, "p", ".a" },
    { "PUT", "/v3/p/snapshots/i/.a", "", "evs_v3_update", SUFFIX, "p", "i" },
    { "PUT", "/v3/snapshots/snapshots/.a", "", "evs_v3_update", SUFFIX,
      "snapshots", ".a" },
    { "POST", "/v3/p/snapshots/.a", "", "evs_v3_create", SUFFIX, "p", "" },
    { "POST", "/v3/p/snapshots/.a/.b/.c/.d/.e/.f/.g/.h", "", "evs_v3_create",
      SUFFIX, "p", "" },
    { "POST", "/v3/p/snapshots.json/.a", "", "evs_v3_create", SUFFIX, "p",
      "" },
    { "GET", "/v3/p/snapshots/.a/.b", "", "unknown", FINE, "p", "" },
    { "GET", "/v3/p.json/snapshots", "", "evs_v3_list", FINE, "p.json", "" },
    { "PUT", "/v3/p/snapshots/i/metadata/a.b", "", "evs_metadata", FINE, "p",
      "i" },

    /* a prefix */

    { "POST", "/a/v3/p/snapshots", "/a", "evs_v3_create", FINE, "p", "" },
    { "POST", "/a/b/v3/p/snapshots", "/a/b", "evs_v3_create", FINE, "p", "" },
    { "POST", "/A/v3/p/snapshots", "/a", "evs_v3_create", LETTERS, "p", "" },
    { "POST", "/v3/p/snapshots", "/a", "unknown", FINE, "", "" },
    { "POST", "/ab/v3/p/snapshots", "/a", "unknown", FINE, "", "" },
    { "POST", "/a//v3/p/snapshots", "/a", "evs_v3_create", "a doubled slash",
      "p", "" },
    { "GET", "/a/v3/p/snapshots/x%20y", "/a", "unknown", FINE, "p", "" },
    { "GET", "/v3/p/snapshots/x%20y", "/a", "unknown", FINE, "p", "" },
    { "GET", "/A/v3/p/snapshots/x%20y", "/a", "evs_show", ESCAPE, "p",
      "x y" },
    { "POST", "/a", "/a", NULL, OUT, "", "" },

    /* odd: what leads to an operation */

    { "POST", "v3/p/snapshots", "", "evs_v3_create", "no slash at its start",
      "p", "" },
    { "POST", "/v3/p/snapshots/", "", "evs_v3_create", "a slash at its end",
      "p", "" },
    { "POST", "/v3/p/snapshots ", "", "evs_v3_create",
      "a byte that paths have only escaped", "p", "" },
    { "POST", "/v3/p/snapshots%00", "", "evs_v3_create", ESCAPE, "p", "" },
    { "POST", "/v3/p%/snapshots", "", "evs_v3_create", ESCAPE, "p%", "" },
    { "POST", "/../v3/p/snapshots", "", "evs_v3_create", "a dot segment", "p",
      "" },
    { "POST", "/v3/p/snapshots/./", "", "evs_v3_create",
      "a slash at its end, a dot segment", "p", "" },
    { "POST", "/v3\\p;x/snapshots#", "", "unknown",
      "\";\", \"\\\", \"#\"", "", "" },
    { "POST", "/v3/p/%25252525252573napshots", "", "evs_v3_create", ESCAPE,
      "p", "" },
    { "POST", "/v3/p/snap%25shots", "", "unknown", ESCAPE, "", "" },
    { "POST", "/v3/p/snap%0dshots", "", NULL, OUT, "", "" },
    { "POST", "/v3/p//snapshots.json", "", "evs_v3_create",
      "a doubled slash, a suffix", "p", "" },
    { "PUT", "/v3/p/snapshots/a%2Fb", "", "unknown", ESCAPE, "p", "" },
    { "PUT", "/v3/p/snapshots/%61", "", "evs_v3_update", ESCAPE, "p", "a" },
    { "GET", "/v3/p//snapshots/i", "", "evs_show", "a doubled slash", "p",
      "i" },
    { "POST", "/v3/a%2fb/%2e%2e/p/snapshots", "", "unknown", ESCAPE, "", "" },
    { "POST", "/%2Fh/v3/p/snapshots", "", "unknown", ESCAPE, "", "" },
    { "POST", "//h/v3/p/snapshots", "", "unknown", "a doubled slash", "",
      "" },
    { "POST", "/v3/p/snapshots;/x", "", "unknown", "\";\"", "", "" },

    /* odd, and harmless */

    { "GET", "/v3/p/snapshots/x%20y", "", "unknown", FINE, "p", "" },
    { "GET", "/v3/p/snapshots/%231%20y", "", "unknown", FINE, "p", "" },
    { "GET", "/v3/p/snapshots/%3f", "", "unknown", FINE, "p", "" },
    { "GET", "/v3/snapshots/x%20y", "", "unknown", FINE, "", "" },
    { "GET", "/v3/snapshots/snapshots/x%20y", "", "unknown", FINE,
      "snapshots", "" },
    { "GET", "/v3/p/snapshots/\xc3\xa0", "", "unknown", FINE, "p", "" },
    { "POST", "/v3/p/snapshots/i/a//b", "", "unknown", FINE, "p", "" },
    { "PUT", "/v3/p/snapshots/i/metadata/k%2F1", "", "unknown", FINE, "p",
      "" },
    { "DELETE", "/v3/p//snapshots/../%73", "", "unknown", FINE, "", "" },
    { "PATCH", "/v3//snapshots", "", "unknown", FINE, "", "" },
    { "POST", "/v4//p/snapshots/", "", "unknown", FINE, "", "" },
    { "POST", "/snapshots/../v3", "", "unknown", FINE, "", "" },

    { "GET", "/v3/p/snapshots/%23%25a/tail", "", "unknown", FINE, "p", "" },
    { "GET", "/v3/p/snapshots/a%2f%%64etail", "", "unknown", FINE, "p", "" },

    /* odd, and nearly harmless */

    { "GET", "/v3/p/snapshots/#1", "", "evs_show", "\"#\"", "p", "#1" },
    { "GET", "/v3/p/snapshots/%25", "", "evs_show", ESCAPE, "p", "%" },
    { "GET", "/v3/p/snapshots/%2ex", "", "unknown", FINE, "p", "" },
    { "GET", "/v3/p/snapshots/%2e%2ex", "", "evs_show", ESCAPE, "p", "..x" },
    { "GET", "/v3/p/snapshots/%231/detail", "", "unknown", ESCAPE, "p", "" },
    { "GET", "/v3/p/snapshots/%231%5cDetail", "", "unknown", ESCAPE, "p",
      "" },
    { "GET", "/v3/snapshots/%3f1/snapshots", "", "unknown", ESCAPE, "", "" },
    { "GET", "/v3/p/snapshots/x%20y/%2e%2e", "", "evs_v3_list", ESCAPE, "p",
      "" },
    { "GET", "/v3/p/snapshots/x%20..%3by", "", "evs_show",
      "an escape, a suffix", "p", "x " },
    { "GET", "/v3/p/snapshots/detail%20", "", "evs_v3_detail", ESCAPE, "p",
      "" },
    { "GET", "/v3/p/snapshots/%%64etail", "", "evs_show", ESCAPE, "p",
      "\xdetail" },
    { "GET", "/v3/p/snapshots/de%tail", "", "evs_show", ESCAPE, "p",
      "de%tail" },
    { "GET", "/v3/snapshots/snapshots%20", "", "evs_v3_list", ESCAPE,
      "snapshots", "" },
    { "PUT", "/v3/p/snapshots/i/%2ejson", "", "evs_v3_update",
      "an escape, a suffix", "p", "i" },
    { "PUT", "/v3/p/snapshots/i%20j/k", "", "unknown", ESCAPE, "p", "" },
    { "POST", "/v3/p/snapshots/%231", "", "unknown", ESCAPE, "p", "" },
    { "POST", "/v3/p/snapshots/%2ex", "", "evs_v3_create",
      "an escape, a suffix", "p", "" },
    { "POST", "/v3//v3%2fsnapshots", "", "evs_v3_create",
      "an escape, a doubled slash", "v3", "" },

    /* of too many segments */

    { "POST", "/v3/p//snapshots" DEEP DEEP DEEP, "", "unknown",
      "a doubled slash", "", "" }
};


static void
assert_path(const case_t *c, const char *what, ngx_snapshot_str_t s,
    const char *expected)
{
    if (!ngx_snapshot_eq(s, unit_str(expected))) {
        fail_msg("%s %s: %s is \"%.*s\", expected \"%s\"", c->method, c->path,
                 what, (int) s.len, s.len ? (const char *) s.data : "",
                 expected);
    }
}


static void
every_path_leads_where_it_should(void **state)
{
    size_t                 i;
    unit_arena_t           arena = { 0 };
    ngx_snapshot_mem_t     mem = { unit_alloc, &arena };
    ngx_snapshot_text_t    odd;
    ngx_snapshot_route_t   route;

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        assert_int_equal(ngx_snapshot_route(&route, unit_router(), &mem,
                                            unit_str(cases[i].method),
                                            unit_str(cases[i].path),
                                            unit_str(cases[i].prefix), 0),
                         NGX_SNAPSHOT_OK);

        if (arena.n > 1) {
            fail_msg("%s: memory is taken %u times", cases[i].path, arena.n);
        }

        if (cases[i].operation == NULL || route.operation == NULL) {

            if (cases[i].operation != NULL || route.operation != NULL) {
                fail_msg("%s: in scope or not", cases[i].path);
            }

            unit_free(&arena);
            continue;
        }

        ngx_snapshot_text_init(&odd, &mem);
        ngx_snapshot_text_set(&odd, ngx_snapshot_oddities, route.odd, ", ");

        assert_path(&cases[i], "operation", route.operation->name,
                    cases[i].operation);
        assert_path(&cases[i], "project",
                    route.param[NGX_SNAPSHOT_PARAM_PROJECT_ID],
                    cases[i].project);
        assert_path(&cases[i], "id",
                    route.param[NGX_SNAPSHOT_PARAM_SNAPSHOT_ID], cases[i].id);
        assert_path(&cases[i], "odd", ngx_snapshot_text_str(&odd),
                    cases[i].odd);

        unit_free(&arena);
    }
}


/* the word at each place of a vector, and behind letters that look like it */

static void
the_word_is_found_at_each_place(void **state)
{
    char                  *path;
    size_t                 i, n;
    unit_arena_t           arena = { 0 };
    ngx_snapshot_mem_t     mem = { unit_alloc, &arena };
    ngx_snapshot_str_t     s;
    ngx_snapshot_route_t   route;

    (void) state;

    for (n = 11; n < 90; n++) {

        for (i = 0; i + 10 <= n; i++) {

            /* exactly as long as it is, so that a checker sees an overrun */

            path = malloc(n);
            assert_non_null(path);
            memset(path, i % 2 ? 's' : 'a', n);
            memcpy(path + i, "/SNAPSHOTS", 10);

            if (i + 10 < n) {
                path[i + 10] = '/';
            }

            s.data = (u_char *) path;
            s.len = n;

            assert_int_equal(ngx_snapshot_route(&route, unit_router(), &mem,
                                                unit_str("GET"), s,
                                                unit_str(""), 0),
                             NGX_SNAPSHOT_OK);
            assert_ptr_equal(route.operation, &ngx_snapshot_unknown);

            path[i] = '_';

            assert_int_equal(ngx_snapshot_route(&route, unit_router(), &mem,
                                                unit_str("GET"), s,
                                                unit_str(""), 0),
                             NGX_SNAPSHOT_OK);
            assert_null(route.operation);

            free(path);
            unit_free(&arena);
        }
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
          NGX_SNAPSHOT_METHOD_GET|NGX_SNAPSHOT_METHOD_HEAD
          |NGX_SNAPSHOT_METHOD_POST },
        { "/v3/p/snapshots/detail",
          NGX_SNAPSHOT_METHOD_GET|NGX_SNAPSHOT_METHOD_HEAD
          |NGX_SNAPSHOT_METHOD_DELETE },
        { "/v3/p/snapshots/" UUID,
          NGX_SNAPSHOT_METHOD_GET|NGX_SNAPSHOT_METHOD_HEAD
          |NGX_SNAPSHOT_METHOD_PUT
          |NGX_SNAPSHOT_METHOD_DELETE },
        { "/v3/p/snapshots/name",
          NGX_SNAPSHOT_METHOD_GET|NGX_SNAPSHOT_METHOD_HEAD
          |NGX_SNAPSHOT_METHOD_DELETE },
        { "/v3/p/snapshots/x/action", NGX_SNAPSHOT_METHOD_POST },
        { "/v2/p/snapshots/x/metadata/y",
          NGX_SNAPSHOT_METHOD_GET|NGX_SNAPSHOT_METHOD_PUT
          |NGX_SNAPSHOT_METHOD_DELETE },
        { "/v1.0/p/snapshots",
          NGX_SNAPSHOT_METHOD_GET|NGX_SNAPSHOT_METHOD_POST },
        { "/v3/p/snapshots/x/y", 0 }, { "/v3/p.q/snapshots", 0 },
        { "/v3/snapshots", 0 }, { "/v5/p/snapshots", 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        assert_int_equal(ngx_snapshot_route(&route, unit_router(), &mem,
                                            unit_str("PATCH"),
                                            unit_str(paths[i].path),
                                            unit_str(""), 0),
                         NGX_SNAPSHOT_OK);
        assert_int_equal(route.methods, paths[i].methods);
        assert_int_equal(arena.n, 0);
    }
}


/* a rewrite has taken off what stands before the version: nobody knows it */

static void
a_head_may_be_anywhere(void **state)
{
    size_t                 i;
    unit_arena_t           arena = { 0 };
    ngx_snapshot_mem_t     mem = { unit_alloc, &arena };
    ngx_snapshot_route_t   route;

    static const struct {
        const char  *path;
        int          odd;
    } paths[] = {
        { "/api/v3/p/snapshots/x%20y", 0 },
        { "/v2/v3/p/snapshots/x%20y", 0 },
        { "/v3/p/snapshots/x%20y", 0 },
        { "/api/v3/snapshots/x%20y", 0 },
        { "/api/v3/p/snapshots/detail%20", 1 },
        { "/api//v3/p/snapshots/x%20y", 1 },
        { "/api/v3/p/q/snapshots/x%20y", 1 }
    };

    (void) state;

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        assert_int_equal(ngx_snapshot_route(&route, unit_router(), &mem,
                                            unit_str("GET"),
                                            unit_str(paths[i].path),
                                            unit_str(""), 1),
                         NGX_SNAPSHOT_OK);
        assert_int_equal(route.odd != 0, paths[i].odd);
        unit_free(&arena);
    }
}


static void
short_memory_is_an_error(void **state)
{
    char                   path[600];
    unit_arena_t           arena = { 0 };
    ngx_snapshot_mem_t     mem = { unit_alloc, &arena };
    ngx_snapshot_route_t   route;

    (void) state;

    arena.fail = 1;
    assert_int_equal(ngx_snapshot_route(&route, unit_router(), &mem,
                                        unit_str("POST"),
                                        unit_str("/v3/p/snap%73hots"),
                                        unit_str(""), 0),
                     NGX_SNAPSHOT_ERROR);

    /* a long path wants memory before anything is known of it */

    memset(path, 'x', sizeof(path));
    memcpy(path, "/%61", 4);
    path[sizeof(path) - 1] = '\0';

    arena.fail = 1;
    assert_int_equal(ngx_snapshot_route(&route, unit_router(), &mem,
                                        unit_str("POST"), unit_str(path),
                                        unit_str(""), 0),
                     NGX_SNAPSHOT_ERROR);

    arena.fail = 1;
    assert_null(ngx_snapshot_router(&mem));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(every_path_leads_where_it_should),
        cmocka_unit_test(the_word_is_found_at_each_place),
        cmocka_unit_test(methods_of_a_path_are_known),
        cmocka_unit_test(a_head_may_be_anywhere),
        cmocka_unit_test(short_memory_is_an_error)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
