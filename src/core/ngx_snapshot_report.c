
/*
 * Violations to message, error object and header list.  It knows no transport.
 */

#include "ngx_snapshot_report.h"
#include "ngx_snapshot_tree.h"


/* a place is cut where it is longer, in bytes, CONTRACT section 3 */

#define NGX_SNAPSHOT_AT_MAX  64

/* U+2026, percent-encoded, stands for what was cut off */

#define NGX_SNAPSHOT_ELLIPSIS      "%E2%80%A6"
#define NGX_SNAPSHOT_ELLIPSIS_LEN  (sizeof(NGX_SNAPSHOT_ELLIPSIS) - 1)

/* the entries of a list, in bytes: with the longest end it has 1,024 */

#define NGX_SNAPSHOT_MORE  ", more;count="
#define NGX_SNAPSHOT_ENTRIES_MAX                                              \
    (1024 - (sizeof(NGX_SNAPSHOT_MORE "4294967295") - 1))


static void ngx_snapshot_report_end(ngx_snapshot_text_t *t,
    ngx_snapshot_family_e family, const char *code, size_t start, size_t end);
static void ngx_snapshot_report_message(const ngx_snapshot_judge_t *j,
    ngx_snapshot_text_t *t);
static json_t *ngx_snapshot_report_details(const ngx_snapshot_judge_t *j);
static json_t *ngx_snapshot_report_detail(const ngx_snapshot_violation_t *v);
static void ngx_snapshot_report_entry(ngx_snapshot_text_t *t,
    const ngx_snapshot_violation_t *v);
static void ngx_snapshot_report_at(ngx_snapshot_text_t *t,
    ngx_snapshot_str_t at);
static size_t ngx_snapshot_report_character(const u_char *p,
    const u_char *last, size_t *len);


/* violations are kept as they were found; the order is that of the rules */

const ngx_snapshot_violation_t *
ngx_snapshot_report_next(const ngx_snapshot_judge_t *j,
    const ngx_snapshot_violation_t *v, ngx_snapshot_severity_e least)
{
    ngx_snapshot_rule_e  rule;

    if (v) {
        rule = v->rule;
        v = v->next;

    } else {
        rule = ngx_snapshot_rules_next(j->rules, NGX_SNAPSHOT_RULE_NONE);
        v = j->first;
    }

    while (rule != NGX_SNAPSHOT_RULE_NONE) {

        for ( /* void */ ; v; v = v->next) {
            if (v->rule == rule && v->severity >= least) {
                return v;
            }
        }

        rule = ngx_snapshot_rules_next(j->rules, rule);
        v = j->first;
    }

    return NULL;
}


/*
 * Written straight, without a tree, since each refused request pays for it
 * (t/instructions.t); only details are a tree.
 */

int
ngx_snapshot_report_object(const ngx_snapshot_judge_t *j, int details,
    ngx_snapshot_str_t *object)
{
    size_t                           start, end;
    ngx_snapshot_text_t              t;
    const ngx_snapshot_violation_t  *v;

    v = ngx_snapshot_report_next(j, NULL, NGX_SNAPSHOT_SEVERITY_REJECT);

    if (v == NULL) {
        return NGX_SNAPSHOT_ERROR;
    }

    ngx_snapshot_text_init(&t, j->mem);

    ngx_snapshot_text_cstr(&t, "{\"");
    ngx_snapshot_text_cstr(&t, ngx_snapshot_fault(v->status)->name);
    ngx_snapshot_text_cstr(&t, "\": {\"message\": \"");

    start = ngx_snapshot_text_str(&t).len;

    ngx_snapshot_report_message(j, &t);

    end = ngx_snapshot_text_str(&t).len;

    ngx_snapshot_text_cstr(&t, "\", \"code\": \"");
    ngx_snapshot_text_cstr(&t, v->code);
    ngx_snapshot_text_cstr(&t, "\"");

    if (details) {
        ngx_snapshot_text_cstr(&t, ", ");
        ngx_snapshot_tree_text(ngx_snapshot_report_details(j), JSON_EMBED, &t);
    }

    ngx_snapshot_report_end(&t, j->family, v->code, start, end);

    *object = ngx_snapshot_text_str(&t);

    return t.failed ? NGX_SNAPSHOT_ERROR : NGX_SNAPSHOT_OK;
}


/*
 * Ends an error object, in which the message has the bytes from start to end.
 * Clients of some families read two members beside it.
 */

static void
ngx_snapshot_report_end(ngx_snapshot_text_t *t, ngx_snapshot_family_e family,
    const char *code, size_t start, size_t end)
{
    ngx_snapshot_text_cstr(t, "}");

    if (ngx_snapshot_families[family].flat && !t->failed) {
        ngx_snapshot_text_cstr(t, ", \"error_code\": \"");
        ngx_snapshot_text_cstr(t, code);
        ngx_snapshot_text_cstr(t, "\", \"error_msg\": \"");
        ngx_snapshot_text_add(t, t->start + start, end - start);
        ngx_snapshot_text_cstr(t, "\"");
    }

    ngx_snapshot_text_cstr(t, "}");
}


