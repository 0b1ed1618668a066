
/*
 * A second reader of what the gateway answers, CONTRACT sections 2 and 3: the
 * error object by jansson, the header by RFC 9651 to the letter.  It shares
 * no table with the gateway.
 */


#ifndef _REPLY_H_INCLUDED_
#define _REPLY_H_INCLUDED_


#include "facts.h"
#include "ngx_snapshot_report.h"

#include <jansson.h>


#define REPLY_LISTED     16
#define REPLY_DETAILED   100

#define REPLY_HEADER_MAX  1024
#define REPLY_AT_MAX      64

/* with less than this there is room for one more entry, the longest one too */

#define REPLY_HEADER_ROOM  (REPLY_HEADER_MAX - 200)


#define REPLY_RULES  (fuzz_array(fact_rules) - 1)


static inline void
reply_wrong(const char *what, ngx_snapshot_str_t reply)
{
    fprintf(stderr, "the answer is wrong: %s:\n", what);
    fuzz_show("answer", reply);

    abort();
}


/* its place in the table, REPLY_RULES where it is none */

static inline unsigned
reply_rule(const char *name, size_t len)
{
    unsigned  i;

    for (i = 0; i < REPLY_RULES; i++) {
        if (strlen(fact_rules[i].name) == len
            && memcmp(fact_rules[i].name, name, len) == 0)
        {
            break;
        }
    }

    return i;
}


static inline const char *
reply_fault(unsigned status)
{
    unsigned  i;

    for (i = 0; i < fuzz_array(fact_faults); i++) {
        if (fact_faults[i].status == status) {
            return fact_faults[i].name;
        }
    }

    return "error";
}


/* 1 where the code is one that a violation of the rule may have */

static inline int
reply_code(unsigned rule, ngx_snapshot_family_e family, const char *code)
{
    int                 dws;
    const char         *own, *more;
    const fact_rule_t  *r;

    r = &fact_rules[rule];
    dws = family == NGX_SNAPSHOT_FAMILY_DWS;
    own = dws ? r->dws : r->evs;
    more = dws ? r->more_dws : r->more_evs;

    return (own && strcmp(code, own) == 0)
           || (own && more && strcmp(code, more) == 0);
}


/*
 * A JSON Pointer, or a place in the head of a request, escaped alike.  A
 * pointer to the top is empty, RFC 6901, section 5.
 */

static inline int
reply_is_at(const char *at, size_t len)
{
    size_t  i;

    static const char *const  heads[] = { "/", "query:", "path:", "header:" };
    static const char *const  words[] = { "", "query", "path", "method" };

    for (i = 0; i < fuzz_array(words); i++) {
        if (strlen(words[i]) == len && memcmp(words[i], at, len) == 0) {
            return 1;
        }
    }

    for (i = 0; i < fuzz_array(heads); i++) {
        if (strlen(heads[i]) <= len
            && memcmp(heads[i], at, strlen(heads[i])) == 0)
        {
            break;
        }
    }

    if (i == fuzz_array(heads)) {
        return 0;
    }

    for (i = 0; i < len; i++) {
        if (at[i] == '~'
            && (i + 1 == len || (at[i + 1] != '0' && at[i + 1] != '1')))
        {
            return 0;
        }
    }

    return 1;
}


static inline const char *
reply_get(json_t *object, const char *key, ngx_snapshot_str_t reply)
{
    json_t  *value;

    value = json_object_get(object, key);

    if (!json_is_string(value)
        || json_string_length(value) != strlen(json_string_value(value)))
    {
        reply_wrong("a member is missing, or is no plain string", reply);
    }

    return json_string_value(value);
}


/* strict: one JSON text in UTF-8, no key twice */

static inline json_t *
reply_load(ngx_snapshot_str_t reply)
{
    json_t        *root;
    json_error_t   error;

    root = json_loadb((const char *) reply.data, reply.len,
                      JSON_REJECT_DUPLICATES|JSON_ALLOW_NUL, &error);

    if (!json_is_object(root)) {
        reply_wrong(root ? "no object" : error.text, reply);
    }

    return root;
}


