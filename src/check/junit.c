
/*
 * JUnit's XML: each rule is a test case, which fails where requests above the
 * threshold violate it.  So its size does not depend on that of the input.
 */


#include "check.h"


static void check_junit_end(check_t *c);
static int check_junit_fails(const check_t *c, unsigned rule);
static void check_junit_rule(ngx_snapshot_text_t *t, const check_t *c,
    unsigned rule);
static void check_junit_text(ngx_snapshot_text_t *t, ngx_snapshot_str_t s);


const check_format_t  check_junit = { "junit", NULL, NULL, check_junit_end };


static void
check_junit_end(check_t *c)
{
    unsigned             i, failures;
    ngx_snapshot_text_t  t;

    check_arena_reset(&c->arena);
    ngx_snapshot_text_init(&t, &c->arena.mem);

    failures = 0;

    for (i = 1; i < check_rules(); i++) {
        failures += (unsigned) check_junit_fails(c, i);
    }

    ngx_snapshot_text_cstr(&t, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                               "<testsuites>\n<testsuite name=\""
                               "snapshot-check\" tests=\"");
    ngx_snapshot_text_num(&t, check_rules());
    ngx_snapshot_text_cstr(&t, "\" failures=\"");
    ngx_snapshot_text_num(&t, failures);
    ngx_snapshot_text_cstr(&t, "\" errors=\"");
    ngx_snapshot_text_num(&t, c->tally.unreadable != 0);
    ngx_snapshot_text_cstr(&t, "\" skipped=\"0\" time=\"0\">\n");

    for (i = 1; i < check_rules(); i++) {
        check_junit_rule(&t, c, i);
    }

    ngx_snapshot_text_cstr(&t, "<testcase classname=\"snapshot-check\" "
                               "name=\"input\" time=\"0\">");

    if (c->tally.unreadable) {
        ngx_snapshot_text_cstr(&t, "<error message=\"");
        ngx_snapshot_text_num(&t, c->tally.unreadable);
        ngx_snapshot_text_cstr(&t, " records or files could not be read\" "
                                   "type=\"input\"/>");
    }

    ngx_snapshot_text_cstr(&t, "</testcase>\n</testsuite>\n</testsuites>\n");
    check_put(c, &t);
}


static int
check_junit_fails(const check_t *c, unsigned rule)
{
    return c->tally.rules[rule].requests != 0
           && c->fail != CHECK_FAIL_NEVER
           && (c->fail == CHECK_FAIL_WARN
               || check_rule_severity(c->judge, rule).data[0] == 'r');
}


static void
check_junit_rule(ngx_snapshot_text_t *t, const check_t *c, unsigned rule)
{
    int                        fails;
    unsigned                   i;
    ngx_snapshot_str_t         message;
    const check_rule_tally_t  *tally;

    tally = &c->tally.rules[rule];

    ngx_snapshot_text_cstr(t, "<testcase classname=\"snapshot-check\" "
                              "name=\"");
    check_junit_text(t, check_rule_name(rule));
    ngx_snapshot_text_cstr(t, "\" time=\"0\">");

    fails = check_junit_fails(c, rule);

    if (tally->requests) {

        if (fails) {
            ngx_snapshot_text_cstr(t, "<failure message=\"");
            ngx_snapshot_text_num(t, tally->requests);
            ngx_snapshot_text_cstr(t, " requests\" type=\"");
            check_junit_text(t, check_rule_severity(c->judge, rule));
            ngx_snapshot_text_cstr(t, "\">");

        } else {
            ngx_snapshot_text_cstr(t, "<system-out>");
            ngx_snapshot_text_num(t, tally->requests);
            ngx_snapshot_text_cstr(t, " requests, ");
            check_junit_text(t, check_rule_severity(c->judge, rule));
            ngx_snapshot_text_cstr(t, "\n");
        }

        for (i = 0; i < tally->nexamples; i++) {
            check_junit_text(t, check_str(tally->examples[i].file));
            ngx_snapshot_text_cstr(t, ":");
            ngx_snapshot_text_num(t, tally->examples[i].line);
            ngx_snapshot_text_cstr(t, ": ");

            message.data = tally->examples[i].message;
            message.len = tally->examples[i].len;

            check_junit_text(t, message);
            ngx_snapshot_text_cstr(t, "\n");
        }

        ngx_snapshot_text_cstr(t, fails ? "</failure>" : "</system-out>");
    }

    ngx_snapshot_text_cstr(t, "</testcase>\n");
}


/* XML has no control characters, and messages have none; file names may */

static void
check_junit_text(ngx_snapshot_text_t *t, ngx_snapshot_str_t s)
{
    size_t         i;
    ngx_snapshot_str_t   safe;
    ngx_snapshot_text_t  text;

    ngx_snapshot_text_init(&text, t->mem);
    ngx_snapshot_text_utf8(&text, s);

    safe = ngx_snapshot_text_str(&text);

    for (i = 0; i < safe.len; i++) {

        switch (safe.data[i]) {

        case '<':
            ngx_snapshot_text_cstr(t, "&lt;");
            break;

        case '>':
            ngx_snapshot_text_cstr(t, "&gt;");
            break;

        case '&':
            ngx_snapshot_text_cstr(t, "&amp;");
            break;

        case '"':
            ngx_snapshot_text_cstr(t, "&quot;");
            break;

        default:
            if (safe.data[i] < ' ') {
                ngx_snapshot_text_cstr(t, "?");

            } else {
                ngx_snapshot_text_add(t, safe.data + i, 1);
            }
        }
    }
}
