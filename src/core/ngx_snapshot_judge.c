
/*
 * Holds what readers push against the rows.  It does not know who reads, and
 * writes no answer.
 */

#include "ngx_snapshot_judge.h"


/* a token of a JSON Pointer is cut here: the longest key that is allowed */

#define NGX_SNAPSHOT_TOKEN_MAX  255

/* the numbers of violations by rule, in bytes */

#define NGX_SNAPSHOT_VIOLATED  (NGX_SNAPSHOT_RULES * sizeof(uint32_t))


/*
 * Where something is: "query " and "query:" before a name, or a name alone in
 * the object of the body that is in hand, where prefix is NULL.
 */

typedef struct {
    const char          *words;
    const char          *prefix;
    ngx_snapshot_str_t   name;
} ngx_snapshot_place_t;


static void ngx_snapshot_judge_path_param(ngx_snapshot_judge_t *j,
    ngx_snapshot_param_e param, ngx_snapshot_str_t bytes);
static ngx_snapshot_noinline void ngx_snapshot_judge_odd(
    ngx_snapshot_judge_t *j, unsigned odd);
static ngx_snapshot_noinline void ngx_snapshot_judge_tenant(
    ngx_snapshot_judge_t *j, const ngx_snapshot_route_t *route);
static ngx_snapshot_noinline void ngx_snapshot_judge_unknown(
    ngx_snapshot_judge_t *j, unsigned methods);
static ngx_snapshot_noinline void ngx_snapshot_judge_no_header(
    ngx_snapshot_judge_t *j, const ngx_snapshot_header_t *h);
static ngx_snapshot_noinline void ngx_snapshot_judge_known_header(
    ngx_snapshot_judge_t *j, const ngx_snapshot_header_t *h,
    ngx_snapshot_str_t bytes);
static void ngx_snapshot_judge_must(ngx_snapshot_violation_t *v,
    const char *found);
static ngx_snapshot_noinline void ngx_snapshot_judge_other_param(
    ngx_snapshot_judge_t *j, const ngx_snapshot_place_t *place,
    ngx_snapshot_str_t bytes);
static ngx_snapshot_violation_t *ngx_snapshot_judge_add(
    ngx_snapshot_judge_t *j, ngx_snapshot_rule_e rule,
    const ngx_snapshot_place_t *place);
static ngx_snapshot_violation_t *ngx_snapshot_judge_record(
    ngx_snapshot_judge_t *j, ngx_snapshot_rule_e rule,
    const ngx_snapshot_place_t *place);
static void ngx_snapshot_judge_at(ngx_snapshot_judge_t *j,
    ngx_snapshot_violation_t *v, const ngx_snapshot_place_t *place);
static void ngx_snapshot_judge_place(ngx_snapshot_judge_t *j,
    ngx_snapshot_violation_t *v, const ngx_snapshot_place_t *place);
static void ngx_snapshot_judge_token(ngx_snapshot_violation_t *v,
    ngx_snapshot_str_t key);
static void ngx_snapshot_judge_say(ngx_snapshot_judge_t *j,
    ngx_snapshot_rule_e rule, const ngx_snapshot_place_t *place,
    const char *what);
static int ngx_snapshot_judge_value(ngx_snapshot_judge_t *j,
    ngx_snapshot_rule_e rule, const ngx_snapshot_place_t *place,
    ngx_snapshot_value_t *value);
static ngx_snapshot_noinline void ngx_snapshot_judge_broken(
    ngx_snapshot_judge_t *j, int rc, const ngx_snapshot_place_t *place,
    const ngx_snapshot_value_t *value);
static void ngx_snapshot_judge_field(ngx_snapshot_judge_t *j,
    const ngx_snapshot_field_t *field, const ngx_snapshot_place_t *place,
    ngx_snapshot_value_t *value);
static void ngx_snapshot_judge_type(ngx_snapshot_judge_t *j,
    const ngx_snapshot_field_t *field, const ngx_snapshot_place_t *place,
    ngx_snapshot_value_t *value);
static ngx_snapshot_noinline const ngx_snapshot_field_t *
    ngx_snapshot_judge_other(ngx_snapshot_judge_t *j,
    const ngx_snapshot_place_t *place, const ngx_snapshot_value_t *value);
static void ngx_snapshot_judge_unlisted(ngx_snapshot_judge_t *j,
    ngx_snapshot_rule_e rule, const ngx_snapshot_place_t *place,
    const char *what, const ngx_snapshot_scope_t *scope);
static void ngx_snapshot_judge_room(ngx_snapshot_judge_t *j,
    ngx_snapshot_rule_e rule, const ngx_snapshot_place_t *place, size_t len,
    uint64_t max);
static void ngx_snapshot_judge_allowed(ngx_snapshot_violation_t *v,
    uint64_t max);
static void ngx_snapshot_judge_wrong_type(ngx_snapshot_judge_t *j,
    ngx_snapshot_type_e type, unsigned flags,
    const ngx_snapshot_place_t *place, ngx_snapshot_type_e found);
static void ngx_snapshot_judge_types(ngx_snapshot_violation_t *v,
    ngx_snapshot_type_e type, const char *more, ngx_snapshot_type_e found);
static ngx_snapshot_noinline void ngx_snapshot_judge_missing(
    ngx_snapshot_judge_t *j, const ngx_snapshot_field_t *field);
static ngx_snapshot_noinline void ngx_snapshot_judge_nothing(
    ngx_snapshot_judge_t *j);
static void ngx_snapshot_judge_known(ngx_snapshot_violation_t *v,
    const char *what, const ngx_snapshot_scope_t *scope);
