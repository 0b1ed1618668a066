
/* A mistake in a text is found, named, and where it is. */


#include "ngx_snapshot_syntax.h"
#include "unit.h"


/* what follows "@" in a body is the mistake, which is told by its place */

typedef struct {
    const char  *body;
    const char  *what;
} mistake_t;


static const mistake_t  mistakes[] = {
    { "@[]", "has no \"{\"" },
    { " \n@5", "has no \"{\"" },
    { "@\xef\xbb\xbf{}", "has no \"{\"" },
    { "@a=b", "has no \"{\"" },
    { "  @", "ends too early" },
    { "{@", "ends too early" },
    { "{\"a\"@", "ends too early" },
    { "{\"a\": @", "ends too early" },
    { "{\"a\": 1@", "ends too early" },
    { "{\"a\": [{}@", "ends too early" },
    { "{\"a@", "ends too early" },
    { "{\"a\\@", "ends too early" },
    { "{\"a\\u12@", "ends too early" },
    { "{\"a\\ud800\\@", "ends too early" },
    { "{\"a\": tru@", "ends too early" },
    { "{@snapshot:{}}", "is malformed" },
    { "{@'snapshot': {}}", "is malformed" },
    { "{\"a\"@}", "is malformed" },
    { "{\"a\" @= 1}", "is malformed" },
    { "{\"a\": 1 @\"b\": 2}", "is malformed" },
    { "{\"a\": 1,@}", "is malformed" },
    { "{@,}", "is malformed" },
    { "{\"a\": @}", "is malformed" },
    { "{\"a\": [1,@]}", "is malformed" },
    { "{\"a\": [@}", "is malformed" },
    { "{\"a\": {@]}", "is malformed" },
    { "{\"a\": @True}", "is malformed" },
    { "{\"a\": tru@}", "is malformed" },
    { "{\"a\": true@x}", "is malformed" },
    { "{\"a\": nul@k}", "is malformed" },
    { "{\"a\": @NaN}", "is malformed" },
    { "{\"a\": @-Infinity}", "is malformed" },
    { "{\"a\": 0@1}", "is malformed" },
    { "{\"a\": 1@.}", "is malformed" },
    { "{\"a\": @+1}", "is malformed" },
    { "{\"a\": 1@/* one */}", "is malformed" },
    { "{\"a\\@x\": 1}", "is malformed" },
    { "{\"a\\u12@g4\": 1}", "is malformed" },
    { "{\"\\ud800\\u12@\": 1}", "is malformed" },
    { "{\"a@\tb\": 1}", "has a control character in a string" },
    { "{\"a@\n\": 1}", "has a control character in a string" },
    { "{\"\xc3\xa4@\xff\": 1}", "has invalid UTF-8" },
    { "{\"@\xed\xa0\x80\": 1}", "has invalid UTF-8" },
    { "{\"@\xe2\x82\": 1}", "has invalid UTF-8" },
    { "{\"@\\u0000\": 1}", "has a NUL" },
    { "{\"@\\udc00\": 1}", "has half of a surrogate pair" },
    { "{\"@\\ud800\": 1}", "has half of a surrogate pair" },
    { "{\"@\\ud800\\n\": 1}", "has half of a surrogate pair" },
    { "{\"@\\ud800\\u0041\": 1}", "has half of a surrogate pair" },
    { "{} @{}", "has text behind the object" },
    { "{}@x", "has text behind the object" }
};


static void
a_mistake_is_told_by_its_place(void **state)
{
    char                 body[64];
    size_t               i, len;
    const char          *what;
    const u_char        *at;
    ngx_snapshot_str_t   s;

    (void) state;

    for (i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {

        len = strcspn(mistakes[i].body, "@");

        snprintf(body, sizeof(body), "%.*s%s", (int) len, mistakes[i].body,
                 mistakes[i].body + len + 1);

        s = unit_str(body);
        at = ngx_snapshot_syntax(s, &what);

        assert_non_null(at);
        assert_string_equal(what, mistakes[i].what);
        assert_int_equal(at - s.data, len);
    }
}


static void
a_nul_is_found_wherever_it_is(void **state)
{
    size_t               i;
    const char          *what;
    const u_char        *at;
    ngx_snapshot_str_t   s;

    static const char  text[] = " {\"a\": [true, 1.5e3, null, {}]} ";

    u_char  body[sizeof(text)];

    (void) state;

    for (i = 0; i < sizeof(text); i++) {

        memcpy(body, text, i);
        body[i] = '\0';
        memcpy(body + i + 1, text + i, sizeof(text) - 1 - i);

        s.data = body;
        s.len = sizeof(text);

        at = ngx_snapshot_syntax(s, &what);

        assert_non_null(at);
        assert_true(at <= s.data + i);
        assert_string_equal(what, at == s.data + i ? "has a NUL"
                                                   : "is malformed");
    }
}


static void
what_is_right_is_no_mistake(void **state)
{
    size_t       i;
    const char  *what;

    static const char *const  bodies[] = {
        "{}", " { } \r\n\t", "{\"\": \"\"}", "{\"a\": [], \"b\": {}}",
        "{\"a\": [1, -0, 0.5e-3, 1E+400, [[]], true, false, null]}",
        "{\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\ude00\": \"\x7f\"}",
        "{\"a\": {\"b\": {\"c\": [{\"d\": 1}]}}, \"a\": 2}",
        "{\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\": 1}"
    };

    (void) state;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        assert_null(ngx_snapshot_syntax(unit_str(bodies[i]), &what));
    }
}


static void
at_most_512_levels_are_let_through(void **state)
{
    char                *body;
    unsigned             i, levels;
    const char          *what;
    const u_char        *at;
    ngx_snapshot_str_t   s;

    (void) state;

    for (levels = 510; levels < 515; levels++) {

        body = malloc(6 * levels + 2);
        assert_non_null(body);

        body[0] = '\0';

        for (i = 0; i < levels; i++) {
            strcat(body, (i % 2) ? "[" : "{\"\":");
        }

        strcat(body, (levels % 2) ? "1" : "");

        while (i--) {
            strcat(body, (i % 2) ? "]" : "}");
        }

        s = unit_str(body);
        at = ngx_snapshot_syntax(s, &what);

        if (levels <= 512) {
            assert_null(at);

        } else {
            assert_non_null(at);
            assert_int_equal(at - s.data, 256 * strlen("{\"\":["));
            assert_string_equal(what, "is nested too deeply");
        }

        free(body);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_mistake_is_told_by_its_place),
        cmocka_unit_test(a_nul_is_found_wherever_it_is),
        cmocka_unit_test(what_is_right_is_no_mistake),
        cmocka_unit_test(at_most_512_levels_are_let_through)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
