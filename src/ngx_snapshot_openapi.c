
#include "ngx_snapshot_openapi.h"
#include "ngx_snapshot_text.h"


#define NGX_SNAPSHOT_UUID_PATTERN                                             \
    "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"

#define NGX_SNAPSHOT_PROJECT_PATTERN  "^[0-9A-Za-z_-]{1,64}$"

/* a generator would else take an object without properties for an empty one */

#define NGX_SNAPSHOT_OPENAPI_ANY  ", \"additionalProperties\": true"


typedef struct {
    ngx_snapshot_text_t           text;
    const ngx_snapshot_policy_t  *policy;
    ngx_snapshot_family_e         family;
} ngx_snapshot_openapi_t;


static void ngx_snapshot_openapi_paths(ngx_snapshot_openapi_t *o,
    ngx_snapshot_str_t prefix);
static int ngx_snapshot_openapi_same_path(const ngx_snapshot_operation_t *a,
    const ngx_snapshot_operation_t *b);
static void ngx_snapshot_openapi_path(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_operation_t *op, ngx_snapshot_str_t prefix);
static void ngx_snapshot_openapi_operation(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_operation_t *op, unsigned method);
static void ngx_snapshot_openapi_parameter(ngx_snapshot_openapi_t *o,
    const char *name, ngx_snapshot_rule_e rule, const char *pattern);
static void ngx_snapshot_openapi_query(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field);
static void ngx_snapshot_openapi_responses(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_operation_t *op);
static void ngx_snapshot_openapi_body(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope);
static void ngx_snapshot_openapi_any_of(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope);
static void ngx_snapshot_openapi_map(ngx_snapshot_openapi_t *o,
    ngx_snapshot_rule_e rule);
static void ngx_snapshot_openapi_field(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field);
static void ngx_snapshot_openapi_boolean(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field);
static void ngx_snapshot_openapi_value(ngx_snapshot_openapi_t *o,
    ngx_snapshot_rule_e rule);
static void ngx_snapshot_openapi_answer(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope);
static void ngx_snapshot_openapi_errors(ngx_snapshot_openapi_t *o,
    int details);
static void ngx_snapshot_openapi_rules(ngx_snapshot_openapi_t *o);
static void ngx_snapshot_openapi_rule_refs(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_rule_e *rules, unsigned n);
static void ngx_snapshot_openapi_string(ngx_snapshot_openapi_t *o,
    ngx_snapshot_str_t s);
static void ngx_snapshot_openapi_nocase(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_words_t *words);


#define say(o, s)  ngx_snapshot_text_cstr(&(o)->text, s)

#define rejects(o, r)                                                         \
    ((o)->policy->rule[r].severity == NGX_SNAPSHOT_REJECT)


static const char *const  ngx_snapshot_openapi_types[NGX_SNAPSHOT_TYPES] = {
    "\"string\"", "\"boolean\"", "\"object\"", "\"array\"", "\"integer\"",
    "\"null\""
};


int
ngx_snapshot_openapi(const ngx_snapshot_mem_t *mem,
    const ngx_snapshot_policy_t *policy, ngx_snapshot_str_t prefix,
    int details, ngx_snapshot_str_t *document)
{
    ngx_snapshot_openapi_t  o;

    ngx_snapshot_text_init(&o.text, mem);
    o.policy = policy;
    o.family = NGX_SNAPSHOT_EVS;

    say(&o, "{\"openapi\": \"3.1.0\", \"info\": {\"title\": \"Snapshot API\", "
            "\"version\": \"1.0.0\", \"description\": \"The contract that the "
            "gateway enforces here.\", \"license\": {\"name\": "
            "\"BSD-2-Clause\", \"identifier\": \"BSD-2-Clause\"}}, "
            "\"servers\": [{\"url\": \"/\"}], \"security\": [], "
            "\"paths\": {");

    ngx_snapshot_openapi_paths(&o, prefix);

    say(&o, "}, \"components\": {\"schemas\": {");

    ngx_snapshot_openapi_errors(&o, details);

    say(&o, "}}, \"x-snapshot-rules\": [");

    ngx_snapshot_openapi_rules(&o);

    say(&o, "]}");

    *document = ngx_snapshot_text_str(&o.text);

    return o.text.failed ? NGX_SNAPSHOT_ERROR : NGX_SNAPSHOT_OK;
}


/* a path item for each path, with the operations of all rows that have it */

