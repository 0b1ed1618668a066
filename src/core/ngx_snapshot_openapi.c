
/*
 * The rows as an OpenAPI document.  It knows how rows and schemas look, and
 * names no operation, path or field.  What could not be made is NULL, and so is
 * all that it would be part of.
 */


#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "ngx_snapshot_check.h"
#include "ngx_snapshot_openapi.h"
#include "ngx_snapshot_report.h"
#include "ngx_snapshot_tree.h"


/* schemas are those of all objects with a title, by their names */

typedef struct {
    const ngx_snapshot_mem_t        *mem;
    const ngx_snapshot_policy_t     *policy;
    const ngx_snapshot_operation_t  *operation;
    ngx_snapshot_str_t               prefix;
    json_t                          *schemas;
    unsigned                         minor;
} ngx_snapshot_openapi_t;


typedef json_t *(*ngx_snapshot_openapi_field_pt)(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field);

typedef json_t *(*ngx_snapshot_openapi_scope_pt)(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope);


static json_t *ngx_snapshot_openapi_info(ngx_snapshot_openapi_t *o);
static json_t *ngx_snapshot_openapi_tags(void);
static json_t *ngx_snapshot_openapi_components(ngx_snapshot_openapi_t *o);
static json_t *ngx_snapshot_openapi_paths(ngx_snapshot_openapi_t *o);
static json_t *ngx_snapshot_openapi_path(ngx_snapshot_openapi_t *o,
    json_t *item);
static json_t *ngx_snapshot_openapi_operation(ngx_snapshot_openapi_t *o,
    unsigned method);
static json_t *ngx_snapshot_openapi_query(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field);
static json_t *ngx_snapshot_openapi_request(ngx_snapshot_openapi_t *o);
static json_t *ngx_snapshot_openapi_responses(ngx_snapshot_openapi_t *o,
    int head);
static json_t *ngx_snapshot_openapi_accepted(ngx_snapshot_openapi_t *o,
    int head);
static json_t *ngx_snapshot_openapi_shared(ngx_snapshot_openapi_t *o);
static json_t *ngx_snapshot_openapi_error(ngx_snapshot_openapi_t *o,
    unsigned family, unsigned status, json_t *codes, int head);
static json_t *ngx_snapshot_openapi_codes(ngx_snapshot_openapi_t *o,
    unsigned status);
static int ngx_snapshot_openapi_documented(unsigned status);
static json_t *ngx_snapshot_openapi_content(ngx_snapshot_openapi_t *o,
    const char *sample, json_t *schema);
static json_t *ngx_snapshot_openapi_sample(const char *sample);
static json_t *ngx_snapshot_openapi_named(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope,
    ngx_snapshot_openapi_scope_pt describe);
static json_t *ngx_snapshot_openapi_body(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope);
static json_t *ngx_snapshot_openapi_given(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope, json_t *schema);
static json_t *ngx_snapshot_openapi_aliases(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope, json_t *properties);
static json_t *ngx_snapshot_openapi_allowed(ngx_snapshot_openapi_t *o,
    json_t *into, unsigned query);
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
static json_t *ngx_snapshot_openapi_answers(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope);
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
static json_t *ngx_snapshot_openapi_errors(int details);
static json_t *ngx_snapshot_openapi_fault(int details);
static json_t *ngx_snapshot_openapi_rules(ngx_snapshot_openapi_t *o);
static void ngx_snapshot_openapi_say(ngx_snapshot_text_t *t, const char *fmt,
    ...) __attribute__((format(printf, 2, 3)));
static const char *ngx_snapshot_openapi_end(ngx_snapshot_text_t *t);
static json_t *ngx_snapshot_openapi_text(const ngx_snapshot_text_t *t);


#define severity(o, r)  ((o)->policy->rule[r].severity)
#define rejects(o, r)   (severity(o, r) == NGX_SNAPSHOT_SEVERITY_REJECT)
#define max_of(o, r)    ((json_int_t) (o)->policy->rule[r].max)

