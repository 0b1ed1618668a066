
/*
 * The reader of bodies: mistakes and keys that are there twice are found and
 * named by their place; bytes behind a body are never read; and for bodies that
 * are made by chance t/fuzz/body.c holds, with jansson as the second opinion.
 */


#include "unit.h"

#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../fuzz/body.c"


#define TRIES  100000

#define N16(s)  s s s s s s s s s s s s s s s s
#define N4096   N16(N16("0123456789abcdef"))


static uint64_t  chance;


static unsigned
any(unsigned n)
{
    chance = chance * 6364136223846793005 + 1442695040888963407;

    return (unsigned) (chance >> 33) % n;
}


/*
 * A copy of a body that ends where a page does, behind which nobody can read,
 * as the last of all bodies that the reader has had.
 */

static ngx_snapshot_str_t
at_end(const void *body, size_t len)
{
    ngx_snapshot_str_t  s;

    static u_char      *page;
    static size_t       size = 1 << 18;

    if (page == NULL) {
        page = mmap(NULL, size + getpagesize(), PROT_READ|PROT_WRITE,
                    MAP_PRIVATE|MAP_ANONYMOUS, -1, 0);
        assert_ptr_not_equal(page, MAP_FAILED);
        assert_int_equal(mprotect(page + size, getpagesize(), PROT_NONE), 0);
    }

    assert_true(len <= size);

    s.data = page + size - len;
    s.len = len;

    memcpy(page + size - len, body, len);

    return s;
}


typedef struct {
    unit_arena_t           arena;
    ngx_snapshot_mem_t     mem;
    ngx_snapshot_policy_t  policy;
    ngx_snapshot_judge_t   judge;
} read_t;


/* lets a judge of EVS creates have a body; what it says is in the arena */

static void
read_with(read_t *r, ngx_snapshot_str_t body, ngx_snapshot_severity_e twice)
{
    unsigned              i;
    ngx_snapshot_route_t  route;

    memset(&route, 0, sizeof(route));

    for (i = 0; ngx_snapshot_operations[i].body == NULL; i++) { /* void */ }

    route.operation = &ngx_snapshot_operations[i];

    r->arena.n = 0;
    r->arena.fail = 0;
    r->mem.alloc = unit_alloc;
    r->mem.data = &r->arena;

    ngx_snapshot_policy_default(&r->policy);
    r->policy.rule[NGX_SNAPSHOT_RULE_JSON_DUPLICATE_KEY].severity = twice;

    ngx_snapshot_judge_init(&r->judge, &r->mem, &r->policy, unit_patterns(),
                            &route);
    ngx_snapshot_json_read(unit_reader(), &r->judge, body);

    assert_int_equal(r->judge.failed, 0);
}


/* reads a body in which there is one mistake, at that byte of it */

static void
assert_mistake(ngx_snapshot_str_t body, ngx_snapshot_rule_e rule, size_t at,
    const char *what)
{
    read_t                           r;
    ngx_snapshot_str_t               message;
    const ngx_snapshot_violation_t  *v;

    read_with(&r, body, NGX_SNAPSHOT_SEVERITY_REJECT);

    v = r.judge.first;

    assert_non_null(v);
    assert_null(v->next);
    assert_int_equal(v->rule, rule);

    message = ngx_snapshot_text_str(&v->message);

    if (!unit_has(message, what) || fuzz_place(body, message) != body.data + at)
    {
        fail_msg("got \"%.*s\", expected \"%s\" at byte %zu of \"%.*s\"",
                 (int) message.len, message.data, what, at, (int) body.len,
                 body.data);
    }

    unit_free(&r.arena);
}


/* the rules of the text, of which there is at most one that is violated */

static ngx_snapshot_rule_e
text_rule(ngx_snapshot_str_t body)
{
    read_t               r;
    ngx_snapshot_rule_e  rule;

    read_with(&r, body, NGX_SNAPSHOT_SEVERITY_REJECT);

    rule = r.judge.first ? r.judge.first->rule : NGX_SNAPSHOT_RULE_NONE;

    if (rule != NGX_SNAPSHOT_RULE_JSON_SYNTAX
        && rule != NGX_SNAPSHOT_RULE_JSON_DUPLICATE_KEY)
    {
        rule = NGX_SNAPSHOT_RULE_NONE;
    }

    unit_free(&r.arena);

    return rule;
}


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
    { "{\"a\"@\"\"", "is malformed" },
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
    { "{\"@\\udc00",  "has half of a surrogate pair" },
    { "{\"@\\ud800\\n\": 1}", "has half of a surrogate pair" },
    { "{\"@\\ud800\\ud83d\\", "has half of a surrogate pair" },
    { "{\"@\\ud800\\u0041\": 1}", "has half of a surrogate pair" },
    { "{} @{}", "has text behind the object" },
    { "{}@x", "has text behind the object" }
};



