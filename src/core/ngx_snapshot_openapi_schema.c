
/* Schemas of the rows: of parameters, of objects by their names, of values. */


#include "ngx_snapshot_check.h"
#include "ngx_snapshot_openapi_schema.h"


typedef json_t *(*ngx_snapshot_openapi_field_pt)(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field);


static json_t *ngx_snapshot_openapi_given(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope, json_t *schema);
static json_t *ngx_snapshot_openapi_aliases(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope, json_t *properties);
static json_t *ngx_snapshot_openapi_allow(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_allowed_t *allowed);
static json_t *ngx_snapshot_openapi_field(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field);
static json_t *ngx_snapshot_openapi_typed(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field, const ngx_snapshot_schema_t *s);
static json_t *ngx_snapshot_openapi_map(ngx_snapshot_openapi_t *o,
    json_t *schema, ngx_snapshot_rule_e rule);
static const ngx_snapshot_words_t *ngx_snapshot_openapi_stand_ins(
    ngx_snapshot_openapi_t *o, const ngx_snapshot_field_t *field);
static json_t *ngx_snapshot_openapi_nocase(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_words_t *words);
static json_t *ngx_snapshot_openapi_answer(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field);
static json_t *ngx_snapshot_openapi_properties(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope, ngx_snapshot_openapi_field_pt member);
static json_t *ngx_snapshot_openapi_required(
    const ngx_snapshot_scope_t *scope, json_t *schema);
static json_t *ngx_snapshot_openapi_type(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field, unsigned integer);
static void ngx_snapshot_openapi_asked(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_rule_e *rules, unsigned n, ngx_snapshot_schema_t *s);
static json_t *ngx_snapshot_openapi_rules_of(json_t *schema,
    const ngx_snapshot_rule_e *rules, unsigned n);
static json_t *ngx_snapshot_openapi_value(json_t *schema,
    const ngx_snapshot_schema_t *s);
static json_t *ngx_snapshot_openapi_one_of(json_t *schema,
    const ngx_snapshot_words_t *words);
static json_t *ngx_snapshot_openapi_description(ngx_snapshot_openapi_t *o,
    const char *text, const ngx_snapshot_rule_e *rules, unsigned n,
    const char *what);
static void ngx_snapshot_openapi_words(ngx_snapshot_openapi_t *o,
    ngx_snapshot_text_t *t, ngx_snapshot_rule_e rule, const char *what);
static void ngx_snapshot_openapi_advice(ngx_snapshot_text_t *t,
    const ngx_snapshot_schema_t *s, const char *what);


#define ask(o, r, s)                                                          \
    ngx_snapshot_describe(&ngx_snapshot_rules[r], (o)->policy->rule[r].max, s)

/* for "%.*s" */

#define chars(s)  (int) (s).len, (const char *) (s).data

#define CHECKS  NGX_SNAPSHOT_FIELD_CHECKS


static const char *const  ngx_snapshot_openapi_types[NGX_SNAPSHOT_TYPES] = {
    "string", "boolean", "object", "array", "number", "null"
};


json_t *
ngx_snapshot_openapi_parameter(ngx_snapshot_openapi_t *o, int path,
    ngx_snapshot_str_t name, const char *text,
    const ngx_snapshot_rule_e *rules, unsigned n)
{
    json_t                 *parameter, *schema;
    ngx_snapshot_schema_t   s;

    ngx_snapshot_openapi_asked(o, rules, n, &s);

    schema = json_pack("{s:s}", "type", s.integer ? "integer" : "string");
    schema = ngx_snapshot_openapi_value(schema, &s);
    schema = ngx_snapshot_openapi_rules_of(schema, rules, n);

    parameter = json_pack("{s:s%, s:s, s:o, s:b, s:o}",
        "name", bytes(name), "in", path ? "path" : "query",
        "description", ngx_snapshot_openapi_description(o, text, rules, n,
                                                        "It"),
        "required", path, "schema", schema);

    /* CONTRACT section 2: an empty value is judged by the rules of its own */

    return path || s.integer || s.pattern.len || s.one_of
           ? parameter : add(parameter, "{s:b}", "allowEmptyValue", 1);
}


