
/* The report for people: totals, a table by rule and one by tenant. */


#include "check.h"

#include <stdlib.h>


/* tenants in the table; the others are in the report as JSON */

#define CHECK_TEXT_TENANTS  20


static void check_text_end(check_t *c);
static void check_text_totals(ngx_snapshot_text_t *t, const check_t *c);
static void check_text_rules(ngx_snapshot_text_t *t, const check_t *c);
static void check_text_tenants(ngx_snapshot_text_t *t, check_t *c);
static void check_text_tenant(ngx_snapshot_text_t *t,
    ngx_snapshot_str_t name, const check_tenant_tally_t *tenant);
static void check_text_examples(ngx_snapshot_text_t *t,
    const check_example_t *e, unsigned n, int named);
static void check_text_count(ngx_snapshot_text_t *t, uint64_t n,
    const char *what);
static void check_text_cell(ngx_snapshot_text_t *t, ngx_snapshot_str_t s,
    size_t width);
static void check_text_number(ngx_snapshot_text_t *t, uint64_t n,
    size_t width);


const check_format_t  check_text = { "text", NULL, NULL, check_text_end };


static void
check_text_end(check_t *c)
{
    ngx_snapshot_text_t  t;

    check_arena_reset(&c->arena);
    ngx_snapshot_text_init(&t, &c->arena.mem);

    check_text_totals(&t, c);
    check_text_rules(&t, c);
    check_text_tenants(&t, c);
    check_put(c, &t);
}


static void
check_text_totals(ngx_snapshot_text_t *t, const check_t *c)
{
    unsigned              i;
    const check_tally_t  *tally;

    static const char *const  lacks[CHECK_LACKS] = {
        " without their header fields", " without their body",
        " with a decoded target", " without their tenant"
    };

    tally = &c->tally;

    check_text_count(t, tally->requests, " requests: ");
    check_text_count(t, tally->verdicts[CHECK_ACCEPTED], " accepted, ");
    check_text_count(t, tally->verdicts[CHECK_WARNED], " warned, ");
    check_text_count(t, tally->verdicts[CHECK_REJECTED], " rejected, ");
    check_text_count(t, tally->verdicts[CHECK_INCOMPLETE], " incomplete, ");
    check_text_count(t, tally->verdicts[CHECK_NOT_JUDGED], " not in scope\n");

    for (i = 0; i < CHECK_LACKS; i++) {
        if (tally->lacks[i]) {
            ngx_snapshot_text_cstr(t, "Recorded");
            ngx_snapshot_text_cstr(t, lacks[i]);
            ngx_snapshot_text_cstr(t, ": ");
            check_text_count(t, tally->lacks[i], "\n");
        }
    }

    if (tally->unreadable) {
        check_text_count(t, tally->unreadable, " could not be read\n");
    }
}


static void
check_text_rules(ngx_snapshot_text_t *t, const check_t *c)
{
    unsigned                   i, any;
    const check_rule_tally_t  *rule;

    any = 0;

    for (i = 1; i < check_rules(); i++) {

        rule = &c->tally.rules[i];

        if (rule->requests == 0) {
            continue;
        }

        if (!any++) {
            ngx_snapshot_text_cstr(t, "\nRule                   Severity  "
                                      "Requests\n");
        }

        check_text_cell(t, check_rule_name(i), 23);
        check_text_cell(t, check_rule_severity(c->judge, i), 8);
        check_text_number(t, rule->requests, 10);
        ngx_snapshot_text_cstr(t, "\n");

        check_text_examples(t, rule->examples, rule->nexamples, 0);
    }
}


static void
check_text_tenants(ngx_snapshot_text_t *t, check_t *c)
{
    unsigned                i;
    ngx_snapshot_str_t      name;
    check_tenant_tally_t  **tenants;

    if (c->tally.ntenants == 0) {
        return;
    }

    ngx_snapshot_text_cstr(t, "\nTenant                               Requests"
                              "  Accepted    Warned  Rejected Incomplete\n");

    tenants = check_tally_tenants(&c->tally);

    for (i = 0; i < CHECK_TEXT_TENANTS && tenants[i]; i++) {
        name.data = tenants[i]->name;
        name.len = tenants[i]->len;

        check_text_tenant(t, name, tenants[i]);
    }

    if (c->tally.ntenants > i) {
        check_text_count(t, c->tally.ntenants - i,
                         " more tenants, --format json has them\n");
    }

    if (c->tally.others.requests) {
        check_text_tenant(t, check_str("all others"), &c->tally.others);
    }

    free(tenants);
}


static void
check_text_tenant(ngx_snapshot_text_t *t, ngx_snapshot_str_t name,
    const check_tenant_tally_t *tenant)
{
    check_text_cell(t, name, 35);
    check_text_number(t, tenant->requests, 10);
    check_text_number(t, tenant->verdicts[CHECK_ACCEPTED], 10);
    check_text_number(t, tenant->verdicts[CHECK_WARNED], 10);
    check_text_number(t, tenant->verdicts[CHECK_REJECTED], 10);
    check_text_number(t, tenant->verdicts[CHECK_INCOMPLETE], 11);
    ngx_snapshot_text_cstr(t, "\n");

    check_text_examples(t, tenant->examples, tenant->nexamples, 1);
}


static void
check_text_examples(ngx_snapshot_text_t *t, const check_example_t *e,
    unsigned n, int named)
{
    ngx_snapshot_str_t  message;

    for ( /* void */ ; n; n--, e++) {

        ngx_snapshot_text_cstr(t, "    ");
        ngx_snapshot_text_cstr(t, e->file);
        ngx_snapshot_text_cstr(t, ":");
        ngx_snapshot_text_num(t, e->line);
        ngx_snapshot_text_cstr(t, ": ");

        if (named) {
            ngx_snapshot_text_add(t, check_rule_name(e->rule).data,
                                  check_rule_name(e->rule).len);
            ngx_snapshot_text_cstr(t, ": ");
        }

        /* nothing of a client's reaches a terminal raw */

        message.data = e->message;
        message.len = e->len;

        ngx_snapshot_text_utf8(t, message);
        ngx_snapshot_text_cstr(t, "\n");
    }
}


static void
check_text_count(ngx_snapshot_text_t *t, uint64_t n, const char *what)
{
    ngx_snapshot_text_num(t, n);
    ngx_snapshot_text_cstr(t, what);
}


static void
check_text_cell(ngx_snapshot_text_t *t, ngx_snapshot_str_t s, size_t width)
{
    ngx_snapshot_text_add(t, s.data, s.len);

    do {
        ngx_snapshot_text_cstr(t, " ");
        s.len++;
    } while (s.len < width);
}


static void
check_text_number(ngx_snapshot_text_t *t, uint64_t n, size_t width)
{
    size_t    len;
    uint64_t  rest;

    len = 1;

    for (rest = n / 10; rest; rest /= 10) {
        len++;
    }

    for ( /* void */ ; len < width; len++) {
        ngx_snapshot_text_cstr(t, " ");
    }

    ngx_snapshot_text_num(t, n);
}
