
/* Counts by rule and by tenant, with the first examples of each. */


#include "check.h"

#include <stdlib.h>


static check_tenant_tally_t *check_tally_tenant(check_tally_t *t,
    ngx_snapshot_str_t name);
static void check_tally_example(check_example_t *e, const check_record_t *r,
    const check_violation_t *v);
static int check_tally_compare(const void *one, const void *two);


void
check_tally(check_t *c, const check_record_t *r, const check_verdict_t *v)
{
    unsigned               i;
    check_tally_t         *t;
    check_rule_tally_t    *rule;
    check_tenant_tally_t  *tenant;

    t = &c->tally;

    t->requests++;
    t->verdicts[v->verdict]++;

    if (v->verdict == CHECK_NOT_JUDGED) {
        return;
    }

    for (i = 0; i < CHECK_LACKS; i++) {
        t->lacks[i] += v->lacks >> i & 1;
    }

    tenant = check_tally_tenant(t, v->tenant);

    tenant->requests++;
    tenant->verdicts[v->verdict]++;

    if (v->n && tenant->nexamples < CHECK_EXAMPLES) {
        check_tally_example(&tenant->examples[tenant->nexamples++], r,
                            &v->violations[0]);
    }

    for (i = 0; i < v->n; i++) {

        /* those of one rule are behind each other */

        if (i && v->violations[i].rule == v->violations[i - 1].rule) {
            continue;
        }

        rule = &t->rules[v->violations[i].rule];

        rule->requests++;

        if (rule->nexamples < CHECK_EXAMPLES) {
            check_tally_example(&rule->examples[rule->nexamples++], r,
                                &v->violations[i]);
        }
    }
}


static check_tenant_tally_t *
check_tally_tenant(check_tally_t *t, ngx_snapshot_str_t name)
{
    size_t                 i;
    uint64_t               hash;
    check_tenant_tally_t  *tenant;

    hash = 0xcbf29ce484222325;

    for (i = 0; i < name.len; i++) {
        hash = (hash ^ name.data[i]) * 0x100000001b3;
    }

    for (i = hash % (2 * CHECK_TENANTS); /* void */;
         i = (i + 1) % (2 * CHECK_TENANTS))
    {
        tenant = t->tenants[i];

        if (tenant == NULL) {
            break;
        }

        if (tenant->len == name.len
            && memcmp(tenant->name, name.data, name.len) == 0)
        {
            return tenant;
        }
    }

    if (t->ntenants == CHECK_TENANTS) {
        return &t->others;
    }

    tenant = check_alloc(sizeof(check_tenant_tally_t));

    tenant->len = name.len;
    memcpy(tenant->name, name.data, name.len);

    t->tenants[i] = tenant;
    t->ntenants++;

    return tenant;
}


static void
check_tally_example(check_example_t *e, const check_record_t *r,
    const check_violation_t *v)
{
    size_t         n;
    const u_char  *p, *last;

    e->file = r->file;
    e->line = r->line;
    e->rule = v->rule;

    p = v->message.data;
    last = p + v->message.len;

    /* characters are not divided */

    while (p < last) {
        n = ngx_snapshot_utf8_len(p, last);
        n = n ? n : 1;

        if ((size_t) (p - v->message.data) + n > CHECK_MESSAGE_MAX) {
            break;
        }

        p += n;
    }

    e->len = (size_t) (p - v->message.data);
    memcpy(e->message, v->message.data, e->len);
}


check_tenant_tally_t **
check_tally_tenants(check_tally_t *t)
{
    unsigned                i, n;
    check_tenant_tally_t  **all;

    all = check_alloc((CHECK_TENANTS + 1) * sizeof(check_tenant_tally_t *));

    n = 0;

    for (i = 0; i < 2 * CHECK_TENANTS; i++) {
        if (t->tenants[i]) {
            all[n++] = t->tenants[i];
        }
    }

    qsort(all, n, sizeof(check_tenant_tally_t *), check_tally_compare);

    return all;
}


static int
check_tally_compare(const void *one, const void *two)
{
    size_t                       len;
    const check_tenant_tally_t  *a, *b;

    a = *(check_tenant_tally_t *const *) one;
    b = *(check_tenant_tally_t *const *) two;

    if (a->verdicts[CHECK_REJECTED] != b->verdicts[CHECK_REJECTED]) {
        return a->verdicts[CHECK_REJECTED] < b->verdicts[CHECK_REJECTED]
               ? 1 : -1;
    }

    if (a->requests != b->requests) {
        return a->requests < b->requests ? 1 : -1;
    }

    len = a->len < b->len ? a->len : b->len;

    return memcmp(a->name, b->name, len + (a->len != b->len));
}