json_t *
ngx_snapshot_openapi_named(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope, ngx_snapshot_openapi_scope_pt describe)
{
    json_t               *schema, *other;
    const char           *name;
    ngx_snapshot_text_t   text;

    schema = describe(o, scope);
    other = json_object_get(o->schemas, scope->title);

    ngx_snapshot_text_init(&text, o->mem);
    ngx_snapshot_text_cstr(&text, scope->title);

    if (other && !json_equal(other, schema)) {
        ngx_snapshot_openapi_say(&text, "_%.*s", chars(o->operation->name));
    }

    name = ngx_snapshot_openapi_end(&text);

    o->schemas = add(o->schemas, "{s:o}", name, schema);

    return json_pack("{s:s+}", "$ref", "#/components/schemas/",
                     name ? name : "");
}


/* an object of a request; its rules are constraints where they reject */

json_t *
ngx_snapshot_openapi_body(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope)
{
    json_t  *schema, *properties;

    properties = ngx_snapshot_openapi_properties(o, scope,
                                                 ngx_snapshot_openapi_field);
    properties = ngx_snapshot_openapi_aliases(o, scope, properties);

    if (scope == ngx_snapshot_inner_scope(o->operation, 0)) {
        properties = ngx_snapshot_openapi_allowed(o, properties, 0);
    }

    schema = json_object();

    if (rejects(o, NGX_SNAPSHOT_RULE_FIELD_TYPE)) {
        schema = add(schema, "{s:s}", "type", "object");
    }

    schema = add(schema, "{s:o}", "properties", properties);

    if (rejects(o, NGX_SNAPSHOT_RULE_FIELD_REQUIRED)) {
        schema = ngx_snapshot_openapi_required(scope, schema);
    }

    if (rejects(o, NGX_SNAPSHOT_RULE_FIELD_UNKNOWN)) {
        schema = add(schema, "{s:b}", "additionalProperties", 0);
    }

    return scope->any_of ? ngx_snapshot_openapi_given(o, scope, schema)
                         : schema;
}


/* at least one field is given, where null counts as absent */

static json_t *
ngx_snapshot_openapi_given(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope, json_t *schema)
{
    json_t    *absent;
    unsigned   i;

    schema = ngx_snapshot_openapi_rules_of(schema, &scope->any_of, 1);

    if (severity(o, scope->any_of) == NGX_SNAPSHOT_SEVERITY_PASS) {
        return schema;
    }

    schema = add(schema, "{s:s++}", "description", "At least one member ",
                 rejects(o, scope->any_of) ? "must" : "should",
                 " have a value other than null.");

    if (!rejects(o, scope->any_of)) {
        return schema;
    }

    absent = json_object();

    for (i = 0; i < scope->nfields; i++) {
        absent = add(absent, "{s%:{s:[n]}}", bytes(scope->fields[i].name),
                     "enum");
    }

    for (i = 0; i < scope->naliases; i++) {
        if (!rejects(o, scope->aliases[i].rule)) {
            absent = add(absent, "{s%:{s:[n]}}", bytes(scope->aliases[i].name),
                         "enum");
        }
    }

    return add(schema, "{s:{s:s, s:o}}", "not", "type", "object",
               "properties", absent);
}


/* each alias is what its field is, or must not be there */

static json_t *
ngx_snapshot_openapi_aliases(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope, json_t *properties)
{
    json_t                      *alias;
    unsigned                     i, n;
    const ngx_snapshot_alias_t  *row;

    for (i = 0; i < scope->naliases; i++) {
        row = &scope->aliases[i];

        if (!rejects(o, row->rule)) {
            n = 0;

            while (!ngx_snapshot_eq(scope->fields[n].name, row->field)) {
                n++;
            }

            alias = ngx_snapshot_openapi_field(o, &scope->fields[n]);
            alias = add(alias, "{s:b}", "deprecated", 1);

        } else if (!rejects(o, NGX_SNAPSHOT_RULE_FIELD_UNKNOWN)) {
            alias = json_pack("{s:{}}", "not");

        } else {
            continue;
        }

        properties = add(properties, "{s%:o}", bytes(row->name), alias);
    }

    return properties;
}