static void
ngx_snapshot_openapi_paths(ngx_snapshot_openapi_t *o,
    ngx_snapshot_str_t prefix)
{
    unsigned                         i;
    const char                      *separator;
    const ngx_snapshot_operation_t  *op, *other;

    separator = "";

    for (op = ngx_snapshot_operations; op->name.len; op++) {

        if (!ngx_snapshot_has_rules(op)) {
            continue;
        }

        for (other = ngx_snapshot_operations; other != op; other++) {
            if (ngx_snapshot_openapi_same_path(op, other)) {
                break;
            }
        }

        if (other != op) {
            continue;
        }

        say(o, separator);
        separator = ", ";

        ngx_snapshot_openapi_path(o, op, prefix);

        for (other = op; other->name.len; other++) {

            if (!ngx_snapshot_has_rules(other)
                || !ngx_snapshot_openapi_same_path(op, other))
            {
                continue;
            }

            for (i = 0; i < NGX_SNAPSHOT_METHODS; i++) {
                if (other->targets[0].methods & 1u << i) {
                    ngx_snapshot_openapi_operation(o, other, i);
                }
            }
        }

        say(o, "}");
    }
}


static int
ngx_snapshot_openapi_same_path(const ngx_snapshot_operation_t *a,
    const ngx_snapshot_operation_t *b)
{
    return strcmp(a->targets[0].path, b->targets[0].path) == 0;
}


static void
ngx_snapshot_openapi_path(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_operation_t *op, ngx_snapshot_str_t prefix)
{
    o->family = op->family;

    say(o, "\"");
    ngx_snapshot_text_json(&o->text, prefix);
    say(o, op->targets[0].path);
    say(o, "\": {\"parameters\": [");

    ngx_snapshot_openapi_parameter(o, "project_id", NGX_SNAPSHOT_PROJECT_ID,
                                   NGX_SNAPSHOT_PROJECT_PATTERN);

    if (strstr(op->targets[0].path, "{snapshot_id}")) {
        say(o, ", ");
        ngx_snapshot_openapi_parameter(o, "snapshot_id",
                                       NGX_SNAPSHOT_SNAPSHOT_ID,
                                       NGX_SNAPSHOT_UUID_PATTERN);
    }

    say(o, "]");
}


static void
ngx_snapshot_openapi_parameter(ngx_snapshot_openapi_t *o, const char *name,
    ngx_snapshot_rule_e rule, const char *pattern)
{
    say(o, "{\"name\": \"");
    say(o, name);
    say(o, "\", \"in\": \"path\", \"required\": true, \"schema\": {\"type\": "
           "\"string\"");

    if (rejects(o, rule)) {
        say(o, ", \"pattern\": \"");
        say(o, pattern);
        say(o, "\"");
    }

    ngx_snapshot_openapi_rule_refs(o, &rule, 1);
    say(o, "}}");
}


static void
ngx_snapshot_openapi_operation(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_operation_t *op, unsigned method)
{
    size_t              i;
    u_char              c;
    ngx_snapshot_str_t  page;

    say(o, ", \"");

    for (i = 0; i < ngx_snapshot_methods[method].len; i++) {
        c = ngx_snapshot_methods[method].data[i] | 0x20;
        ngx_snapshot_text_add(&o->text, &c, 1);
    }

    say(o, "\": {\"operationId\": \"");
    ngx_snapshot_text_json(&o->text, op->name);

    if (1u << method == NGX_SNAPSHOT_HEAD) {
        say(o, "_head");
    }

    say(o, "\", \"summary\": \"");
    say(o, op->summary);
    say(o, "\", \"x-source-page\": ");

    page.data = (const u_char *) op->page;
    page.len = strlen(op->page);
    ngx_snapshot_openapi_string(o, page);

    if (op->query) {
        say(o, ", \"parameters\": [");

        for (i = 0; i < op->query->nfields; i++) {
            say(o, i ? ", " : "");
            ngx_snapshot_openapi_query(o, &op->query->fields[i]);
        }

        say(o, "]");
    }

    if (op->body) {
        say(o, ", \"requestBody\": {\"required\": true, \"x-max-bytes\": ");
        ngx_snapshot_text_num(&o->text,
                              o->policy->rule[NGX_SNAPSHOT_BODY_SIZE].max);
        say(o, ", \"content\": {\"application/json\": {\"schema\": ");
        ngx_snapshot_openapi_body(o, op->body);
        say(o, "}}}");
    }

    say(o, ", \"responses\": {");
    ngx_snapshot_openapi_responses(o, op);
    say(o, "}}");
}


