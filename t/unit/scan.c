
/*
 * The second reader against the first: what t/fuzz/scan.c says holds for the
 * bodies below, for what is made of them by chance, for the contract's cases,
 * and for what a fuzzer found; and it is sure where it should be, or it would
 * be of no use.
 */


#include "unit.h"

#include <fcntl.h>
#include <glob.h>
#include <jansson.h>
#include <time.h>
#include <unistd.h>

#include "../fuzz/scan.c"


#define TRIES  500000


static uint64_t  chance;


static unsigned
any(unsigned n)
{
    chance = chance * 6364136223846793005 + 1442695040888963407;

    return (unsigned) (chance >> 33) % n;
}


#define VOLUME  "\"volume_id\": \"5aa119a8-d25b-45a7-8d1b-88e127885635\""
#define CLUSTER  "\"cluster_id\": \"44b277eb-39be-4921-be31-3d61b43651d7\""
#define M2(m)   m ", " m
#define M13(a, b)  a "0" b a "1" b a "2" b a "3" b a "4" b a "5" b a "6" b    \
                   a "7" b a "8" b a "9" b a "a" b a "b" b a "c" b


/* sure: 1 where it must be, 0 where it must not */

static const struct {
    int          sure;
    const char  *body;
} bodies[] = {
    { 1, "{\"snapshot\": {" VOLUME "}}" },
    { 1, " \t\r\n{\"snapshot\":{" VOLUME ",\"name\":\"n\"}}\n\t " },
    { 1, "{\"snapshot\": {" VOLUME ", \"force\": true, \"name\": null}}" },
    { 1, "{\"snapshot\": {" VOLUME ", \"force\": \"True\"}}" },
    { 1, "{\"snapshot\": {" VOLUME ", \"metadata\": {}}}" },
    { 1, "{\"snapshot\": {" VOLUME ", \"metadata\": {\"a\": \"b\", \"\": 1}}}"
    },
    { 1, "{\"snapshot\": {" VOLUME ", \"metadata\": {"
         M13("\"k", "\": \"v\", ") "\"z\": -1}}}" },
    { 1, "{\"snapshot\": {\"name\": \"snap-001\", " CLUSTER "}}" },
    { 1, "{\"snapshot\": {\"name\": \"\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80\"}}"
    },
    { 1, "{\"snapshot\": {\"name\": 0, \"description\": 123456789012345}}" },
    { 1, "{\"snapshot\": {}}" },
    { 1, "{\"snapshot\": {\"name\": 1234567890123456, \"force\": -0.5e-3}}" },
    { 1, "{\"snapshot\": {\"force\": 1e999, \"name\": 0}, \"a\": 1E+9}" },
    { 1, "{}" },
    { 1, "{\"other\": 1, \"snapshot\": {\"more\": false}, \"more\": null}" },

    { 0, "" },
    { 0, " " },
    { 0, "{" },
    { 0, "}" },
    { 0, "[]" },
    { 0, "\"}" },
    { 0, "{}}" },
    { 0, "{} {}" },
    { 0, "{\"}" },
    { 0, "{\"a\"}" },
    { 0, "{\"a\":}" },
    { 0, "{\"a\":1,}" },
    { 0, "{\"a\":1 \"b\":2}" },
    { 0, "{,\"a\":1}" },
    { 0, "{\"a\":tru}" },
    { 0, "{\"a\":true1}" },
    { 0, "{\"a\":nul}" },
    { 0, "{\"a\":01}" },
    { 0, "{\"a\":-}" },
    { 0, "{\"a\":1.}" },
    { 0, "{\"a\":.5}" },
    { 0, "{\"a\":1e}" },
    { 0, "{\"a\":1e+}" },
    { 0, "{\"a\":1.5.5}" },
    { 0, "{\"a\":--1}" },
    { 0, "{\"a\":1e999,\"b\":[1e999]}" },
    { 0, "{\"a\":[1]}" },
    { 0, "{\"a\":{}}" },
    { 0, "{\"snapshot\": {" M2(VOLUME) "}}" },
    { 0, "{\"snapshot\": {}, \"snapshot\": {}}" },
    { 0, "{\"snapshot\": {\"metadata\": {" M2("\"a\": \"b\"") "}}}" },
    { 0, "{\"snapshot\": {\"metadata\": {" M13("\"k", "\": \"v\", ")
         "\"k7\": \"v\"}}}" },
    { 0, "{\"snapshot\": {\"metadata\": {" M13("\"k", "\": \"v\", ")
         "\"z\": \"v\", \"z\": \"v\"}}}" },
    { 0, "{\"snapshot\": {" M13("\"k", "\": \"v\", ") VOLUME "}}" },
    { 0, "{\"snapshot\": {\"n\\u0061me\": \"a\", \"name\": \"a\"}}" },
    { 0, "{\"snapshot\": {\"name\": \"a\\nb\"}}" },
    { 0, "{\"snapshot\": {\"name\": \"a\nb\"}}" },
    { 0, "{\"snapshot\": {\"name\": \"\x01\"}}" },
    { 0, "{\"snapshot\": {\"name\": \"\xff\"}}" },
    { 0, "{\"snapshot\": {\"name\": \"\xed\xa0\x80\"}}" },
    { 0, "{\"snapshot\": {\"name\": \"\xc0\xaf\"}}" },
    { 0, "{\"snapshot\": {\"name\": \"\xc3\"}}" },
    { 0, "{\"snapshot\": {\"metadata\": {\"a\": {\"b\": 1}}}}" },
    { 0, "\xef\xbb\xbf{}" },
    { 0, "{\"snapshot\": {" VOLUME ", \"name\": {}}}" },
};