static void ngx_snapshot_judge_bytes(ngx_snapshot_violation_t *v, uint64_t n);
static const ngx_snapshot_field_t *ngx_snapshot_judge_find(
    const ngx_snapshot_scope_t *scope, ngx_snapshot_str_t name);
static void ngx_snapshot_judge_keep(ngx_snapshot_judge_t *j,
    const ngx_snapshot_field_t *field, ngx_snapshot_str_t value);
static int ngx_snapshot_judge_same_header(ngx_snapshot_str_t a,
    ngx_snapshot_str_t b);
static ngx_snapshot_place_t ngx_snapshot_judge_named(const char *words,
    const char *prefix, ngx_snapshot_str_t name);


static const ngx_snapshot_str_t  ngx_snapshot_empty = ngx_snapshot_string("");


#define ngx_snapshot_judge_severity(j, r)  ((j)->policy->rule[r].severity)


void
ngx_snapshot_judge_init(ngx_snapshot_judge_t *j, const ngx_snapshot_mem_t *mem,
    const ngx_snapshot_policy_t *policy,
    const ngx_snapshot_patterns_t *patterns,
    const ngx_snapshot_route_t *route)
{
    j->mem = mem;
    j->policy = policy;
    j->patterns = patterns;
    j->operation = route->operation;
    j->family = route->family;

    /* the rest is for ngx_snapshot_judge_begin() */

    j->first = NULL;
    j->last = &j->first;
    j->rules.bits = 0;
    j->violated = NULL;
    j->worded = NGX_SNAPSHOT_SEVERITY_WARN;
    j->detailed = 0;
    j->failed = 0;
    j->headers = 0;
    j->params = 0;

    memset(j->count, 0, sizeof(j->count));
    memset(j->keep, 0, sizeof(j->keep));
}


int
ngx_snapshot_judge_route(ngx_snapshot_judge_t *j,
    const ngx_snapshot_route_t *route)
{
    unsigned  i;

    if (route->odd) {
        ngx_snapshot_judge_odd(j, route->odd);

        if (ngx_snapshot_judge_rejects(j)) {
            return 0;
        }
    }

    if (j->tenant.len) {
        ngx_snapshot_judge_tenant(j, route);
    }

    if (route->operation == &ngx_snapshot_unknown) {
        ngx_snapshot_judge_unknown(j, route->methods);
        return 1;
    }

    if (!ngx_snapshot_has_rules(route->operation)) {
        return 1;
    }

    /* an odd path may have the version of another one before its own */

    j->family = route->operation->family;

    for (i = 0; i < NGX_SNAPSHOT_PARAMS; i++) {
        if (route->params & 1U << i) {
            ngx_snapshot_judge_path_param(j, (ngx_snapshot_param_e) i,
                                          route->param[i]);
        }
    }

    return 1;
}


static void
ngx_snapshot_judge_path_param(ngx_snapshot_judge_t *j,
    ngx_snapshot_param_e param, ngx_snapshot_str_t bytes)
{
    ngx_snapshot_value_t              value;
    ngx_snapshot_place_t              place;
    const ngx_snapshot_path_param_t  *row;

    row = &ngx_snapshot_path_params[param];

    place = ngx_snapshot_judge_named("path ", "path:", row->name);

    value.type = NGX_SNAPSHOT_TYPE_STRING;
    value.bytes = bytes;

    (void) ngx_snapshot_judge_value(j, row->rule, &place, &value);
}


static ngx_snapshot_noinline void
ngx_snapshot_judge_odd(ngx_snapshot_judge_t *j, unsigned odd)
{
    ngx_snapshot_place_t       place;
    ngx_snapshot_violation_t  *v;

    place = ngx_snapshot_judge_named("path", "path", ngx_snapshot_empty);

    v = ngx_snapshot_judge_add(j, NGX_SNAPSHOT_RULE_URI_CANONICAL, &place);

    if (v) {
        ngx_snapshot_judge_must(v, ", has ");
        ngx_snapshot_text_set(&v->message, ngx_snapshot_oddities, odd,
                              " and ");
    }
}


/* a parameter that is not well-formed has a rule of its own for that */

static ngx_snapshot_noinline void
ngx_snapshot_judge_tenant(ngx_snapshot_judge_t *j,
    const ngx_snapshot_route_t *route)
{
    unsigned                          i;
    ngx_snapshot_place_t              place;
    ngx_snapshot_violation_t         *v;
    const ngx_snapshot_path_param_t  *row;

    for (i = 0; i < NGX_SNAPSHOT_PARAMS; i++) {

        row = &ngx_snapshot_path_params[i];

        if (row->tenant == NGX_SNAPSHOT_RULE_NONE
            || ngx_snapshot_eq(route->param[i], j->tenant)
            || ngx_snapshot_check_param((ngx_snapshot_param_e) i,
                                        route->param[i])
               != 1)
        {
            continue;
        }

        place = ngx_snapshot_judge_named("path ", "path:", row->name);

        v = ngx_snapshot_judge_add(j, row->tenant, &place);

        if (v) {
            ngx_snapshot_judge_must(v, ", is another one");
        }
    }
}