static void
ngx_snapshot_openapi_query(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field)
{
    unsigned              i, number, empty;
    ngx_snapshot_check_e  check;

    number = 0;
    empty = 1;

    for (i = 0; i < NGX_SNAPSHOT_FIELD_CHECKS && field->rules[i]; i++) {
        check = ngx_snapshot_rules[field->rules[i]].check;
        number |= (check == NGX_SNAPSHOT_CHECK_LIMIT
                   || check == NGX_SNAPSHOT_CHECK_OFFSET)
                  && rejects(o, field->rules[i]);
        empty &= (check == NGX_SNAPSHOT_CHECK_LENGTH);
    }

    say(o, "{\"name\": ");
    ngx_snapshot_openapi_string(o, field->name);
    say(o, ", \"in\": \"query\", \"required\": false, ");

    /* CONTRACT section 2: an empty value is judged by the rules of its own */

    say(o, empty ? "\"allowEmptyValue\": true, " : "");
    say(o, "\"schema\": {\"type\": ");
    say(o, number ? "\"integer\"" : "\"string\"");

    for (i = 0; i < NGX_SNAPSHOT_FIELD_CHECKS && field->rules[i]; i++) {
        ngx_snapshot_openapi_value(o, field->rules[i]);
    }

    ngx_snapshot_openapi_rule_refs(o, field->rules, i);
    say(o, "}}");
}


static void
ngx_snapshot_openapi_responses(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_operation_t *op)
{
    unsigned  i;

    static const struct {
        const char  *status;
        const char  *description;
        unsigned     body;
    } errors[] = {
        { "400", "The request breaks the contract.", 0 },
        { "413", "The body is too large.", 1 },
        { "415", "The body is of a type or coding that cannot be read.", 1 },
        { "default", "Any other error.", 0 }
    };

    say(o, "\"");
    ngx_snapshot_text_num(&o->text, op->status);
    say(o, "\": {\"description\": \"The request was accepted.\", "
           "\"headers\": {\"X-Snapshot-Warning\": {\"description\": "
           "\"An RFC 9651 list of what was noticed.\", \"schema\": "
           "{\"type\": \"string\"}}}, \"content\": {\"application/json\": "
           "{\"schema\": ");

    ngx_snapshot_openapi_answer(o, op->response);

    say(o, "}}}");

    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {

        if (errors[i].body && op->body == NULL) {
            continue;
        }

        say(o, ", \"");
        say(o, errors[i].status);
        say(o, "\": {\"description\": \"");
        say(o, errors[i].description);
        say(o, "\", \"headers\": {\"X-Snapshot-Violation\": {\"description\": "
               "\"An RFC 9651 list of what rejects the request.\", "
               "\"schema\": {\"type\": \"string\"}}}, \"content\": "
               "{\"application/json\": {\"schema\": {\"$ref\": "
               "\"#/components/schemas/");
        say(o, op->family == NGX_SNAPSHOT_DWS ? "DwsError" : "Error");
        say(o, "\"}}}}");
    }
}


/* an object of a request; its rules are constraints where they reject */

static void
ngx_snapshot_openapi_body(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope)
{
    unsigned  i, n;

    say(o, "{");

    if (rejects(o, NGX_SNAPSHOT_FIELD_TYPE)) {
        say(o, "\"type\": \"object\", ");
    }

    say(o, "\"properties\": {");

    for (i = 0; i < scope->nfields; i++) {
        say(o, i ? ", " : "");
        ngx_snapshot_openapi_string(o, scope->fields[i].name);
        say(o, ": ");
        ngx_snapshot_openapi_field(o, &scope->fields[i]);
    }

    say(o, "}");

    if (rejects(o, NGX_SNAPSHOT_FIELD_REQUIRED)) {

        say(o, ", \"required\": [");

        for (i = 0, n = 0; i < scope->nfields; i++) {
            if (scope->fields[i].flags & NGX_SNAPSHOT_REQUIRED) {
                say(o, n++ ? ", " : "");
                ngx_snapshot_openapi_string(o, scope->fields[i].name);
            }
        }

        say(o, "]");
    }

    if (rejects(o, NGX_SNAPSHOT_FIELD_UNKNOWN)) {
        say(o, ", \"additionalProperties\": false");
    }

    if (scope->any_of) {
        ngx_snapshot_openapi_any_of(o, scope);
    }

    say(o, "}");
}


