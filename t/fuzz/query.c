
/*
 * What the judge makes of a query is what a reader makes of it that was
 * written from CONTRACT section 2 alone: whatever is accepted satisfies the
 * contract, with the same warnings, and whatever is rejected breaks it, the
 * first rule first.  The input is the query.
 */


#include "facts.h"
#include "reply.h"


static uint64_t fuzz_read(ngx_snapshot_str_t query,
    const fact_operation_t *facts, const char **code);
static int fuzz_read_override(ngx_snapshot_str_t query);
static ngx_snapshot_str_t fuzz_split(ngx_snapshot_str_t *rest, const char *at);
static ngx_snapshot_str_t fuzz_decode(ngx_snapshot_str_t s, int *broken);
static int fuzz_is_text(ngx_snapshot_str_t s);
static void fuzz_judge(const ngx_snapshot_operation_t *op,
    ngx_snapshot_str_t query);
static void fuzz_differs(const ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t query, const char *what, uint64_t rules);


/* code is what that of a wrong limit must be */

static uint64_t
fuzz_read(ngx_snapshot_str_t query, const fact_operation_t *facts,
    const char **code)
{
    int                  broken;
    uint64_t             rules, seen;
    const char          *own;
    ngx_snapshot_str_t   rest, value, name, decoded;
    const fact_field_t  *field;

    rules = 0;

    if (fuzz_read_override(query)) {
        rules |= fuzz_bit(NGX_SNAPSHOT_RULE_METHOD_OVERRIDE);
    }

    if (facts == NULL || facts->query == NULL) {
        return rules;
    }

    if (query.len && memchr(query.data, ';', query.len)) {
        rules |= fuzz_bit(NGX_SNAPSHOT_RULE_PARAM_ENCODING);
    }

    seen = 0;
    rest = query;

    while (rest.len) {

        value = fuzz_split(&rest, "&");

        if (value.len == 0) {
            continue;
        }

        name = fuzz_split(&value, "=");
        decoded = fuzz_decode(name, &broken);

        field = fact_field(facts->query, decoded);

        free((void *) decoded.data);

        if (field == NULL) {
            rules |= fuzz_bit(NGX_SNAPSHOT_RULE_PARAM_UNKNOWN);
            continue;
        }

        if (seen & (uint64_t) 1 << (field - facts->query)) {
            rules |= fuzz_bit(NGX_SNAPSHOT_RULE_PARAM_DUPLICATE);

            /* the contract does not say what else is said of the second one */

            continue;
        }

        seen |= (uint64_t) 1 << (field - facts->query);

        decoded = fuzz_decode(value, &broken);

        if (broken || !fuzz_is_text(decoded)) {
            rules |= fuzz_bit(NGX_SNAPSHOT_RULE_PARAM_ENCODING);
        }

        own = NULL;
        rules |= fact_broken(field, decoded, &own);

        if (fuzz_is(fuzz_str(field->name), "limit") && own) {
            *code = own;
        }

        free((void *) decoded.data);
    }

    return rules;
}


static int
fuzz_read_override(ngx_snapshot_str_t query)
{
    int                  broken, found;
    ngx_snapshot_str_t   value, name, decoded;

    while (query.len) {

        value = fuzz_split(&query, "&;");
        name = fuzz_split(&value, "=");

        decoded = fuzz_decode(name, &broken);
        found = fuzz_is(decoded, "_method");

        free((void *) decoded.data);

        if (found) {
            return 1;
        }
    }

    return 0;
}


/* what is before the first of the characters, which is taken off as well */

static ngx_snapshot_str_t
fuzz_split(ngx_snapshot_str_t *rest, const char *at)
{
    size_t               i;
    ngx_snapshot_str_t   head;

    for (i = 0; i < rest->len; i++) {
        if (rest->data[i] && strchr(at, rest->data[i])) {
            break;
        }
    }

    head.data = rest->data;
    head.len = i;

    if (i < rest->len) {
        i++;
    }

    rest->data += i;
    rest->len -= i;

    return head;
}


