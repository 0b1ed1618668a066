
/* The command line. */


#include "check.h"

#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>


static void check_option(check_t *c, int option, char *value);
static _Noreturn void check_end(void);
static void check_usage(FILE *out);
static _Noreturn void check_wrong(const char *option, const char *value,
    const char *known);
static const check_format_t *check_option_format(const char *name);
static const check_kind_t *check_option_kind(const char *name);
static unsigned check_option_minor(const char *version);
static check_fail_e check_option_fail(const char *name);
static void check_option_member(check_t *c, char *value);


enum {
    CHECK_OPTION_CONTRACT = 256,
    CHECK_OPTION_EXPLAIN,
    CHECK_OPTION_FAIL_ON,
    CHECK_OPTION_FORMAT,
    CHECK_OPTION_HELP,
    CHECK_OPTION_KIND,
    CHECK_OPTION_MEMBER,
    CHECK_OPTION_OPENAPI,
    CHECK_OPTION_QUIET,
    CHECK_OPTION_RULES,
    CHECK_OPTION_VERSION
};

static const struct option  check_option_names[] = {
    { "contract", no_argument, NULL, CHECK_OPTION_CONTRACT },
    { "explain", required_argument, NULL, CHECK_OPTION_EXPLAIN },
    { "fail-on", required_argument, NULL, CHECK_OPTION_FAIL_ON },
    { "format", required_argument, NULL, CHECK_OPTION_FORMAT },
    { "help", no_argument, NULL, CHECK_OPTION_HELP },
    { "kind", required_argument, NULL, CHECK_OPTION_KIND },
    { "member", required_argument, NULL, CHECK_OPTION_MEMBER },
    { "openapi", optional_argument, NULL, CHECK_OPTION_OPENAPI },
    { "quiet", no_argument, NULL, CHECK_OPTION_QUIET },
    { "rules", required_argument, NULL, CHECK_OPTION_RULES },
    { "version", no_argument, NULL, CHECK_OPTION_VERSION },
    { NULL, 0, NULL, 0 }
};

static const check_format_t *const  check_formats[] = {
    &check_text, &check_json, &check_ndjson, &check_sarif, &check_junit, NULL
};


void
check_options(check_t *c, int argc, char **argv)
{
    int          option;
    unsigned     openapi;
    const char  *code, *version;

    c->format = &check_text;
    c->fail = CHECK_FAIL_REJECT;

    code = NULL;
    openapi = 0;
    version = NULL;

    while ((option = getopt_long(argc, argv, "", check_option_names, NULL))
           != -1)
    {
        switch (option) {

        case CHECK_OPTION_CONTRACT:
            check_contract();
            check_end();

        case CHECK_OPTION_EXPLAIN:
            code = optarg;
            break;

        case CHECK_OPTION_HELP:
            check_usage(stdout);
            check_end();

        case CHECK_OPTION_OPENAPI:
            openapi = 1;
            version = optarg;
            break;

        case CHECK_OPTION_VERSION:
            printf("snapshot-check %s\n", NGX_SNAPSHOT_VERSION);
            check_end();

        default:
            check_option(c, option, optarg);
        }
    }

    /* of the rules that were given */

    if (openapi) {
        check_openapi(c, check_option_minor(version));
        check_end();
    }

    if (code) {
        check_explain(c, code);
        check_end();
    }

    if (optind == argc) {
        check_usage(stderr);
        exit(CHECK_EXIT_ERROR);
    }

    c->terminal = !c->quiet && isatty(STDERR_FILENO);
}


static void
check_option(check_t *c, int option, char *value)
{
    switch (option) {

    case CHECK_OPTION_FAIL_ON:
        c->fail = check_option_fail(value);
        break;

    case CHECK_OPTION_FORMAT:
        c->format = check_option_format(value);
        break;

    case CHECK_OPTION_KIND:
        c->kind = check_option_kind(value);
        break;

    case CHECK_OPTION_MEMBER:
        check_option_member(c, value);
        break;

    case CHECK_OPTION_QUIET:
        c->quiet = 1;
        break;

    case CHECK_OPTION_RULES:
        check_rules_file(c, value);
        break;

    default:
        check_usage(stderr);
        exit(CHECK_EXIT_ERROR);
    }
}