json_t *
ngx_snapshot_openapi_allowed(ngx_snapshot_openapi_t *o, json_t *into,
    unsigned query)
{
    json_t                        *schema;
    unsigned                       i;
    const ngx_snapshot_allowed_t  *a;

    for (i = 0; i < o->policy->nallowed; i++) {
        a = &o->policy->allowed[i];

        if (a != ngx_snapshot_find_allowed(o->policy, o->operation, query,
                                           a->name))
        {
            continue;
        }

        schema = ngx_snapshot_openapi_allow(o, a);

        into = query ? append(into, "{s:s%, s:s, s:s, s:b, s:o}",
                              "name", bytes(a->name), "in", "query",
                              "description", "Allowed by the operator.",
                              "required", 0, "schema", schema)
                     : add(into, "{s%:o}", bytes(a->name), schema);
    }

    return into;
}


static json_t *
ngx_snapshot_openapi_allow(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_allowed_t *allowed)
{
    json_t               *schema;
    ngx_snapshot_rule_e   type, unknown;

    type = allowed->query ? NGX_SNAPSHOT_RULE_PARAM_UNKNOWN
                          : NGX_SNAPSHOT_RULE_FIELD_TYPE;
    unknown = allowed->query ? NGX_SNAPSHOT_RULE_PARAM_UNKNOWN
                             : NGX_SNAPSHOT_RULE_FIELD_UNKNOWN;

    schema = json_object();

    if (allowed->type != NGX_SNAPSHOT_TYPE_ANY && rejects(o, type)) {
        schema = add(schema, "{s:s}", "type",
                     ngx_snapshot_openapi_types[allowed->type]);
    }

    if (allowed->max == UINT64_MAX) {
        return add(schema, "{s:s}", "description", "Allowed by the operator.");
    }

    if (rejects(o, unknown)) {
        schema = add(schema, "{s:I, s:I}",
                     "maxLength", (json_int_t) allowed->max,
                     "x-max-bytes", (json_int_t) allowed->max);
    }

    return add(schema, "{s:o}", "description",
               json_sprintf("Allowed by the operator. It %s have at most %"
                            PRIu64 " bytes in UTF-8.",
                            rejects(o, unknown) ? "must" : "should",
                            allowed->max));
}


static json_t *
ngx_snapshot_openapi_field(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field)
{
    json_t                 *schema;
    ngx_snapshot_rule_e     entry;
    ngx_snapshot_schema_t   s;

    if (field->type == NGX_SNAPSHOT_TYPE_OBJECT
        && !(field->flags & NGX_SNAPSHOT_FLAG_NULLABLE))
    {
        return json_pack("{s:[o], s:s}", "allOf",
                         ngx_snapshot_openapi_named(o, field->members,
                                                   ngx_snapshot_openapi_body),
                         "description", field->text);
    }

    ngx_snapshot_openapi_asked(o, field->rules, CHECKS, &s);

    schema = ngx_snapshot_openapi_typed(o, field, &s);
    schema = ngx_snapshot_openapi_value(schema, &s);
    schema = ngx_snapshot_openapi_rules_of(schema, field->rules, CHECKS);

    if (field->flags & NGX_SNAPSHOT_FLAG_REQUIRED
        && rejects(o, NGX_SNAPSHOT_RULE_FIELD_REQUIRED))
    {
        schema = add(schema, "{s:i}", "minLength", 1);
    }

    schema = add(schema, "{s:s}", "x-source-page", field->page);

    if (field->type != NGX_SNAPSHOT_TYPE_OBJECT) {
        return add(schema, "{s:o}", "description",
                   ngx_snapshot_openapi_description(o, field->text,
                                              field->rules, CHECKS, "It"));
    }

    entry = field->members->entry;
    schema = ngx_snapshot_openapi_map(o, schema, entry);

    return add(schema, "{s:o}", "description",
               ngx_snapshot_openapi_description(o, field->text, &entry, 1,
                                                "Each key and each value"));
}


/* a string may stand for a boolean where the operator lets it */

static json_t *
ngx_snapshot_openapi_typed(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field, const ngx_snapshot_schema_t *s)
{
    const ngx_snapshot_words_t  *words;

    if (!rejects(o, NGX_SNAPSHOT_RULE_FIELD_TYPE)) {
        return s->none_of ? json_pack("{s:o}", "not",
                                      ngx_snapshot_openapi_nocase(o,
                                                                  s->none_of))
                          : json_object();
    }

    words = ngx_snapshot_openapi_stand_ins(o, field);

    return words ? json_pack("{s:[o, o]}", "anyOf",
                             ngx_snapshot_openapi_type(o, field, 0),
                             ngx_snapshot_openapi_nocase(o, words))
                 : ngx_snapshot_openapi_type(o, field, s->integer);
}


