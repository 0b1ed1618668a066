
/* The report as JSON, and a line of JSON for each request. */


#include "check.h"

#include <stdlib.h>


static void check_json_end(check_t *c);
static void check_json_totals(ngx_snapshot_text_t *t, const check_t *c);
static void check_json_rules(ngx_snapshot_text_t *t, const check_t *c);
static void check_json_tenants(ngx_snapshot_text_t *t, check_t *c);
static void check_json_tenant(ngx_snapshot_text_t *t,
    ngx_snapshot_str_t name, const check_tenant_tally_t *tenant);
static void check_json_verdicts(ngx_snapshot_text_t *t,
    const uint64_t *verdicts);
static void check_json_examples(ngx_snapshot_text_t *t,
    const check_example_t *e, unsigned n);
static void check_json_name(ngx_snapshot_text_t *t, const char *name);
static void check_ndjson_record(check_t *c, const check_record_t *r,
    const check_verdict_t *v);
static void check_ndjson_rules(ngx_snapshot_text_t *t,
    const check_verdict_t *v);
static void check_ndjson_lacks(ngx_snapshot_text_t *t, unsigned lacks);
static void check_ndjson_violations(ngx_snapshot_text_t *t,
    const check_verdict_t *v);
static void check_ndjson_end(check_t *c);


const check_format_t  check_json = { "json", NULL, NULL, check_json_end };

const check_format_t  check_ndjson = {
    "ndjson", NULL, check_ndjson_record, check_ndjson_end
};


static void
check_json_end(check_t *c)
{
    ngx_snapshot_text_t  t;

    check_arena_reset(&c->arena);
    ngx_snapshot_text_init(&t, &c->arena.mem);

    ngx_snapshot_text_cstr(&t, "{");
    check_json_totals(&t, c);
    ngx_snapshot_text_cstr(&t, ",\n \"rules\": [");
    check_json_rules(&t, c);
    ngx_snapshot_text_cstr(&t, "],\n \"tenants\": [");
    check_json_tenants(&t, c);
    ngx_snapshot_text_cstr(&t, "]}\n");
    check_put(c, &t);
}


static void
check_json_totals(ngx_snapshot_text_t *t, const check_t *c)
{
    unsigned              i;
    const check_tally_t  *tally;

    tally = &c->tally;

    check_json_string(t, "version", check_str(NGX_SNAPSHOT_VERSION));
    check_json_number(t, "files", c->nfiles);
    check_json_number(t, "requests", tally->requests);
    check_json_number(t, "unreadable", tally->unreadable);
    check_json_verdicts(t, tally->verdicts);
    check_json_name(t, "lacks");
    ngx_snapshot_text_cstr(t, "{");

    for (i = 0; i < CHECK_LACKS; i++) {
        check_json_number(t, (const char *) check_lacks[i].data,
                          tally->lacks[i]);
    }

    ngx_snapshot_text_cstr(t, "}");
}


static void
check_json_rules(ngx_snapshot_text_t *t, const check_t *c)
{
    unsigned                   i, n;
    const check_rule_tally_t  *rule;

    n = 0;

    for (i = 1; i < check_rules(); i++) {

        rule = &c->tally.rules[i];

        if (rule->requests == 0) {
            continue;
        }

        ngx_snapshot_text_cstr(t, n++ ? ",\n  {" : "\n  {");
        check_json_string(t, "rule", check_rule_name(i));
        check_json_string(t, "severity", check_rule_severity(c->judge, i));
        check_json_number(t, "requests", rule->requests);
        check_json_examples(t, rule->examples, rule->nexamples);
        ngx_snapshot_text_cstr(t, "}");
    }
}


static void
check_json_tenants(ngx_snapshot_text_t *t, check_t *c)
{
    unsigned                i;
    ngx_snapshot_str_t      name;
    check_tenant_tally_t  **tenants;

    tenants = check_tally_tenants(&c->tally);

    for (i = 0; tenants[i]; i++) {

        ngx_snapshot_text_cstr(t, i ? ",\n  {" : "\n  {");

        name.data = tenants[i]->name;
        name.len = tenants[i]->len;

        check_json_tenant(t, name, tenants[i]);
    }

    /* no project id has a blank */

    if (c->tally.others.requests) {
        ngx_snapshot_text_cstr(t, ",\n  {");
        check_json_tenant(t, check_str("all others"), &c->tally.others);
    }

    free(tenants);
}


static void
check_json_tenant(ngx_snapshot_text_t *t, ngx_snapshot_str_t name,
    const check_tenant_tally_t *tenant)
{
    check_json_string(t, "tenant", name);
    check_json_number(t, "requests", tenant->requests);
    check_json_verdicts(t, tenant->verdicts);
    check_json_examples(t, tenant->examples, tenant->nexamples);
    ngx_snapshot_text_cstr(t, "}");
}


static void
check_json_verdicts(ngx_snapshot_text_t *t, const uint64_t *verdicts)
{
    unsigned  i;

    check_json_name(t, "verdicts");
    ngx_snapshot_text_cstr(t, "{");

    for (i = 0; i < CHECK_VERDICTS; i++) {
        check_json_number(t, (const char *) check_verdicts[i].data,
                          verdicts[i]);
    }

    ngx_snapshot_text_cstr(t, "}");
}