#define ask(o, r, s)                                                          \
    ngx_snapshot_describe(&ngx_snapshot_rules[r], (o)->policy->rule[r].max, s)

#define add     ngx_snapshot_tree_add
#define append  ngx_snapshot_tree_append
#define bytes   ngx_snapshot_tree_str

/* for "%.*s" */

#define chars(s)  (int) (s).len, (const char *) (s).data

#define CHECKS  NGX_SNAPSHOT_FIELD_CHECKS


/* the least and the greatest status of an error */

#define NGX_SNAPSHOT_STATUS_MIN  400
#define NGX_SNAPSHOT_STATUS_MAX  599


static const char *const  ngx_snapshot_openapi_types[NGX_SNAPSHOT_TYPES] = {
    "string", "boolean", "object", "array", "number", "null"
};


/* as path items call them */

static const char *const
    ngx_snapshot_openapi_methods[NGX_SNAPSHOT_METHODS] =
{
    "get", "head", "post", "put", "delete"
};


/* what no other part of the document says, in Markdown */

static const char  ngx_snapshot_openapi_intro[] =
    "Snapshots of volumes (EVS) and of clusters (DWS), as the gateway in front "
    "of the API takes them here.\n\n"
    "The gateway holds each request against this contract. A request that "
    "keeps it is passed on byte for byte. One that breaks it is answered with "
    "an error, and the API never sees it. Where this contract says *should*, a "
    "request that does otherwise is passed on, and the response has the header "
    "`X-Snapshot-Warning`.\n\n"
    "**Requests.** A body is one JSON object in UTF-8 without a key twice, "
    "sent as `application/json` and not compressed. Limits in bytes count the "
    "bytes of UTF-8, so text may have fewer characters than `maxLength` "
    "says; such a limit is in `x-max-bytes`, too. A query parameter is given "
    "once. Paths are written exactly as they are here.\n\n"
    "**Errors.** The body is an object with one member, whose name is the kind "
    "of error, such as `badRequest`. It has a `message` and a `code`. The "
    "message lists all that is wrong, each with its place, such as "
    "`snapshot.name` or `query limit`. DWS has the same as `error_msg` and "
    "`error_code` beside that member. The header `X-Snapshot-Violation` names "
    "the rules, which are listed in `x-snapshot-rules`.";


int
ngx_snapshot_openapi(const ngx_snapshot_mem_t *mem,
    const ngx_snapshot_policy_t *policy, ngx_snapshot_str_t prefix,
    unsigned minor, int details, ngx_snapshot_str_t *document)
{
    json_t                  *paths, *root;
    ngx_snapshot_text_t      text;
    ngx_snapshot_openapi_t   o;

    o.mem = mem;
    o.policy = policy;
    o.operation = NULL;
    o.prefix = prefix;
    o.schemas = ngx_snapshot_openapi_errors(details);
    o.minor = minor;

    /* their schemas go to the others */

    paths = ngx_snapshot_openapi_paths(&o);

    root = json_pack("{s:s, s:o, s:[{s:s}], s:o, s:[{s:[]}], s:o, s:o, s:o}",
                     "openapi", minor ? "3.1.0" : "3.0.3",
                     "info", ngx_snapshot_openapi_info(&o),
                     "servers", "url", "/",
                     "tags", ngx_snapshot_openapi_tags(),
                     "security", "token",
                     "paths", paths,
                     "components", ngx_snapshot_openapi_components(&o),
                     "x-snapshot-rules", ngx_snapshot_openapi_rules(&o));

    ngx_snapshot_text_init(&text, mem);
    ngx_snapshot_tree_text(root, 0, &text);

    *document = ngx_snapshot_text_str(&text);

    return text.failed ? NGX_SNAPSHOT_ERROR : NGX_SNAPSHOT_OK;
}