static void
ngx_snapshot_report_message(const ngx_snapshot_judge_t *j,
    ngx_snapshot_text_t *t)
{
    unsigned                         n;
    const ngx_snapshot_violation_t  *v;

    n = 0;

    for (v = ngx_snapshot_report_next(j, NULL, NGX_SNAPSHOT_SEVERITY_REJECT);
         v && n < NGX_SNAPSHOT_LISTED_MAX;
         v = ngx_snapshot_report_next(j, v, NGX_SNAPSHOT_SEVERITY_REJECT))
    {
        if (n++) {
            ngx_snapshot_text_cstr(t, "; ");
        }

        ngx_snapshot_text_json(t, ngx_snapshot_text_str(&v->message));
        t->failed |= v->message.failed;
    }

    if (j->count[NGX_SNAPSHOT_SEVERITY_REJECT] > n) {
        ngx_snapshot_text_cstr(t, "; and ");
        ngx_snapshot_text_num(t, j->count[NGX_SNAPSHOT_SEVERITY_REJECT] - n);
        ngx_snapshot_text_cstr(t, " more");
    }
}


/* the violations as members of an object */

static json_t *
ngx_snapshot_report_details(const ngx_snapshot_judge_t *j)
{
    json_t                          *violations;
    unsigned                         n, all;
    const ngx_snapshot_violation_t  *v;

    violations = json_array();

    n = 0;
    all = j->count[NGX_SNAPSHOT_SEVERITY_WARN]
          + j->count[NGX_SNAPSHOT_SEVERITY_REJECT];

    for (v = ngx_snapshot_report_next(j, NULL, NGX_SNAPSHOT_SEVERITY_WARN);
         v && n < NGX_SNAPSHOT_DETAILED_MAX;
         v = ngx_snapshot_report_next(j, v, NGX_SNAPSHOT_SEVERITY_WARN))
    {
        violations = ngx_snapshot_tree_push(violations,
                                            ngx_snapshot_report_detail(v));
        n++;
    }

    return all > n ? json_pack("{s:o, s:I}", "violations", violations,
                               "more", (json_int_t) (all - n))
                   : json_pack("{s:o}", "violations", violations);
}


static json_t *
ngx_snapshot_report_detail(const ngx_snapshot_violation_t *v)
{
    ngx_snapshot_str_t  rule, severity;

    if (v->at.failed || v->message.failed) {
        return NULL;
    }

    rule = ngx_snapshot_rules[v->rule].name;
    severity = ngx_snapshot_severities[v->severity];

    return json_pack("{s:s%, s:s%, s:o, s:o, s:s}",
        "rule", ngx_snapshot_tree_str(rule),
        "severity", ngx_snapshot_tree_str(severity),
        "at", ngx_snapshot_tree_string(ngx_snapshot_text_str(&v->at)),
        "message", ngx_snapshot_tree_string(ngx_snapshot_text_str(&v->message)),
        "code", v->code);
}


int
ngx_snapshot_report_list(const ngx_snapshot_judge_t *j,
    ngx_snapshot_severity_e least, ngx_snapshot_severity_e most,
    ngx_snapshot_str_t *list)
{
    size_t                           len;
    unsigned                         n, all, severity;
    ngx_snapshot_text_t              t;
    const ngx_snapshot_violation_t  *v;

    ngx_snapshot_text_init(&t, j->mem);

    n = 0;
    all = 0;

    for (severity = least; severity <= most; severity++) {
        all += j->count[severity];
    }

    for (v = ngx_snapshot_report_next(j, NULL, least);
         v && n < NGX_SNAPSHOT_LISTED_MAX;
         v = ngx_snapshot_report_next(j, v, least))
    {
        if (v->severity > most) {
            continue;
        }

        len = ngx_snapshot_text_str(&t).len;

        if (n) {
            ngx_snapshot_text_cstr(&t, ", ");
        }

        ngx_snapshot_report_entry(&t, v);

        if (ngx_snapshot_text_str(&t).len > NGX_SNAPSHOT_ENTRIES_MAX) {
            ngx_snapshot_text_cut(&t, len);
            break;
        }

        n++;
    }

    if (all > n) {
        ngx_snapshot_text_cstr(&t, NGX_SNAPSHOT_MORE);
        ngx_snapshot_text_num(&t, all - n);
    }

    *list = ngx_snapshot_text_str(&t);

    return t.failed ? NGX_SNAPSHOT_ERROR : NGX_SNAPSHOT_OK;
}


static void
ngx_snapshot_report_entry(ngx_snapshot_text_t *t,
    const ngx_snapshot_violation_t *v)
{
    ngx_snapshot_str_t  at;

    ngx_snapshot_text_add(t, ngx_snapshot_rules[v->rule].name.data,
                          ngx_snapshot_rules[v->rule].name.len);
    ngx_snapshot_text_cstr(t, ";at=\"");

    at = ngx_snapshot_text_str(&v->at);

    /* the place of what is wrong with the body as such is empty */

    if (at.len) {
        ngx_snapshot_report_at(t, at);
    }

    ngx_snapshot_text_cstr(t, "\"");

    t->failed |= v->at.failed | v->message.failed;
}


