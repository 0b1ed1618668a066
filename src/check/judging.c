
/*
 * Gives a record to the core as src/http gives it a request, and makes a
 * verdict of what the core finds.  The only file that knows the core's judge.
 */


#include "check.h"
#include "ngx_snapshot_check.h"
#include "ngx_snapshot_json.h"
#include "ngx_snapshot_query.h"
#include "ngx_snapshot_report.h"

#include <stdlib.h>
#include <sys/random.h>


/* so many directives "snapshot_allow" at most */

#define CHECK_ALLOWED  256


struct check_judge_s {
    check_arena_t            arena;
    ngx_snapshot_policy_t    policy;
    ngx_snapshot_patterns_t  patterns;
    ngx_snapshot_router_t   *router;
    ngx_snapshot_str_t       prefix;
    ngx_snapshot_allowed_t   allowed[CHECK_ALLOWED];
    const char              *variable;
    ngx_snapshot_json_t     *reader;
    ngx_snapshot_judge_t     core;
    unsigned                 given[NGX_SNAPSHOT_RULES];
};

_Static_assert(NGX_SNAPSHOT_RULES <= CHECK_RULES_MAX, "all rules are tallied");


static void check_judge_target(const check_record_t *r,
    ngx_snapshot_str_t *path, ngx_snapshot_str_t *query);
static void check_judge_head(check_judge_t *j, const check_record_t *r,
    const ngx_snapshot_route_t *route, ngx_snapshot_str_t query);
static void check_judge_body(check_judge_t *j, const check_record_t *r);
static void check_judge_verdict(check_judge_t *j, const check_record_t *r,
    check_verdict_t *v);
static void check_judge_recorded(check_judge_t *j, const check_record_t *r,
    check_verdict_t *v);
static void check_judge_entry(check_judge_t *j, check_verdict_t *v,
    ngx_snapshot_str_t name, ngx_snapshot_str_t at);
static unsigned check_judge_owner(const check_judge_t *j, check_arena_t *a,
    const check_record_t *r, ngx_snapshot_str_t *tenant);
static int check_judge_is_variable(const char *variable,
    ngx_snapshot_str_t name);
static ngx_snapshot_str_t check_judge_shown(ngx_snapshot_str_t tenant,
    ngx_snapshot_str_t project);
static int check_judge_is_id(ngx_snapshot_str_t s);


const ngx_snapshot_str_t  check_verdicts[CHECK_VERDICTS] = {
    ngx_snapshot_string("-"),
    ngx_snapshot_string("accepted"),
    ngx_snapshot_string("warned"),
    ngx_snapshot_string("rejected"),
    ngx_snapshot_string("incomplete")
};


static const ngx_snapshot_str_t  check_none = ngx_snapshot_string("-");