static json_t *
ngx_snapshot_openapi_info(ngx_snapshot_openapi_t *o)
{
    return json_pack("{s:s, s:s, s:s, s:{s:s, s:s}}",
        "title", "Snapshot API", "version", "1.0.0",
        "description", ngx_snapshot_openapi_intro,
        "license", "name", "BSD-2-Clause",
            o->minor ? "identifier" : "url",
            o->minor ? "BSD-2-Clause"
                     : "https://opensource.org/license/bsd-2-clause");
}


static json_t *
ngx_snapshot_openapi_tags(void)
{
    json_t    *tags;
    unsigned   i;

    tags = json_array();

    for (i = 0; i < NGX_SNAPSHOT_FAMILIES; i++) {
        tags = append(tags, "{s:s, s:s}",
                      "name", ngx_snapshot_families[i].title,
                      "description", ngx_snapshot_families[i].text);
    }

    return tags;
}


static json_t *
ngx_snapshot_openapi_components(ngx_snapshot_openapi_t *o)
{
    return json_pack("{s:o, s:o, s:{s:{s:s, s:{s:s}}, s:{s:s, s:{s:s}}},"
                     " s:{s:{s:s, s:s, s:s, s:s}}}",
        "schemas", o->schemas,
        "responses", ngx_snapshot_openapi_shared(o),
        "headers",
            "X-Snapshot-Warning", "description",
                "The rules that the request breaks and that only warn, as an "
                "RFC 9651 list, such as `name-reserved;at=\"/snapshot/name\"`.",
                "schema", "type", "string",
            "X-Snapshot-Violation", "description",
                "The rules that reject the request, as an RFC 9651 list.",
                "schema", "type", "string",
        "securitySchemes", "token", "type", "apiKey", "in", "header",
            "name", "X-Auth-Token",
            "description", "The API checks the token, the gateway does not.");
}


/* a path item for each path, with the operations of all rows that have it */

static json_t *
ngx_snapshot_openapi_paths(ngx_snapshot_openapi_t *o)
{
    json_t                          *paths;
    const char                      *path;
    ngx_snapshot_text_t              text;
    const ngx_snapshot_operation_t  *op;

    paths = json_object();

    for (op = ngx_snapshot_operations; op->name.len; op++) {

        if (!ngx_snapshot_has_rules(op)) {
            continue;
        }

        ngx_snapshot_text_init(&text, o->mem);
        ngx_snapshot_text_utf8(&text, o->prefix);
        ngx_snapshot_text_cstr(&text, op->targets[0].path);
        path = ngx_snapshot_openapi_end(&text);

        o->operation = op;

        paths = add(paths, "{s:o}", path,
                    ngx_snapshot_openapi_path(o, json_object_get(paths, path)));
    }

    return paths;
}


/* the operation in the item of its path, which may be NULL yet */

static json_t *
ngx_snapshot_openapi_path(ngx_snapshot_openapi_t *o, json_t *item)
{
    json_t                           *parameters, *schema;
    unsigned                          i;
    ngx_snapshot_schema_t             s;
    const ngx_snapshot_path_param_t  *param;

    parameters = json_array();

    for (i = 0; i < NGX_SNAPSHOT_PARAMS; i++) {
        param = &ngx_snapshot_path_params[i];

        if (!ngx_snapshot_has_param(o->operation, (ngx_snapshot_param_e) i)) {
            continue;
        }

        ngx_snapshot_openapi_asked(o, &param->rule, 1, &s);
        schema = json_pack("{s:s}", "type", "string");
        schema = ngx_snapshot_openapi_value(schema, &s);
        schema = ngx_snapshot_openapi_rules_of(schema, &param->rule, 1);

        parameters = append(parameters, "{s:s%, s:s, s:o, s:b, s:o}",
            "name", bytes(param->name), "in", "path",
            "description", ngx_snapshot_openapi_description(o, param->text,
                                                       &param->rule, 1, "It"),
            "required", 1, "schema", schema);
    }

    /* all operations of a path have its parameters */

    if (item) {
        json_incref(item);
    } else {
        item = json_object();
    }

    item = add(item, "{s:o}", "parameters", parameters);

    for (i = 0; i < NGX_SNAPSHOT_METHODS; i++) {
        if (o->operation->targets[0].methods & 1u << i) {
            item = add(item, "{s:o}", ngx_snapshot_openapi_methods[i],
                       ngx_snapshot_openapi_operation(o, i));
        }
    }

    return item;
}


