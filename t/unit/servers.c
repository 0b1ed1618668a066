
/*
 * No server finds in a path what the gateway does not: random paths, and all
 * paths of up to so many pieces, are held against all that servers do to paths
 * (t/servers).  Section 1 of CONTRACT, read a second time, says the same of
 * each.  "make exhaust" does more of both.
 */


#include "unit.h"
#include "../servers/gateway.h"
#include "../servers/names.h"
#include "../servers/reading.h"


/* what is tried where the environment says nothing */

#define SERVERS_PATHS   20000
#define SERVERS_PIECES  5
#define SERVERS_NAMES   100000

/* of a random path */

#define SERVERS_FORMS   256
#define SERVERS_CHAINS  8

#define SERVERS_METHODS  table_array(table_methods)


static walk_t  walk;


static size_t
number(const char *name, size_t n)
{
    const char  *s;

    s = getenv(name);

    return s ? strtoul(s, NULL, 10) : n;
}


static void
show(const char *method, ngx_snapshot_str_t path, ngx_snapshot_str_t prefix)
{
    size_t  i;

    fprintf(stderr, "%s ", method);

    for (i = 0; i < path.len; i++) {
        fprintf(stderr,
                (path.data[i] > 0x20 && path.data[i] < 0x7f) ? "%c" : "\\x%02x",
                path.data[i]);
    }

    fprintf(stderr, " (prefix \"%.*s\")\n", (int) prefix.len, prefix.data);
}


static const char *
method_name(unsigned method)
{
    size_t  i;

    for (i = 0; table_methods[i].method != method; i++) { /* void */ }

    return table_methods[i].name;
}


/*
 * 1 where all holds of the path, of which the gateway's verdict is known, in so
 * many forms of it and so many random ones
 */

static int
holds(proof_t *t, unsigned most, unsigned chains, uint64_t *seed)
{
    int          found;
    char         chain[256];
    proof_gap_t  gap;

    found = !proof_holds(&gap, t, &walk, most, 1);

    while (chains-- && !found) {
        found = proof_random(&gap, t, seed);
    }

    if (!found) {
        return 1;
    }

    proof_says(&gap, chain, sizeof(chain));

    show(method_name(gap.said->method), t->path, t->prefix);
    fprintf(stderr, "  the gateway: %s, a server that %s: %s\n",
            gap.said->operation ? gap.said->operation : "not in scope",
            chain, gap.row->name);

    return 0;
}


/* 1 where section 1, read a second time, says the same for each method */

static int
agrees(const proof_t *t)
{
    size_t               i;
    reading_t            r;
    const char          *name;
    const proof_said_t  *said;

    for (i = 0; i < SERVERS_METHODS; i++) {

        said = &t->said[i];
        r = reading(t->path, t->prefix, said->method);

        name = r.operation ? r.operation : "";

        if (said->odd == (r.kind == READING_ODD)
            && strcmp(name, said->operation ? said->operation : "") == 0)
        {
            continue;
        }

        show(method_name(said->method), t->path, t->prefix);
        fprintf(stderr, "  the gateway: %s %s, section 1: %s %s\n",
                said->odd ? "odd" : "not odd", said->operation,
                r.kind == READING_ODD ? "odd" : "not odd", r.operation);

        return 0;
    }

    return 1;
}


/* the path up to its first "?", as long as it is */

static void
take(proof_t *t, const u_char *p, size_t len, const char *prefix)
{
    const u_char  *mark;

    mark = memchr(p, '?', len);
    len = mark ? (size_t) (mark - p) : len;

    t->prefix = unit_str(prefix);
    t->path.len = len;
    t->path.data = memcpy(malloc(len ? len : 1), p, len);

    gateway_says(t);
}


static void
leave(proof_t *t)
{
    free((void *) t->path.data);
}


static void
no_server_finds_more_in_a_random_path(void **state)
{
    int       ok;
    u_char    p[STEPS_PATH_MAX];
    size_t    i, n, bad;
    proof_t   t;
    uint64_t  seed;

    (void) state;

    bad = 0;
    n = number("SERVERS_PATHS", SERVERS_PATHS);
    seed = number("TEST_SEED", 1) + 1;

    for (i = 0; i < n && bad < 20; i++) {

        take(&t, p, pieces_path(p, sizeof(p) / 2, &seed),
             (i % 4) ? "" : "/a/b");

        ok = agrees(&t);
        bad += !holds(&t, SERVERS_FORMS, SERVERS_CHAINS, &seed) || !ok;

        leave(&t);
    }

    assert_int_equal(bad, 0);
}


/* 1 where the piece would only make a longer word of the one before */

static int
is_glued(const u_char *p, size_t len, const piece_t *piece)
{
    u_char  before[STEPS_PATH_MAX], first[STEPS_PATH_MAX];
    size_t  n;

    memcpy(before, p, len);
    memcpy(first, piece->text.data, piece->text.len);

    n = step_decode_all(before, len, STEPS_ANY);
    (void) step_decode_all(first, piece->text.len, STEPS_ANY);

    return n && form_is_letter(before[n - 1]) && form_is_letter(first[0]);
}


/* the paths of n pieces more, of which a version and then the word is one */