static void
a_mistake_is_told_by_its_place(void **state)
{
    char    body[64];
    size_t  i, len;

    (void) state;

    for (i = 0; i < fuzz_array(mistakes); i++) {

        len = strcspn(mistakes[i].body, "@");

        snprintf(body, sizeof(body), "%.*s%s", (int) len, mistakes[i].body,
                 mistakes[i].body + len + 1);

        assert_mistake(at_end(body, strlen(body)),
                       NGX_SNAPSHOT_RULE_JSON_SYNTAX, len, mistakes[i].what);
    }
}


/* wherever in the blocks that are read at once, and over their borders */

static void
a_mistake_is_told_at_each_place(void **state)
{
    char    body[512];
    size_t  i, before, mark, len;

    (void) state;

    for (i = 0; i < fuzz_array(mistakes); i++) {

        mark = strcspn(mistakes[i].body, "@");

        for (before = 0; before < 140; before++) {

            /* blanks, or a member whose value grows */

            if (mark == 0 || mistakes[i].body[0] != '{'
                || strstr(mistakes[i].what, "behind") || before % 2)
            {
                len = sprintf(body, "%*s%.*s%s", (int) before, "", (int) mark,
                              mistakes[i].body, mistakes[i].body + mark + 1);

                assert_mistake(at_end(body, len), NGX_SNAPSHOT_RULE_JSON_SYNTAX,
                               before + mark, mistakes[i].what);
            }

            if (mark && mistakes[i].body[0] == '{'
                && mistakes[i].body[1] != '}')
            {
                len = sprintf(body, "{\"k\":\"%0*d\\n\xc3\xa9\",%.*s%s",
                              (int) before, 0, (int) mark - 1,
                              mistakes[i].body + 1,
                              mistakes[i].body + mark + 1);

                assert_mistake(at_end(body, len), NGX_SNAPSHOT_RULE_JSON_SYNTAX,
                               mark - 1 + strlen("{\"k\":\"\\n\xc3\xa9\",")
                               + (before ? before : 1), mistakes[i].what);
            }
        }
    }
}


static void
a_nul_is_found_wherever_it_is(void **state)
{
    size_t  i;

    static const char  text[] = " {\"a\": [true, 1.5e3, null, {}]} ";

    u_char  body[sizeof(text)];

    (void) state;

    for (i = 0; i < sizeof(text); i++) {

        memcpy(body, text, i);
        body[i] = '\0';
        memcpy(body + i + 1, text + i, sizeof(text) - 1 - i);

        assert_int_equal(text_rule(at_end(body, sizeof(text))),
                         NGX_SNAPSHOT_RULE_JSON_SYNTAX);
    }
}


static void
what_is_right_is_no_mistake(void **state)
{
    size_t  i;

    static const char *const  bodies[] = {
        "{}", " { } \r\n\t", "{\"\": \"\"}", "{\"a\": [], \"b\": {}}",
        "{\"a\": [1, -0, 0.5e-3, 1E+400, [[]], true, false, null]}",
        "{\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\ude00\": \"\x7f\"}",
        "{\"a\": {\"b\": {\"c\": [{\"d\": 1}]}}, \"b\": 2}",
        "{\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\": 1}"
    };

    (void) state;

    for (i = 0; i < fuzz_array(bodies); i++) {
        assert_int_equal(text_rule(at_end(bodies[i], strlen(bodies[i]))),
                         NGX_SNAPSHOT_RULE_NONE);
    }
}


static void
at_most_512_levels_are_let_through(void **state)
{
    char      body[4096];
    size_t    len;
    unsigned  i, levels;

    (void) state;

    for (levels = 510; levels < 515; levels++) {

        len = 0;

        for (i = 0; i < levels; i++) {
            len += sprintf(body + len, (i % 2) ? "[" : "{\"\":");
        }

        len += sprintf(body + len, (levels % 2) ? "1" : "");

        while (i--) {
            len += sprintf(body + len, (i % 2) ? "]" : "}");
        }

        if (levels <= 512) {
            assert_int_equal(text_rule(at_end(body, len)),
                             NGX_SNAPSHOT_RULE_NONE);

        } else {
            assert_mistake(at_end(body, len), NGX_SNAPSHOT_RULE_JSON_SYNTAX,
                           256 * strlen("{\"\":["), "is nested too deeply");
        }
    }
}


