
#include <jansson.h>

#include "ngx_snapshot_check.h"
#include "ngx_snapshot_openapi.h"
#include "ngx_snapshot_text.h"


/*
 * schemas are those of all objects with a title, by title.  failed: a value
 * was not made, or has no place in the document.  What could not be made is
 * NULL, and what NULL is put into fails.
 */

typedef struct {
    const ngx_snapshot_mem_t        *mem;
    const ngx_snapshot_policy_t     *policy;
    const ngx_snapshot_operation_t  *operation;
    ngx_snapshot_str_t               prefix;
    json_t                          *schemas;
    unsigned                         minor;
    unsigned                         failed;
} ngx_snapshot_openapi_t;


typedef json_t *(*ngx_snapshot_openapi_pt)(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field);

typedef json_t *(*ngx_snapshot_openapi_scope_pt)(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope);


static json_t *ngx_snapshot_openapi_paths(ngx_snapshot_openapi_t *o);
static json_t *ngx_snapshot_openapi_path(ngx_snapshot_openapi_t *o,
    json_t *paths, const ngx_snapshot_operation_t *op);
static json_t *ngx_snapshot_openapi_operation(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_operation_t *op, unsigned method);
static json_t *ngx_snapshot_openapi_query(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field);
static json_t *ngx_snapshot_openapi_responses(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_operation_t *op);
static void ngx_snapshot_openapi_codes(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_operation_t *op, unsigned status,
    ngx_snapshot_text_t *text);
static json_t *ngx_snapshot_openapi_response(ngx_snapshot_str_t description,
    const char *header, const char *text, json_t *media);
static json_t *ngx_snapshot_openapi_media(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_operation_t *op, const char *sample, json_t *schema);
static json_t *ngx_snapshot_openapi_sample(ngx_snapshot_openapi_t *o,
    const char *sample);
static json_t *ngx_snapshot_openapi_named(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope,
    ngx_snapshot_openapi_scope_pt describe);
static json_t *ngx_snapshot_openapi_body(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope);
static void ngx_snapshot_openapi_given(ngx_snapshot_openapi_t *o,
    json_t *some, ngx_snapshot_str_t name);
static void ngx_snapshot_openapi_allowed(ngx_snapshot_openapi_t *o,
    json_t *into, unsigned query);
static void ngx_snapshot_openapi_aliases(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope, json_t *schema);
static json_t *ngx_snapshot_openapi_field(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field);
static void ngx_snapshot_openapi_map(ngx_snapshot_openapi_t *o,
    json_t *schema, const ngx_snapshot_field_t *field);
static const ngx_snapshot_words_t *ngx_snapshot_openapi_stand_ins(
    ngx_snapshot_openapi_t *o, const ngx_snapshot_field_t *field);
static json_t *ngx_snapshot_openapi_nocase(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_words_t *words);
static void ngx_snapshot_openapi_values(ngx_snapshot_openapi_t *o,
    json_t *schema, const char *what, const ngx_snapshot_rule_e *rules,
    unsigned n);
static void ngx_snapshot_openapi_value(ngx_snapshot_openapi_t *o,
    json_t *schema, const ngx_snapshot_schema_t *s);
static void ngx_snapshot_openapi_words(ngx_snapshot_openapi_t *o,
    ngx_snapshot_text_t *text, ngx_snapshot_rule_e rule, const char *what);
static void ngx_snapshot_openapi_describe(ngx_snapshot_openapi_t *o,
    json_t *schema, const ngx_snapshot_text_t *text);
static json_t *ngx_snapshot_openapi_answers(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope);
static json_t *ngx_snapshot_openapi_answer(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field);
static json_t *ngx_snapshot_openapi_object(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope, ngx_snapshot_openapi_pt member);
static json_t *ngx_snapshot_openapi_type(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field, int integer);
static json_t *ngx_snapshot_openapi_errors(ngx_snapshot_openapi_t *o,
    int details);
static json_t *ngx_snapshot_openapi_rules(ngx_snapshot_openapi_t *o);
static void ngx_snapshot_openapi_add(ngx_snapshot_openapi_t *o,
    json_t *object, json_t *members);
static int ngx_snapshot_openapi_write(const char *data, size_t size,
    void *text);


#define rejects(o, r)                                                         \
    ((o)->policy->rule[r].severity == NGX_SNAPSHOT_SEVERITY_REJECT)

#define max_of(o, r)  ((json_int_t) (o)->policy->rule[r].max)

/* for "s%" of jansson's */

#define bytes(s)  (const char *) (s).data, (s).len

/* what json_pack() makes, as more members of an object or one more item */

#define add(o, object, ...)                                                   \
    ngx_snapshot_openapi_add(o, object, json_pack(__VA_ARGS__))

#define append(o, array, ...)                                                 \
    (o)->failed |= json_array_append_new(array, json_pack(__VA_ARGS__)) != 0