static json_t *
ngx_snapshot_openapi_operation(ngx_snapshot_openapi_t *o, unsigned method)
{
    int                              head;
    json_t                          *operation, *parameters;
    unsigned                         i;
    const ngx_snapshot_operation_t  *op;

    op = o->operation;
    head = (1u << method == NGX_SNAPSHOT_METHOD_HEAD);

    operation = json_pack("{s:s%+, s:s+, s:s, s:[s], s:s}",
        "operationId", bytes(op->name), head ? "_head" : "",
        "summary", op->summary, head ? ", headers only" : "",
        "description", op->text,
        "tags", ngx_snapshot_families[op->family].title,
        "x-source-page", op->page);

    if (op->query) {
        parameters = json_array();

        for (i = 0; i < op->query->nfields; i++) {
            parameters = ngx_snapshot_tree_push(parameters,
                       ngx_snapshot_openapi_query(o, &op->query->fields[i]));
        }

        operation = add(operation, "{s:o}", "parameters",
                        ngx_snapshot_openapi_allowed(o, parameters, 1));
    }

    if (op->body) {
        operation = add(operation, "{s:o}", "requestBody",
                        ngx_snapshot_openapi_request(o));
    }

    return add(operation, "{s:o}", "responses",
               ngx_snapshot_openapi_responses(o, head));
}


static json_t *
ngx_snapshot_openapi_query(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field)
{
    json_t                 *parameter, *schema;
    ngx_snapshot_schema_t   s;

    ngx_snapshot_openapi_asked(o, field->rules, CHECKS, &s);

    schema = json_pack("{s:s}", "type", s.integer ? "integer" : "string");
    schema = ngx_snapshot_openapi_value(schema, &s);
    schema = ngx_snapshot_openapi_rules_of(schema, field->rules, CHECKS);

    parameter = json_pack("{s:s%, s:s, s:o, s:b, s:o}",
        "name", bytes(field->name), "in", "query",
        "description", ngx_snapshot_openapi_description(o, field->text,
                                                field->rules, CHECKS, "It"),
        "required", 0, "schema", schema);

    /* CONTRACT section 2: an empty value is judged by the rules of its own */

    return s.integer || s.pattern.len || s.one_of
           ? parameter : add(parameter, "{s:b}", "allowEmptyValue", 1);
}


static json_t *
ngx_snapshot_openapi_request(ngx_snapshot_openapi_t *o)
{
    const ngx_snapshot_operation_t  *op;

    op = o->operation;

    return json_pack("{s:o, s:b, s:I, s:o}",
        "description", json_sprintf("At most %" PRIu64 " bytes.",
                         o->policy->rule[NGX_SNAPSHOT_RULE_BODY_SIZE].max),
        "required", 1,
        "x-max-bytes", max_of(o, NGX_SNAPSHOT_RULE_BODY_SIZE),
        "content", ngx_snapshot_openapi_content(o, op->request,
                       ngx_snapshot_openapi_named(o, op->body,
                                                  ngx_snapshot_openapi_body)));
}


/* errors with codes of the rules, then those that are the same for all */