/* a generator would else take an object without properties for an empty one */

static json_t *
ngx_snapshot_openapi_map(ngx_snapshot_openapi_t *o, json_t *schema,
    ngx_snapshot_rule_e rule)
{
    json_t                 *keys, *values;
    ngx_snapshot_schema_t   s;

    schema = ngx_snapshot_openapi_rules_of(schema, &rule, 1);

    if (!rejects(o, rule)) {
        return add(schema, "{s:b}", "additionalProperties", 1);
    }

    ngx_snapshot_openapi_asked(o, &rule, 1, &s);

    values = json_pack("{s:s}", "type", "string");
    values = ngx_snapshot_openapi_value(values, &s);

    schema = add(schema, "{s:o}", "additionalProperties", values);

    if (!o->minor) {

        /* OpenAPI 3.0 has no word for keys */

        return schema;
    }

    keys = json_pack("{s:i}", "minLength", 1);
    keys = ngx_snapshot_openapi_value(keys, &s);

    return add(schema, "{s:o}", "propertyNames", keys);
}


/* the words that may stand for a value of the field, or NULL */

static const ngx_snapshot_words_t *
ngx_snapshot_openapi_stand_ins(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field)
{
    unsigned             i;
    ngx_snapshot_rule_e  rule;

    for (i = 0; i < CHECKS && field->rules[i]; i++) {
        rule = field->rules[i];

        if (ngx_snapshot_check_stands_in(rule, NGX_SNAPSHOT_TYPE_STRING)
            && !rejects(o, rule))
        {
            return &ngx_snapshot_rules[rule].words;
        }
    }

    return NULL;
}


/* a pattern of JSON Schema has no flag for letters of either case */

static json_t *
ngx_snapshot_openapi_nocase(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_words_t *words)
{
    size_t               k;
    u_char               c;
    unsigned             i;
    ngx_snapshot_text_t  text;

    ngx_snapshot_text_init(&text, o->mem);

    for (i = 0; i < words->nwords; i++) {

        ngx_snapshot_text_cstr(&text, i ? "|" : "^(");

        for (k = 0; k < words->words[i].len; k++) {
            c = words->words[i].data[k];

            if (c >= 'a' && c <= 'z') {
                ngx_snapshot_openapi_say(&text, "[%c%c]", c, c & ~0x20);

            } else {
                ngx_snapshot_text_add(&text, &c, 1);
            }
        }
    }

    ngx_snapshot_text_cstr(&text, ")$");

    return json_pack("{s:s, s:o}", "type", "string",
                     "pattern", ngx_snapshot_openapi_text(&text));
}


/* an object of a response: beside what is documented, others may come */

json_t *
ngx_snapshot_openapi_answers(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope)
{
    return ngx_snapshot_openapi_required(scope,
               json_pack("{s:s, s:o}", "type", "object", "properties",
                         ngx_snapshot_openapi_properties(o, scope,
                                                ngx_snapshot_openapi_answer)));
}


static json_t *
ngx_snapshot_openapi_answer(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field)
{
    json_t  *schema, *members;

    members = NULL;

    if (field->members) {
        members = ngx_snapshot_openapi_named(o, field->members,
                                             ngx_snapshot_openapi_answers);
    }

    if (field->members && field->type == NGX_SNAPSHOT_TYPE_OBJECT) {
        return json_pack("{s:[o], s:s}", "allOf", members,
                         "description", field->text);
    }

    schema = ngx_snapshot_openapi_type(o, field,
                                     field->type == NGX_SNAPSHOT_TYPE_NUMBER);
    schema = add(schema, "{s:s}", "description", field->text);

    if (field->type == NGX_SNAPSHOT_TYPE_ARRAY) {
        return add(schema, "{s:o}", "items", members);
    }

    return field->type == NGX_SNAPSHOT_TYPE_OBJECT
           ? add(schema, "{s:b}", "additionalProperties", 1) : schema;
}