#define NBODIES  (sizeof(bodies) / sizeof(bodies[0]))
#define NSURE    15


/* what is put into a body, or in the place of something in it */

static const char *const  pieces[] = {
    "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0041", "\\ud800", " ", "\n",
    "\t", "\x01", "\x7f", "\x80", "\xc3\xa9", "\xff", "0", "1", "-", "1e5",
    "0.5", "00", "1234567890123456", "1e999", ".", "true", "false", "null",
    "nul", "{}",
    "[]", "\"\"", "\"a\": 1, ", "\"name\": \"x\", ", "\"name\"", "\"force\"",
    ", \"a\": {\"b\": 1}", "\"metadata\": {\"a\": \"b\"}, ", "snapshot",
    "autobk_snapshot_", "\"k7\": \"v\", ", "\"z\": 1, \"z\": 1, ",
    "0123456789abcdef", "                ", "\xf0\x9f\x98\x80", "'", "/*", "NaN"
};

#define NPIECES  (sizeof(pieces) / sizeof(pieces[0]))


static void
try_body(const char *body, size_t len, unsigned how)
{
    u_char  *input;

    input = malloc(len + 1);
    input[0] = (u_char) how;
    memcpy(input + 1, body, len);

    (void) LLVMFuzzerTestOneInput(input, len + 1);

    free(input);
}


static void
test_sure(void **state)
{
    size_t         i;
    unsigned       how;
    unsigned long  before;

    (void) state;

    for (i = 0; i < NBODIES; i++) {
        for (how = 0; how < 40; how++) {

            before = fuzz_sure;
            try_body(bodies[i].body, strlen(bodies[i].body), how);

            /* of EVS create, whose fields they have */

            if (how % 5 == 0
                && fuzz_sure - before != (unsigned) bodies[i].sure)
            {
                fail_msg("%s of %s", bodies[i].sure ? "not sure" : "sure",
                         bodies[i].body);
            }
        }
    }
}


/* each place of a string in the words and vectors that are read at once */

static void
test_places(void **state)
{
    char          body[400], a[150], b[150];
    size_t        before, after, len;
    unsigned      i;

    static const char *const  odd[] = { "\x1f", "\\n", "\x7f", "\xc3\xa9",
                                        "\xff", "\"", "!", "[", "]" };

    (void) state;

    memset(a, 'a', sizeof(a));
    memset(b, 'b', sizeof(b));

    for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        for (before = 0; before < sizeof(a); before++) {
            for (after = 0; after < sizeof(b); after += 1 + after / 4) {

                len = sprintf(body, "{\"snapshot\":{\"name\":\"%.*s%s%.*s\"}}",
                              (int) before, a, odd[i], (int) after, b);

                try_body(body, len, 0);
                try_body(body, len - any(4), 0);
            }
        }
    }
}


/* objects of 0 to 5,000 members, once with a key twice */