static json_t *
ngx_snapshot_openapi_responses(ngx_snapshot_openapi_t *o, int head)
{
    char        name[4];
    json_t     *responses, *codes;
    unsigned    status;
    const char *family;

    family = ngx_snapshot_families[o->operation->family].title;

    snprintf(name, sizeof(name), "%u", o->operation->status);

    responses = json_pack("{s:o}", name,
                          ngx_snapshot_openapi_accepted(o, head));

    for (status = NGX_SNAPSHOT_STATUS_MIN;
         status <= NGX_SNAPSHOT_STATUS_MAX;
         status++)
    {
        snprintf(name, sizeof(name), "%u", status);

        codes = ngx_snapshot_openapi_codes(o, status);

        if (codes == NULL || json_object_size(codes)) {
            responses = add(responses, "{s:o}", name,
                ngx_snapshot_openapi_error(o, o->operation->family, status,
                                           codes, head));
            continue;
        }

        json_decref(codes);

        if (ngx_snapshot_openapi_documented(status)) {
            responses = add(responses, "{s:{s:s+++}}", name, "$ref",
                            "#/components/responses/", family, ".", name);
        }
    }

    return add(responses, "{s:{s:s++}}", "default", "$ref",
               "#/components/responses/", family, ".default");
}


static json_t *
ngx_snapshot_openapi_accepted(ngx_snapshot_openapi_t *o, int head)
{
    json_t                          *response;
    const ngx_snapshot_operation_t  *op;

    op = o->operation;

    response = json_pack("{s:s, s:{s:{s:s}}}",
        "description", "The request was accepted.",
        "headers", "X-Snapshot-Warning",
            "$ref", "#/components/headers/X-Snapshot-Warning");

    if (head) {
        return response;
    }

    return add(response, "{s:o}", "content",
               ngx_snapshot_openapi_content(o, op->sample,
                   ngx_snapshot_openapi_named(o, op->response,
                                              ngx_snapshot_openapi_answers)));
}


/* the errors of each family that no rule has a part in */

static json_t *
ngx_snapshot_openapi_shared(ngx_snapshot_openapi_t *o)
{
    char         name[16], code[4];
    json_t      *responses;
    unsigned     family, status;
    const char  *title;

    responses = json_object();

    for (family = 0; family < NGX_SNAPSHOT_FAMILIES; family++) {
        title = ngx_snapshot_families[family].title;

        for (status = NGX_SNAPSHOT_STATUS_MIN;
             status <= NGX_SNAPSHOT_STATUS_MAX;
             status++)
        {
            if (!ngx_snapshot_openapi_documented(status)) {
                continue;
            }

            snprintf(name, sizeof(name), "%.8s.%u", title, status);

            responses = add(responses, "{s:o}", name,
                ngx_snapshot_openapi_error(o, family, status,
                    json_pack("{s:b}",
                        ngx_snapshot_report_code(status,
                            (ngx_snapshot_family_e) family, code), 1), 0));
        }

        snprintf(name, sizeof(name), "%.7s.default", title);

        responses = add(responses, "{s:o}", name,
                        ngx_snapshot_openapi_error(o, family, 0, json_object(),
                                                   0));
    }

    return responses;
}


/* takes the codes, which are an object's keys; status is 0 for any other */

static json_t *
ngx_snapshot_openapi_error(ngx_snapshot_openapi_t *o, unsigned family,
    unsigned status, json_t *codes, int head)
{
    json_t                      *response, *value;
    const char                  *code, *before;
    ngx_snapshot_text_t          text;
    const ngx_snapshot_fault_t  *fault;

    fault = ngx_snapshot_fault(status);

    ngx_snapshot_text_init(&text, o->mem);

    if (fault->message) {
        ngx_snapshot_openapi_say(&text, "`%s`: %s.", fault->name,
                                 fault->message);
    } else {
        ngx_snapshot_text_cstr(&text, "Any other error.");
    }

    before = " Codes: ";

    json_object_foreach(codes, code, value) {
        ngx_snapshot_openapi_say(&text, "%s%s", before, code);
        before = ", ";
    }

    ngx_snapshot_text_cstr(&text, json_object_size(codes) ? "." : "");

    response = codes ? json_pack("{s:o}", "description",
                                 ngx_snapshot_openapi_text(&text))
                     : NULL;

    json_decref(codes);

    if (o->operation) {
        response = add(response, "{s:{s:{s:s}}}",
                       "headers", "X-Snapshot-Violation",
                       "$ref", "#/components/headers/X-Snapshot-Violation");
    }

    return head ? response
                : add(response, "{s:{s:{s:{s:s}}}}", "content",
                      "application/json", "schema", "$ref",
                      ngx_snapshot_families[family].flat
                      ? "#/components/schemas/DwsError"
                      : "#/components/schemas/Error");
}