/* ends the program, which has said what it was asked for */

static _Noreturn void
check_end(void)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("snapshot-check: standard output");
        exit(CHECK_EXIT_ERROR);
    }

    exit(CHECK_EXIT_OK);
}


static void
check_usage(FILE *out)
{
    fprintf(out, "usage: snapshot-check [OPTION]... FILE...\n"
                 "       snapshot-check --contract | --openapi[=3.0] | "
                 "--explain CODE\n\n"
                 "Judges the requests that are recorded in HAR files, logs and "
                 "the like; FILE may\nbe \"-\", the standard input.\n\n"
                 "  --rules FILE      directives of the gateway: "
                 "snapshot_rule, snapshot_prefix\n"
                 "  --kind KIND       what FILE is: har, cases, log, http\n"
                 "  --member TO=FROM  of a log: the member FROM is TO, as in "
                 "target=RequestPath\n"
                 "  --format FORMAT   text, json, ndjson, sarif, junit\n"
                 "  --fail-on LEVEL   exit 1 on: reject, warn, never\n"
                 "  --quiet           no progress on the terminal\n"
                 "  --contract        the contract's tables as JSON\n"
                 "  --openapi[=3.0]   the contract as OpenAPI 3.1, or 3.0\n"
                 "  --explain CODE    what gives an error code, or is a rule\n"
                 "  --help, --version\n\n"
                 "Exits 0 where nothing is violated, 1 where something is, 2 "
                 "where it could not\nread all of the input.\n");
}


static _Noreturn void
check_wrong(const char *option, const char *value, const char *known)
{
    fprintf(stderr, "snapshot-check: --%s: \"%s\" is none of %s\n", option,
            value, known);
    exit(CHECK_EXIT_ERROR);
}


static const check_format_t *
check_option_format(const char *name)
{
    const check_format_t *const  *format;

    for (format = check_formats; *format; format++) {
        if (strcmp((*format)->name, name) == 0) {
            return *format;
        }
    }

    check_wrong("format", name, "text, json, ndjson, sarif, junit");
}


static const check_kind_t *
check_option_kind(const char *name)
{
    const check_kind_t *const  *kind;

    for (kind = check_kinds; *kind; kind++) {
        if (strcmp((*kind)->name, name) == 0) {
            return *kind;
        }
    }

    check_wrong("kind", name, "har, cases, log, http");
}


static unsigned
check_option_minor(const char *version)
{
    if (version && strcmp(version, "3.0") == 0) {
        return 0;
    }

    if (version && strcmp(version, "3.1") != 0) {
        check_wrong("openapi", version, "3.0, 3.1");
    }

    return 1;
}


static check_fail_e
check_option_fail(const char *name)
{
    if (strcmp(name, "never") == 0) {
        return CHECK_FAIL_NEVER;
    }

    if (strcmp(name, "warn") == 0) {
        return CHECK_FAIL_WARN;
    }

    if (strcmp(name, "reject") != 0) {
        check_wrong("fail-on", name, "reject, warn, never");
    }

    return CHECK_FAIL_REJECT;
}


static void
check_option_member(check_t *c, char *value)
{
    char  *equals;

    equals = strchr(value, '=');

    if (equals == NULL || equals[1] == '\0'
        || c->nmembers == CHECK_MEMBERS_MAX
        || !check_log_knows(value, (size_t) (equals - value)))
    {
        check_wrong("member", value, CHECK_LOG_NAMES
                    ", with \"=\" and a member of the log behind it");
    }

    *equals = '\0';

    c->members[c->nmembers].name = value;
    c->members[c->nmembers].member = equals + 1;
    c->nmembers++;
}