/* null counts as absent */

static void
ngx_snapshot_openapi_any_of(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope)
{
    unsigned  i;

    ngx_snapshot_openapi_rule_refs(o, &scope->any_of, 1);

    if (!rejects(o, scope->any_of)) {
        return;
    }

    say(o, ", \"anyOf\": [");

    for (i = 0; i < scope->nfields; i++) {
        say(o, i ? ", {\"required\": [" : "{\"required\": [");
        ngx_snapshot_openapi_string(o, scope->fields[i].name);
        say(o, "], \"properties\": {");
        ngx_snapshot_openapi_string(o, scope->fields[i].name);
        say(o, ": {\"not\": {\"type\": \"null\"}}}}");
    }

    say(o, "]");
}


static void
ngx_snapshot_openapi_map(ngx_snapshot_openapi_t *o, ngx_snapshot_rule_e rule)
{
    if (rejects(o, rule)) {
        say(o, ", \"propertyNames\": {\"minLength\": 1");
        ngx_snapshot_openapi_value(o, rule);
        say(o, "}, \"additionalProperties\": {\"type\": \"string\"");
        ngx_snapshot_openapi_value(o, rule);
        say(o, "}");

    } else {
        say(o, NGX_SNAPSHOT_OPENAPI_ANY);
    }

    ngx_snapshot_openapi_rule_refs(o, &rule, 1);
}


static void
ngx_snapshot_openapi_field(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field)
{
    unsigned     i;
    const char  *separator;

    if (field->type == NGX_SNAPSHOT_BOOLEAN) {
        ngx_snapshot_openapi_boolean(o, field);
        return;
    }

    if (field->type == NGX_SNAPSHOT_OBJECT
        && !(field->flags & NGX_SNAPSHOT_NULLABLE))
    {
        ngx_snapshot_openapi_body(o, field->members);
        return;
    }

    say(o, "{");
    separator = "";

    if (rejects(o, NGX_SNAPSHOT_FIELD_TYPE)) {
        say(o, "\"type\": ");
        separator = ", ";

        if (field->flags & NGX_SNAPSHOT_NULLABLE) {
            say(o, "[");
            say(o, ngx_snapshot_openapi_types[field->type]);
            say(o, ", \"null\"]");

        } else {
            say(o, ngx_snapshot_openapi_types[field->type]);
        }
    }

    say(o, separator);
    say(o, "\"x-source-page\": \"");
    say(o, field->page);
    say(o, "\"");

    if (field->type == NGX_SNAPSHOT_OBJECT) {
        ngx_snapshot_openapi_map(o, field->members->entry);
    }

    if (field->flags & NGX_SNAPSHOT_REQUIRED
        && rejects(o, NGX_SNAPSHOT_FIELD_REQUIRED))
    {
        say(o, ", \"minLength\": 1");
    }

    for (i = 0; i < NGX_SNAPSHOT_FIELD_CHECKS && field->rules[i]; i++) {
        ngx_snapshot_openapi_value(o, field->rules[i]);
    }

    if (i) {
        ngx_snapshot_openapi_rule_refs(o, field->rules, i);
    }

    say(o, "}");
}


/* a string may stand for a boolean where the operator lets it */

static void
ngx_snapshot_openapi_boolean(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_field_t *field)
{
    unsigned                     type, string;
    const ngx_snapshot_words_t  *words;

    type = rejects(o, NGX_SNAPSHOT_FIELD_TYPE);
    string = rejects(o, field->rules[0]);
    words = ngx_snapshot_rules[field->rules[0]].arg;

    say(o, "{\"x-source-page\": \"");
    say(o, field->page);
    say(o, "\"");

    if (type && string) {
        say(o, ", \"type\": \"boolean\"");

    } else if (type) {
        say(o, ", \"anyOf\": [{\"type\": \"boolean\"}, ");
        ngx_snapshot_openapi_nocase(o, words);
        say(o, "]");

    } else if (string) {
        say(o, ", \"not\": ");
        ngx_snapshot_openapi_nocase(o, words);
    }

    ngx_snapshot_openapi_rule_refs(o, field->rules, 1);
    say(o, "}");
}


/* a pattern of JSON Schema has no flag for letters of either case */