static ngx_snapshot_noinline void
ngx_snapshot_judge_unknown(ngx_snapshot_judge_t *j, unsigned methods)
{
    ngx_snapshot_place_t       place;
    ngx_snapshot_violation_t  *v;

    place = ngx_snapshot_judge_named(methods ? "method" : "path",
                                     methods ? "method" : "path",
                                     ngx_snapshot_empty);

    v = ngx_snapshot_judge_record(j, NGX_SNAPSHOT_RULE_OPERATION_KNOWN,
                                  &place);

    if (v && methods) {
        v->status = 405;
        v->code = "405";
    }

    if (v == NULL || !v->worded) {
        return;
    }

    if (methods == 0) {
        ngx_snapshot_judge_must(v, ", is none");
        return;
    }

    ngx_snapshot_text_cstr(&v->message, "must be ");
    ngx_snapshot_text_set(&v->message, ngx_snapshot_methods, methods, " or ");
    ngx_snapshot_text_cstr(&v->message, " for this path, is another");
}


uint64_t
ngx_snapshot_judge_header_lengths(void)
{
    uint64_t                      lengths;
    const ngx_snapshot_header_t  *h;

    lengths = 0;

    for (h = ngx_snapshot_headers; h->name.len; h++) {
        lengths |= (uint64_t) 1 << h->name.len;
    }

    return lengths;
}


void
ngx_snapshot_judge_header(ngx_snapshot_judge_t *j, ngx_snapshot_str_t name,
    ngx_snapshot_str_t value)
{
    const ngx_snapshot_header_t  *h;

    for (h = ngx_snapshot_headers; h->name.len; h++) {
        if (h->name.len == name.len
            && ngx_snapshot_judge_same_header(h->name, name))
        {
            ngx_snapshot_judge_known_header(j, h, value);
            return;
        }
    }
}


static ngx_snapshot_noinline void
ngx_snapshot_judge_known_header(ngx_snapshot_judge_t *j,
    const ngx_snapshot_header_t *h, ngx_snapshot_str_t bytes)
{
    unsigned                    bit;
    ngx_snapshot_value_t        value;
    ngx_snapshot_place_t        place;
    ngx_snapshot_violation_t   *v;
    const ngx_snapshot_rule_t  *rule;

    rule = &ngx_snapshot_rules[h->rule];
    bit = 1U << (h - ngx_snapshot_headers);

    place = ngx_snapshot_judge_named("header ", "header:", h->name);

    if (rule->check == NGX_SNAPSHOT_CHECK_NONE) {
        v = ngx_snapshot_judge_add(j, h->rule, &place);

        if (v) {
            ngx_snapshot_judge_must(v, ", is present");
        }

        return;
    }

    if (j->operation->body == NULL
        || (h->flags & NGX_SNAPSHOT_FLAG_NULLABLE && bytes.len == 0))
    {
        return;
    }

    if (h->flags & NGX_SNAPSHOT_FLAG_REQUIRED && j->headers & bit) {
        ngx_snapshot_judge_say(j, h->rule, &place,
                               "must be given once, is repeated");
        return;
    }

    j->headers |= bit;

    value.type = NGX_SNAPSHOT_TYPE_STRING;
    value.bytes = bytes;

    (void) ngx_snapshot_judge_value(j, h->rule, &place, &value);
}


void
ngx_snapshot_judge_headers_end(ngx_snapshot_judge_t *j)
{
    unsigned                      headers;
    const ngx_snapshot_header_t  *h;

    if (j->operation->body == NULL) {
        return;
    }

    headers = j->headers;

    for (h = ngx_snapshot_headers;
         h->flags & NGX_SNAPSHOT_FLAG_REQUIRED;
         h++, headers >>= 1)
    {
        if (!(headers & 1)) {
            ngx_snapshot_judge_no_header(j, h);
        }
    }
}


static ngx_snapshot_noinline void
ngx_snapshot_judge_no_header(ngx_snapshot_judge_t *j,
    const ngx_snapshot_header_t *h)
{
    ngx_snapshot_place_t       place;
    ngx_snapshot_violation_t  *v;

    place = ngx_snapshot_judge_named("header ", "header:", h->name);

    v = ngx_snapshot_judge_add(j, h->rule, &place);

    if (v) {
        ngx_snapshot_judge_must(v, ", is missing");
    }
}


/*
 * Gateways to CGI and WSGI make "-" and "_" in header names the same, so a
 * name with the one is as good as a name with the other.  Both are as long.
 */

static int
ngx_snapshot_judge_same_header(ngx_snapshot_str_t a, ngx_snapshot_str_t b)
{
    u_char  c;
    size_t  i;

    for (i = 0; i < a.len; i++) {

        c = (b.data[i] == '_') ? '-' : b.data[i];

        if (a.data[i] != c && ((a.data[i] | 0x20) != (c | 0x20) || c < 'A')) {
            return 0;
        }
    }

    return 1;
}


int
ngx_snapshot_judge_size(ngx_snapshot_judge_t *j, uint64_t size)
{
    uint64_t                   max;
    ngx_snapshot_place_t       place;
    ngx_snapshot_violation_t  *v;

    max = j->policy->rule[NGX_SNAPSHOT_RULE_BODY_SIZE].max;

    if (size <= max) {
        return 1;
    }

    place = ngx_snapshot_judge_named("body", "", ngx_snapshot_empty);

    v = ngx_snapshot_judge_add(j, NGX_SNAPSHOT_RULE_BODY_SIZE, &place);

    if (v) {
        ngx_snapshot_text_cstr(&v->message, "must be at most ");
        ngx_snapshot_judge_bytes(v, max);
        ngx_snapshot_text_cstr(&v->message, ", is larger");
    }

    return !ngx_snapshot_judge_rejects(j);
}


void
ngx_snapshot_judge_override(ngx_snapshot_judge_t *j)
{
    ngx_snapshot_place_t       place;
    ngx_snapshot_violation_t  *v;

    place = ngx_snapshot_judge_named("query ", "query:",
                                     ngx_snapshot_method_param);

    v = ngx_snapshot_judge_add(j, NGX_SNAPSHOT_RULE_METHOD_OVERRIDE, &place);

    if (v) {
        ngx_snapshot_judge_must(v, ", is present");
    }
}


