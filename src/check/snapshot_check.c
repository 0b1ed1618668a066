
/*
 * The contract without nginx.  It knows the core's public functions alone, and
 * no table.
 */


#include <stdio.h>
#include <stdlib.h>

#include "ngx_snapshot_dump.h"


/* exit statuses */

#define CHECK_OK     0
#define CHECK_USAGE  2


static int check_contract(void);


int
main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--contract") == 0) {
        return check_contract();
    }

    fprintf(stderr, "usage: snapshot-check --contract\n");

    return CHECK_USAGE;
}


/* all tables as JSON */

static int
check_contract(void)
{
    int      failed;
    json_t  *dump;

    dump = ngx_snapshot_dump();

    failed = dump == NULL
             || json_dumpf(dump, stdout, JSON_INDENT(2)) != 0
             || putchar('\n') == EOF
             || fflush(stdout) != 0;

    json_decref(dump);

    if (failed) {
        fprintf(stderr, "snapshot-check: the tables were not written\n");
        return CHECK_USAGE;
    }

    return CHECK_OK;
}