/* what follows "@" is the first key that its object has again */

static void
a_key_twice_is_told_by_its_place(void **state)
{
    char    body[128];
    size_t  i, len;

    static const char *const  bodies[] = {
        "{\"a\": 1, @\"a\": 2}",
        "{\"a\": 1, \"b\": 2, @\"b\": 2, \"a\": 1}",
        "{\"\": \"\", @\"\": \"\"}",
        "{\"a\":\"b\",\"b\":\"a\",@\"a\":\"b\"}",
        "{\"a\": 1, @\"\\u0061\": 2}",
        "{\"\\u0061\": 1, @\"a\": 2}",
        "{\"\\u4e2d\\ud83d\\ude00\": 1, @\"\xe4\xb8\xad\xf0\x9f\x98\x80\": 2}",
        "{\"\\\"\\\\\\/\\b\": 1, @\"\\u0022\\u005c\\u002f\\u0008\": 2}",
        "{\"a\": [{\"b\": {\"c\": 1, \"d\": 2, @\"c\": 3}}]}",
        "{\"a\": {\"b\": 1}, \"c\": {\"b\": 1}, @\"a\": {}}",
        "{\"a\": {\"b\": {\"a\": 1}, @\"b\": 1}, \"b\": 1}",
        "{\"snapshot\": {\"name\": \"n\", @\"n\\u0061me\": \"n\"}}",
        "{\"0123456789abcdef0\": 1, @\"0123456789abcdef0\": 2}",
        "{\"0123456789abcdef\\u0030\": 1, @\"0123456789abcdef0\": 2}"
    };

    (void) state;

    for (i = 0; i < fuzz_array(bodies); i++) {

        len = strcspn(bodies[i], "@");

        snprintf(body, sizeof(body), "%.*s%s", (int) len, bodies[i],
                 bodies[i] + len + 1);

        assert_mistake(at_end(body, strlen(body)),
                       NGX_SNAPSHOT_RULE_JSON_DUPLICATE_KEY, len,
                       "has one again");
    }
}


static void
keys_that_only_look_alike_are_let_through(void **state)
{
    size_t  i;

    static const char *const  bodies[] = {
        "{\"a\": {\"a\": {\"a\": [{\"a\": 1}, {\"a\": 1}]}}}",
        "{\"\\\\\": 1, \"\\n\": 2, \"n\": 3, \"\\\\n\": 4}",
        "{\"a\": 1, \"A\": 2, \"a \": 3, \"aa\": 4, \"\": 5}",
        "{\"\\u00e9\": 1, \"e\\u0301\": 2}",
        "{\"\\\"\": 1, \"\\\\\\\"\": 2}"
    };

    (void) state;

    for (i = 0; i < fuzz_array(bodies); i++) {
        assert_int_equal(text_rule(at_end(bodies[i], strlen(bodies[i]))),
                         NGX_SNAPSHOT_RULE_NONE);
    }
}


/* a mistake behind it, and a violation before it, do not count beside it */

static void
the_text_is_judged_before_its_members(void **state)
{
    static const char  twice[] = "{\"x\": 1, \"x\": 2, \"snapshot\": []}";
    static const char  wrong[] = "{\"x\": 1, \"x\": 2, \"snapshot\": []]";

    (void) state;

    assert_mistake(at_end(twice, strlen(twice)),
                   NGX_SNAPSHOT_RULE_JSON_DUPLICATE_KEY, 9, "has one again");
    assert_mistake(at_end(wrong, strlen(wrong)),
                   NGX_SNAPSHOT_RULE_JSON_SYNTAX, strlen(wrong) - 1,
                   "is malformed");
}


static void
each_value_of_a_key_twice_is_judged(void **state)
{
    read_t                           r;
    const ngx_snapshot_violation_t  *v;

    static const char  body[] =
        "{\"snapshot\": {\"volume_id\": \"x\", \"volume_id\": "
        "\"5aa119a8-d25b-45a7-8d1b-88e127885635\", \"force\": 1}}";

    (void) state;

    read_with(&r, at_end(body, strlen(body)), NGX_SNAPSHOT_SEVERITY_WARN);

    v = r.judge.first;
    assert_int_equal(v->rule, NGX_SNAPSHOT_RULE_JSON_DUPLICATE_KEY);
    v = v->next;
    assert_int_equal(v->rule, NGX_SNAPSHOT_RULE_VOLUME_ID);
    v = v->next;
    assert_int_equal(v->rule, NGX_SNAPSHOT_RULE_FIELD_TYPE);
    assert_null(v->next);

    unit_free(&r.arena);
}


