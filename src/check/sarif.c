
/* The violations as SARIF 2.1.0, one result each, written as they are found. */


#include "check.h"


static void check_sarif_begin(check_t *c);
static void check_sarif_record(check_t *c, const check_record_t *r,
    const check_verdict_t *v);
static void check_sarif_result(ngx_snapshot_text_t *t,
    const check_record_t *r, const check_verdict_t *v,
    const check_violation_t *found);
static void check_sarif_location(ngx_snapshot_text_t *t,
    const check_record_t *r);
static void check_sarif_end(check_t *c);


const check_format_t  check_sarif = {
    "sarif", check_sarif_begin, check_sarif_record, check_sarif_end
};


static void
check_sarif_begin(check_t *c)
{
    unsigned             i;
    ngx_snapshot_str_t   severity;
    ngx_snapshot_text_t  t;

    ngx_snapshot_text_init(&t, &c->arena.mem);

    ngx_snapshot_text_cstr(&t,
        "{\"version\": \"2.1.0\", \"$schema\": "
        "\"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
        "sarif-schema-2.1.0.json\",\n"
        " \"runs\": [{\"tool\": {\"driver\": {\"name\": \"snapshot-check\", "
        "\"version\": \"" NGX_SNAPSHOT_VERSION "\", \"rules\": [");

    for (i = 1; i < check_rules(); i++) {

        severity = check_rule_severity(c->judge, i);

        ngx_snapshot_text_cstr(&t, i > 1 ? ",\n  {" : "\n  {");
        check_json_string(&t, "id", check_rule_name(i));
        ngx_snapshot_text_cstr(&t, ", \"defaultConfiguration\": {");
        check_json_string(&t, "level", check_str(
            severity.data[0] == 'r' ? "error"
            : severity.data[0] == 'w' ? "warning" : "none"));
        ngx_snapshot_text_cstr(&t, "}}");
    }

    ngx_snapshot_text_cstr(&t, "]}},\n \"results\": [");
    check_put(c, &t);
}


static void
check_sarif_record(check_t *c, const check_record_t *r,
    const check_verdict_t *v)
{
    unsigned             i;
    ngx_snapshot_text_t  t;

    if (v->n == 0) {
        return;
    }

    ngx_snapshot_text_init(&t, &c->arena.mem);

    for (i = 0; i < v->n; i++) {
        ngx_snapshot_text_cstr(&t, c->results++ ? ",\n  {" : "\n  {");
        check_sarif_result(&t, r, v, &v->violations[i]);
        ngx_snapshot_text_cstr(&t, "}");
    }

    check_put(c, &t);
}


static void
check_sarif_result(ngx_snapshot_text_t *t, const check_record_t *r,
    const check_verdict_t *v, const check_violation_t *found)
{
    check_json_string(t, "ruleId", check_rule_name(found->rule));
    check_json_number(t, "ruleIndex", found->rule - 1);
    check_json_string(t, "level",
                      check_str(found->rejects ? "error" : "warning"));
    ngx_snapshot_text_cstr(t, ", \"message\": {");
    check_json_string(t, "text", found->message);
    ngx_snapshot_text_cstr(t, "}, \"locations\": [{");
    check_sarif_location(t, r);
    ngx_snapshot_text_cstr(t, "}], \"properties\": {");
    check_json_string(t, "operation", v->operation);
    check_json_string(t, "tenant", v->tenant);
    check_json_string(t, "at", found->at);
    check_json_string(t, "code", check_str(found->code));
    check_json_number(t, "record", r->number);
    ngx_snapshot_text_cstr(t, "}");
}


/* a file's name as a URI reference */

static void
check_sarif_location(ngx_snapshot_text_t *t, const check_record_t *r)
{
    const char  *p;
    u_char       escape[3];

    static const char  digits[] = "0123456789ABCDEF";

    ngx_snapshot_text_cstr(t, "\"physicalLocation\": {\"artifactLocation\": "
                              "{\"uri\": \"");

    for (p = r->file; *p; p++) {

        if (ngx_snapshot_bytes[(u_char) *p] & NGX_SNAPSHOT_BYTE_WORD
            || *p == '/' || *p == '.')
        {
            ngx_snapshot_text_add(t, p, 1);
            continue;
        }

        escape[0] = '%';
        escape[1] = (u_char) digits[(u_char) *p >> 4];
        escape[2] = (u_char) digits[(u_char) *p & 0xf];

        ngx_snapshot_text_add(t, escape, 3);
    }

    ngx_snapshot_text_cstr(t, "\"}, \"region\": {");
    check_json_number(t, "startLine", r->line);
    ngx_snapshot_text_cstr(t, "}}");
}


static void
check_sarif_end(check_t *c)
{
    fprintf(c->out, "],\n \"invocations\": [{\"executionSuccessful\": %s}], "
            "\"columnKind\": \"unicodeCodePoints\"}]}\n",
            c->tally.unreadable ? "false" : "true");
}