static json_t *
ngx_snapshot_openapi_properties(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope, ngx_snapshot_openapi_field_pt member)
{
    json_t    *properties;
    unsigned   i;

    properties = json_object();

    for (i = 0; i < scope->nfields; i++) {
        properties = add(properties, "{s%:o}", bytes(scope->fields[i].name),
                         member(o, &scope->fields[i]));
    }

    return properties;
}


static json_t *
ngx_snapshot_openapi_required(const ngx_snapshot_scope_t *scope,
    json_t *schema)
{
    json_t    *required;
    unsigned   i;

    required = json_array();

    for (i = 0; i < scope->nfields; i++) {
        if (scope->fields[i].flags & NGX_SNAPSHOT_FLAG_REQUIRED) {
            required = append(required, "s%", bytes(scope->fields[i].name));
        }
    }

    if (required && json_array_size(required) == 0) {
        json_decref(required);
        return schema;
    }

    return add(schema, "{s:o}", "required", required);
}


static json_t *
ngx_snapshot_openapi_type(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field, unsigned integer)
{
    const char  *type;

    type = integer ? "integer" : ngx_snapshot_openapi_types[field->type];

    if (!(field->flags & NGX_SNAPSHOT_FLAG_NULLABLE)) {
        return json_pack("{s:s}", "type", type);
    }

    return o->minor ? json_pack("{s:[s, s]}", "type", type, "null")
                    : json_pack("{s:s, s:b}", "type", type, "nullable", 1);
}


/* what those of the rules ask that reject; fewer than n end in 0 */

static void
ngx_snapshot_openapi_asked(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_rule_e *rules, unsigned n, ngx_snapshot_schema_t *s)
{
    unsigned  i;

    ngx_snapshot_schema_init(s);

    for (i = 0; i < n && rules[i]; i++) {
        if (rejects(o, rules[i])) {
            ask(o, rules[i], s);
        }
    }
}


/* the names of all rules, so that those can be found that no schema says */

static json_t *
ngx_snapshot_openapi_rules_of(json_t *schema,
    const ngx_snapshot_rule_e *rules, unsigned n)
{
    json_t    *names;
    unsigned   i;

    if (rules[0] == NGX_SNAPSHOT_RULE_NONE) {
        return schema;
    }

    names = json_array();

    for (i = 0; i < n && rules[i]; i++) {
        names = append(names, "s%", bytes(ngx_snapshot_rules[rules[i]].name));
    }

    return add(schema, "{s:o}", "x-snapshot-rule", names);
}


/* what is asked of a string or a number, as keywords */

static json_t *
ngx_snapshot_openapi_value(json_t *schema, const ngx_snapshot_schema_t *s)
{
    if (s->format) {
        schema = add(schema, "{s:s}", "format", s->format);
    }

    if (s->pattern.len) {
        schema = add(schema, "{s:s+%+}", "pattern", "^", bytes(s->pattern),
                     "$");
    }

    if (s->prefix.len) {
        schema = add(schema, "{s:{s:s, s:s+%}}", "not", "type", "string",
                     "pattern", "^", bytes(s->prefix));
    }

    if (s->except.len) {
        schema = add(schema, "{s:s+%+}", "pattern", "^[^", bytes(s->except),
                     "]*$");
    }

    if (s->max_characters != UINT64_MAX) {
        schema = add(schema, "{s:I}", "maxLength",
                     (json_int_t) s->max_characters);
    }

    if (s->max_bytes != UINT64_MAX) {

        /* so many characters are at least as many bytes */

        schema = add(schema, "{s:I, s:I}",
                     "maxLength", (json_int_t) s->max_bytes,
                     "x-max-bytes", (json_int_t) s->max_bytes);
    }

    if (s->integer) {
        schema = add(schema, "{s:I}", "minimum", (json_int_t) s->min);
    }

    if (s->max != UINT64_MAX) {
        schema = add(schema, "{s:I}", "maximum", (json_int_t) s->max);
    }

    return s->one_of ? ngx_snapshot_openapi_one_of(schema, s->one_of) : schema;
}


static json_t *
ngx_snapshot_openapi_one_of(json_t *schema, const ngx_snapshot_words_t *words)
{
    json_t    *all;
    unsigned   i;

    all = json_array();

    for (i = 0; i < words->nwords; i++) {
        all = append(all, "s%", bytes(words->words[i]));
    }

    return add(schema, "{s:o}", "enum", all);
}