void
ngx_snapshot_judge_separator(ngx_snapshot_judge_t *j)
{
    ngx_snapshot_place_t  place;

    place = ngx_snapshot_judge_named("query", "query", ngx_snapshot_empty);

    ngx_snapshot_judge_say(j, NGX_SNAPSHOT_RULE_PARAM_ENCODING, &place,
                           "must have \"&\" between parameters, has a bare "
                           "\";\"");
}


void
ngx_snapshot_judge_params(ngx_snapshot_judge_t *j)
{
    j->params = 0;
}


void
ngx_snapshot_judge_param(ngx_snapshot_judge_t *j, ngx_snapshot_str_t name,
    ngx_snapshot_str_t bytes, ngx_snapshot_escapes_e escapes)
{
    uint32_t                      bit;
    ngx_snapshot_value_t          value;
    ngx_snapshot_place_t          place;
    const ngx_snapshot_field_t   *field;
    const ngx_snapshot_scope_t   *scope;

    scope = j->operation->query;
    place = ngx_snapshot_judge_named("query ", "query:", name);

    field = ngx_snapshot_judge_find(scope, name);

    if (field == NULL) {
        ngx_snapshot_judge_other_param(j, &place, bytes);
        return;
    }

    bit = (uint32_t) 1 << (field - scope->fields);

    if (j->params & bit) {
        ngx_snapshot_judge_say(j, NGX_SNAPSHOT_RULE_PARAM_DUPLICATE, &place,
                               "must be given once, is repeated");

        if (ngx_snapshot_judge_severity(j, NGX_SNAPSHOT_RULE_PARAM_DUPLICATE)
            == NGX_SNAPSHOT_SEVERITY_REJECT)
        {
            return;
        }

        /* a server may take either, so each is judged */
    }

    j->params |= bit;

    if (escapes == NGX_SNAPSHOT_BROKEN
        || (escapes == NGX_SNAPSHOT_WHOLE
            && !ngx_snapshot_utf8_printable(bytes)))
    {
        ngx_snapshot_judge_say(j, NGX_SNAPSHOT_RULE_PARAM_ENCODING, &place,
                               escapes == NGX_SNAPSHOT_BROKEN
                               ? "must have two hex digits behind each "
                                 "\"%\", has other characters"
                               : "must be UTF-8 without control "
                                 "characters, decodes to other bytes");

        if (ngx_snapshot_judge_severity(j, NGX_SNAPSHOT_RULE_PARAM_ENCODING)
            == NGX_SNAPSHOT_SEVERITY_REJECT)
        {
            return;
        }
    }

    if (field->keep) {
        j->keep[field->keep] = bytes;
    }

    value.type = NGX_SNAPSHOT_TYPE_STRING;
    value.bytes = bytes;

    ngx_snapshot_judge_field(j, field, &place, &value);
}


static ngx_snapshot_noinline void
ngx_snapshot_judge_other_param(ngx_snapshot_judge_t *j,
    const ngx_snapshot_place_t *place, ngx_snapshot_str_t bytes)
{
    ngx_snapshot_violation_t      *v;
    const ngx_snapshot_allowed_t  *allowed;

    allowed = ngx_snapshot_find_allowed(j->policy, j->operation, 1,
                                        place->name);

    if (allowed == NULL) {
        ngx_snapshot_judge_unlisted(j, NGX_SNAPSHOT_RULE_PARAM_UNKNOWN, place,
                                    "parameter", j->operation->query);

    } else if (!ngx_snapshot_text_is(bytes, allowed->type)) {
        v = ngx_snapshot_judge_add(j, NGX_SNAPSHOT_RULE_PARAM_UNKNOWN, place);

        if (v) {
            ngx_snapshot_text_cstr(&v->message, "must be ");
            ngx_snapshot_text_cstr(&v->message,
                                   ngx_snapshot_types[allowed->type]);
            ngx_snapshot_text_cstr(&v->message, ", is another value");
        }

    } else {
        ngx_snapshot_judge_room(j, NGX_SNAPSHOT_RULE_PARAM_UNKNOWN, place,
                                bytes.len, allowed->max);
    }
}


void
ngx_snapshot_judge_text(ngx_snapshot_judge_t *j, ngx_snapshot_rule_e rule,
    const char *what, uint64_t line, uint64_t column)
{
    ngx_snapshot_place_t       place;
    ngx_snapshot_violation_t  *v;

    place = ngx_snapshot_judge_named("body", "", ngx_snapshot_empty);

    v = ngx_snapshot_judge_add(j, rule, &place);

    if (v == NULL) {
        return;
    }

    ngx_snapshot_judge_must(v, ", ");
    ngx_snapshot_text_cstr(&v->message, what);

    if (line) {
        ngx_snapshot_text_cstr(&v->message, " at line ");
        ngx_snapshot_text_num(&v->message, line);
        ngx_snapshot_text_cstr(&v->message, ", column ");
        ngx_snapshot_text_num(&v->message, column);
    }
}


void
ngx_snapshot_judge_begin(ngx_snapshot_judge_t *j)
{
    j->depth = 0;
    j->frame[0].scope = j->operation->body;
    j->frame[0].seen = 0;
    j->entry = NGX_SNAPSHOT_RULE_NONE;

    j->mark.last = j->last;
    j->mark.rules = j->rules;

    if (j->violated) {
        memcpy(j->violated + NGX_SNAPSHOT_RULES, j->violated,
               NGX_SNAPSHOT_VIOLATED);
    }

    memcpy(j->mark.count, j->count, sizeof(j->count));
}