/* each code that a rule which rejects gives the operation with the status */

static json_t *
ngx_snapshot_openapi_codes(ngx_snapshot_openapi_t *o, unsigned status)
{
    json_t                     *codes;
    unsigned                    i, k;
    const ngx_snapshot_rule_t  *row;

    codes = json_object();

    for (i = NGX_SNAPSHOT_RULE_NONE + 1; i < NGX_SNAPSHOT_RULES; i++) {
        row = &ngx_snapshot_rules[i];

        if (row->status != status || !rejects(o, i)
            || !ngx_snapshot_rule_applies(o->operation,
                                          (ngx_snapshot_rule_e) i))
        {
            continue;
        }

        codes = add(codes, "{s:b}", row->code[o->operation->family], 1);

        for (k = 0; row->limit && k < NGX_SNAPSHOT_LIMIT_TEXTS; k++) {
            codes = add(codes, "{s:b}", row->limit[k].code, 1);
        }
    }

    return codes;
}


/* 1 where a list of error codes has one of the status */

static int
ngx_snapshot_openapi_documented(unsigned status)
{
    unsigned  i;

    for (i = 0; i < NGX_SNAPSHOT_FAMILIES; i++) {
        if (ngx_snapshot_fault(status)->code[i]) {
            return 1;
        }
    }

    return 0;
}


/* with the sample of the operation's page where there is one */

static json_t *
ngx_snapshot_openapi_content(ngx_snapshot_openapi_t *o, const char *sample,
    json_t *schema)
{
    json_t  *media;

    media = json_pack("{s:o}", "schema", schema);

    if (sample) {
        media = add(media, "{s:{s:{s:s+, s:o}}}", "examples", "sample",
            "summary", "The sample of page ", o->operation->page,
            "value", ngx_snapshot_openapi_sample(sample));
    }

    return json_pack("{s:o}", "application/json", media);
}


/*
 * Where jansson has no memory for a byte of a text, it goes on without it
 * (akheron/jansson#362), but not twice at the same one.
 */

static json_t *
ngx_snapshot_openapi_sample(const char *sample)
{
    json_t  *value, *other;

    value = json_loads(sample, 0, NULL);
    other = json_loads(sample, 0, NULL);

    if (!json_equal(value, other)) {
        json_decref(value);
        value = NULL;
    }

    json_decref(other);

    return value;
}


/*
 * A reference to the schema of a scope with a title.  Operations share it, but
 * for one that differs by what the operator allows in it.
 */

static json_t *
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

static json_t *
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


/* what the operator allows, as members of an object or items of an array */

static json_t *
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

static json_t *
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


static json_t *
ngx_snapshot_openapi_errors(int details)
{
    return json_pack("{s:{s:s, s:s, s:i, s:i, s:{s:s}, s:{s:{s:s, s:s}}},"
                     " s:{s:s, s:s, s:[s, s], s:i, s:i, s:{s:{s:s}, s:{s:s}},"
                     " s:{s:s}, s:{s:{s:s, s:s}, s:s, s:s}}, s:o}",
        "Error", "type", "object",
            "description", "One member, named by the kind of error, such as "
                           "badRequest.",
            "minProperties", 1, "maxProperties", 1,
            "additionalProperties", "$ref", "#/components/schemas/Fault",
            "example", "badRequest",
                "message", "snapshot.name: 300 bytes, at most 255 are allowed",
                "code", "EVS.5400",
        "DwsError", "type", "object",
            "description", "One member, named by the kind of error, and its "
                           "code and message beside it.",
            "required", "error_code", "error_msg",
            "minProperties", 3, "maxProperties", 3,
            "properties", "error_code", "type", "string",
                          "error_msg", "type", "string",
            "additionalProperties", "$ref", "#/components/schemas/Fault",
            "example", "badRequest",
                "message", "snapshot.cluster_id: is required",
                "code", "DWS.5037",
                "error_code", "DWS.5037",
                "error_msg", "snapshot.cluster_id: is required",
        "Fault", ngx_snapshot_openapi_fault(details));
}