static const char *const  ngx_snapshot_openapi_types[NGX_SNAPSHOT_TYPES] = {
    "string", "boolean", "object", "array", "number", "null"
};


/* as path items call them */

static const char *const
    ngx_snapshot_openapi_methods[NGX_SNAPSHOT_METHODS] =
{
    "get", "head", "post", "put", "delete"
};


int
ngx_snapshot_openapi(const ngx_snapshot_mem_t *mem,
    const ngx_snapshot_policy_t *policy, ngx_snapshot_str_t prefix,
    unsigned minor, int details, ngx_snapshot_str_t *document)
{
    json_t                  *root, *tags, *paths;
    unsigned                 i;
    ngx_snapshot_text_t      text;
    ngx_snapshot_openapi_t   o;

    o.mem = mem;
    o.policy = policy;
    o.prefix = prefix;
    o.minor = minor;
    o.failed = 0;

    tags = json_array();

    for (i = 0; i < NGX_SNAPSHOT_FAMILIES; i++) {
        append(&o, tags, "{s:s, s:s}",
               "name", ngx_snapshot_families[i].title,
               "description", ngx_snapshot_families[i].text);
    }

    o.schemas = ngx_snapshot_openapi_errors(&o, details);
    paths = ngx_snapshot_openapi_paths(&o);

    root = json_pack("{s:s, s:{s:s, s:s, s:s, s:{s:s, s:s}}, s:[{s:s}], s:o,"
                     " s:[{s:[]}], s:o, s:{s:o, s:{s:{s:s, s:s, s:s, s:s}}},"
                     " s:o}",
        "openapi", minor ? "3.1.0" : "3.0.3",
        "info", "title", "Snapshot API", "version", "1.0.0",
            "description", "The contract that the gateway enforces here.",
            "license", "name", "BSD-2-Clause",
                minor ? "identifier" : "url",
                minor ? "BSD-2-Clause"
                      : "https://opensource.org/license/bsd-2-clause",
        "servers", "url", "/",
        "tags", tags,
        "security", "token",
        "paths", paths,
        "components", "schemas", o.schemas,
            "securitySchemes", "token", "type", "apiKey", "in", "header",
            "name", "X-Auth-Token",
            "description", "The API checks the token, the gateway does not.",
        "x-snapshot-rules", ngx_snapshot_openapi_rules(&o));

    ngx_snapshot_text_init(&text, mem);

    o.failed |= json_dump_callback(root, ngx_snapshot_openapi_write, &text, 0)
                != 0;

    json_decref(root);

    *document = ngx_snapshot_text_str(&text);

    return o.failed ? NGX_SNAPSHOT_ERROR : NGX_SNAPSHOT_OK;
}


/* a path item for each path, with the operations of all rows that have it */

static json_t *
ngx_snapshot_openapi_paths(ngx_snapshot_openapi_t *o)
{
    json_t                          *paths, *item;
    unsigned                         i;
    const ngx_snapshot_operation_t  *op;

    paths = json_object();

    for (op = ngx_snapshot_operations; op->name.len; op++) {

        if (!ngx_snapshot_has_rules(op)) {
            continue;
        }

        item = ngx_snapshot_openapi_path(o, paths, op);

        for (i = 0; i < NGX_SNAPSHOT_METHODS; i++) {
            if (op->targets[0].methods & 1u << i) {
                add(o, item, "{s:o}", ngx_snapshot_openapi_methods[i],
                    ngx_snapshot_openapi_operation(o, op, i));
            }
        }
    }

    return paths;
}


/* the item of an operation's path, which is the paths', or NULL */

static json_t *
ngx_snapshot_openapi_path(ngx_snapshot_openapi_t *o, json_t *paths,
    const ngx_snapshot_operation_t *op)
{
    json_t                           *parameters, *schema;
    unsigned                          i;
    const char                       *path;
    ngx_snapshot_text_t               text;
    const ngx_snapshot_path_param_t  *param;

    ngx_snapshot_text_init(&text, o->mem);
    ngx_snapshot_text_utf8(&text, o->prefix);
    ngx_snapshot_text_cstr(&text, op->targets[0].path);
    ngx_snapshot_text_add(&text, "", 1);

    if (text.failed) {
        o->failed = 1;
        return NULL;
    }

    path = (const char *) ngx_snapshot_text_str(&text).data;

    if (json_object_get(paths, path)) {
        return json_object_get(paths, path);
    }

    parameters = json_array();

    for (i = 0; i < NGX_SNAPSHOT_PARAMS; i++) {
        param = &ngx_snapshot_path_params[i];

        if (!ngx_snapshot_has_param(op, (ngx_snapshot_param_e) i)) {
            continue;
        }

        schema = json_pack("{s:s}", "type", "string");
        ngx_snapshot_openapi_values(o, schema, "", &param->rule, 1);

        append(o, parameters, "{s:s%, s:s, s:s, s:b, s:o}",
               "name", bytes(param->name), "in", "path",
               "description", param->text, "required", 1, "schema", schema);
    }

    add(o, paths, "{s:{s:o}}", path, "parameters", parameters);

    return json_object_get(paths, path);
}


