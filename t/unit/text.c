
/* Bytes to text. */


#include <jansson.h>

#include "unit.h"


static void
utf8_is_strict(void **state)
{
    size_t         i;
    const u_char  *p;

    static const struct {
        const char  *s;
        size_t       len;
    } cases[] = {
        { "a", 1 }, { "\x7f", 1 }, { "\xc2\x80", 2 }, { "\xdf\xbf", 2 },
        { "\xe0\xa0\x80", 3 }, { "\xed\x9f\xbf", 3 }, { "\xee\x80\x80", 3 },
        { "\xef\xbf\xbf", 3 }, { "\xf0\x90\x80\x80", 4 },
        { "\xf4\x8f\xbf\xbf", 4 },
        { "\x80", 0 }, { "\xbf", 0 }, { "\xc0\xaf", 0 }, { "\xc1\xbf", 0 },
        { "\xc2", 0 }, { "\xc2\x41", 0 }, { "\xe0\x9f\xbf", 0 },
        { "\xe2\x82", 0 }, { "\xed\xa0\x80", 0 }, { "\xed\xbf\xbf", 0 },
        { "\xf0\x8f\xbf\xbf", 0 }, { "\xf4\x90\x80\x80", 0 },
        { "\xf5\x80\x80\x80", 0 }, { "\xf0\x90\x80", 0 }, { "\xff", 0 },
        { "\xe2\x82\xc0", 0 }, { "\xf0\x90\xc0\x80", 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        p = (const u_char *) cases[i].s;
        assert_int_equal(ngx_snapshot_utf8_len(p, p + strlen(cases[i].s)),
                         cases[i].len);
    }
}


static void
a_number_is_that_of_rfc_8259(void **state)
{
    size_t         i;
    const u_char  *p;

    static const struct {
        const char  *s;
        size_t       len;
    } cases[] = {
        { "0", 1 }, { "-0", 2 }, { "12", 2 }, { "-1.50", 5 }, { "1e5", 3 },
        { "1E+05", 5 }, { "0.0e-0", 6 }, { "1e400", 5 },
        { "123456789012345678901234567890", 30 },
        { "01", 1 }, { "-012", 2 }, { "1.", 1 }, { "1.x", 1 }, { "1e", 1 },
        { "1e+", 1 }, { "1.5e-", 3 }, { "1.5.5", 3 }, { "1e5e5", 3 },
        { "12]", 2 }, { "1 2", 1 },
        { "", 0 }, { "-", 0 }, { "--1", 0 }, { "+1", 0 }, { ".5", 0 },
        { "e5", 0 }, { "x", 0 }, { "-x", 0 }, { "Infinity", 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        p = (const u_char *) cases[i].s;
        assert_int_equal(ngx_snapshot_number_len(p, p + strlen(cases[i].s)),
                         cases[i].len);
    }

    /* nothing is read from the end on */

    p = (const u_char *) "1.5e5";

    assert_int_equal(ngx_snapshot_number_len(p, p), 0);
    assert_int_equal(ngx_snapshot_number_len(p, p + 2), 1);
    assert_int_equal(ngx_snapshot_number_len(p, p + 4), 3);
}


static void
control_characters_are_not_printable(void **state)
{
    size_t              i;
    ngx_snapshot_str_t  nul = { 1, (const u_char *) "\0" };

    static const char  *good[] = { "", "a b~", "\xc2\xa0", "\xf0\x9f\x98\x80" };
    static const char  *bad[] = { "\x1f", "a\n", "\x7f", "\xc2\x80",
                                  "\xc2\x9f", "\xff" };
    (void) state;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(ngx_snapshot_utf8_printable(unit_str(good[i])));
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(ngx_snapshot_utf8_printable(unit_str(bad[i])));
    }

    assert_false(ngx_snapshot_utf8_printable(nul));
}


static void
percent_is_decoded_once(void **state)
{
    int                  whole;
    size_t               i;
    u_char               buf[64];
    ngx_snapshot_str_t   s;

    static const struct {
        const char  *in, *out;
        int          whole;
    } cases[] = {
        { "a%20b", "a b", 1 }, { "%41%5a%7A", "AZz", 1 },
        { "%2541", "%41", 1 }, { "a+b", "a b", 1 }, { "%2B", "+", 1 },
        { "%", "%", 0 }, { "%4", "%4", 0 }, { "%4g", "%4g", 0 },
        { "%g4", "%g4", 0 }, { "%%41", "%A", 0 }, { "", "", 1 }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        whole = 1;
        s.len = ngx_snapshot_percent_decode(buf, unit_str(cases[i].in), 1,
                                            &whole);
        s.data = buf;
        unit_assert_str(s, cases[i].out);
        assert_int_equal(whole, cases[i].whole);
    }

    s.len = ngx_snapshot_percent_decode(buf, unit_str("a+b"), 0, NULL);
    s.data = buf;
    unit_assert_str(s, "a+b");
}


static void
values_are_safe_or_utf8(void **state)
{
    size_t                i;
    unit_arena_t          arena;
    ngx_snapshot_mem_t    mem;
    ngx_snapshot_text_t   t;

    static const struct {
        const char  *value;
        const char  *safe;
        const char  *utf8;
    } cases[] = {
        { "", "", "" }, { "a b", "a b", "a b" }, { "50%", "50%", "50%" },
        { "it's", "it's", "it's" }, { "\"", "%22", "\"" },
        { "\\", "%5C", "\\" }, { "\r\n", "%0D%0A", "\r\n" },
        { "\x7f", "%7F", "\x7f" }, { "\xc2\x85", "%C2%85", "\xc2\x85" },
        { "\xc3\xa9", "\xc3\xa9", "\xc3\xa9" },
        { "\xff", "%FF", "%FF" }, { "\xc3", "%C3", "%C3" },
        { "a\xe2\x82z\xff\xff", "a%E2%82z%FF%FF", "a%E2%82z%FF%FF" },
        { "\xff\xc3\xa9", "%FF\xc3\xa9", "%FF\xc3\xa9" },
        { "\xed\xa0\x80", "%ED%A0%80", "%ED%A0%80" }
    };

    (void) state;

    memset(&arena, 0, sizeof(arena));
    mem.alloc = unit_alloc;
    mem.data = &arena;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        ngx_snapshot_text_init(&t, &mem);
        ngx_snapshot_text_safe(&t, unit_str(cases[i].value));
        unit_assert_str(ngx_snapshot_text_str(&t), cases[i].safe);

        ngx_snapshot_text_init(&t, &mem);
        ngx_snapshot_text_utf8(&t, unit_str(cases[i].value));
        unit_assert_str(ngx_snapshot_text_str(&t), cases[i].utf8);
    }

    unit_free(&arena);
}


