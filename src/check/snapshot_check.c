
/* snapshot-check: the gateway's judge for requests that were recorded. */


#include "check.h"

#include <getopt.h>
#include <stdlib.h>


static int check_exit(const check_t *c);


int
main(int argc, char **argv)
{
    int              i;
    check_t         *c;

    /* what it owns lives as long as the program */

    static check_t   check;

    c = &check;

    c->out = stdout;

    check_arena_init(&c->arena);
    check_arena_init(&c->kept);

    c->judge = check_judge_create();

    check_options(c, argc, argv);

    if (c->format->begin) {
        c->format->begin(c);
    }

    for (i = optind; i < argc; i++) {
        check_input(c, argv[i]);
    }

    if (c->terminal) {
        fprintf(stderr, "\r\033[K");
    }

    c->format->end(c);

    if (c->tally.unreadable) {
        fprintf(stderr, "snapshot-check: %llu records or files could not be "
                "read\n", (unsigned long long) c->tally.unreadable);
    }

    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("snapshot-check: standard output");
        return CHECK_EXIT_ERROR;
    }

    return check_exit(c);
}


static int
check_exit(const check_t *c)
{
    unsigned  i;

    if (c->tally.unreadable) {
        return CHECK_EXIT_ERROR;
    }

    if (c->fail == CHECK_FAIL_NEVER) {
        return CHECK_EXIT_OK;
    }

    if (c->tally.verdicts[CHECK_REJECTED]) {
        return CHECK_EXIT_VIOLATIONS;
    }

    if (c->fail == CHECK_FAIL_WARN) {
        for (i = 1; i < check_rules(); i++) {
            if (c->tally.rules[i].requests) {
                return CHECK_EXIT_VIOLATIONS;
            }
        }
    }

    return CHECK_EXIT_OK;
}