static void
ngx_snapshot_report_at(ngx_snapshot_text_t *t, ngx_snapshot_str_t at)
{
    size_t               n, len, all;
    const u_char        *p, *last;
    ngx_snapshot_str_t   head;

    last = at.data + at.len;

    if (at.len <= NGX_SNAPSHOT_AT_MAX
        && ngx_snapshot_skip(at.data, last, NGX_SNAPSHOT_BYTE_PLAIN) == last)
    {
        ngx_snapshot_text_add(t, at.data, at.len);
        return;
    }

    head.data = at.data;
    head.len = 0;

    all = 0;

    for (p = at.data; p < last && all <= NGX_SNAPSHOT_AT_MAX; p += n) {

        n = ngx_snapshot_report_character(p, last, &len);

        all += len;

        if (all <= NGX_SNAPSHOT_AT_MAX - NGX_SNAPSHOT_ELLIPSIS_LEN) {
            head.len += n;
        }
    }

    if (all <= NGX_SNAPSHOT_AT_MAX) {
        ngx_snapshot_text_percent(t, at, "\"\\");
        return;
    }

    ngx_snapshot_text_percent(t, head, "\"\\");
    ngx_snapshot_text_cstr(t, NGX_SNAPSHOT_ELLIPSIS);
}


/*
 * The number of bytes at p that must not be divided: a character, an escape of
 * a JSON Pointer ("~1") or a percent-escape.  len is what they take in a list.
 */

static size_t
ngx_snapshot_report_character(const u_char *p, const u_char *last, size_t *len)
{
    size_t  n;

    n = ngx_snapshot_utf8_len(p, last);

    if (*p < 0x20 || *p > 0x7e) {
        *len = 3 * n;
        return n;
    }

    if (*p == '~') {
        n = 2;

    } else if (*p == '%' && last - p > 2
               && ngx_snapshot_bytes[p[1]] & ngx_snapshot_bytes[p[2]]
                  & NGX_SNAPSHOT_BYTE_HEX)
    {
        n = 3;
    }

    *len = n;

    return n;
}


int
ngx_snapshot_report_verdict(const ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t *object)
{
    json_t               *verdict;
    ngx_snapshot_text_t   t;

    verdict = json_pack("{s:s, s:s%}",
        "verdict", j->first ? "warned" : "accepted",
        "operation", ngx_snapshot_tree_str(j->operation->name));

    ngx_snapshot_text_init(&t, j->mem);
    ngx_snapshot_tree_text(ngx_snapshot_tree_merge(verdict,
                                           ngx_snapshot_report_details(j)),
                           0, &t);

    *object = ngx_snapshot_text_str(&t);

    return t.failed ? NGX_SNAPSHOT_ERROR : NGX_SNAPSHOT_OK;
}


const char *
ngx_snapshot_report_code(unsigned status, ngx_snapshot_family_e family,
    char *buf)
{
    const ngx_snapshot_fault_t  *fault;

    fault = ngx_snapshot_fault(status);

    if (fault->code[family]) {
        return fault->code[family];
    }

    buf[0] = (char) ('0' + status / 100 % 10);
    buf[1] = (char) ('0' + status / 10 % 10);
    buf[2] = (char) ('0' + status % 10);
    buf[3] = '\0';

    return buf;
}


int
ngx_snapshot_report_status(const ngx_snapshot_mem_t *mem, unsigned status,
    ngx_snapshot_family_e family, const char *message,
    ngx_snapshot_str_t *object)
{
    char                         buf[4];
    size_t                       start;
    const char                  *code;
    ngx_snapshot_text_t          t;
    const ngx_snapshot_fault_t  *fault;

    fault = ngx_snapshot_fault(status);
    code = ngx_snapshot_report_code(status, family, buf);

    if (message == NULL) {
        message = fault->message ? fault->message : "the request has failed";
    }

    ngx_snapshot_text_init(&t, mem);

    ngx_snapshot_text_cstr(&t, "{\"");
    ngx_snapshot_text_cstr(&t, fault->name);
    ngx_snapshot_text_cstr(&t, "\": {\"message\": \"");

    start = ngx_snapshot_text_str(&t).len;

    ngx_snapshot_text_cstr(&t, message);
    ngx_snapshot_text_cstr(&t, "\", \"code\": \"");
    ngx_snapshot_text_cstr(&t, code);
    ngx_snapshot_text_cstr(&t, "\"");

    ngx_snapshot_report_end(&t, family, code, start, start + strlen(message));

    *object = ngx_snapshot_text_str(&t);

    return t.failed ? NGX_SNAPSHOT_ERROR : NGX_SNAPSHOT_OK;
}


ngx_snapshot_str_t
ngx_snapshot_report_internal(ngx_snapshot_family_e family)
{
    return ngx_snapshot_families[family].internal;
}