/* the name is kept by the judge as it was pushed */

static void
values_are_unescaped(void **state)
{
    char      body[8192];
    size_t    i, pad;
    read_t    r;
    char      value[4096];

    static const struct {
        const char  *raw;
        const char  *value;
    } names[] = {
        { "", "" },
        { "a", "a" },
        { "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t" },
        { "\\u0041\\u00e9\\u07ff\\u0800\\uffff", "A\xc3\xa9\xdf\xbf\xe0\xa0\x80"
                                             "\xef\xbf\xbf" },
        { "\\ud83d\\uDE00\\ud800\\udc00\\udbff\\udfff",
          "\xf0\x9f\x98\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf" },
        { "\\u4E2D\\u6587 \xe4\xb8\xad\\n", "\xe4\xb8\xad\xe6\x96\x87 "
                                       "\xe4\xb8\xad\n" },
        { "\\\\\\\\\\\\u0041", "\\\\\\u0041" },
        { "\\\\\\\"", "\\\"" }
    };

    (void) state;

    for (i = 0; i < fuzz_array(names); i++) {

        /* in the reader's own memory, and where that is too small */

        for (pad = 0; pad < 4300; pad += (pad < 140) ? 1 : 4100) {

            snprintf(body, sizeof(body),
                     "{\"snapshot\":{\"n\\u0061me\":\"%.*s%s%.*s\"}}",
                     (int) (pad % 4096), N4096, names[i].raw,
                     (int) (pad / 16), N4096);
            snprintf(value, sizeof(value), "%.*s%s%.*s", (int) (pad % 4096),
                     N4096, names[i].value, (int) (pad / 16), N4096);

            read_with(&r, at_end(body, strlen(body)),
                      NGX_SNAPSHOT_SEVERITY_REJECT);

            unit_assert_str(r.judge.keep[NGX_SNAPSHOT_KEEP_NAME], value);

            unit_free(&r.arena);
        }
    }
}


/* of what a map has, as many bytes count as there are unescaped */

static void
entries_are_as_long_as_they_are_unescaped(void **state)
{
    char      body[4096];
    size_t    n, len, wrong;
    read_t    r;
    unsigned  i;

    static const struct {
        const char  *raw;
        size_t       len;
    } units[] = {
        { "x", 1 }, { "\\n", 1 }, { "\\u0041", 1 }, { "\\u00e9", 2 },
        { "\\u4e2d", 3 }, { "\\ud83d\\ude00", 4 }, { "\xe4\xb8\xad", 3 }
    };

    (void) state;

    for (i = 0; i < fuzz_array(units); i++) {
        for (wrong = 0; wrong < 2; wrong++) {

            len = sprintf(body, "{\"snapshot\":{\"metadata\":{\"k\":\"");

            for (n = 0; n + units[i].len <= 255; n += units[i].len) {
                len += sprintf(body + len, "%s", units[i].raw);
            }

            for ( /* void */ ; n < 255 + wrong; n++) {
                len += sprintf(body + len, "y");
            }

            len += sprintf(body + len, "\"},\"volume_id\":\""
                           "5aa119a8-d25b-45a7-8d1b-88e127885635\"}}");

            read_with(&r, at_end(body, len), NGX_SNAPSHOT_SEVERITY_REJECT);

            assert_int_equal(r.judge.first != NULL, wrong);

            unit_free(&r.arena);
        }
    }
}


static void
try_body(const char *body, size_t len)
{
    (void) LLVMFuzzerTestOneInput((const uint8_t *) body, len);
}


/* each place of a character in the blocks that are read at once */