static inline void
reply_check_details(const ngx_snapshot_judge_t *j, json_t *object,
    ngx_snapshot_str_t reply)
{
    json_t      *at, *item, *list, *more;
    size_t       i;
    unsigned     rule, last, all, n[2];
    const char  *severity;

    list = json_object_get(object, "violations");
    more = json_object_get(object, "more");

    if (!json_is_array(list)) {
        reply_wrong("the violations are no list", reply);
    }

    last = 0;
    n[0] = 0;
    n[1] = 0;

    for (i = 0; i < json_array_size(list); i++) {

        item = json_array_get(list, i);

        if (!json_is_object(item) || json_object_size(item) != 5) {
            reply_wrong("a violation has other members", reply);
        }

        severity = reply_get(item, "rule", reply);
        rule = reply_rule(severity, strlen(severity));

        if (rule == REPLY_RULES || rule < last) {
            reply_wrong("a rule is none, or is not in its place", reply);
        }

        last = rule;

        if (!reply_code(rule, j->family, reply_get(item, "code", reply))) {
            reply_wrong("a violation has another code", reply);
        }

        severity = reply_get(item, "severity", reply);

        if (strcmp(severity, "warn") != 0 && strcmp(severity, "reject") != 0) {
            reply_wrong("a severity is none", reply);
        }

        n[strcmp(severity, "reject") == 0]++;

        if (strstr(reply_get(item, "message", reply), ": ") == NULL) {
            reply_wrong("a message does not say where and what", reply);
        }

        at = json_object_get(item, "at");

        if (!json_is_string(at)
            || !reply_is_at(json_string_value(at), json_string_length(at)))
        {
            reply_wrong("a place is no pointer", reply);
        }
    }

    /* where fewer violations are kept, those of one rule are cut */

    all = j->count[NGX_SNAPSHOT_SEVERITY_WARN]
          + j->count[NGX_SNAPSHOT_SEVERITY_REJECT];

    if (n[0] > j->count[NGX_SNAPSHOT_SEVERITY_WARN]
        || n[1] > j->count[NGX_SNAPSHOT_SEVERITY_REJECT]
        || n[0] + n[1] > REPLY_DETAILED
        || (j->detailed && n[0] + n[1] < all && n[0] + n[1] < REPLY_DETAILED)
        || (more == NULL) != (n[0] + n[1] == all)
        || json_integer_value(more) != all - n[0] - n[1])
    {
        reply_wrong("there are more or fewer violations", reply);
    }
}


/* beside the error object: nothing for EVS, what clients of DWS read for DWS */

static inline void
reply_check_family(ngx_snapshot_family_e family, json_t *root, json_t *error,
    ngx_snapshot_str_t reply)
{
    if (json_object_size(root) != (family == NGX_SNAPSHOT_FAMILY_DWS ? 3 : 1)) {
        reply_wrong("there are other members beside the error", reply);
    }

    if (family != NGX_SNAPSHOT_FAMILY_DWS) {
        return;
    }

    if (strcmp(reply_get(root, "error_code", reply),
               reply_get(error, "code", reply))
        != 0
        || strcmp(reply_get(root, "error_msg", reply),
                  reply_get(error, "message", reply))
           != 0)
    {
        reply_wrong("the members of DWS differ from the error", reply);
    }
}


/* of a rejected request: its first violation gives name and code */

static inline void
reply_check_object(const ngx_snapshot_judge_t *j, int details)
{
    char                             more[64];
    json_t                          *root, *error;
    size_t                           len;
    unsigned                         i;
    const char                      *code, *message;
    ngx_snapshot_str_t               reply;
    const ngx_snapshot_violation_t  *v, *first;

    if (ngx_snapshot_report_object(j, details, &reply) != NGX_SNAPSHOT_OK) {
        fprintf(stderr, "there is no answer\n");
        abort();
    }

    first = NULL;

    for (v = j->first; v; v = v->next) {
        if (v->severity == NGX_SNAPSHOT_SEVERITY_REJECT
            && (first == NULL || v->rule < first->rule))
        {
            first = v;
        }
    }

    root = reply_load(reply);
    error = json_object_get(root, reply_fault(first->status));

    if (!json_is_object(error)) {
        reply_wrong("the status has another name", reply);
    }

    reply_check_family(j->family, root, error, reply);

    if (json_object_size(error) - (json_object_get(error, "more") != NULL)
        != (details ? 3 : 2))
    {
        reply_wrong("there are other members", reply);
    }

    message = reply_get(error, "message", reply);
    code = reply_get(error, "code", reply);

    i = reply_rule((const char *) ngx_snapshot_rules[first->rule].name.data,
                   ngx_snapshot_rules[first->rule].name.len);

    if (i == REPLY_RULES || !reply_code(i, j->family, code)) {
        reply_wrong("the first violation has another code", reply);
    }

    if (first->status != fact_rules[i].status
        && (strcmp(code, "405") != 0 || first->status != 405))
    {
        reply_wrong("the first violation has another status", reply);
    }

    if (strstr(message, ": ") == NULL) {
        reply_wrong("the message does not say where and what", reply);
    }

    for (len = 0; message[len]; len++) {
        if ((u_char) message[len] < 0x20 || message[len] == 0x7f) {
            reply_wrong("a control character in the message", reply);
        }
    }

    if (j->count[NGX_SNAPSHOT_SEVERITY_REJECT] > REPLY_LISTED) {
        sprintf(more, "; and %u more",
                j->count[NGX_SNAPSHOT_SEVERITY_REJECT] - REPLY_LISTED);

        if (len < strlen(more)
            || strcmp(message + len - strlen(more), more) != 0)
        {
            reply_wrong("the number of the others is not said", reply);
        }
    }

    if (details) {
        reply_check_details(j, error, reply);
    }

    json_decref(root);
}