static json_t *
ngx_snapshot_openapi_operation(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_operation_t *op, unsigned method)
{
    json_t    *operation, *parameters;
    unsigned   i;

    o->operation = op;

    operation = json_pack("{s:s%+, s:s, s:[s], s:s, s:o}",
        "operationId", bytes(op->name),
            1u << method == NGX_SNAPSHOT_METHOD_HEAD ? "_head" : "",
        "summary", op->summary,
        "tags", ngx_snapshot_families[op->family].title,
        "x-source-page", op->page,
        "responses", ngx_snapshot_openapi_responses(o, op));

    if (op->text) {
        add(o, operation, "{s:s}", "description", op->text);
    }

    if (op->query) {
        parameters = json_array();

        for (i = 0; i < op->query->nfields; i++) {
            append(o, parameters, "o",
                   ngx_snapshot_openapi_query(o, &op->query->fields[i]));
        }

        ngx_snapshot_openapi_allowed(o, parameters, 1);

        add(o, operation, "{s:o}", "parameters", parameters);
    }

    if (op->body) {
        add(o, operation, "{s:{s:b, s:I, s:{s:o}}}",
            "requestBody", "required", 1,
            "x-max-bytes", max_of(o, NGX_SNAPSHOT_RULE_BODY_SIZE),
            "content", "application/json",
            ngx_snapshot_openapi_media(o, op, op->request,
                           ngx_snapshot_openapi_named(o, op->body,
                                                 ngx_snapshot_openapi_body)));
    }

    return operation;
}


static json_t *
ngx_snapshot_openapi_query(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field)
{
    json_t                 *parameter, *schema;
    unsigned                i;
    ngx_snapshot_schema_t   s;

    schema = json_object();
    ngx_snapshot_openapi_values(o, schema, field->text, field->rules,
                                NGX_SNAPSHOT_FIELD_CHECKS);

    add(o, schema, "{s:s}", "type",
        json_object_get(schema, "maximum") ? "integer" : "string");

    parameter = json_pack("{s:s%, s:s, s:O, s:b, s:o}",
        "name", bytes(field->name), "in", "query",
        "description", json_object_get(schema, "description"),
        "required", 0, "schema", schema);

    (void) json_object_del(schema, "description");

    /* CONTRACT section 2: an empty value is judged by the rules of its own */

    ngx_snapshot_schema_init(&s);

    for (i = 0; i < NGX_SNAPSHOT_FIELD_CHECKS && field->rules[i]; i++) {
        if (rejects(o, field->rules[i])) {
            ngx_snapshot_describe(&ngx_snapshot_rules[field->rules[i]], 0, &s);
        }
    }

    if (!s.integer && s.pattern.len == 0 && s.one_of == NULL) {
        add(o, parameter, "{s:b}", "allowEmptyValue", 1);
    }

    return parameter;
}


static json_t *
ngx_snapshot_openapi_responses(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_operation_t *op)
{
    json_t               *responses;
    size_t                i;
    ngx_snapshot_text_t   status, text;

    static const ngx_snapshot_str_t  accepted =
        ngx_snapshot_string("The request was accepted.");

    static const struct {
        const char  *description;
        unsigned     status;
        unsigned     body;
    } errors[] = {
        { "The request breaks the contract.", 400, 0 },
        { "The body is too large.", 413, 1 },
        { "The body is of a type or coding that cannot be read.", 415, 1 },
        { "Any other error.", 0, 0 }
    };

    ngx_snapshot_text_init(&status, o->mem);
    ngx_snapshot_text_num(&status, op->status);

    responses = json_pack("{s%:o}", bytes(ngx_snapshot_text_str(&status)),
                          ngx_snapshot_openapi_response(
                   accepted, "X-Snapshot-Warning",
                   "An RFC 9651 list of the warnings.",
                   ngx_snapshot_openapi_media(o, op, op->sample,
                               ngx_snapshot_openapi_named(o, op->response,
                                            ngx_snapshot_openapi_answers))));

    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {

        if (errors[i].body && op->body == NULL) {
            continue;
        }

        ngx_snapshot_text_init(&status, o->mem);

        if (errors[i].status) {
            ngx_snapshot_text_num(&status, errors[i].status);

        } else {
            ngx_snapshot_text_cstr(&status, "default");
        }

        ngx_snapshot_text_init(&text, o->mem);
        ngx_snapshot_text_cstr(&text, errors[i].description);
        ngx_snapshot_openapi_codes(o, op, errors[i].status, &text);

        add(o, responses, "{s%:o}", bytes(ngx_snapshot_text_str(&status)),
            ngx_snapshot_openapi_response(ngx_snapshot_text_str(&text),
                   "X-Snapshot-Violation",
                   "An RFC 9651 list of what rejects the request.",
                   ngx_snapshot_openapi_media(o, op, NULL,
                       json_pack("{s:s}", "$ref",
                                 ngx_snapshot_families[op->family].flat
                                 ? "#/components/schemas/DwsError"
                                 : "#/components/schemas/Error"))));

        o->failed |= text.failed;
    }

    return responses;
}