check_judge_t *
check_judge_create(void)
{
    uint64_t        seed;
    check_judge_t  *j;

    j = check_alloc(sizeof(check_judge_t));

    j->prefix = check_str("");

    check_arena_init(&j->arena);
    ngx_snapshot_policy_default(&j->policy);

    j->router = ngx_snapshot_router(&j->arena.mem);

    if (ngx_snapshot_patterns_compile(&j->patterns) != NGX_SNAPSHOT_RULE_NONE
        || getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
    {
        fprintf(stderr, "snapshot-check: cannot begin to judge\n");
        exit(CHECK_EXIT_ERROR);
    }

    j->reader = ngx_snapshot_json_create(&j->arena.mem, seed);

    return j;
}


void
check_judge(check_judge_t *j, check_arena_t *a, const check_record_t *r,
    check_verdict_t *v)
{
    unsigned              lacks;
    ngx_snapshot_str_t    path, query, tenant;
    ngx_snapshot_route_t  route;

    v->verdict = CHECK_NOT_JUDGED;
    v->operation = check_none;
    v->tenant = check_none;
    v->status = 0;
    v->code = NULL;
    v->lacks = 0;
    v->n = 0;
    v->more = 0;

    check_judge_target(r, &path, &query);

    (void) ngx_snapshot_route(&route, j->router, &a->mem, r->method, path,
                              j->prefix, 0);

    if (route.operation == NULL) {
        return;
    }

    lacks = check_judge_owner(j, a, r, &tenant);

    v->tenant = check_judge_shown(tenant,
                                  route.param[NGX_SNAPSHOT_PARAM_PROJECT_ID]);

    if (r->lacks & CHECK_LACKS_TARGET && route.odd) {

        /* what the client sent may have been right */

        v->verdict = CHECK_INCOMPLETE;
        v->lacks = CHECK_LACKS_TARGET;
        return;
    }

    v->operation = route.operation->name;

    ngx_snapshot_judge_init(&j->core, &a->mem, &j->policy, &j->patterns,
                            &route);
    j->core.detailed = 1;
    j->core.tenant = tenant;

    if (ngx_snapshot_judge_route(&j->core, &route)) {
        check_judge_head(j, r, &route, query);

        v->lacks = lacks | (r->lacks
                            & (CHECK_LACKS_HEADERS|CHECK_LACKS_TARGET));

        if (route.operation->body && !ngx_snapshot_judge_rejects(&j->core)) {
            v->lacks |= r->lacks & CHECK_LACKS_BODY;
            check_judge_body(j, r);
        }
    }

    if (j->core.failed) {
        fprintf(stderr, "snapshot-check: %s:%llu: could not be judged\n",
                r->file, (unsigned long long) r->line);
        exit(CHECK_EXIT_ERROR);
    }

    check_judge_verdict(j, r, v);
}


/* without the scheme and the host of an absolute URL, which nginx takes off */

static void
check_judge_target(const check_record_t *r, ngx_snapshot_str_t *path,
    ngx_snapshot_str_t *query)
{
    size_t         i;
    const u_char  *p, *last;

    static const ngx_snapshot_str_t  schemes[] = {
        ngx_snapshot_string("http://"), ngx_snapshot_string("https://")
    };

    p = r->target.data;
    last = p + r->target.len;

    for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {

        if (r->target.len >= schemes[i].len
            && strncasecmp((const char *) p, (const char *) schemes[i].data,
                           schemes[i].len)
               == 0)
        {
            p += schemes[i].len;

            while (p < last && *p != '/' && *p != '?') {
                p++;
            }

            break;
        }
    }

    path->data = p;
    path->len = (size_t) (last - p);

    p = path->len ? memchr(p, '?', path->len) : NULL;

    query->data = p ? p + 1 : last;
    query->len = (size_t) (last - query->data);

    if (p) {
        path->len = (size_t) (p - path->data);
    }
}


static void
check_judge_head(check_judge_t *j, const check_record_t *r,
    const ngx_snapshot_route_t *route, ngx_snapshot_str_t query)
{
    unsigned  i;

    for (i = 0; i < r->nheaders; i++) {
        ngx_snapshot_judge_header(&j->core, r->headers[i].name,
                                  r->headers[i].value);
    }

    if (!(r->lacks & CHECK_LACKS_HEADERS) || r->typed) {
        ngx_snapshot_judge_headers_end(&j->core);
    }

    ngx_snapshot_query_read(&j->core, query);

    if (route->operation->body && !r->chunked) {
        (void) ngx_snapshot_judge_size(&j->core, r->length);
    }
}


static void
check_judge_body(check_judge_t *j, const check_record_t *r)
{
    if (r->chunked && !ngx_snapshot_judge_size(&j->core, r->length)) {
        return;
    }

    if (r->lacks & CHECK_LACKS_BODY) {
        return;
    }

    ngx_snapshot_json_read(j->reader, &j->core, r->body);
}


static void
check_judge_verdict(check_judge_t *j, const check_record_t *r,
    check_verdict_t *v)
{
    unsigned                         rejected, warned;
    ngx_snapshot_judge_t            *core;
    const ngx_snapshot_violation_t  *found;

    core = &j->core;

    rejected = core->count[NGX_SNAPSHOT_SEVERITY_REJECT];
    warned = core->count[NGX_SNAPSHOT_SEVERITY_WARN];

    for (found = ngx_snapshot_report_next(core, NULL,
                                          NGX_SNAPSHOT_SEVERITY_WARN);
         found && v->n < CHECK_VIOLATIONS_MAX;
         found = ngx_snapshot_report_next(core, found,
                                          NGX_SNAPSHOT_SEVERITY_WARN))
    {
        v->violations[v->n].rule = found->rule;
        v->violations[v->n].rejects =
            (found->severity == NGX_SNAPSHOT_SEVERITY_REJECT);
        v->violations[v->n].at = ngx_snapshot_text_str(&found->at);
        v->violations[v->n].message = ngx_snapshot_text_str(&found->message);
        v->violations[v->n].code = found->code;
        v->n++;
    }

    v->more = rejected + warned - v->n;

    if (rejected) {
        found = ngx_snapshot_report_next(core, NULL,
                                         NGX_SNAPSHOT_SEVERITY_REJECT);
        v->verdict = CHECK_REJECTED;
        v->status = found->status;
        v->code = found->code;

    } else if (r->judged) {
        v->verdict = warned ? CHECK_WARNED : CHECK_ACCEPTED;
        v->lacks = 0;
        check_judge_recorded(j, r, v);

    } else if (v->lacks) {
        v->verdict = CHECK_INCOMPLETE;

    } else {
        v->verdict = warned ? CHECK_WARNED : CHECK_ACCEPTED;
    }
}


/*
 * What a gateway found in the parts of a request that its log does not have:
 * name-reserved;at="/snapshot/name", ..., by the severities of today.
 */

static void
check_judge_recorded(check_judge_t *j, const check_record_t *r,
    check_verdict_t *v)
{
    const u_char        *p, *last;
    ngx_snapshot_str_t   name, at;

    static const char  at_is[] = ";at=\"";

    p = r->recorded.data;
    last = p + r->recorded.len;

    while (p < last) {

        name.data = p;

        while (p < last && *p != ';' && *p != ',') {
            p++;
        }

        name.len = (size_t) (p - name.data);

        at.data = p;
        at.len = 0;

        if (check_begins(p, last, at_is)) {

            p += sizeof(at_is) - 1;
            at.data = p;

            while (p < last && *p != '"') {
                p += (*p == '\\' && last - p > 1) ? 2 : 1;
            }

            at.len = (size_t) (p - at.data);
        }

        check_judge_entry(j, v, name, at);

        while (p < last && *p != ',') {
            p++;
        }

        while (p < last && (*p == ',' || *p == ' ')) {
            p++;
        }
    }
}


static void
check_judge_entry(check_judge_t *j, check_verdict_t *v,
    ngx_snapshot_str_t name, ngx_snapshot_str_t at)
{
    unsigned                          i;
    ngx_snapshot_rule_e               rule;
    ngx_snapshot_severity_e           severity;
    const ngx_snapshot_operation_t   *operation;

    static const ngx_snapshot_str_t  said =
                               ngx_snapshot_string("is in the gateway's log");

    rule = ngx_snapshot_rule_by_name(name);

    if (rule == NGX_SNAPSHOT_RULE_NONE || v->n == CHECK_VIOLATIONS_MAX) {
        return;
    }

    for (i = 0; i < v->n; i++) {
        if (v->violations[i].rule == (unsigned) rule
            && v->violations[i].message.data != said.data)
        {
            return;
        }
    }

    severity = j->policy.rule[rule].severity;

    if (severity == NGX_SNAPSHOT_SEVERITY_PASS) {
        return;
    }

    operation = j->core.operation;

    v->violations[v->n].rule = rule;
    v->violations[v->n].rejects = (severity == NGX_SNAPSHOT_SEVERITY_REJECT);
    v->violations[v->n].at = at;
    v->violations[v->n].message = said;
    v->violations[v->n].code = ngx_snapshot_rules[rule].code[operation->family];
    v->n++;

    if (severity == NGX_SNAPSHOT_SEVERITY_WARN) {
        v->verdict = v->verdict == CHECK_REJECTED ? CHECK_REJECTED
                                                  : CHECK_WARNED;
        return;
    }

    if (v->verdict != CHECK_REJECTED) {
        v->verdict = CHECK_REJECTED;
        v->status = ngx_snapshot_rules[rule].status;
        v->code = ngx_snapshot_rules[rule].code[operation->family];
    }
}


/* whose request it is, by the variable that the operator has named */

static unsigned
check_judge_owner(const check_judge_t *j, check_arena_t *a,
    const check_record_t *r, ngx_snapshot_str_t *tenant)
{
    unsigned             i;
    ngx_snapshot_str_t   found;
    ngx_snapshot_text_t  t;

    tenant->len = 0;
    tenant->data = NULL;

    if (j->variable == NULL) {
        return 0;
    }

    found = r->tenant;

    if (found.data == NULL) {

        if (strncmp(j->variable, "$http_", 6) != 0
            || r->lacks & CHECK_LACKS_HEADERS)
        {
            return CHECK_LACKS_TENANT;
        }

        for (i = 0; i < r->nheaders; i++) {
            if (check_judge_is_variable(j->variable + 6, r->headers[i].name)) {
                found = r->headers[i].value;
                break;
            }
        }
    }

    if (found.len) {
        ngx_snapshot_text_init(&t, &a->mem);
        ngx_snapshot_text_safe(&t, found);

        *tenant = ngx_snapshot_text_str(&t);
    }

    return 0;
}


/* "x_tenant" for X-Tenant */

static int
check_judge_is_variable(const char *variable, ngx_snapshot_str_t name)
{
    u_char  c;
    size_t  i;

    for (i = 0; i < name.len; i++) {

        c = name.data[i];

        if (c >= 'A' && c <= 'Z') {
            c |= 0x20;
        }

        if (variable[i] != (c == '-' ? '_' : c)) {
            return 0;
        }
    }

    return variable[i] == '\0';
}


static ngx_snapshot_str_t
check_judge_shown(ngx_snapshot_str_t tenant, ngx_snapshot_str_t project)
{
    if (check_judge_is_id(tenant)) {
        return tenant;
    }

    return check_judge_is_id(project) ? project : check_none;
}


static int
check_judge_is_id(ngx_snapshot_str_t s)
{
    const u_char  *last;

    if (s.len == 0 || s.len > CHECK_TENANT_MAX) {
        return 0;
    }

    last = s.data + s.len;

    return ngx_snapshot_skip(s.data, last, NGX_SNAPSHOT_BYTE_WORD) == last;
}


const char *
check_judge_rule(check_judge_t *j, check_arena_t *a, const char *name,
    const char *severity, const char *max)
{
    unsigned                 i;
    ngx_snapshot_str_t       s;
    ngx_snapshot_rule_e      rule;
    ngx_snapshot_text_t      t;
    ngx_snapshot_setting_t  *setting;

    ngx_snapshot_text_init(&t, &a->mem);

    rule = ngx_snapshot_rule_by_name(check_str(name));

    if (rule == NGX_SNAPSHOT_RULE_NONE) {
        rule = ngx_snapshot_rule_nearest(check_str(name));

        ngx_snapshot_text_cstr(&t, "unknown rule, the nearest is \"");
        ngx_snapshot_text_add(&t, ngx_snapshot_rules[rule].name.data,
                              ngx_snapshot_rules[rule].name.len);
        ngx_snapshot_text_add(&t, "\"", 2);

        return (const char *) ngx_snapshot_text_str(&t).data;
    }

    if (j->given[rule]++) {
        return "the rule is given twice";
    }

    setting = &j->policy.rule[rule];
    s = check_str(severity);

    for (i = 0; i < NGX_SNAPSHOT_SEVERITIES; i++) {
        if (ngx_snapshot_eq(ngx_snapshot_severities[i], s)) {
            break;
        }
    }

    if (i == NGX_SNAPSHOT_SEVERITIES) {
        return "the severity must be \"pass\", \"warn\" or \"reject\"";
    }

    setting->severity = (ngx_snapshot_severity_e) i;

    if (max == NULL) {
        return NULL;
    }

    if (ngx_snapshot_rules[rule].unit == NGX_SNAPSHOT_UNIT_NONE) {
        return "the rule has no \"max=\"";
    }

    return check_judge_max(ngx_snapshot_rules[rule].unit, max, &setting->max)
           == NGX_SNAPSHOT_OK ? NULL
           : "\"max=\" must be a number above 0, for bytes with \"k\", \"m\" "
             "or \"g\" at its end for more";
}


int
check_judge_max(ngx_snapshot_unit_e unit, const char *s, uint64_t *max)
{
    uint64_t     n;
    unsigned     shift;
    const char  *p, *found;

    static const char  units[] = "kKmMgG";

    n = 0;

    for (p = s; *p >= '0' && *p <= '9' && n < UINT64_MAX / 1000; p++) {
        n = n * 10 + (uint64_t) (*p - '0');
    }

    shift = 0;

    if (*p && p[1] == '\0' && unit == NGX_SNAPSHOT_UNIT_BYTES
        && (found = strchr(units, *p)) != NULL)
    {
        shift = 10 * (unsigned) ((found - units) / 2 + 1);
        p++;
    }

    if (*p || n == 0 || n > (uint64_t) INT64_MAX >> shift) {
        return NGX_SNAPSHOT_ERROR;
    }

    *max = n << shift;

    return NGX_SNAPSHOT_OK;
}


const char *
check_judge_prefix(check_judge_t *j, const char *prefix)
{
    const char          *slash;
    ngx_snapshot_str_t   s, last;

    s = check_str(prefix);

    if (s.len == 1 && s.data[0] == '/') {
        s.len = 0;
    }

    while (s.len && s.data[s.len - 1] == '/') {
        s.len--;
    }

    slash = memrchr(prefix, '/', s.len);

    last.data = (const u_char *) (slash ? slash + 1 : prefix);
    last.len = (size_t) (s.data + s.len - last.data);

    if (s.len && (!ngx_snapshot_path_is_plain(s)
                  || ngx_snapshot_is_version(last)))
    {
        return "the prefix must be a plain path that ends in no version";
    }

    j->prefix = s;

    return NULL;
}


const char *
check_judge_allow(check_judge_t *j, const ngx_snapshot_allowed_t *allowed)
{
    unsigned  i;

    for (i = 0; i < j->policy.nallowed; i++) {
        if (j->allowed[i].query == allowed->query
            && j->allowed[i].operation == allowed->operation
            && ngx_snapshot_eq(j->allowed[i].name, allowed->name))
        {
            return "the name is given twice";
        }
    }

    if (i == CHECK_ALLOWED) {
        return "there are too many of them";
    }

    j->allowed[i] = *allowed;

    j->policy.allowed = j->allowed;
    j->policy.nallowed = i + 1;

    return NULL;
}


const char *
check_judge_tenant(check_judge_t *j, const char *variable)
{
    if (variable[0] != '$') {
        return "must be a variable";
    }

    j->variable = variable;

    return NULL;
}


unsigned
check_rules(void)
{
    return NGX_SNAPSHOT_RULES;
}


ngx_snapshot_str_t
check_rule_name(unsigned rule)
{
    return ngx_snapshot_rules[rule].name;
}


ngx_snapshot_str_t
check_rule_severity(const check_judge_t *j, unsigned rule)
{
    return ngx_snapshot_severities[j->policy.rule[rule].severity];
}


const ngx_snapshot_policy_t *
check_judge_policy(const check_judge_t *j)
{
    return &j->policy;
}


const char *
check_judge_variable(const check_judge_t *j)
{
    return j->variable;
}


ngx_snapshot_str_t
check_judge_path(const check_judge_t *j)
{
    return j->prefix;
}