static size_t
pieces_on(u_char *p, size_t len, size_t n, piece_e has, size_t *paths)
{
    size_t          i, bad;
    piece_e         is;
    proof_t         t;
    const piece_t  *piece;

    bad = 0;

    if (has == PIECE_WORD) {

        (*paths)++;
        take(&t, p, len, "");
        bad += !holds(&t, WALK_FORMS, 0, NULL);
        leave(&t);
    }

    /* what is left has to make up for what is missing */

    if (n == 0 || n + has < PIECE_WORD) {
        return bad;
    }

    for (i = 0; i < PIECES_FIRST && bad < 20; i++) {

        piece = &pieces[i];

        if (is_glued(p, len, piece)) {
            continue;
        }

        is = (piece->kind == has + 1) ? piece->kind : has;

        memcpy(p + len, piece->text.data, piece->text.len);
        bad += pieces_on(p, len + piece->text.len, n - 1, is, paths);
    }

    return bad;
}


static void
nor_in_any_path_of_a_few_pieces(void **state)
{
    u_char  p[STEPS_PATH_MAX];
    size_t  n, paths;

    (void) state;

    paths = 0;
    n = number("SERVERS_PIECES", SERVERS_PIECES);

    assert_int_equal(pieces_on(p, 0, n, PIECE_OTHER, &paths), 0);

    print_message("# %zu paths of up to %zu pieces\n", paths, n);
}


/* 1 where the path that ends in the escaped name is let through */

static int
passes(const char *method, const char *head, const u_char *name, size_t len)
{
    u_char   p[STEPS_PATH_MAX];
    size_t   i, n;
    proof_t  t;

    n = strlen(head);

    memcpy(p, head, n);
    memcpy(p + n, name, len);

    take(&t, p, n + len, "");

    for (i = 0; strcmp(table_methods[i].name, method) != 0; i++) { /* void */ }

    if (t.said[i].odd || t.said[i].operation == NULL) {
        show(method, t.path, t.prefix);
        i = SERVERS_METHODS;
    }

    leave(&t);

    return i < SERVERS_METHODS;
}


static void
names_and_keys_pass_however_they_are_escaped(void **state)
{
    u_char    name[NAMES_MAX], escaped[3 * NAMES_MAX];
    size_t    i, n, len, size, refused;
    uint64_t  seed;

    static const char  key[] = "/v3/p/snapshots/"
                          "5aa119a8-d25b-45a7-8d1b-88e127885635/metadata/";

    (void) state;

    refused = 0;
    seed = number("TEST_SEED", 1) + 1;

    for (n = 0; n < SERVERS_NAMES; n++) {

        len = names_random(name, &seed);

        if (names_is_refused(name, len)) {
            refused++;
            continue;
        }

        for (i = 0; i < NAMES_CLIENTS; i++) {

            size = names_escape(escaped, name, len, names_clients[i].kept);

            assert_true(passes("GET", "/v3/p/snapshots/", escaped, size));
            assert_true(passes("PUT", key, escaped, size));
            assert_true(passes("DELETE", key, escaped, size));
        }
    }

    assert_in_range(refused, SERVERS_NAMES / 20, SERVERS_NAMES / 3);
}


/* that a gap would be found is known from paths that were one */

static void
a_server_is_found_for_each_known_gap(void **state)
{
    size_t       i, m;
    proof_t      t;
    proof_gap_t  gap;

    static const struct {
        const char  *method;
        const char  *path;
    } known[] = {
        { "POST", "/v3/a%2fb/%2e%2e/p/snapshots" },
        { "POST", "/v3/p/x%2fy/%2e%2e/snapshots" },
        { "PUT", "/v3/p/snapshots/a%2fb/%2e%2e/i" },
        { "GET", "/v3/p/a%2fb/%2e%2e/snapshots/detail" },
        { "POST", "/%2Fh/v3/p/snapshots" },
        { "POST", "/v3/p/snapshots;/x" },
        { "GET", "/v3/p/snapshots/detail%20" },
        { "GET", "/v3/p/snapshots/%2Fdetail" },
        { "GET", "/v3/p/snapshots/%%64etail" },
        { "POST", "/v3/p/snap%25shots" },
        { "POST", "/v3/p/snapshots/.json" },
        { "PUT", "/v3/p/Snapshots/i" },
        { "POST", "/v3/p/snapshots/x%23/../y%2f/%2e./.%2e" }
    };

    (void) state;

    for (i = 0; i < table_array(known); i++) {

        take(&t, (const u_char *) known[i].path, strlen(known[i].path), "");

        for (m = 0; m < SERVERS_METHODS; m++) {

            if (strcmp(table_methods[m].name, known[i].method) != 0) {
                t.said[m].odd = 1;
                continue;
            }

            assert_int_equal(t.said[m].odd, 1);

            t.said[m].odd = 0;
            t.said[m].found = NULL;
        }

        assert_false(proof_holds(&gap, &t, &walk, WALK_FORMS, 1));

        leave(&t);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(no_server_finds_more_in_a_random_path),
        cmocka_unit_test(nor_in_any_path_of_a_few_pieces),
        cmocka_unit_test(names_and_keys_pass_however_they_are_escaped),
        cmocka_unit_test(a_server_is_found_for_each_known_gap)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