/* what a row says, and what its rules ask that no keyword says */

static json_t *
ngx_snapshot_openapi_description(ngx_snapshot_openapi_t *o, const char *text,
    const ngx_snapshot_rule_e *rules, unsigned n, const char *what)
{
    unsigned             i;
    ngx_snapshot_text_t  t;

    ngx_snapshot_text_init(&t, o->mem);
    ngx_snapshot_text_cstr(&t, text);

    for (i = 0; i < n && rules[i]; i++) {
        if (severity(o, rules[i]) != NGX_SNAPSHOT_SEVERITY_PASS) {
            ngx_snapshot_openapi_words(o, &t, rules[i], what);
        }
    }

    return ngx_snapshot_openapi_text(&t);
}


static void
ngx_snapshot_openapi_words(ngx_snapshot_openapi_t *o, ngx_snapshot_text_t *t,
    ngx_snapshot_rule_e rule, const char *what)
{
    const char             *must;
    ngx_snapshot_schema_t   s;

    ngx_snapshot_schema_init(&s);
    ask(o, rule, &s);

    must = rejects(o, rule) ? "must" : "should";

    if (s.max_bytes != UINT64_MAX) {
        ngx_snapshot_openapi_say(t, " %s %s have at most %" PRIu64
                                 " bytes in UTF-8.", what, must, s.max_bytes);
    }

    if (s.max_characters != UINT64_MAX) {
        ngx_snapshot_openapi_say(t, " %s %s have at most %" PRIu64
                                 " characters.", what, must, s.max_characters);
    }

    if (s.except.len) {
        ngx_snapshot_openapi_say(t, " %s %s have none of `%.*s`.", what, must,
                                 chars(s.except));
    }

    if (s.prefix.len) {
        ngx_snapshot_openapi_say(t, " %s %s not begin with \"%.*s\".", what,
                                 must, chars(s.prefix));
    }

    if (!rejects(o, rule)) {
        ngx_snapshot_openapi_advice(t, &s, what);
    }
}


/* what keywords say where a rule rejects */

static void
ngx_snapshot_openapi_advice(ngx_snapshot_text_t *t,
    const ngx_snapshot_schema_t *s, const char *what)
{
    unsigned  i;

    if (s->format) {
        ngx_snapshot_openapi_say(t, " %s should have the format `%s`.", what,
                                 s->format);

    } else if (s->pattern.len) {
        ngx_snapshot_openapi_say(t, " %s should match `%.*s`.", what,
                                 chars(s->pattern));
    }

    if (s->integer) {
        ngx_snapshot_openapi_say(t, " %s should be an integer from %" PRIu64
                                 " to %" PRIu64 ".", what, s->min, s->max);

    } else if (s->max != UINT64_MAX) {
        ngx_snapshot_openapi_say(t, " %s should be at most %" PRIu64 ".", what,
                                 s->max);
    }

    if (s->one_of) {
        ngx_snapshot_openapi_say(t, " %s should be ", what);

        for (i = 0; i < s->one_of->nwords; i++) {
            ngx_snapshot_openapi_say(t, "%s\"%.*s\"",
                                 ngx_snapshot_before(i, s->one_of->nwords),
                                 chars(s->one_of->words[i]));
        }

        ngx_snapshot_text_cstr(t, ".");
    }
}


void
ngx_snapshot_openapi_say(ngx_snapshot_text_t *t, const char *fmt, ...)
{
    char     buf[256];
    va_list  args;

    va_start(args, fmt);
    (void) vsnprintf(buf, sizeof(buf), fmt, args);
    va_end(args);

    ngx_snapshot_text_cstr(t, buf);
}


const char *
ngx_snapshot_openapi_end(ngx_snapshot_text_t *t)
{
    ngx_snapshot_text_add(t, "", 1);

    return t->failed ? NULL : (const char *) ngx_snapshot_text_str(t).data;
}


json_t *
ngx_snapshot_openapi_text(const ngx_snapshot_text_t *t)
{
    return t->failed ? NULL
                     : ngx_snapshot_tree_string(ngx_snapshot_text_str(t));
}