static void
characters_are_read_at_each_place(void **state)
{
    char      body[512];
    size_t    before, after, len;
    unsigned  i;

    static const char *const  odd[] = {
        "\x1f", "\\n", "\\", "\\\\", "\\\\\\", "\\\"", "\\\\\"", "\x7f",
        "\xc3\xa9", "\xff", "\"", "[", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf",
        "\xe0\xa0\x80", "\xe4\xb8\xad", "\xe4\xb8", "\xed\x9f\xbf",
        "\xed\xa0\x80", "\xef\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80\x80",
        "\xf0\x9f\x98\x80", "\xf0\x9f\x98", "\xf4\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\x80", "\xbf\xbf"
    };

    (void) state;

    for (i = 0; i < fuzz_array(odd); i++) {
        for (before = 0; before < 140; before++) {
            for (after = 0; after < 140; after += 1 + after / 2) {

                len = sprintf(body, "{\"snapshot\":{\"name\":\"%.*s%s%.*s\"}}",
                              (int) before, N4096, odd[i], (int) after, N4096);

                try_body(body, len);
                try_body(body, len - any(5));
            }
        }
    }
}


/* all characters of two bytes, and of what begins one of three or four */

static void
each_sequence_of_bytes_is_utf_8_or_not(void **state)
{
    char      body[256];
    size_t    len;
    unsigned  a, b, c, pad;

    static const unsigned char  third[] = { 0x41, 0x80, 0x9f, 0xbf, 0xc3 };

    (void) state;

    for (a = 0x80; a < 0x100; a++) {
        for (b = 0x70; b < 0x100; b++) {
            for (c = 0; c < sizeof(third); c++) {

                pad = any(70);
                len = sprintf(body, "{\"k\":\"%.*s%c%c%c%s\"}", (int) pad,
                              N4096, a, b, third[c],
                              any(2) ? "" : (any(2) ? "\x80" : "\x80\x80"));

                assert_int_equal(text_rule(at_end(body, len))
                                 == NGX_SNAPSHOT_RULE_NONE,
                                 text_is_object(at_end(body, len)));
            }
        }
    }
}


/* objects of 0 to 20,000 members, once with a key twice */

static void
a_key_is_found_among_thousands(void **state)
{
    char      *body, *p;
    unsigned   n, i, twice, again;

    (void) state;

    body = malloc(20000 * 12 + 100);
    assert_non_null(body);

    for (n = 1; n < 20000; n += 1 + n / 3) {
        for (twice = 0; twice < 2; twice++) {

            again = any(n);
            p = body + sprintf(body, "{");

            for (i = 0; i < n; i++) {
                p += sprintf(p, "%s\"%x\":1", i ? "," : "", i);
            }

            p += sprintf(p, twice ? ",\"%x\":1}" : "}", again);

            assert_int_equal(text_rule(at_end(body, p - body)),
                             twice ? NGX_SNAPSHOT_RULE_JSON_DUPLICATE_KEY
                                   : NGX_SNAPSHOT_RULE_NONE);
        }
    }

    free(body);
}


/* objects and members beyond counting, as a worker has them in its life */

static void
no_key_is_that_of_a_body_before(void **state)
{
    unsigned     i;
    const char  *body;

    (void) state;

    for (i = 0; i < 100000; i++) {
        body = (i % 2) ? "{\"a\":1,\"b\":{\"a\":1}}"
                       : "{\"b\":[{\"a\":1},{\"a\":1}],\"a\":1}";

        assert_int_equal(text_rule(at_end(body, strlen(body))),
                         NGX_SNAPSHOT_RULE_NONE);
    }
}


/* bodies that are right, to be changed by chance */

static const char *const  bodies[] = {
    "{\"snapshot\": {\"volume_id\": \"5aa119a8-d25b-45a7-8d1b-88e127885635\", "
    "\"name\": \"snap\", \"metadata\": {\"a\": \"b\", \"c\": \"d\"}}}",
    "{\"snapshot\":{\"name\":\"\\u4e2d\\u6587 line\\nbreak\",\"description\":"
    "\"\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\","
    "\"x\":[1,2,{\"a\":[true,false,null,\"\\ud83d\\ude00\"]}]}}",
    "{\n  \"snapshot\": {\n    \"name\": \"a\",\n    \"force\": true,\n"
    "    \"metadata\": {\n      \"k\": \"v\",\n      \"k1\": -1.5e3\n    }\n"
    "  }\n}\n",
    "{\"snapshot\": {\"name\": \"snap-001\", \"cluster_id\": "
    "\"44b277eb-39be-4921-be31-3d61b43651d7\"}}",
    "{\"a\":\"\",\"b\":\"\",\"c\":\"\",\"d\":\"\",\"e\":\"\",\"f\":\"\","
    "\"g\":\"\",\"h\":\"\",\"i\":\"\",\"j\":\"\",\"k\":\"\",\"l\":\"\"}"
};


/* what is put into a body, or in the place of something in it */