void
ngx_snapshot_judge_forget(ngx_snapshot_judge_t *j)
{
    j->last = j->mark.last;
    *j->last = NULL;

    j->rules = j->mark.rules;

    if (j->violated) {
        memcpy(j->violated, j->violated + NGX_SNAPSHOT_RULES,
               NGX_SNAPSHOT_VIOLATED);
    }

    memcpy(j->count, j->mark.count, sizeof(j->count));

    /* of these there are none before the body */

    memset(j->keep, 0, sizeof(j->keep));
}


int
ngx_snapshot_judge_field_member(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t key, ngx_snapshot_type_e type, ngx_snapshot_str_t bytes)
{
    unsigned                     alias;
    ngx_snapshot_value_t         value;
    ngx_snapshot_place_t         place;
    ngx_snapshot_frame_t        *frame;
    const ngx_snapshot_field_t  *field;

    frame = &j->frame[j->depth];

    place = ngx_snapshot_judge_named(NULL, NULL, key);
    field = ngx_snapshot_judge_find(frame->scope, key);
    alias = (field == NULL);

    value.type = type;
    value.bytes = bytes;

    if (alias) {
        field = ngx_snapshot_judge_other(j, &place, &value);

        if (field == NULL) {
            return 0;
        }
    }

    if (type == NGX_SNAPSHOT_TYPE_NULL
        && field->flags & NGX_SNAPSHOT_FLAG_NULLABLE) {
        return 0;
    }

    frame->seen |= (uint32_t) 1 << (field - frame->scope->fields);

    if (type != field->type) {
        ngx_snapshot_judge_type(j, field, &place, &value);
        return 0;
    }

    if (type == NGX_SNAPSHOT_TYPE_OBJECT) {
        frame++;
        frame->scope = field->members;
        frame->key = field->name;
        frame->seen = 0;
        j->depth++;

        /* no map is in a map, so leaving one leads to an object with fields */

        j->entry = frame->scope->entry;
        j->entry_max = j->policy->rule[j->entry].max;

        return 1;
    }

    /* no other value has bytes to be looked at */

    if (type != NGX_SNAPSHOT_TYPE_STRING && type != NGX_SNAPSHOT_TYPE_NUMBER) {
        return 0;
    }

    if (bytes.len == 0 && field->flags & NGX_SNAPSHOT_FLAG_REQUIRED) {
        ngx_snapshot_judge_say(j, NGX_SNAPSHOT_RULE_FIELD_REQUIRED, &place,
                               "must have a value, is empty");
        return 0;
    }

    /* Cinder takes the field where both are there */

    if (!alias || j->keep[field->keep].len == 0) {
        ngx_snapshot_judge_keep(j, field, bytes);
    }

    ngx_snapshot_judge_field(j, field, &place, &value);

    return 0;
}


/* the field that another name stands for, or NULL where no more is judged */

static ngx_snapshot_noinline const ngx_snapshot_field_t *
ngx_snapshot_judge_other(ngx_snapshot_judge_t *j,
    const ngx_snapshot_place_t *place, const ngx_snapshot_value_t *value)
{
    ngx_snapshot_violation_t      *v;
    const ngx_snapshot_alias_t    *alias;
    const ngx_snapshot_scope_t    *scope;
    const ngx_snapshot_allowed_t  *allowed;

    scope = j->frame[j->depth].scope;
    alias = ngx_snapshot_find_alias(scope, place->name);

    if (alias) {
        v = ngx_snapshot_judge_add(j, alias->rule, place);

        if (v) {
            ngx_snapshot_judge_must(v, (const char *) alias->field.data);
            ngx_snapshot_text_cstr(&v->message, ", is another name of it");
        }

        return (ngx_snapshot_judge_severity(j, alias->rule)
                == NGX_SNAPSHOT_SEVERITY_REJECT)
               ? NULL : ngx_snapshot_judge_find(scope, alias->field);
    }

    allowed = (scope == ngx_snapshot_inner_scope(j->operation, 0))
              ? ngx_snapshot_find_allowed(j->policy, j->operation, 0,
                                          place->name)
              : NULL;

    if (allowed == NULL) {
        ngx_snapshot_judge_unlisted(j, NGX_SNAPSHOT_RULE_FIELD_UNKNOWN, place,
                                    "field", scope);

    } else if (allowed->type != NGX_SNAPSHOT_TYPE_ANY
               && allowed->type != value->type)
    {
        ngx_snapshot_judge_wrong_type(j, allowed->type, 0, place, value->type);

    } else {
        ngx_snapshot_judge_room(j, NGX_SNAPSHOT_RULE_FIELD_UNKNOWN, place,
                                value->bytes.len, allowed->max);
    }

    return NULL;
}


/* neither documented nor allowed */

static void
ngx_snapshot_judge_unlisted(ngx_snapshot_judge_t *j, ngx_snapshot_rule_e rule,
    const ngx_snapshot_place_t *place, const char *what,
    const ngx_snapshot_scope_t *scope)
{
    ngx_snapshot_violation_t  *v;

    v = ngx_snapshot_judge_add(j, rule, place);

    if (v) {
        ngx_snapshot_text_cstr(&v->message, "must be ");
        ngx_snapshot_judge_known(v, what, scope);
        ngx_snapshot_text_cstr(&v->message, ", is unknown");
    }
}


/* what is allowed has room for so many bytes */