static ngx_snapshot_str_t
fuzz_decode(ngx_snapshot_str_t s, int *broken)
{
    char                 hex[3];
    size_t               i;
    u_char              *p;
    ngx_snapshot_str_t   decoded;

    p = malloc(s.len + 1);
    if (p == NULL) {
        abort();
    }

    decoded.data = p;
    decoded.len = 0;

    *broken = 0;

    for (i = 0; i < s.len; i++) {

        if (s.data[i] == '+') {
            p[decoded.len++] = ' ';

        } else if (s.data[i] != '%') {
            p[decoded.len++] = s.data[i];

        } else if (s.len - i >= 3
                   && fuzz_is_hex(s.data[i + 1]) && fuzz_is_hex(s.data[i + 2]))
        {
            hex[0] = (char) s.data[++i];
            hex[1] = (char) s.data[++i];
            hex[2] = '\0';

            p[decoded.len++] = (u_char) strtoul(hex, NULL, 16);

        } else {
            p[decoded.len++] = '%';
            *broken = 1;
        }
    }

    return decoded;
}


/* UTF-8 without control characters, by the numbers that the bytes stand for */

static int
fuzz_is_text(ngx_snapshot_str_t s)
{
    size_t    i, more;
    uint32_t  c, least;

    for (i = 0; i < s.len; i++) {

        c = s.data[i];

        if (c < 0x80) {
            more = 0;
            least = 0;

        } else if (c >> 5 == 0x6) {
            more = 1;
            least = 0x80;
            c &= 0x1f;

        } else if (c >> 4 == 0xe) {
            more = 2;
            least = 0x800;
            c &= 0x0f;

        } else if (c >> 3 == 0x1e) {
            more = 3;
            least = 0x10000;
            c &= 0x07;

        } else {
            return 0;
        }

        for ( /* void */ ; more; more--) {

            if (++i == s.len || s.data[i] >> 6 != 0x2) {
                return 0;
            }

            c = c << 6 | (s.data[i] & 0x3f);
        }

        if (c < least || c > 0x10ffff
            || (c >= 0xd800 && c <= 0xdfff)
            || c < 0x20 || (c >= 0x7f && c <= 0x9f))
        {
            return 0;
        }
    }

    return 1;
}


static void
fuzz_judge(const ngx_snapshot_operation_t *op, ngx_snapshot_str_t query)
{
    uint64_t                         rules, a, b;
    const char                      *limit;
    fuzz_block_t                    *blocks;
    ngx_snapshot_mem_t               mem;
    ngx_snapshot_judge_t             j;
    const ngx_snapshot_violation_t  *v;

    fuzz_begin(&j, &mem, &blocks, op);
    ngx_snapshot_query_read(&j, query);

    limit = NULL;
    rules = fuzz_read(query, fact_operation(op->name), &limit);

    if (j.failed) {
        fuzz_differs(&j, query, "the judge gave up", rules);
    }

    a = fuzz_rejecting(j.rules.bits);
    b = fuzz_rejecting(rules);

    if ((a != 0) != (b != 0)
        || (a != 0) != (j.count[NGX_SNAPSHOT_SEVERITY_REJECT] != 0))
    {
        fuzz_differs(&j, query, "another verdict", rules);
    }

    if ((a & -a) != (b & -b)) {
        fuzz_differs(&j, query, "another rule is the first", rules);
    }

    /* what is no text may be judged further, or not */

    if (a == 0 ? rules != j.rules.bits : (j.rules.bits & ~rules) != 0) {
        fuzz_differs(&j, query, "other rules", rules);
    }

    for (v = j.first; v; v = v->next) {
        if (v->rule == NGX_SNAPSHOT_RULE_LIMIT_RANGE
            && strcmp(v->code, limit) != 0)
        {
            fuzz_differs(&j, query, "another code of the limit", rules);
        }
    }

    reply_check(&j);

    fuzz_free(blocks);
}


static void
fuzz_differs(const ngx_snapshot_judge_t *j, ngx_snapshot_str_t query,
    const char *what, uint64_t rules)
{
    fprintf(stderr, "the judge and the contract differ: %s:\n", what);
    fuzz_show("operation", j->operation->name);
    fuzz_show("query", query);
    fuzz_show_rules("the judge says", j->rules.bits);
    fuzz_show_rules("the contract says", rules);

    abort();
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned             i;
    ngx_snapshot_str_t   query;

    query = fuzz_exact(data, size);

    for (i = 0; i < NGX_SNAPSHOT_OPERATIONS; i++) {
        if (!fuzz_is_twin(i)) {
            fuzz_judge(&ngx_snapshot_operations[i], query);
        }
    }

    fuzz_judge(&ngx_snapshot_unknown, query);

    free((void *) query.data);

    return 0;
}