/* of a request that passes */

static inline void
reply_check_verdict(const ngx_snapshot_judge_t *j)
{
    json_t              *root;
    const char          *verdict;
    ngx_snapshot_str_t   reply;

    if (ngx_snapshot_report_verdict(j, &reply) != NGX_SNAPSHOT_OK) {
        fprintf(stderr, "there is no answer\n");
        abort();
    }

    root = reply_load(reply);
    verdict = reply_get(root, "verdict", reply);

    if (json_object_size(root) - (json_object_get(root, "more") != NULL) != 3
        || !fuzz_is(j->operation->name, reply_get(root, "operation", reply))
        || strcmp(verdict, j->count[NGX_SNAPSHOT_SEVERITY_WARN] ? "warned"
                                                       : "accepted") != 0)
    {
        reply_wrong("another verdict or operation", reply);
    }

    reply_check_details(j, root, reply);

    json_decref(root);
}


/*
 * RFC 9651, section 4.2.  Each takes what it reads off the beginning and
 * returns its bytes; it does not come back where there is something else.
 */

typedef struct {
    ngx_snapshot_str_t  rest;
    ngx_snapshot_str_t  all;
} reply_field_t;


static inline int
reply_next(const reply_field_t *f)
{
    return f->rest.len ? f->rest.data[0] : -1;
}


static inline int
reply_take(reply_field_t *f)
{
    int  c;

    c = reply_next(f);

    if (c == -1) {
        reply_wrong("the header ends too early", f->all);
    }

    f->rest.data++;
    f->rest.len--;

    return c;
}


static inline int
reply_is_alpha(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}


static inline int
reply_is_digit(int c)
{
    return c >= '0' && c <= '9';
}


static inline ngx_snapshot_str_t
reply_token(reply_field_t *f)
{
    ngx_snapshot_str_t  token;

    token = f->rest;

    if (!reply_is_alpha(reply_next(f)) && reply_next(f) != '*') {
        reply_wrong("no token in the header", f->all);
    }

    while (f->rest.len
           && (reply_is_alpha(reply_next(f)) || reply_is_digit(reply_next(f))
               || strchr("!#$%&'*+-.^_`|~:/", reply_next(f))))
    {
        (void) reply_take(f);
    }

    token.len -= f->rest.len;

    return token;
}


static inline ngx_snapshot_str_t
reply_key(reply_field_t *f)
{
    int                  c;
    ngx_snapshot_str_t   key;

    key = f->rest;
    c = reply_next(f);

    if ((c < 'a' || c > 'z') && c != '*') {
        reply_wrong("no key in the header", f->all);
    }

    for ( ;; ) {
        c = reply_next(f);

        if ((c < 'a' || c > 'z') && !reply_is_digit(c) && c != '_' && c != '-'
            && c != '.' && c != '*')
        {
            break;
        }

        (void) reply_take(f);
    }

    key.len -= f->rest.len;

    return key;
}


/* without its quotes and backslashes */

static inline size_t
reply_string(reply_field_t *f, char *string, size_t size)
{
    int     c;
    size_t  len;

    if (reply_take(f) != '"') {
        reply_wrong("no string in the header", f->all);
    }

    for (len = 0; len < size; len++) {

        c = reply_take(f);

        if (c == '"') {
            return len;
        }

        if (c == '\\') {
            c = reply_take(f);

            if (c != '"' && c != '\\') {
                reply_wrong("another escape in the header", f->all);
            }

        } else if (c < 0x20 || c > 0x7e) {
            reply_wrong("no printable ASCII in the header", f->all);
        }

        string[len] = (char) c;
    }

    reply_wrong("a string in the header is very long", f->all);

    return 0;
}