/* says each code once that a rule which rejects gives with the status */

static void
ngx_snapshot_openapi_codes(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_operation_t *op, unsigned status,
    ngx_snapshot_text_t *text)
{
    json_t                     *codes, *value;
    unsigned                    i, k;
    const char                 *code, *before;
    const ngx_snapshot_rule_t  *row;

    codes = json_object();
    o->failed |= codes == NULL;

    for (i = NGX_SNAPSHOT_RULE_NONE + 1; i < NGX_SNAPSHOT_RULES; i++) {
        row = &ngx_snapshot_rules[i];

        if (row->status != status || !rejects(o, i)
            || !ngx_snapshot_rule_applies(op, (ngx_snapshot_rule_e) i))
        {
            continue;
        }

        add(o, codes, "{s:b}", row->code[op->family], 1);

        for (k = 0; row->limit && k < NGX_SNAPSHOT_LIMIT_TEXTS; k++) {
            add(o, codes, "{s:b}", row->limit[k].code, 1);
        }
    }

    before = " Codes: ";

    json_object_foreach(codes, code, value) {
        ngx_snapshot_text_cstr(text, before);
        ngx_snapshot_text_cstr(text, code);
        before = ", ";
    }

    if (json_object_size(codes)) {
        ngx_snapshot_text_cstr(text, ".");
    }

    json_decref(codes);
}


static json_t *
ngx_snapshot_openapi_response(ngx_snapshot_str_t description,
    const char *header, const char *text, json_t *media)
{
    return json_pack("{s:s%, s:{s:{s:s, s:{s:s}}}, s:{s:o}}",
                     "description", bytes(description),
                     "headers", header, "description", text,
                         "schema", "type", "string",
                     "content", "application/json", media);
}


/* a body, with the sample of the operation's page where there is one */

static json_t *
ngx_snapshot_openapi_media(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_operation_t *op, const char *sample, json_t *schema)
{
    json_t  *media;

    media = json_pack("{s:o}", "schema", schema);

    if (sample) {
        add(o, media, "{s:{s:{s:s+, s:o}}}", "examples", "sample",
            "summary", "Page ", op->page,
            "value", ngx_snapshot_openapi_sample(o, sample));
    }

    return media;
}


/*
 * Where jansson has no memory for a byte of a text, it goes on without it
 * (akheron/jansson#362): what was read is written again and compared.
 */

static json_t *
ngx_snapshot_openapi_sample(ngx_snapshot_openapi_t *o, const char *sample)
{
    json_t               *value;
    unsigned              quoted;
    const u_char         *p, *last;
    ngx_snapshot_text_t   text;

    value = json_loads(sample, 0, NULL);

    ngx_snapshot_text_init(&text, o->mem);

    o->failed |= json_dump_callback(value, ngx_snapshot_openapi_write, &text,
                                    JSON_COMPACT)
                 != 0;

    last = text.pos;
    quoted = 0;

    for (p = text.start; *sample; sample++) {
        quoted ^= *sample == '"';

        if (p < last && *p == (u_char) *sample) {
            p++;

        } else if (quoted || *sample != ' ') {
            o->failed = 1;
        }
    }

    return value;
}


/*
 * A reference to the schema of a scope with a title.  Where the operator allows
 * more in one operation than in another, each has its own.
 */

static json_t *
ngx_snapshot_openapi_named(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope, ngx_snapshot_openapi_scope_pt describe)
{
    json_t               *schema, *same;
    ngx_snapshot_str_t    name;
    ngx_snapshot_text_t   text;

    schema = describe(o, scope);
    same = json_object_get(o->schemas, scope->title);

    ngx_snapshot_text_init(&text, o->mem);
    ngx_snapshot_text_cstr(&text, scope->title);

    if (same && !json_equal(same, schema)) {
        ngx_snapshot_text_cstr(&text, ".");
        ngx_snapshot_text_add(&text, bytes(o->operation->name));
    }

    o->failed |= text.failed;
    name = ngx_snapshot_text_str(&text);

    add(o, o->schemas, "{s%:o}", bytes(name), schema);

    return json_pack("{s:s+%}", "$ref", "#/components/schemas/", bytes(name));
}


/* an object of a request; its rules are constraints where they reject */

