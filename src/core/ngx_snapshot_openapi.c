
/*
 * The rows as an OpenAPI document: paths, operations, responses.  It names no
 * operation, path or field.  What could not be made is NULL, and so is all that
 * it would be part of.
 */


#include "ngx_snapshot_openapi_schema.h"
#include "ngx_snapshot_report.h"


static json_t *ngx_snapshot_openapi_info(ngx_snapshot_openapi_t *o);
static json_t *ngx_snapshot_openapi_tags(void);
static json_t *ngx_snapshot_openapi_components(ngx_snapshot_openapi_t *o);
static json_t *ngx_snapshot_openapi_paths(ngx_snapshot_openapi_t *o);
static json_t *ngx_snapshot_openapi_path(ngx_snapshot_openapi_t *o,
    json_t *item);
static json_t *ngx_snapshot_openapi_operation(ngx_snapshot_openapi_t *o,
    unsigned method);
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
static json_t *ngx_snapshot_openapi_errors(int details);
static json_t *ngx_snapshot_openapi_fault(int details);
static json_t *ngx_snapshot_openapi_rules(ngx_snapshot_openapi_t *o);


/* the least and the greatest status of an error */

#define NGX_SNAPSHOT_STATUS_MIN  400
#define NGX_SNAPSHOT_STATUS_MAX  599


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
    json_t                           *parameters;
    unsigned                          i;
    const ngx_snapshot_path_param_t  *param;

    parameters = json_array();

    for (i = 0; i < NGX_SNAPSHOT_PARAMS; i++) {
        param = &ngx_snapshot_path_params[i];

        if (!ngx_snapshot_has_param(o->operation, (ngx_snapshot_param_e) i)) {
            continue;
        }

        parameters = ngx_snapshot_tree_push(parameters,
            ngx_snapshot_openapi_parameter(o, 1, param->name, param->text,
                                           &param->rule, 1));
    }

    /* all operations of a path have its parameters */

    if (item) {
        json_incref(item);
    } else {
        item = json_object();
    }

    item = add(item, "{s:o}", "parameters", parameters);

    for (i = 0; i < NGX_SNAPSHOT_METHODS; i++) {
        if (o->operation->targets[0].methods & 1U << i) {
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
    const ngx_snapshot_field_t      *field;
    const ngx_snapshot_operation_t  *op;

    op = o->operation;
    head = (1U << method == NGX_SNAPSHOT_METHOD_HEAD);

    operation = json_pack("{s:s%+, s:s+, s:s, s:[s], s:s}",
        "operationId", bytes(op->name), head ? "_head" : "",
        "summary", op->summary, head ? ", headers only" : "",
        "description", op->text,
        "tags", ngx_snapshot_families[op->family].title,
        "x-source-page", op->page);

    if (op->query) {
        parameters = json_array();

        for (i = 0; i < op->query->nfields; i++) {
            field = &op->query->fields[i];

            parameters = ngx_snapshot_tree_push(parameters,
                ngx_snapshot_openapi_parameter(o, 0, field->name, field->text,
                                               field->rules,
                                               NGX_SNAPSHOT_FIELD_CHECKS));
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