static void
ngx_snapshot_judge_room(ngx_snapshot_judge_t *j, ngx_snapshot_rule_e rule,
    const ngx_snapshot_place_t *place, size_t len, uint64_t max)
{
    ngx_snapshot_violation_t  *v;

    if (len <= max) {
        return;
    }

    v = ngx_snapshot_judge_add(j, rule, place);

    if (v) {
        ngx_snapshot_judge_bytes(v, len);
        ngx_snapshot_text_cstr(&v->message, ", at most ");
        ngx_snapshot_judge_allowed(v, max);
    }
}


void
ngx_snapshot_judge_wrong_entry(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t key, ngx_snapshot_type_e type, ngx_snapshot_str_t value)
{
    uint64_t                   max;
    ngx_snapshot_place_t       place;
    ngx_snapshot_violation_t  *v;

    max = j->entry_max;

    place = ngx_snapshot_judge_named(NULL, NULL, key);

    v = ngx_snapshot_judge_add(j, j->entry, &place);

    if (v == NULL) {
        return;
    }

    if (key.len && key.len <= max && type != NGX_SNAPSHOT_TYPE_STRING) {
        ngx_snapshot_judge_types(v, NGX_SNAPSHOT_TYPE_STRING, "", type);
        return;
    }

    if (key.len == 0 || key.len > max) {
        ngx_snapshot_text_cstr(&v->message, "a key of ");
        ngx_snapshot_judge_bytes(v, key.len);
        ngx_snapshot_text_cstr(&v->message, ", 1 to ");

    } else {
        ngx_snapshot_judge_bytes(v, value.len);
        ngx_snapshot_text_cstr(&v->message, ", at most ");
    }

    ngx_snapshot_judge_allowed(v, max);
}


static void
ngx_snapshot_judge_allowed(ngx_snapshot_violation_t *v, uint64_t max)
{
    ngx_snapshot_text_num(&v->message, max);
    ngx_snapshot_text_cstr(&v->message,
                           max == 1 ? " is allowed" : " are allowed");
}


void
ngx_snapshot_judge_leave(ngx_snapshot_judge_t *j)
{
    unsigned                     i;
    ngx_snapshot_frame_t        *frame;
    const ngx_snapshot_scope_t  *scope;

    frame = &j->frame[j->depth];
    scope = frame->scope;

    for (i = 0;
         i < scope->nfields
             && scope->fields[i].flags & NGX_SNAPSHOT_FLAG_REQUIRED;
         i++)
    {
        if (!(frame->seen & ((uint32_t) 1 << i))) {
            ngx_snapshot_judge_missing(j, &scope->fields[i]);
        }
    }

    if (scope->any_of && frame->seen == 0) {
        ngx_snapshot_judge_nothing(j);
    }

    if (j->depth) {
        j->depth--;
    }

    j->entry = NGX_SNAPSHOT_RULE_NONE;
}


static ngx_snapshot_noinline void
ngx_snapshot_judge_missing(ngx_snapshot_judge_t *j,
    const ngx_snapshot_field_t *field)
{
    ngx_snapshot_place_t  place;

    place = ngx_snapshot_judge_named(NULL, NULL, field->name);

    ngx_snapshot_judge_say(j, NGX_SNAPSHOT_RULE_FIELD_REQUIRED, &place,
                           "must be given, is missing");
}


/* that is wrong with the object in hand, not with one of its members */

static ngx_snapshot_noinline void
ngx_snapshot_judge_nothing(ngx_snapshot_judge_t *j)
{
    ngx_snapshot_place_t       place;
    ngx_snapshot_frame_t      *frame;
    ngx_snapshot_violation_t  *v;

    frame = &j->frame[j->depth];

    place = ngx_snapshot_judge_named(NULL, NULL, frame->key);

    j->depth--;
    v = ngx_snapshot_judge_add(j, frame->scope->any_of, &place);
    j->depth++;

    if (v) {
        ngx_snapshot_text_cstr(&v->message, "must have ");
        ngx_snapshot_judge_known(v, "field", frame->scope);
        ngx_snapshot_text_cstr(&v->message, ", has none");
    }
}


static ngx_snapshot_place_t
ngx_snapshot_judge_named(const char *words, const char *prefix,
    ngx_snapshot_str_t name)
{
    ngx_snapshot_place_t  place;

    place.words = words;
    place.prefix = prefix;
    place.name = name;

    return place;
}


/*
 * Records a violation whose message is "place: "; the caller says the rest.
 * NULL where the operator has the rule passed over, where the family does not
 * have it, where enough of the rule are kept, where memory is short, or where
 * nobody reads the message.
 */

static ngx_snapshot_violation_t *
ngx_snapshot_judge_add(ngx_snapshot_judge_t *j, ngx_snapshot_rule_e rule,
    const ngx_snapshot_place_t *place)
{
    ngx_snapshot_violation_t  *v;

    v = ngx_snapshot_judge_record(j, rule, place);

    return (v && v->worded) ? v : NULL;
}


/* the same, but that it is NULL only where nothing is kept */