static json_t *
ngx_snapshot_openapi_body(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope)
{
    json_t    *schema, *some;
    unsigned   i;

    schema = ngx_snapshot_openapi_object(o, scope, ngx_snapshot_openapi_field);

    if (!rejects(o, NGX_SNAPSHOT_RULE_FIELD_TYPE)) {
        (void) json_object_del(schema, "type");
    }

    if (!rejects(o, NGX_SNAPSHOT_RULE_FIELD_REQUIRED)) {
        (void) json_object_del(schema, "required");
    }

    if (rejects(o, NGX_SNAPSHOT_RULE_FIELD_UNKNOWN)) {
        add(o, schema, "{s:b}", "additionalProperties", 0);
    }

    ngx_snapshot_openapi_aliases(o, scope, schema);

    if (scope == ngx_snapshot_inner_scope(o->operation, 0)) {
        ngx_snapshot_openapi_allowed(o, json_object_get(schema, "properties"),
                                     0);
    }

    if (scope->any_of == NGX_SNAPSHOT_RULE_NONE) {
        return schema;
    }

    ngx_snapshot_openapi_values(o, schema, "", &scope->any_of, 1);

    if (rejects(o, scope->any_of)) {
        some = json_array();

        for (i = 0; i < scope->nfields; i++) {
            ngx_snapshot_openapi_given(o, some, scope->fields[i].name);
        }

        for (i = 0; i < scope->naliases; i++) {
            if (!rejects(o, scope->aliases[i].rule)) {
                ngx_snapshot_openapi_given(o, some, scope->aliases[i].name);
            }
        }

        add(o, schema, "{s:o}", "anyOf", some);
    }

    return schema;
}


/* one more way to give at least one field, where null counts as absent */

static void
ngx_snapshot_openapi_given(ngx_snapshot_openapi_t *o, json_t *some,
    ngx_snapshot_str_t name)
{
    append(o, some, "{s:[s%], s:{s%:{s:{s:[n]}}}}",
           "required", bytes(name), "properties", bytes(name), "not", "enum");
}


/* what the operator allows, as members of an object or items of an array */

static void
ngx_snapshot_openapi_allowed(ngx_snapshot_openapi_t *o, json_t *into,
    unsigned query)
{
    json_t                        *schema;
    unsigned                       i;
    ngx_snapshot_rule_e            type, unknown;
    const ngx_snapshot_allowed_t  *a;

    type = query ? NGX_SNAPSHOT_RULE_PARAM_UNKNOWN
                 : NGX_SNAPSHOT_RULE_FIELD_TYPE;
    unknown = query ? NGX_SNAPSHOT_RULE_PARAM_UNKNOWN
                    : NGX_SNAPSHOT_RULE_FIELD_UNKNOWN;

    for (i = 0; i < o->policy->nallowed; i++) {
        a = &o->policy->allowed[i];

        if (a != ngx_snapshot_find_allowed(o->policy, o->operation, query,
                                           a->name))
        {
            continue;
        }

        schema = json_pack("{s:s}", "description",
                           "Allowed by the operator of the gateway.");

        if (a->type != NGX_SNAPSHOT_TYPE_ANY && rejects(o, type)) {
            add(o, schema, "{s:s}", "type",
                ngx_snapshot_openapi_types[a->type]);
        }

        if (a->max != UINT64_MAX && rejects(o, unknown)) {
            add(o, schema, "{s:I, s:I}", "maxLength", (json_int_t) a->max,
                "x-max-bytes", (json_int_t) a->max);
        }

        if (query) {
            append(o, into, "{s:s%, s:s, s:b, s:o}", "name", bytes(a->name),
                   "in", "query", "required", 0, "schema", schema);

        } else {
            add(o, into, "{s%:o}", bytes(a->name), schema);
        }
    }
}


/* each alias is what its field is, or must not be there */

static void
ngx_snapshot_openapi_aliases(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope, json_t *schema)
{
    json_t                      *properties, *alias;
    unsigned                     i, n;
    const ngx_snapshot_alias_t  *row;

    properties = json_object_get(schema, "properties");

    for (i = 0; i < scope->naliases; i++) {
        row = &scope->aliases[i];

        if (!rejects(o, row->rule)) {
            n = 0;

            while (!ngx_snapshot_eq(scope->fields[n].name, row->field)) {
                n++;
            }

            alias = ngx_snapshot_openapi_field(o, &scope->fields[n]);
            add(o, alias, "{s:b}", "deprecated", 1);

        } else if (!rejects(o, NGX_SNAPSHOT_RULE_FIELD_UNKNOWN)) {
            alias = json_pack("{s:{}}", "not");

        } else {
            continue;
        }

        add(o, properties, "{s%:o}", bytes(row->name), alias);
    }
}