static void
ngx_snapshot_openapi_nocase(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_words_t *words)
{
    size_t    k;
    u_char    c[4];
    unsigned  i;

    say(o, "{\"type\": \"string\", \"pattern\": \"^(");

    for (i = 0; i < words->nwords; i++) {

        say(o, i ? "|" : "");

        for (k = 0; k < words->words[i].len; k++) {

            c[1] = words->words[i].data[k];

            if (c[1] < 'a' || c[1] > 'z') {
                ngx_snapshot_text_add(&o->text, &c[1], 1);
                continue;
            }

            c[0] = '[';
            c[2] = c[1] & ~0x20;
            c[3] = ']';
            ngx_snapshot_text_add(&o->text, c, 4);
        }
    }

    say(o, ")$\"}");
}


/* what a rule asks of a string or a number, where it rejects */

static void
ngx_snapshot_openapi_value(ngx_snapshot_openapi_t *o, ngx_snapshot_rule_e rule)
{
    unsigned                     i;
    uint64_t                     max;
    ngx_snapshot_str_t           prefix;
    const ngx_snapshot_rule_t   *row;
    const ngx_snapshot_words_t  *words;

    if (!rejects(o, rule)) {
        return;
    }

    row = &ngx_snapshot_rules[rule];

    switch (row->check) {

    case NGX_SNAPSHOT_CHECK_UUID:
        say(o, ", \"pattern\": \"" NGX_SNAPSHOT_UUID_PATTERN "\"");
        break;

    case NGX_SNAPSHOT_CHECK_LENGTH:

        /* so many characters are at least as many bytes */

        say(o, ", \"maxLength\": ");
        ngx_snapshot_text_num(&o->text, o->policy->rule[rule].max);
        say(o, ", \"x-max-bytes\": ");
        ngx_snapshot_text_num(&o->text, o->policy->rule[rule].max);
        break;

    case NGX_SNAPSHOT_CHECK_PREFIX:
        prefix = *(const ngx_snapshot_str_t *) row->arg;
        say(o, ", \"not\": {\"type\": \"string\", \"pattern\": \"^");
        ngx_snapshot_text_json(&o->text, prefix);
        say(o, "\"}");
        break;

    case NGX_SNAPSHOT_CHECK_PATTERN:
        say(o, ", \"pattern\": \"^");
        ngx_snapshot_text_json(&o->text,
                               *(const ngx_snapshot_str_t *) row->arg);
        say(o, "$\"");
        break;

    case NGX_SNAPSHOT_CHECK_WORDS:
        words = row->arg;
        say(o, ", \"enum\": [");

        for (i = 0; i < words->nwords; i++) {
            say(o, i ? ", " : "");
            ngx_snapshot_openapi_string(o, words->words[i]);
        }

        say(o, "]");
        break;

    case NGX_SNAPSHOT_CHECK_LIMIT:
        max = o->policy->rule[rule].max;

        if (rejects(o, NGX_SNAPSHOT_LIMIT_ADVISED)
            && o->policy->rule[NGX_SNAPSHOT_LIMIT_ADVISED].max < max)
        {
            max = o->policy->rule[NGX_SNAPSHOT_LIMIT_ADVISED].max;
        }

        say(o, ", \"minimum\": 1, \"maximum\": ");
        ngx_snapshot_text_num(&o->text, max);
        break;

    case NGX_SNAPSHOT_CHECK_OFFSET:
        say(o, ", \"minimum\": 0, \"maximum\": ");
        ngx_snapshot_text_num(&o->text, o->policy->rule[rule].max);
        break;

    default:
        break;
    }
}


/* an object of a response: its documented fields, and whatever else comes */

static void
ngx_snapshot_openapi_answer(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope)
{
    unsigned                     i;
    const ngx_snapshot_field_t  *f;

    say(o, "{\"type\": \"object\", \"properties\": {");

    for (i = 0; i < scope->nfields; i++) {
        f = &scope->fields[i];

        say(o, i ? ", " : "");
        ngx_snapshot_openapi_string(o, f->name);
        say(o, ": ");

        if (f->members && f->type == NGX_SNAPSHOT_OBJECT) {
            ngx_snapshot_openapi_answer(o, f->members);
            continue;
        }

        say(o, f->flags & NGX_SNAPSHOT_NULLABLE ? "{\"type\": ["
                                                : "{\"type\": ");
        say(o, ngx_snapshot_openapi_types[f->type]);
        say(o, f->flags & NGX_SNAPSHOT_NULLABLE ? ", \"null\"]" : "");

        if (f->type == NGX_SNAPSHOT_ARRAY) {
            say(o, ", \"items\": ");
            ngx_snapshot_openapi_answer(o, f->members);

        } else if (f->type == NGX_SNAPSHOT_OBJECT) {
            say(o, NGX_SNAPSHOT_OPENAPI_ANY);
        }

        say(o, "}");
    }

    say(o, "}}");
}