static ngx_snapshot_violation_t *
ngx_snapshot_judge_record(ngx_snapshot_judge_t *j, ngx_snapshot_rule_e rule,
    const ngx_snapshot_place_t *place)
{
    ngx_snapshot_severity_e    severity;
    ngx_snapshot_violation_t  *v;

    severity = ngx_snapshot_judge_severity(j, rule);

    if (severity == NGX_SNAPSHOT_SEVERITY_PASS
        || ngx_snapshot_rules[rule].code[j->family] == NULL)
    {
        return NULL;
    }

    if (j->violated == NULL) {

        /* as many again for those that there were before a body was begun */

        j->violated = j->mem->alloc(j->mem->data, 2 * NGX_SNAPSHOT_VIOLATED);
        if (j->violated == NULL) {
            j->failed = 1;
            return NULL;
        }

        memset(j->violated, 0, 2 * NGX_SNAPSHOT_VIOLATED);
    }

    j->count[severity]++;
    ngx_snapshot_rules_add(&j->rules, rule);

    if (++j->violated[rule] > (uint32_t) (j->detailed
                                          ? NGX_SNAPSHOT_DETAILED_MAX
                                          : NGX_SNAPSHOT_LISTED_MAX))
    {
        return NULL;
    }

    v = j->mem->alloc(j->mem->data, sizeof(ngx_snapshot_violation_t));
    if (v == NULL) {
        j->failed = 1;
        return NULL;
    }

    v->next = NULL;
    v->rule = rule;
    v->severity = severity;
    v->worded = (severity >= j->worded);
    v->status = ngx_snapshot_rules[rule].status;
    v->code = ngx_snapshot_rules[rule].code[j->family];

    ngx_snapshot_text_init(&v->at, j->mem);
    ngx_snapshot_text_init(&v->message, j->mem);

    ngx_snapshot_judge_at(j, v, place);

    if (v->worded) {
        ngx_snapshot_judge_place(j, v, place);
    }

    *j->last = v;
    j->last = &v->next;

    return v;
}


static void
ngx_snapshot_judge_at(ngx_snapshot_judge_t *j, ngx_snapshot_violation_t *v,
    const ngx_snapshot_place_t *place)
{
    unsigned  i;

    if (place->words) {
        ngx_snapshot_text_cstr(&v->at, place->prefix);
        ngx_snapshot_judge_token(v, place->name);

        return;
    }

    for (i = 1; i <= j->depth; i++) {
        ngx_snapshot_text_cstr(&v->at, "/");
        ngx_snapshot_judge_token(v, j->frame[i].key);
    }

    ngx_snapshot_text_cstr(&v->at, "/");
    ngx_snapshot_judge_token(v, place->name);
}


static void
ngx_snapshot_judge_place(ngx_snapshot_judge_t *j, ngx_snapshot_violation_t *v,
    const ngx_snapshot_place_t *place)
{
    unsigned  i;

    if (place->words) {
        ngx_snapshot_text_cstr(&v->message, place->words);

    } else {
        for (i = 1; i <= j->depth; i++) {
            ngx_snapshot_text_shown(&v->message, j->frame[i].key);
            ngx_snapshot_text_cstr(&v->message, ".");
        }
    }

    ngx_snapshot_text_shown(&v->message, place->name);
    ngx_snapshot_text_cstr(&v->message, ": ");
}


/* RFC 6901, section 3; what is no UTF-8 (in a query) is percent-encoded */

static void
ngx_snapshot_judge_token(ngx_snapshot_violation_t *v, ngx_snapshot_str_t key)
{
    size_t               n;
    const u_char        *p, *last, *stop, *run;
    ngx_snapshot_str_t   s;

    p = key.data;
    last = key.data + key.len;
    stop = (key.len > NGX_SNAPSHOT_TOKEN_MAX) ? p + NGX_SNAPSHOT_TOKEN_MAX
                                              : last;

    for ( ;; ) {

        run = p;
        p = ngx_snapshot_skip(p, stop, NGX_SNAPSHOT_BYTE_WORD);
        ngx_snapshot_text_add(&v->at, run, p - run);

        if (p == last) {
            return;
        }

        n = ngx_snapshot_utf8_len(p, last);

        if (p + (n ? n : 1) > stop) {
            return;
        }

        if (*p == '~') {
            ngx_snapshot_text_cstr(&v->at, "~0");

        } else if (*p == '/') {
            ngx_snapshot_text_cstr(&v->at, "~1");

        } else if (n == 0) {
            s.data = p;
            s.len = n = 1;
            ngx_snapshot_text_percent(&v->at, s, "");

        } else {
            ngx_snapshot_text_add(&v->at, p, n);
        }

        p += n;
    }
}


/* what the rule's row says is allowed, then what was found */

static void
ngx_snapshot_judge_must(ngx_snapshot_violation_t *v, const char *found)
{
    ngx_snapshot_text_cstr(&v->message, ngx_snapshot_rules[v->rule].must);
    ngx_snapshot_text_cstr(&v->message, found);
}


static void
ngx_snapshot_judge_say(ngx_snapshot_judge_t *j, ngx_snapshot_rule_e rule,
    const ngx_snapshot_place_t *place, const char *what)
{
    ngx_snapshot_violation_t  *v;

    v = ngx_snapshot_judge_add(j, rule, place);

    if (v) {
        ngx_snapshot_text_cstr(&v->message, what);
    }
}


/* 1 where the rule holds or is passed over */

static ngx_snapshot_inline int
ngx_snapshot_judge_value(ngx_snapshot_judge_t *j, ngx_snapshot_rule_e rule,
    const ngx_snapshot_place_t *place, ngx_snapshot_value_t *value)
{
    int  rc;

    if (ngx_snapshot_judge_severity(j, rule) == NGX_SNAPSHOT_SEVERITY_PASS) {
        return 1;
    }

    value->rule = &ngx_snapshot_rules[rule];
    value->max = j->policy->rule[rule].max;
    value->patterns = j->patterns;

    rc = ngx_snapshot_check(value, NULL);

    if (rc != 1) {
        ngx_snapshot_judge_broken(j, rc, place, value);
    }

    return rc == 1;
}


/* the rule of a value does not hold, or that could not be told */