static json_t *
ngx_snapshot_openapi_fault(int details)
{
    json_t  *properties;

    properties = json_pack("{s:{s:s, s:s}, s:{s:s, s:s}}",
        "message", "type", "string",
            "description", "All that is wrong, each with its place.",
        "code", "type", "string",
            "description", "The documented code of what is wrong first.");

    if (details) {
        properties = add(properties, "{s:{s:s, s:s, s:{s:s, s:[s, s, s, s, s],"
                         " s:{s:{s:s}, s:{s:s, s:[s, s]}, s:{s:s, s:s},"
                         " s:{s:s}, s:{s:s}}}}, s:{s:s, s:s}}",
            "violations", "type", "array",
                "description", "All that is wrong, and all warnings.",
                "items", "type", "object",
                "required", "rule", "severity", "at", "message", "code",
                "properties",
                    "rule", "type", "string",
                    "severity", "type", "string", "enum", "warn", "reject",
                    "at", "type", "string", "description",
                        "A JSON Pointer into the body, or such as query:limit.",
                    "message", "type", "string",
                    "code", "type", "string",
            "more", "type", "integer",
                "description", "The number of those that are not listed.");
    }

    return json_pack("{s:s, s:[s, s], s:o}", "type", "object",
                     "required", "message", "code", "properties", properties);
}


static json_t *
ngx_snapshot_openapi_rules(ngx_snapshot_openapi_t *o)
{
    json_t                     *rules, *rule;
    unsigned                    i, f;
    const ngx_snapshot_rule_t  *row;

    rules = json_array();

    for (i = NGX_SNAPSHOT_RULE_NONE + 1; i < NGX_SNAPSHOT_RULES; i++) {
        row = &ngx_snapshot_rules[i];

        rule = json_pack("{s:s%, s:s%, s:i}", "rule", bytes(row->name),
            "severity", bytes(ngx_snapshot_severities[severity(o, i)]),
            "status", (int) row->status);

        for (f = 0; f < NGX_SNAPSHOT_FAMILIES; f++) {
            if (row->code[f]) {
                rule = add(rule, "{s%:s}", bytes(ngx_snapshot_families[f].name),
                           row->code[f]);
            }
        }

        if (row->unit != NGX_SNAPSHOT_UNIT_NONE) {
            rule = add(rule, "{s:I}", "max", max_of(o, i));
        }

        rules = ngx_snapshot_tree_push(rules, rule);
    }

    return rules;
}


/* at most 255 bytes, all of them the contract's or the operator's */

static void
ngx_snapshot_openapi_say(ngx_snapshot_text_t *t, const char *fmt, ...)
{
    char     buf[256];
    va_list  args;

    va_start(args, fmt);
    (void) vsnprintf(buf, sizeof(buf), fmt, args);
    va_end(args);

    ngx_snapshot_text_cstr(t, buf);
}


/* the text as a C string, or NULL where memory was short */

static const char *
ngx_snapshot_openapi_end(ngx_snapshot_text_t *t)
{
    ngx_snapshot_text_add(t, "", 1);

    return t->failed ? NULL : (const char *) ngx_snapshot_text_str(t).data;
}


static json_t *
ngx_snapshot_openapi_text(const ngx_snapshot_text_t *t)
{
    return t->failed ? NULL
                     : ngx_snapshot_tree_string(ngx_snapshot_text_str(t));
}