static void
check_json_examples(ngx_snapshot_text_t *t, const check_example_t *e,
    unsigned n)
{
    unsigned            i;
    ngx_snapshot_str_t  message;

    check_json_name(t, "examples");
    ngx_snapshot_text_cstr(t, "[");

    for (i = 0; i < n; i++) {

        ngx_snapshot_text_cstr(t, i ? ", {" : "{");
        check_json_string(t, "file", check_str(e[i].file));
        check_json_number(t, "line", e[i].line);
        check_json_string(t, "rule", check_rule_name(e[i].rule));

        message.data = e[i].message;
        message.len = e[i].len;

        check_json_string(t, "message", message);
        ngx_snapshot_text_cstr(t, "}");
    }

    ngx_snapshot_text_cstr(t, "]");
}


/* a name, with a comma before it where something stands there already */

static void
check_json_name(ngx_snapshot_text_t *t, const char *name)
{
    ngx_snapshot_text_cstr(t, t->pos[-1] == '{' ? "\"" : ", \"");
    ngx_snapshot_text_cstr(t, name);
    ngx_snapshot_text_cstr(t, "\": ");
}


void
check_json_string(ngx_snapshot_text_t *t, const char *name,
    ngx_snapshot_str_t value)
{
    check_json_name(t, name);
    ngx_snapshot_text_cstr(t, "\"");
    ngx_snapshot_text_json(t, value);
    ngx_snapshot_text_cstr(t, "\"");
}


void
check_json_number(ngx_snapshot_text_t *t, const char *name, uint64_t value)
{
    check_json_name(t, name);
    ngx_snapshot_text_num(t, value);
}


void
check_put(check_t *c, const ngx_snapshot_text_t *t)
{
    ngx_snapshot_str_t  s;

    s = ngx_snapshot_text_str(t);

    (void) fwrite(s.data, 1, s.len, c->out);
}


static void
check_ndjson_record(check_t *c, const check_record_t *r,
    const check_verdict_t *v)
{
    ngx_snapshot_text_t  t;

    ngx_snapshot_text_init(&t, &c->arena.mem);

    ngx_snapshot_text_cstr(&t, "{");
    check_json_string(&t, "file", check_str(r->file));
    check_json_number(&t, "line", r->line);
    check_json_number(&t, "record", r->number);
    check_json_string(&t, "operation", v->operation);
    check_json_string(&t, "tenant", v->tenant);
    check_json_string(&t, "verdict", check_verdicts[v->verdict]);

    if (v->verdict == CHECK_REJECTED) {
        check_json_number(&t, "status", v->status);
        check_json_string(&t, "code", check_str(v->code));

    } else {
        ngx_snapshot_text_cstr(&t, ", \"status\": null, \"code\": null");
    }

    check_ndjson_rules(&t, v);
    check_ndjson_lacks(&t, v->lacks);
    check_ndjson_violations(&t, v);
    ngx_snapshot_text_cstr(&t, "}\n");
    check_put(c, &t);
}


static void
check_ndjson_rules(ngx_snapshot_text_t *t, const check_verdict_t *v)
{
    unsigned            i;
    ngx_snapshot_str_t  name;

    check_json_name(t, "rules");
    ngx_snapshot_text_cstr(t, "[");

    for (i = 0; i < v->n; i++) {

        if (i && v->violations[i].rule == v->violations[i - 1].rule) {
            continue;
        }

        name = check_rule_name(v->violations[i].rule);

        ngx_snapshot_text_cstr(t, i ? ", \"" : "\"");
        ngx_snapshot_text_add(t, name.data, name.len);
        ngx_snapshot_text_cstr(t, "\"");
    }

    ngx_snapshot_text_cstr(t, "]");
}


static void
check_ndjson_lacks(ngx_snapshot_text_t *t, unsigned lacks)
{
    unsigned  i, n;

    check_json_name(t, "lacks");
    ngx_snapshot_text_cstr(t, "[");

    n = 0;

    for (i = 0; i < CHECK_LACKS; i++) {
        if (lacks >> i & 1) {
            ngx_snapshot_text_cstr(t, n++ ? ", \"" : "\"");
            ngx_snapshot_text_add(t, check_lacks[i].data, check_lacks[i].len);
            ngx_snapshot_text_cstr(t, "\"");
        }
    }

    ngx_snapshot_text_cstr(t, "]");
}


static void
check_ndjson_violations(ngx_snapshot_text_t *t, const check_verdict_t *v)
{
    unsigned                  i;
    const check_violation_t  *found;

    check_json_name(t, "violations");
    ngx_snapshot_text_cstr(t, "[");

    for (i = 0; i < v->n; i++) {

        found = &v->violations[i];

        ngx_snapshot_text_cstr(t, i ? ", {" : "{");
        check_json_string(t, "rule", check_rule_name(found->rule));
        check_json_string(t, "severity",
                          check_str(found->rejects ? "reject" : "warn"));
        check_json_string(t, "at", found->at);
        check_json_string(t, "message", found->message);
        check_json_string(t, "code", check_str(found->code));
        ngx_snapshot_text_cstr(t, "}");
    }

    ngx_snapshot_text_cstr(t, "]");

    if (v->more) {
        check_json_number(t, "more", v->more);
    }
}


static void
check_ndjson_end(check_t *c)
{
    (void) c;
}