static inline unsigned long
reply_integer(reply_field_t *f)
{
    unsigned       n;
    unsigned long  number;

    number = 0;

    for (n = 0; reply_is_digit(reply_next(f)); n++) {
        number = number * 10 + reply_take(f) - '0';
    }

    if (n == 0 || n > 15) {
        reply_wrong("no integer in the header", f->all);
    }

    return number;
}


/* bounded, and where it is cut no percent-escape and no "~1" is divided */

static inline void
reply_check_place(const char *at, size_t len, ngx_snapshot_str_t list)
{
    static const char  cut[] = "%E2%80%A6";

    if (len > REPLY_AT_MAX) {
        reply_wrong("a place in the header is too long", list);
    }

    if (len >= sizeof(cut) - 1
        && memcmp(at + len - (sizeof(cut) - 1), cut, sizeof(cut) - 1) == 0)
    {
        len -= sizeof(cut) - 1;
    }

    if (!reply_is_at(at, len)) {
        reply_wrong("a place in the header is no pointer", list);
    }
}


static inline void
reply_check_list(const ngx_snapshot_judge_t *j, ngx_snapshot_severity_e least,
    ngx_snapshot_severity_e most)
{
    char                 at[REPLY_AT_MAX + 1];
    size_t               i, len;
    unsigned             n, all, rule, last, severity;
    reply_field_t        f;
    ngx_snapshot_str_t   list, token, key;

    if (ngx_snapshot_report_list(j, least, most, &list) != NGX_SNAPSHOT_OK) {
        fprintf(stderr, "there is no list\n");
        abort();
    }

    all = 0;

    for (severity = least; severity <= most; severity++) {
        all += j->count[severity];
    }

    if (list.len > REPLY_HEADER_MAX) {
        reply_wrong("the header is too long", list);
    }

    for (i = 0; i < list.len; i++) {
        if (list.data[i] < 0x20 || list.data[i] > 0x7e) {
            reply_wrong("no printable ASCII in the header", list);
        }
    }

    f.all = list;
    f.rest = list;

    last = 0;
    n = 0;

    while (f.rest.len) {

        token = reply_token(&f);

        if (reply_take(&f) != ';') {
            reply_wrong("no parameter in the header", list);
        }

        while (reply_next(&f) == ' ') {
            (void) reply_take(&f);
        }

        key = reply_key(&f);

        if (reply_take(&f) != '=') {
            reply_wrong("no value of a parameter in the header", list);
        }

        if (fuzz_is(token, "more") && fuzz_is(key, "count")) {

            if (reply_integer(&f) != all - n || n == all
                || (n != REPLY_LISTED && list.len < REPLY_HEADER_ROOM)
                || f.rest.len)
            {
                reply_wrong("another number of others in the header", list);
            }

            return;
        }

        rule = reply_rule((const char *) token.data, token.len);

        if (rule == REPLY_RULES || rule < last || !fuzz_is(key, "at")) {
            reply_wrong("no rule, or not in its place in the header", list);
        }

        last = rule;

        len = reply_string(&f, at, sizeof(at));

        reply_check_place(at, len, list);

        n++;

        if (f.rest.len == 0) {
            break;
        }

        /* optional white space, a comma, and that again; no comma at the end */

        while (reply_next(&f) == ' ' || reply_next(&f) == '\t') {
            (void) reply_take(&f);
        }

        if (reply_take(&f) != ',') {
            reply_wrong("no comma in the header", list);
        }

        while (reply_next(&f) == ' ' || reply_next(&f) == '\t') {
            (void) reply_take(&f);
        }

        if (f.rest.len == 0) {
            reply_wrong("a comma at the end of the header", list);
        }
    }

    if (n != all) {
        reply_wrong("more or fewer violations in the header", list);
    }
}


/* whatever the gateway can say of a judged request */

static inline void
reply_check(const ngx_snapshot_judge_t *j)
{
    if (j->count[NGX_SNAPSHOT_SEVERITY_REJECT]) {
        reply_check_object(j, 0);
        reply_check_object(j, 1);

    } else {
        reply_check_verdict(j);
    }

    reply_check_list(j, NGX_SNAPSHOT_SEVERITY_WARN, NGX_SNAPSHOT_SEVERITY_WARN);
    reply_check_list(j, NGX_SNAPSHOT_SEVERITY_REJECT,
                     NGX_SNAPSHOT_SEVERITY_REJECT);
    reply_check_list(j, NGX_SNAPSHOT_SEVERITY_WARN,
                     NGX_SNAPSHOT_SEVERITY_REJECT);
}


#endif /* _REPLY_H_INCLUDED_ */
