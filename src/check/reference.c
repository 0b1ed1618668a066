
/* The contract itself, without any input. */


#include "check.h"
#include "ngx_snapshot_dump.h"
#include "ngx_snapshot_openapi.h"
#include "ngx_snapshot_report.h"

#include <stdlib.h>


static void check_explain_rule(check_t *c, ngx_snapshot_text_t *t,
    unsigned rule);
static int check_explain_gives(unsigned rule, ngx_snapshot_str_t code);


void
check_contract(void)
{
    json_t  *dump;

    dump = ngx_snapshot_dump();

    if (dump == NULL || json_dumpf(dump, stdout, JSON_INDENT(2)) != 0) {
        fprintf(stderr, "snapshot-check: the tables were not written\n");
        exit(CHECK_EXIT_ERROR);
    }

    (void) putchar('\n');

    json_decref(dump);
}


void
check_openapi(check_t *c, unsigned minor)
{
    ngx_snapshot_str_t  document;

    if (ngx_snapshot_openapi(&c->arena.mem, check_judge_policy(c->judge),
                             check_judge_path(c->judge), minor, 0, &document)
        != NGX_SNAPSHOT_OK)
    {
        check_no_memory();
    }

    (void) fwrite(document.data, 1, document.len, stdout);
    (void) putchar('\n');
}


/* a code, or the name of a rule */

void
check_explain(check_t *c, const char *code)
{
    unsigned                     i, n;
    char                         buf[4];
    unsigned                     family, status;
    ngx_snapshot_str_t           s;
    ngx_snapshot_text_t          t;
    const ngx_snapshot_fault_t  *fault;

    s = check_str(code);
    n = 0;

    ngx_snapshot_text_init(&t, &c->arena.mem);

    for (i = 1; i < NGX_SNAPSHOT_RULES; i++) {
        if (ngx_snapshot_eq(ngx_snapshot_rules[i].name, s)
            || check_explain_gives(i, s))
        {
            check_explain_rule(c, &t, i);
            n++;
        }
    }

    for (status = 400; status < 600; status++) {

        fault = ngx_snapshot_fault(status);

        for (family = 0; fault->message && family < NGX_SNAPSHOT_FAMILIES;
             family++)
        {
            if (strcmp(ngx_snapshot_report_code(status,
                                     (ngx_snapshot_family_e) family, buf),
                       code)
                == 0)
            {
                ngx_snapshot_text_cstr(&t, "status ");
                ngx_snapshot_text_num(&t, status);
                ngx_snapshot_text_cstr(&t, " ");
                ngx_snapshot_text_cstr(&t, fault->name);
                ngx_snapshot_text_cstr(&t, ": ");
                ngx_snapshot_text_cstr(&t, fault->message);
                ngx_snapshot_text_cstr(&t, "\n");
                n++;
                break;
            }
        }
    }

    if (n == 0) {
        fprintf(stderr, "snapshot-check: --explain: \"%s\" is no code and no "
                "rule\n", code);
        exit(CHECK_EXIT_ERROR);
    }

    check_put(c, &t);
}


static int
check_explain_gives(unsigned rule, ngx_snapshot_str_t code)
{
    unsigned                          i;
    const ngx_snapshot_rule_t        *r;

    r = &ngx_snapshot_rules[rule];

    for (i = 0; i < NGX_SNAPSHOT_FAMILIES; i++) {
        if (r->code[i] && ngx_snapshot_eq(check_str(r->code[i]), code)) {
            return 1;
        }
    }

    for (i = 0; r->limit && i < NGX_SNAPSHOT_LIMIT_TEXTS; i++) {
        if (ngx_snapshot_eq(check_str(r->limit[i].code), code)) {
            return 1;
        }
    }

    return 0;
}


static void
check_explain_rule(check_t *c, ngx_snapshot_text_t *t, unsigned rule)
{
    unsigned                         i;
    ngx_snapshot_str_t               name;
    const ngx_snapshot_rule_t       *r;
    const ngx_snapshot_policy_t     *policy;
    const ngx_snapshot_operation_t  *op;

    r = &ngx_snapshot_rules[rule];
    policy = check_judge_policy(c->judge);

    ngx_snapshot_text_cstr(t, "rule ");
    ngx_snapshot_text_add(t, r->name.data, r->name.len);
    ngx_snapshot_text_cstr(t, ": ");

    name = check_rule_severity(c->judge, rule);

    ngx_snapshot_text_add(t, name.data, name.len);

    if (r->unit != NGX_SNAPSHOT_UNIT_NONE) {
        ngx_snapshot_text_cstr(t, ", max=");
        ngx_snapshot_text_num(t, policy->rule[rule].max);
    }

    ngx_snapshot_text_cstr(t, ", status ");
    ngx_snapshot_text_num(t, r->status);
    ngx_snapshot_text_cstr(t, " ");
    ngx_snapshot_text_cstr(t, ngx_snapshot_fault(r->status)->name);

    for (i = 0; i < NGX_SNAPSHOT_FAMILIES; i++) {
        if (r->code[i]) {
            ngx_snapshot_text_cstr(t, ", code ");
            ngx_snapshot_text_cstr(t, r->code[i]);
        }
    }

    ngx_snapshot_text_cstr(t, "\n");

    if (r->must) {
        ngx_snapshot_text_cstr(t, "    ");
        ngx_snapshot_text_cstr(t, r->must);
        ngx_snapshot_text_cstr(t, "\n");
    }

    for (i = 0; r->limit && i < NGX_SNAPSHOT_LIMIT_TEXTS; i++) {
        ngx_snapshot_text_cstr(t, "    ");
        ngx_snapshot_text_cstr(t, r->limit[i].code);
        ngx_snapshot_text_cstr(t, ": ");
        ngx_snapshot_text_cstr(t, r->limit[i].text);

        if (i == NGX_SNAPSHOT_LIMIT_TOO_GREAT) {
            ngx_snapshot_text_num(t, policy->rule[rule].max);
            ngx_snapshot_text_cstr(t, ".");
        }

        ngx_snapshot_text_cstr(t, "\n");
    }

    ngx_snapshot_text_cstr(t, "    of");

    for (op = ngx_snapshot_operations; op->name.len; op++) {
        if (ngx_snapshot_rule_applies(op, (ngx_snapshot_rule_e) rule)) {
            ngx_snapshot_text_cstr(t, " ");
            ngx_snapshot_text_add(t, op->name.data, op->name.len);
        }
    }

    if (ngx_snapshot_rule_applies(&ngx_snapshot_unknown,
                                  (ngx_snapshot_rule_e) rule))
    {
        ngx_snapshot_text_cstr(t, " unknown");
    }

    ngx_snapshot_text_cstr(t, "\n");
}