static json_t *
ngx_snapshot_openapi_field(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field)
{
    json_t                      *schema;
    const ngx_snapshot_words_t  *words;

    if (field->type == NGX_SNAPSHOT_TYPE_OBJECT
        && !(field->flags & NGX_SNAPSHOT_FLAG_NULLABLE))
    {
        return ngx_snapshot_openapi_named(o, field->members,
                                          ngx_snapshot_openapi_body);
    }

    schema = json_pack("{s:s}", "x-source-page", field->page);

    ngx_snapshot_openapi_values(o, schema, field->text, field->rules,
                                NGX_SNAPSHOT_FIELD_CHECKS);

    if (rejects(o, NGX_SNAPSHOT_RULE_FIELD_TYPE)) {

        /* a string may stand for a boolean where the operator lets it */

        words = ngx_snapshot_openapi_stand_ins(o, field);

        if (words) {
            add(o, schema, "{s:[o, o]}", "anyOf",
                ngx_snapshot_openapi_type(o, field, 0),
                ngx_snapshot_openapi_nocase(o, words));

        } else {
            add(o, schema, "o", ngx_snapshot_openapi_type(o, field,
                                json_object_get(schema, "maximum") != NULL));
        }
    }

    if (field->type == NGX_SNAPSHOT_TYPE_OBJECT) {
        ngx_snapshot_openapi_map(o, schema, field);
    }

    if (field->flags & NGX_SNAPSHOT_FLAG_REQUIRED
        && rejects(o, NGX_SNAPSHOT_RULE_FIELD_REQUIRED))
    {
        add(o, schema, "{s:i}", "minLength", 1);
    }

    return schema;
}


/* a generator would else take an object without properties for an empty one */

static void
ngx_snapshot_openapi_map(ngx_snapshot_openapi_t *o, json_t *schema,
    const ngx_snapshot_field_t *field)
{
    json_t                 *keys, *values;
    ngx_snapshot_rule_e     rule;
    ngx_snapshot_text_t     text;
    ngx_snapshot_schema_t   s;

    rule = field->members->entry;

    ngx_snapshot_text_init(&text, o->mem);
    ngx_snapshot_text_cstr(&text, field->text);
    ngx_snapshot_openapi_words(o, &text, rule, "Each key and each value");
    ngx_snapshot_openapi_describe(o, schema, &text);

    add(o, schema, "{s:b, s:[s%]}", "additionalProperties", 1,
        "x-snapshot-rule", bytes(ngx_snapshot_rules[rule].name));

    if (!rejects(o, rule)) {
        return;
    }

    ngx_snapshot_schema_init(&s);
    ngx_snapshot_describe(&ngx_snapshot_rules[rule], o->policy->rule[rule].max,
                          &s);

    values = json_pack("{s:s}", "type", "string");
    ngx_snapshot_openapi_value(o, values, &s);

    add(o, schema, "{s:o}", "additionalProperties", values);

    /* OpenAPI 3.0 has no word for keys */

    if (o->minor) {
        keys = json_pack("{s:i}", "minLength", 1);
        ngx_snapshot_openapi_value(o, keys, &s);

        add(o, schema, "{s:o}", "propertyNames", keys);
    }
}


/* the words that may stand for a value of the field, or NULL */