static const char *const  pieces[] = {
    "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0041", "\\ud800", " ", "\n",
    "\t", "\x01", "\x7f", "\x80", "\xc3\xa9", "\xff", "0", "1", "-", "1e5",
    "0.5", "00", "\\\\", "\\\"", "\\ud83d\\ude00",
    "\\u4e2d", "1234567890123456", "1e999", ".", "true", "false", "null",
    "nul", "{}",
    "[]", "\"\"", "\"a\": 1, ", "\"name\": \"x\", ", "\"name\"", "\"force\"",
    ", \"a\": {\"b\": 1}", "\"metadata\": {\"a\": \"b\"}, ", "snapshot",
    "autobk_snapshot_", "\"k7\": \"v\", ", "\"z\": 1, \"z\": 1, ",
    "0123456789abcdef", "                ", "\xf0\x9f\x98\x80", "'", "/*", "NaN"
};

#define NPIECES  (sizeof(pieces) / sizeof(pieces[0]))



/* JSON_TRIES=100000000 tries as many of them */

static void
bodies_changed_by_chance_are_read_as_by_jansson(void **state)
{
    char            body[4096];
    size_t          len, at, cut, n;
    unsigned        change;
    const char     *piece;
    unsigned long   i, tries;

    (void) state;

    piece = getenv("JSON_TRIES");
    tries = piece ? strtoul(piece, NULL, 10) : TRIES;

    for (i = 0; i < tries; i++) {

        piece = bodies[any(fuzz_array(bodies))];
        len = strlen(piece);
        memcpy(body, piece, len);

        for (change = any(5); change; change--) {

            if (len && any(16) == 0) {
                body[any(len)] = (char) any(256);
                continue;
            }

            at = any(len + 1);
            cut = any(3) ? 0 : any(8);
            cut = cut > len - at ? len - at : cut;

            piece = pieces[any(NPIECES)];
            n = any(8) ? strlen(piece) : 0;

            memmove(body + at + n, body + at + cut, len - at - cut);
            memcpy(body + at, piece, n);
            len = len + n - cut;
        }

        try_body(body, any(20) ? len : any(len + 1));
    }
}


/* the bodies of the contract's cases, for all operations */

static void
the_bodies_of_the_cases_are_read_as_by_jansson(void **state)
{
    FILE    *f;
    char    *line;
    size_t   size, n;
    json_t  *root, *body;

    (void) state;

    f = fopen("t/data/cases.jsonl", "r");
    assert_non_null(f);

    line = NULL;
    size = 0;
    n = 0;

    while (getline(&line, &size, f) > 0) {
        root = json_loads(line, JSON_ALLOW_NUL, NULL);
        assert_non_null(root);

        body = json_object_get(root, "body");

        if (json_is_string(body)) {
            try_body(json_string_value(body), json_string_length(body));
            n++;
        }

        json_decref(root);
    }

    free(line);
    fclose(f);

    assert_true(n > 50);
}


int
main(void)
{
    const char  *seed;

    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_mistake_is_told_by_its_place),
        cmocka_unit_test(a_mistake_is_told_at_each_place),
        cmocka_unit_test(a_nul_is_found_wherever_it_is),
        cmocka_unit_test(what_is_right_is_no_mistake),
        cmocka_unit_test(at_most_512_levels_are_let_through),
        cmocka_unit_test(a_key_twice_is_told_by_its_place),
        cmocka_unit_test(keys_that_only_look_alike_are_let_through),
        cmocka_unit_test(the_text_is_judged_before_its_members),
        cmocka_unit_test(each_value_of_a_key_twice_is_judged),
        cmocka_unit_test(values_are_unescaped),
        cmocka_unit_test(entries_are_as_long_as_they_are_unescaped),
        cmocka_unit_test(characters_are_read_at_each_place),
        cmocka_unit_test(each_sequence_of_bytes_is_utf_8_or_not),
        cmocka_unit_test(a_key_is_found_among_thousands),
        cmocka_unit_test(no_key_is_that_of_a_body_before),
        cmocka_unit_test(bodies_changed_by_chance_are_read_as_by_jansson),
        cmocka_unit_test(the_bodies_of_the_cases_are_read_as_by_jansson)
    };

    seed = getenv("TEST_SEED");
    chance = seed ? strtoull(seed, NULL, 10) : (uint64_t) time(NULL);

    printf("# TEST_SEED=%llu\n", (unsigned long long) chance);
    fflush(stdout);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