static void
test_many(void **state)
{
    char     *body, *p;
    unsigned  n, i, twice, again;

    (void) state;

    body = malloc(5000 * 24 + 100);

    for (n = 0; n < 5000; n += 1 + n / 3) {
        for (twice = 0; twice < 2; twice++) {

            again = any(n + 1);
            p = body + sprintf(body, "{\"snapshot\":{\"metadata\":{");

            for (i = 0; i < n; i++) {
                p += sprintf(p, "%s\"key-%u\":\"%u\"", i ? "," : "",
                             twice && i == n - 1 ? again : i, i);
            }

            p += sprintf(p, "}}}");

            try_body(body, p - body, 0);
        }
    }

    free(body);
}


/* keys that differ in few bytes, wherever these are, find slots of their own */

static void
test_alike(void **state)
{
    char           body[4096], *p;
    unsigned       i, at, len;
    unsigned long  before;

    (void) state;

    for (len = 3; len <= 24; len++) {
        for (at = 0; at + 3 <= len; at++) {

            p = body + sprintf(body, "{\"snapshot\":{\"metadata\":{");

            for (i = 0; i < 120; i++) {
                p += sprintf(p, "%s\"%.*s%03u%.*s\":\"\"", i ? "," : "",
                             (int) at, "aaaaaaaaaaaaaaaaaaaaaaaa", i,
                             (int) (len - at - 3), "bbbbbbbbbbbbbbbbbbbbbbbb");
            }

            p += sprintf(p, "}}}");

            before = fuzz_sure;
            try_body(body, p - body, 0);
            assert_int_equal(fuzz_sure, before + 1);
        }
    }
}


static void
test_chance(void **state)
{
    char           body[4096];
    size_t         len, at, cut, n;
    unsigned       i, change;
    unsigned long  before;
    const char    *piece;

    (void) state;

    before = fuzz_sure;

    for (i = 0; i < TRIES; i++) {

        piece = bodies[any(any(4) ? NSURE : NBODIES)].body;
        len = strlen(piece);
        memcpy(body, piece, len);

        for (change = any(4); change; change--) {

            at = any(len + 1);
            cut = any(3) ? 0 : any(8);
            cut = cut > len - at ? len - at : cut;

            piece = pieces[any(NPIECES)];
            n = any(8) ? strlen(piece) : 0;

            if (len + n > sizeof(body)) {
                break;
            }

            memmove(body + at + n, body + at + cut, len - at - cut);
            memcpy(body + at, piece, n);
            len = len + n - cut;
        }

        try_body(body, len, any(256));
    }

    /* a reader that is never sure would differ in nothing */

    assert_true(fuzz_sure - before > TRIES / 10);
    assert_true(fuzz_sure - before < TRIES);
}


/* the bodies of the contract's cases, for all operations and policies */

static void
test_cases(void **state)
{
    FILE        *f;
    char        *line;
    size_t       size, n;
    json_t      *root, *body;
    unsigned     how;

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

        for (how = 0; json_is_string(body) && how < 20; how++) {
            try_body(json_string_value(body), json_string_length(body), how);
            n++;
        }

        json_decref(root);
    }

    free(line);
    fclose(f);

    assert_true(n > 1000);
}


/* what a fuzzer has found worth keeping */

static void
test_corpus(void **state)
{
    int      fd;
    glob_t   found;
    size_t   i;
    ssize_t  n;

    static u_char  input[1 << 20];

    (void) state;

    assert_int_equal(glob("t/fuzz/corpus/scan/*", 0, NULL, &found), 0);

    for (i = 0; i < found.gl_pathc; i++) {
        fd = open(found.gl_pathv[i], O_RDONLY);
        assert_true(fd >= 0);

        n = read(fd, input, sizeof(input));
        assert_true(n >= 0);
        close(fd);

        (void) LLVMFuzzerTestOneInput(input, n);
    }

    assert_true(found.gl_pathc > 10);
    globfree(&found);
}


int
main(void)
{
    const char  *seed;

    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_sure),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_alike),
        cmocka_unit_test(test_chance),
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_corpus),
    };

    seed = getenv("TEST_SEED");
    chance = seed ? strtoull(seed, NULL, 10) : (uint64_t) time(NULL);

    printf("# TEST_SEED=%llu\n", (unsigned long long) chance);
    fflush(stdout);

    return cmocka_run_group_tests(tests, NULL, NULL);
}