static const ngx_snapshot_words_t *
ngx_snapshot_openapi_stand_ins(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field)
{
    unsigned             i;
    ngx_snapshot_rule_e  rule;

    for (i = 0; i < NGX_SNAPSHOT_FIELD_CHECKS && field->rules[i]; i++) {
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
    u_char               c[4];
    unsigned             i;
    ngx_snapshot_text_t  text;

    ngx_snapshot_text_init(&text, o->mem);

    for (i = 0; i < words->nwords; i++) {

        ngx_snapshot_text_cstr(&text, i ? "|" : "^(");

        for (k = 0; k < words->words[i].len; k++) {

            c[1] = words->words[i].data[k];

            if (c[1] < 'a' || c[1] > 'z') {
                ngx_snapshot_text_add(&text, &c[1], 1);
                continue;
            }

            c[0] = '[';
            c[2] = c[1] & ~0x20;
            c[3] = ']';
            ngx_snapshot_text_add(&text, c, 4);
        }
    }

    ngx_snapshot_text_cstr(&text, ")$");

    o->failed |= text.failed;

    return json_pack("{s:s, s:s%}", "type", "string",
                     "pattern", bytes(ngx_snapshot_text_str(&text)));
}


/*
 * The constraints of a value, and the names of all its rules, so that those
 * can be found that no schema says.
 */

static void
ngx_snapshot_openapi_values(ngx_snapshot_openapi_t *o, json_t *schema,
    const char *what, const ngx_snapshot_rule_e *rules, unsigned n)
{
    json_t                 *names;
    unsigned                i;
    ngx_snapshot_text_t     text;
    ngx_snapshot_schema_t   s;

    names = json_array();
    o->failed |= names == NULL;

    ngx_snapshot_text_init(&text, o->mem);
    ngx_snapshot_text_cstr(&text, what);
    ngx_snapshot_schema_init(&s);

    for (i = 0; i < n && rules[i]; i++) {
        ngx_snapshot_openapi_words(o, &text, rules[i], "The value");

        if (rejects(o, rules[i])) {
            ngx_snapshot_describe(&ngx_snapshot_rules[rules[i]],
                                  o->policy->rule[rules[i]].max, &s);
        }

        append(o, names, "s%", bytes(ngx_snapshot_rules[rules[i]].name));
    }

    ngx_snapshot_openapi_value(o, schema, &s);
    ngx_snapshot_openapi_describe(o, schema, &text);

    if (json_array_size(names)) {
        add(o, schema, "{s:O}", "x-snapshot-rule", names);
    }

    json_decref(names);
}


/* what no keyword of JSON Schema says, of any rule that is not passed over */

static void
ngx_snapshot_openapi_words(ngx_snapshot_openapi_t *o,
    ngx_snapshot_text_t *text, ngx_snapshot_rule_e rule, const char *what)
{
    ngx_snapshot_schema_t  s;

    ngx_snapshot_schema_init(&s);
    ngx_snapshot_describe(&ngx_snapshot_rules[rule], o->policy->rule[rule].max,
                          &s);

    if (o->policy->rule[rule].severity == NGX_SNAPSHOT_SEVERITY_PASS
        || (s.prefix.len == 0 && s.except.len == 0
            && s.max_bytes == UINT64_MAX))
    {
        return;
    }

    ngx_snapshot_text_cstr(text, text->pos == text->start ? "" : " ");
    ngx_snapshot_text_cstr(text, what);
    ngx_snapshot_text_cstr(text, rejects(o, rule) ? " must" : " should");

    if (s.prefix.len) {
        ngx_snapshot_text_cstr(text, " not begin with \"");
        ngx_snapshot_text_add(text, bytes(s.prefix));
        ngx_snapshot_text_cstr(text, "\".");
        return;
    }

    ngx_snapshot_text_cstr(text, " have at most ");

    if (s.except.len) {
        ngx_snapshot_text_num(text, s.max_characters);
        ngx_snapshot_text_cstr(text, " characters, and none of ");
        ngx_snapshot_text_add(text, bytes(s.except));
        ngx_snapshot_text_cstr(text, ".");
        return;
    }

    ngx_snapshot_text_num(text, s.max_bytes);
    ngx_snapshot_text_cstr(text, " bytes in UTF-8.");
}


static void
ngx_snapshot_openapi_describe(ngx_snapshot_openapi_t *o, json_t *schema,
    const ngx_snapshot_text_t *text)
{
    o->failed |= text->failed;

    if (text->pos != text->start) {
        add(o, schema, "{s:s%}", "description",
            bytes(ngx_snapshot_text_str(text)));
    }
}


/* what rules ask of a string or a number */

static void
ngx_snapshot_openapi_value(ngx_snapshot_openapi_t *o, json_t *schema,
    const ngx_snapshot_schema_t *s)
{
    json_t      *array;
    unsigned     i;
    json_int_t   max;

    if (s->pattern.len) {
        add(o, schema, "{s:s+%+}", "pattern", "^", bytes(s->pattern), "$");
    }

    if (s->prefix.len) {
        add(o, schema, "{s:{s:s, s:s+%}}", "not", "type", "string",
            "pattern", "^", bytes(s->prefix));
    }

    if (s->except.len) {
        add(o, schema, "{s:s+%+}", "pattern", "^[^", bytes(s->except), "]*$");
    }

    if (s->max_characters != UINT64_MAX) {
        add(o, schema, "{s:I}", "maxLength", (json_int_t) s->max_characters);
    }

    if (s->max_bytes != UINT64_MAX) {

        /* so many characters are at least as many bytes */

        max = (json_int_t) s->max_bytes;
        add(o, schema, "{s:I, s:I}", "maxLength", max, "x-max-bytes", max);
    }

    if (s->one_of) {
        array = json_array();

        for (i = 0; i < s->one_of->nwords; i++) {
            append(o, array, "s%", bytes(s->one_of->words[i]));
        }

        add(o, schema, "{s:o}", "enum", array);
    }

    /* that it is a boolean is what its type says */

    if (s->none_of && !rejects(o, NGX_SNAPSHOT_RULE_FIELD_TYPE)) {
        add(o, schema, "{s:o}", "not",
            ngx_snapshot_openapi_nocase(o, s->none_of));
    }

    if (s->integer) {
        add(o, schema, "{s:I, s:I}", "minimum", (json_int_t) s->min,
            "maximum", (json_int_t) s->max);
    }
}


static json_t *
ngx_snapshot_openapi_answers(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope)
{
    return ngx_snapshot_openapi_object(o, scope, ngx_snapshot_openapi_answer);
}


/* a member of a response: beside those that are documented, others may come */

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
        return members;
    }

    /* the pages have no number but whole ones */

    schema = ngx_snapshot_openapi_type(o, field,
                                     field->type == NGX_SNAPSHOT_TYPE_NUMBER);

    if (field->type == NGX_SNAPSHOT_TYPE_ARRAY) {
        add(o, schema, "{s:o}", "items", members);

    } else if (field->type == NGX_SNAPSHOT_TYPE_OBJECT) {
        add(o, schema, "{s:b}", "additionalProperties", 1);
    }

    add(o, schema, "{s:s}", "description", field->text);

    return schema;
}