static void
json_is_valid_whatever_comes(void **state)
{
    size_t               i;
    json_t              *value;
    unit_arena_t         arena = { 0 };
    ngx_snapshot_mem_t   mem = { unit_alloc, &arena };
    ngx_snapshot_text_t  t;
    ngx_snapshot_str_t   s;
    u_char               bytes[3];

    (void) state;

    for (i = 0; i < 256 * 256; i++) {
        bytes[0] = (u_char) (i >> 8);
        bytes[1] = (u_char) i;
        bytes[2] = 'x';

        ngx_snapshot_text_init(&t, &mem);
        ngx_snapshot_text_cstr(&t, "\"");
        s.data = bytes;
        s.len = 3;
        ngx_snapshot_text_json(&t, s);
        ngx_snapshot_text_cstr(&t, "\"");

        s = ngx_snapshot_text_str(&t);
        value = json_loadb((const char *) s.data, s.len,
                           JSON_DECODE_ANY|JSON_ALLOW_NUL, NULL);
        assert_non_null(value);
        json_decref(value);
        unit_free(&arena);
    }
}


static void
a_text_grows_and_notes_a_failure(void **state)
{
    unsigned             i;
    unit_arena_t         arena = { 0 };
    ngx_snapshot_mem_t   mem = { unit_alloc, &arena };
    ngx_snapshot_text_t  t;

    (void) state;

    ngx_snapshot_text_init(&t, &mem);

    for (i = 0; i < 1000; i++) {
        ngx_snapshot_text_num(&t, i % 10);
    }

    assert_int_equal(ngx_snapshot_text_str(&t).len, 1000);
    assert_int_equal(t.failed, 0);

    arena.fail = arena.n + 1;

    for (i = 0; i < 1000; i++) {
        ngx_snapshot_text_cstr(&t, "abc");
    }

    assert_int_equal(t.failed, 1);
    assert_true(ngx_snapshot_text_str(&t).len >= 1000);
    unit_free(&arena);

    ngx_snapshot_text_init(&t, &mem);
    ngx_snapshot_text_num(&t, UINT64_MAX);
    ngx_snapshot_text_cstr(&t, " ");
    ngx_snapshot_text_num(&t, 0);
    unit_assert_str(ngx_snapshot_text_str(&t), "18446744073709551615 0");
    unit_free(&arena);
}


static void
names_are_compared_as_they_should(void **state)
{
    (void) state;

    assert_true(ngx_snapshot_eq(unit_str("a"), unit_str("a")));
    assert_false(ngx_snapshot_eq(unit_str("a"), unit_str("A")));
    assert_false(ngx_snapshot_eq(unit_str("a"), unit_str("ab")));
    assert_true(ngx_snapshot_eq(unit_str(""), unit_str("")));
    assert_true(ngx_snapshot_caseeq(unit_str("aZ-1"), unit_str("Az-1")));
    assert_false(ngx_snapshot_caseeq(unit_str("@"), unit_str("`")));
    assert_false(ngx_snapshot_caseeq(unit_str("["), unit_str("{")));
}


static void
a_distance_is_the_number_of_edits(void **state)
{
    size_t              i;
    ngx_snapshot_str_t  a, b;

    static const struct {
        const char  *a;
        const char  *b;
        size_t       edits;
    } cases[] = {
        { "", "", 0 }, { "", "abc", 3 }, { "abc", "", 3 }, { "abc", "abc", 0 },
        { "abc", "abd", 1 }, { "abc", "ab", 1 }, { "abc", "xabc", 1 },
        { "abc", "acb", 2 }, { "kitten", "sitting", 3 },
        { "flaw", "lawn", 2 }, { "abc", "ABC", 3 }
    };

    char  text[100];

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        a = unit_str(cases[i].a);
        b = unit_str(cases[i].b);
        assert_int_equal(ngx_snapshot_distance(a, b), cases[i].edits);
        assert_int_equal(ngx_snapshot_distance(b, a), cases[i].edits);
    }

    memset(text, 'x', sizeof(text));
    b.data = (u_char *) text;
    b.len = sizeof(text);
    assert_int_equal(ngx_snapshot_distance(unit_str("xy"), b),
                     NGX_SNAPSHOT_SHOWN_MAX - 1);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(utf8_is_strict),
        cmocka_unit_test(a_number_is_that_of_rfc_8259),
        cmocka_unit_test(control_characters_are_not_printable),
        cmocka_unit_test(percent_is_decoded_once),
        cmocka_unit_test(values_are_safe_or_utf8),
        cmocka_unit_test(json_is_valid_whatever_comes),
        cmocka_unit_test(a_text_grows_and_notes_a_failure),
        cmocka_unit_test(names_are_compared_as_they_should),
        cmocka_unit_test(a_distance_is_the_number_of_edits)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