static void
ngx_snapshot_openapi_errors(ngx_snapshot_openapi_t *o, int details)
{
    say(o, "\"Error\": {\"type\": \"object\", \"description\": \"One member, "
           "named by the fault, such as badRequest.\", \"minProperties\": 1, "
           "\"maxProperties\": 1, \"additionalProperties\": {\"$ref\": "
           "\"#/components/schemas/Fault\"}}, "
           "\"DwsError\": {\"type\": \"object\", \"description\": \"One "
           "member, named by the fault, and its code and message beside it.\", "
           "\"required\": [\"error_code\", \"error_msg\"], "
           "\"minProperties\": 3, \"maxProperties\": 3, \"properties\": {"
           "\"error_code\": {\"type\": \"string\"}, "
           "\"error_msg\": {\"type\": \"string\"}}, "
           "\"additionalProperties\": {\"$ref\": "
           "\"#/components/schemas/Fault\"}}, "
           "\"Fault\": {\"type\": \"object\", \"required\": [\"message\", "
           "\"code\"], \"properties\": {\"message\": {\"type\": \"string\"}, "
           "\"code\": {\"type\": \"string\"}");

    if (details) {
        say(o, ", \"violations\": {\"type\": \"array\", \"items\": {\"type\": "
               "\"object\", \"required\": [\"rule\", \"severity\", \"at\", "
               "\"message\", \"code\"], \"properties\": {"
               "\"rule\": {\"type\": \"string\"}, "
               "\"severity\": {\"type\": \"string\", \"enum\": [\"warn\", "
               "\"reject\"]}, "
               "\"at\": {\"type\": \"string\"}, "
               "\"message\": {\"type\": \"string\"}, "
               "\"code\": {\"type\": \"string\"}}}}, "
               "\"more\": {\"type\": \"integer\"}");
    }

    say(o, "}}");
}


static void
ngx_snapshot_openapi_rules(ngx_snapshot_openapi_t *o)
{
    unsigned                    i, f;
    const ngx_snapshot_rule_t  *row;

    static const char  *const families[NGX_SNAPSHOT_FAMILIES] = {
        ", \"evs\": \"", ", \"dws\": \""
    };

    for (i = NGX_SNAPSHOT_NO_RULE + 1; i < NGX_SNAPSHOT_RULES; i++) {
        row = &ngx_snapshot_rules[i];

        say(o, i > NGX_SNAPSHOT_NO_RULE + 1 ? ", {\"rule\": " : "{\"rule\": ");
        ngx_snapshot_openapi_string(o, row->name);
        say(o, ", \"severity\": ");
        ngx_snapshot_openapi_string(o,
                      ngx_snapshot_severities[o->policy->rule[i].severity]);
        say(o, ", \"status\": ");
        ngx_snapshot_text_num(&o->text, row->status);

        for (f = 0; f < NGX_SNAPSHOT_FAMILIES; f++) {
            if (row->code[f]) {
                say(o, families[f]);
                say(o, row->code[f]);
                say(o, "\"");
            }
        }

        if (row->unit != NGX_SNAPSHOT_NO_MAX) {
            say(o, ", \"max\": ");
            ngx_snapshot_text_num(&o->text, o->policy->rule[i].max);
        }

        say(o, "}");
    }
}


/* the rules of a value, so that those can be found that no schema says */

static void
ngx_snapshot_openapi_rule_refs(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_rule_e *rules, unsigned n)
{
    unsigned  i;

    say(o, ", \"x-snapshot-rule\": [");

    for (i = 0; i < n; i++) {
        say(o, i ? ", " : "");
        ngx_snapshot_openapi_string(o, ngx_snapshot_rules[rules[i]].name);
    }

    say(o, "]");
}


static void
ngx_snapshot_openapi_string(ngx_snapshot_openapi_t *o, ngx_snapshot_str_t s)
{
    say(o, "\"");
    ngx_snapshot_text_json(&o->text, s);
    say(o, "\"");
}