/* each field of a scope as member() describes it, and which are required */

static json_t *
ngx_snapshot_openapi_object(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope, ngx_snapshot_openapi_pt member)
{
    json_t                      *schema, *properties, *required;
    unsigned                     i;
    const ngx_snapshot_field_t  *f;

    properties = json_object();
    required = json_array();

    for (i = 0; i < scope->nfields; i++) {
        f = &scope->fields[i];

        add(o, properties, "{s%:o}", bytes(f->name), member(o, f));

        if (f->flags & NGX_SNAPSHOT_FLAG_REQUIRED) {
            append(o, required, "s%", bytes(f->name));
        }
    }

    schema = json_pack("{s:s, s:o, s:o}", "type", "object",
                       "properties", properties, "required", required);

    if (json_array_size(json_object_get(schema, "required")) == 0) {
        (void) json_object_del(schema, "required");
    }

    return schema;
}


static json_t *
ngx_snapshot_openapi_type(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field, int integer)
{
    const char  *type;

    type = integer ? "integer" : ngx_snapshot_openapi_types[field->type];

    if (!(field->flags & NGX_SNAPSHOT_FLAG_NULLABLE)) {
        return json_pack("{s:s}", "type", type);
    }

    return o->minor ? json_pack("{s:[s, s]}", "type", type, "null")
                    : json_pack("{s:s, s:b}", "type", type, "nullable", 1);
}


static json_t *
ngx_snapshot_openapi_errors(ngx_snapshot_openapi_t *o, int details)
{
    json_t  *fault;

    fault = json_pack("{s:{s:s}, s:{s:s}}", "message", "type", "string",
                      "code", "type", "string");

    if (details) {
        add(o, fault, "{s:{s:s, s:{s:s, s:[s, s, s, s, s], s:{s:{s:s},"
                      " s:{s:s, s:[s, s]}, s:{s:s}, s:{s:s}, s:{s:s}}}},"
                      " s:{s:s}}",
            "violations", "type", "array", "items", "type", "object",
            "required", "rule", "severity", "at", "message", "code",
            "properties",
                "rule", "type", "string",
                "severity", "type", "string", "enum", "warn", "reject",
                "at", "type", "string",
                "message", "type", "string",
                "code", "type", "string",
            "more", "type", "integer");
    }

    return json_pack("{s:{s:s, s:s, s:i, s:i, s:{s:s}},"
                     " s:{s:s, s:s, s:[s, s], s:i, s:i, s:{s:{s:s}, s:{s:s}},"
                     " s:{s:s}}, s:{s:s, s:[s, s], s:o}}",
        "Error", "type", "object",
            "description", "One member, named by the fault, such as "
                           "badRequest.",
            "minProperties", 1, "maxProperties", 1,
            "additionalProperties", "$ref", "#/components/schemas/Fault",
        "DwsError", "type", "object",
            "description", "One member, named by the fault, and its code and "
                           "message beside it.",
            "required", "error_code", "error_msg",
            "minProperties", 3, "maxProperties", 3,
            "properties", "error_code", "type", "string",
                          "error_msg", "type", "string",
            "additionalProperties", "$ref", "#/components/schemas/Fault",
        "Fault", "type", "object", "required", "message", "code",
            "properties", fault);
}


static json_t *
ngx_snapshot_openapi_rules(ngx_snapshot_openapi_t *o)
{
    json_t                     *rules, *rule;
    unsigned                    i, f;
    ngx_snapshot_str_t          severity;
    const ngx_snapshot_rule_t  *row;

    rules = json_array();

    for (i = NGX_SNAPSHOT_RULE_NONE + 1; i < NGX_SNAPSHOT_RULES; i++) {
        row = &ngx_snapshot_rules[i];
        severity = ngx_snapshot_severities[o->policy->rule[i].severity];

        rule = json_pack("{s:s%, s:s%, s:i}", "rule", bytes(row->name),
                         "severity", bytes(severity),
                         "status", (int) row->status);

        for (f = 0; f < NGX_SNAPSHOT_FAMILIES; f++) {
            if (row->code[f]) {
                add(o, rule, "{s%:s}", bytes(ngx_snapshot_families[f].name),
                    row->code[f]);
            }
        }

        if (row->unit != NGX_SNAPSHOT_UNIT_NONE) {
            add(o, rule, "{s:I}", "max", max_of(o, i));
        }

        append(o, rules, "o", rule);
    }

    return rules;
}


/* takes the members, also where it fails */

static void
ngx_snapshot_openapi_add(ngx_snapshot_openapi_t *o, json_t *object,
    json_t *members)
{
    o->failed |= json_object_update(object, members) != 0;

    json_decref(members);
}


static int
ngx_snapshot_openapi_write(const char *data, size_t size, void *text)
{
    ngx_snapshot_text_t *t = text;

    ngx_snapshot_text_add(t, data, size);

    return t->failed ? -1 : 0;
}
