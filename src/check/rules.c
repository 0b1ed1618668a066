
/*
 * A file of directives, "snapshot_rule name-length warn max=64;", as nginx can
 * include it.  Those that say where and how a gateway runs are passed over.
 */


#include "check.h"

#include <errno.h>
#include <stdlib.h>


/* arguments of a directive, and the bytes of all of them */

#define CHECK_ARGS   16
#define CHECK_WORDS  4096


typedef struct {
    FILE         *file;
    const char   *name;
    unsigned      line;
    unsigned      at;
    size_t        len;
    unsigned      n;
    const char   *args[CHECK_ARGS];
    char          words[CHECK_WORDS];
} check_rules_t;


static int check_rules_directive(check_rules_t *f);
static void check_rules_comment(check_rules_t *f);
static int check_rules_word(check_rules_t *f, int c);
static int check_rules_get(check_rules_t *f);
static void check_rules_add(check_rules_t *f, int c);
static const char *check_rules_take(check_t *c, check_rules_t *f);
static const char *check_rules_kept(check_t *c, const char *arg);
static void check_rules_wrong(const check_rules_t *f, const char *why);


/* what does not change a verdict */

static const char *const  check_rules_others[] = {
    "snapshot_gateway", "snapshot_answers", "snapshot_error_details",
    "snapshot_log_level", NULL
};


void
check_rules_file(check_t *c, const char *name)
{
    const char     *why;
    check_rules_t  *f;

    f = check_arena_alloc(&c->kept, sizeof(check_rules_t));

    memset(f, 0, sizeof(check_rules_t));

    f->name = name;
    f->line = 1;
    f->file = fopen(name, "r");

    if (f->file == NULL) {
        fprintf(stderr, "snapshot-check: %s: %s\n", name, strerror(errno));
        exit(CHECK_EXIT_ERROR);
    }

    while (check_rules_directive(f)) {

        why = check_rules_take(c, f);

        if (why) {
            check_rules_wrong(f, why);
        }
    }

    if (ferror(f->file)) {
        check_rules_wrong(f, "could not be read");
    }

    (void) fclose(f->file);
}


/* the words up to the next ";"; 0 at the end of the file */

static int
check_rules_directive(check_rules_t *f)
{
    int  c;

    f->n = 0;
    f->len = 0;

    for ( ;; ) {

        c = check_rules_get(f);

        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            continue;
        }

        if (c == '#') {
            check_rules_comment(f);
            continue;
        }

        if (f->n == 0) {
            f->at = f->line;
        }

        if (c == EOF) {
            if (f->n) {
                check_rules_wrong(f, "has no \";\" at its end");
            }

            return 0;
        }

        if (c == ';') {
            if (f->n == 0) {
                check_rules_wrong(f, "unexpected \";\"");
            }

            return 1;
        }

        if (c == '{' || c == '}') {
            check_rules_wrong(f, "a block is not read here, directives are");
        }

        if (check_rules_word(f, c)) {
            return 1;
        }
    }
}


static void
check_rules_comment(check_rules_t *f)
{
    int  c;

    do {
        c = check_rules_get(f);
    } while (c != '\n' && c != EOF);
}


/* a word, plain or in quotes; 1 where it ended in ";" */

static int
check_rules_word(check_rules_t *f, int c)
{
    int  quote;

    if (f->n == CHECK_ARGS) {
        check_rules_wrong(f, "has too many words");
    }

    f->args[f->n++] = f->words + f->len;

    quote = (c == '"' || c == '\'') ? c : 0;

    if (quote) {
        c = check_rules_get(f);
    }

    for ( /* void */ ; c != EOF; c = check_rules_get(f)) {

        if (quote ? c == quote : strchr(" \t\r\n;{", c) != NULL) {
            break;
        }

        if (c == '\\') {
            c = check_rules_get(f);
        }

        check_rules_add(f, c);
    }

    check_rules_add(f, '\0');

    if (c == EOF) {
        check_rules_wrong(f, quote ? "has no quote at its end"
                                   : "has no \";\" at its end");
    }

    if (c == '{') {
        check_rules_wrong(f, "a block is not read here, directives are");
    }

    return c == ';' && !quote;
}


static int
check_rules_get(check_rules_t *f)
{
    int  c;

    c = getc(f->file);

    f->line += (c == '\n');

    return c;
}


static void
check_rules_add(check_rules_t *f, int c)
{
    if (f->len == CHECK_WORDS) {
        check_rules_wrong(f, "is too long");
    }

    f->words[f->len++] = (char) c;
}


static const char *
check_rules_take(check_t *c, check_rules_t *f)
{
    const char         *max, *name;
    const char *const  *other;

    name = f->args[0];

    if (strcmp(name, "snapshot_rule") == 0) {

        if (f->n != 3 && f->n != 4) {
            return "must be NAME pass|warn|reject [max=N]";
        }

        max = f->n == 4 ? f->args[3] : NULL;

        if (max && strncmp(max, "max=", 4) != 0) {
            return "the third argument must be max=N";
        }

        return check_judge_rule(c->judge, &c->arena, f->args[1], f->args[2],
                                max ? max + 4 : NULL);
    }

    if (strcmp(name, "snapshot_allow") == 0) {

        if (f->n < 3) {
            return "must be field|param NAME [type=] [max=] [operation=]";
        }

        return check_allow(c->judge, f->args[1],
                           check_rules_kept(c, f->args[2]), f->args + 3,
                           f->n - 3);
    }

    for (other = check_rules_others; *other; other++) {
        if (strcmp(name, *other) == 0) {
            return NULL;
        }
    }

    if (strcmp(name, "snapshot_prefix") != 0
        && strcmp(name, "snapshot_tenant") != 0)
    {
        return "is no directive that is known here";
    }

    if (f->n != 2) {
        return "must have one argument";
    }

    return strcmp(name, "snapshot_prefix") == 0
           ? check_judge_prefix(c->judge, check_rules_kept(c, f->args[1]))
           : check_judge_tenant(c->judge, check_rules_kept(c, f->args[1]));
}


static const char *
check_rules_kept(check_t *c, const char *arg)
{
    char    *kept;
    size_t   size;

    size = strlen(arg) + 1;
    kept = check_arena_alloc(&c->kept, size);

    memcpy(kept, arg, size);

    return kept;
}


static void
check_rules_wrong(const check_rules_t *f, const char *why)
{
    fprintf(stderr, "snapshot-check: %s:%u: ", f->name, f->at);

    if (f->n) {
        fprintf(stderr, "\"%s\": ", f->args[0]);
    }

    fprintf(stderr, "%s\n", why);
    exit(CHECK_EXIT_ERROR);
}