static ngx_snapshot_noinline void
ngx_snapshot_judge_broken(ngx_snapshot_judge_t *j, int rc,
    const ngx_snapshot_place_t *place, const ngx_snapshot_value_t *value)
{
    ngx_snapshot_finding_t     found;
    ngx_snapshot_violation_t  *v;

    if (rc == NGX_SNAPSHOT_ERROR) {
        j->failed = 1;
        return;
    }

    v = ngx_snapshot_judge_record(j, value->rule - ngx_snapshot_rules, place);

    if (v == NULL) {
        return;
    }

    found.code = v->code;
    found.text = v->worded ? &v->message : NULL;

    (void) ngx_snapshot_check(value, &found);

    v->code = found.code;
}


static void
ngx_snapshot_judge_field(ngx_snapshot_judge_t *j,
    const ngx_snapshot_field_t *field, const ngx_snapshot_place_t *place,
    ngx_snapshot_value_t *value)
{
    int       held;
    unsigned  i;

    held = 1;

    for (i = 0; i < NGX_SNAPSHOT_FIELD_CHECKS && field->rules[i]; i++) {

        /* nothing is advised where more is wrong */

        if (!held
            && ngx_snapshot_rules[field->rules[i]].check
               == NGX_SNAPSHOT_CHECK_ADVISED)
        {
            continue;
        }

        held &= ngx_snapshot_judge_value(j, field->rules[i], place, value);
    }
}


/* a string in the place of a boolean may have a rule of its own */

static void
ngx_snapshot_judge_type(ngx_snapshot_judge_t *j,
    const ngx_snapshot_field_t *field, const ngx_snapshot_place_t *place,
    ngx_snapshot_value_t *value)
{
    unsigned             i;
    ngx_snapshot_rule_e  rule;

    for (i = 0; i < NGX_SNAPSHOT_FIELD_CHECKS && field->rules[i]; i++) {

        rule = field->rules[i];

        value->rule = &ngx_snapshot_rules[rule];
        value->max = 0;

        if (ngx_snapshot_check_stands_in(rule, value->type)
            && ngx_snapshot_check(value, NULL) == 0)
        {
            ngx_snapshot_judge_broken(j, 0, place, value);
            return;
        }
    }

    ngx_snapshot_judge_wrong_type(j, field->type, field->flags, place,
                                  value->type);
}


static void
ngx_snapshot_judge_wrong_type(ngx_snapshot_judge_t *j,
    ngx_snapshot_type_e type, unsigned flags,
    const ngx_snapshot_place_t *place, ngx_snapshot_type_e found)
{
    ngx_snapshot_violation_t  *v;

    v = ngx_snapshot_judge_add(j, NGX_SNAPSHOT_RULE_FIELD_TYPE, place);

    if (v) {
        ngx_snapshot_judge_types(v, type,
                                 flags & NGX_SNAPSHOT_FLAG_NULLABLE
                                 ? " or null" : "",
                                 found);
    }
}


static void
ngx_snapshot_judge_types(ngx_snapshot_violation_t *v, ngx_snapshot_type_e type,
    const char *more, ngx_snapshot_type_e found)
{
    ngx_snapshot_text_cstr(&v->message, "must be ");
    ngx_snapshot_text_cstr(&v->message, ngx_snapshot_types[type]);
    ngx_snapshot_text_cstr(&v->message, more);
    ngx_snapshot_text_cstr(&v->message, ", is ");
    ngx_snapshot_text_cstr(&v->message, ngx_snapshot_types[found]);
}


/* "one of the fields name or description", "the field snapshot" */

static void
ngx_snapshot_judge_known(ngx_snapshot_violation_t *v, const char *what,
    const ngx_snapshot_scope_t *scope)
{
    unsigned  i;

    ngx_snapshot_text_cstr(&v->message,
                           scope->nfields == 1 ? "the " : "one of the ");
    ngx_snapshot_text_cstr(&v->message, what);
    ngx_snapshot_text_cstr(&v->message, scope->nfields == 1 ? " " : "s ");

    for (i = 0; i < scope->nfields; i++) {

        if (i) {
            ngx_snapshot_text_cstr(&v->message,
                                   ngx_snapshot_before(i, scope->nfields));
        }

        ngx_snapshot_text_add(&v->message, scope->fields[i].name.data,
                              scope->fields[i].name.len);
    }
}


static void
ngx_snapshot_judge_bytes(ngx_snapshot_violation_t *v, uint64_t n)
{
    ngx_snapshot_text_num(&v->message, n);
    ngx_snapshot_text_cstr(&v->message, n == 1 ? " byte" : " bytes");
}


static const ngx_snapshot_field_t *
ngx_snapshot_judge_find(const ngx_snapshot_scope_t *scope,
    ngx_snapshot_str_t name)
{
    const ngx_snapshot_field_t  *field, *last;

    field = scope->fields;
    last = field + scope->nfields;

    for ( /* void */ ; field < last; field++) {
        if (field->name.len == name.len
            && field->name.data[0] == name.data[0]
            && ngx_snapshot_same_bytes(field->name.data, name.data, name.len))
        {
            return field;
        }
    }

    return NULL;
}


static void
ngx_snapshot_judge_keep(ngx_snapshot_judge_t *j,
    const ngx_snapshot_field_t *field, ngx_snapshot_str_t value)
{
    u_char  *p;

    if (field->keep == NGX_SNAPSHOT_KEEP_NONE || value.len == 0) {
        return;
    }

    p = j->mem->alloc(j->mem->data, value.len);
    if (p == NULL) {
        j->failed = 1;
        return;
    }

    memcpy(p, value.data, value.len);

    j->keep[field->keep].data = p;
    j->keep[field->keep].len = value.len;
}
