
/*
 * The rows of the contract as JSON, for "snapshot-check --contract" and the
 * tables of the documents.  It adds nothing to the rows.
 */

#include "ngx_snapshot_check.h"
#include "ngx_snapshot_dump.h"
#include "ngx_snapshot_report.h"
#include "ngx_snapshot_tree.h"


static json_t *ngx_snapshot_dump_families(void);
static json_t *ngx_snapshot_dump_versions(unsigned family);
static json_t *ngx_snapshot_dump_operations(void);
static json_t *ngx_snapshot_dump_operation(const ngx_snapshot_operation_t *op);
static json_t *ngx_snapshot_dump_requests(const ngx_snapshot_operation_t *op);
static json_t *ngx_snapshot_dump_methods(unsigned methods);
static json_t *ngx_snapshot_dump_applying(const ngx_snapshot_operation_t *op);
static json_t *ngx_snapshot_dump_scope(const ngx_snapshot_scope_t *scope);
static json_t *ngx_snapshot_dump_field(const ngx_snapshot_field_t *field);
static json_t *ngx_snapshot_dump_rules(void);
static json_t *ngx_snapshot_dump_rule(const ngx_snapshot_rule_t *rule);
static json_t *ngx_snapshot_dump_also(const ngx_snapshot_rule_t *rule);
static json_t *ngx_snapshot_dump_asked(const ngx_snapshot_rule_t *rule);
static json_t *ngx_snapshot_dump_words(const ngx_snapshot_words_t *words);
static json_t *ngx_snapshot_dump_faults(void);
static json_t *ngx_snapshot_dump_status_codes(unsigned status);
static json_t *ngx_snapshot_dump_name(ngx_snapshot_rule_e rule);
static json_t *ngx_snapshot_dump_bytes(ngx_snapshot_str_t s);
static json_t *ngx_snapshot_dump_text(const char *text);
static json_t *ngx_snapshot_dump_number(uint64_t n, uint64_t none);


/* for "s%" of jansson's */

#define bytes(s)  ngx_snapshot_tree_str(s)


static const char *const  ngx_snapshot_dump_units[] = {
    NULL, "bytes", "number"
};


static const char *const  ngx_snapshot_dump_wheres[] = {
    "request", "unknown", "body", "query", "value"
};


json_t *
ngx_snapshot_dump(void)
{
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}",
                     "version", NGX_SNAPSHOT_VERSION,
                     "families", ngx_snapshot_dump_families(),
                     "operations", ngx_snapshot_dump_operations(),
                     "unknown",
                         ngx_snapshot_dump_operation(&ngx_snapshot_unknown),
                     "rules", ngx_snapshot_dump_rules(),
                     "faults", ngx_snapshot_dump_faults());
}


static json_t *
ngx_snapshot_dump_families(void)
{
    json_t    *families;
    unsigned   i;

    families = json_array();

    for (i = 0; i < NGX_SNAPSHOT_FAMILIES; i++) {
        families = ngx_snapshot_tree_push(families,
            json_pack("{s:s, s:o}", "name", ngx_snapshot_families[i].title,
                      "versions", ngx_snapshot_dump_versions(i)));
    }

    return families;
}


/* each once, in the order of the operations */

static json_t *
ngx_snapshot_dump_versions(unsigned family)
{
    size_t                           len;
    json_t                          *versions, *version, *before;
    size_t                           i;
    const char                      *path;
    const ngx_snapshot_operation_t  *op;

    versions = json_array();

    for (op = ngx_snapshot_operations; op->name.len; op++) {

        if ((unsigned) op->family != family) {
            continue;
        }

        path = op->targets[0].path + 1;
        len = strcspn(path, "/");
        version = json_stringn(path, len);

        json_array_foreach(versions, i, before) {
            if (json_equal(before, version)) {
                json_decref(version);
                version = NULL;
                break;
            }
        }

        if (i == json_array_size(versions)) {
            versions = ngx_snapshot_tree_push(versions, version);
        }
    }

    return versions;
}


static json_t *
ngx_snapshot_dump_operations(void)
{
    json_t                          *operations;
    const ngx_snapshot_operation_t  *op;

    operations = json_array();

    for (op = ngx_snapshot_operations; op->name.len; op++) {
        operations = ngx_snapshot_tree_push(operations,
                                              ngx_snapshot_dump_operation(op));
    }

    return operations;
}


static json_t *
ngx_snapshot_dump_operation(const ngx_snapshot_operation_t *op)
{
    return json_pack("{s:s%, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                     "name", bytes(op->name),
                     "family", ngx_snapshot_families[op->family].title,
                     "requests", ngx_snapshot_dump_requests(op),
                     "body", ngx_snapshot_dump_scope(op->body),
                     "query", ngx_snapshot_dump_scope(op->query),
                     "status", ngx_snapshot_dump_number(op->status, 0),
                     "summary", ngx_snapshot_dump_text(op->summary),
                     "page", ngx_snapshot_dump_text(op->page),
                     "rules", ngx_snapshot_dump_applying(op));
}


static json_t *
ngx_snapshot_dump_requests(const ngx_snapshot_operation_t *op)
{
    json_t                       *requests;
    const ngx_snapshot_target_t  *target;

    requests = json_array();

    for (target = op->targets; target->path; target++) {
        requests = ngx_snapshot_tree_push(requests,
            json_pack("{s:o, s:s}",
                      "methods", ngx_snapshot_dump_methods(target->methods),
                      "path", target->path));
    }

    return requests;
}


static json_t *
ngx_snapshot_dump_methods(unsigned methods)
{
    json_t              *names;
    unsigned             i;
    ngx_snapshot_str_t   name;

    names = json_array();

    for (i = 0; i < NGX_SNAPSHOT_METHODS; i++) {
        if (methods & 1U << i) {
            name = ngx_snapshot_methods[i];
            names = ngx_snapshot_tree_push(names,
                                             ngx_snapshot_dump_bytes(name));
        }
    }

    return names;
}


/* the names of the rules that a request of the operation can break */

static json_t *
ngx_snapshot_dump_applying(const ngx_snapshot_operation_t *op)
{
    json_t    *names;
    unsigned   i;

    names = json_array();

    for (i = NGX_SNAPSHOT_RULE_NONE + 1; i < NGX_SNAPSHOT_RULES; i++) {
        if (ngx_snapshot_rule_applies(op, (ngx_snapshot_rule_e) i)) {
            names = ngx_snapshot_tree_push(names,
                              ngx_snapshot_dump_name((ngx_snapshot_rule_e) i));
        }
    }

    return names;
}


static json_t *
ngx_snapshot_dump_scope(const ngx_snapshot_scope_t *scope)
{
    json_t                      *fields, *aliases;
    unsigned                     i;
    const ngx_snapshot_alias_t  *alias;

    if (scope == NULL) {
        return json_null();
    }

    fields = json_array();
    aliases = json_array();

    for (i = 0; i < scope->naliases; i++) {
        alias = &scope->aliases[i];

        aliases = ngx_snapshot_tree_push(aliases,
            json_pack("{s:s%, s:s%, s:o}",
                      "name", bytes(alias->name),
                      "field", bytes(alias->field),
                      "rule", ngx_snapshot_dump_name(alias->rule)));
    }

    for (i = 0; i < scope->nfields; i++) {
        fields = ngx_snapshot_tree_push(fields,
                                  ngx_snapshot_dump_field(&scope->fields[i]));
    }

    return json_pack("{s:o, s:o, s:o, s:o}",
                     "fields", fields,
                     "aliases", aliases,
                     "any_of", ngx_snapshot_dump_name(scope->any_of),
                     "entry", ngx_snapshot_dump_name(scope->entry));
}


static json_t *
ngx_snapshot_dump_field(const ngx_snapshot_field_t *field)
{
    json_t      *rules;
    unsigned     i;
    const char  *type;

    rules = json_array();

    for (i = 0; i < NGX_SNAPSHOT_FIELD_CHECKS; i++) {
        if (field->rules[i]) {
            rules = ngx_snapshot_tree_push(rules,
                                     ngx_snapshot_dump_name(field->rules[i]));
        }
    }

    /* "a string" without its article */

    type = ngx_snapshot_types[field->type];
    type = strchr(type, ' ') ? strchr(type, ' ') + 1 : type;

    return json_pack("{s:s%, s:s, s:b, s:b, s:o, s:o, s:o}",
                     "name", bytes(field->name),
                     "type", type,
                     "required",
                         (field->flags & NGX_SNAPSHOT_FLAG_REQUIRED) != 0,
                     "nullable",
                         (field->flags & NGX_SNAPSHOT_FLAG_NULLABLE) != 0,
                     "rules", rules,
                     "page", ngx_snapshot_dump_text(field->page),
                     "members", ngx_snapshot_dump_scope(field->members));
}


static json_t *
ngx_snapshot_dump_rules(void)
{
    json_t    *rules;
    unsigned   i;

    rules = json_array();

    for (i = NGX_SNAPSHOT_RULE_NONE + 1; i < NGX_SNAPSHOT_RULES; i++) {
        rules = ngx_snapshot_tree_push(rules,
                               ngx_snapshot_dump_rule(&ngx_snapshot_rules[i]));
    }

    return rules;
}


static json_t *
ngx_snapshot_dump_rule(const ngx_snapshot_rule_t *rule)
{
    json_t    *codes;
    unsigned   i;

    codes = json_object();

    for (i = 0; i < NGX_SNAPSHOT_FAMILIES; i++) {
        if (json_object_set_new(codes, ngx_snapshot_families[i].title,
                                ngx_snapshot_dump_text(rule->code[i]))
            != 0)
        {
            json_decref(codes);
            return NULL;
        }
    }

    return json_pack("{s:s%, s:s%, s:i, s:s, s:o, s:o, s:o, s:o, s:s, s:o}",
                     "name", bytes(rule->name),
                     "severity",
                         bytes(ngx_snapshot_severities[rule->severity]),
                     "status", (int) rule->status,
                     "fault", ngx_snapshot_fault(rule->status)->name,
                     "codes", codes,
                     "also", ngx_snapshot_dump_also(rule),
                     "max", ngx_snapshot_dump_number(rule->max, 0),
                     "unit", ngx_snapshot_dump_text(
                                         ngx_snapshot_dump_units[rule->unit]),
                     "where", ngx_snapshot_dump_wheres[rule->where],
                     "asks", ngx_snapshot_dump_asked(rule));
}


/*
 * What the rule answers beside its own status and codes: its limit has codes
 * of its own, and of a known path only the method can be wrong.
 */

static json_t *
ngx_snapshot_dump_also(const ngx_snapshot_rule_t *rule)
{
    json_t    *also;
    unsigned   i;

    also = json_array();

    for (i = 0; rule->limit && i < NGX_SNAPSHOT_LIMIT_TEXTS; i++) {
        also = ngx_snapshot_tree_push(also,
            json_pack("{s:i, s:s, s:{s:s}}",
                      "status", (int) rule->status,
                      "fault", ngx_snapshot_fault(rule->status)->name,
                      "codes",
                          ngx_snapshot_families[NGX_SNAPSHOT_FAMILY_EVS].title,
                          rule->limit[i].code));
    }

    if (rule->where == NGX_SNAPSHOT_WHERE_UNKNOWN) {
        also = ngx_snapshot_tree_push(also,
            json_pack("{s:i, s:s, s:o}", "status", 405,
                      "fault", ngx_snapshot_fault(405)->name,
                      "codes", ngx_snapshot_dump_status_codes(405)));
    }

    return also;
}


static json_t *
ngx_snapshot_dump_asked(const ngx_snapshot_rule_t *rule)
{
    ngx_snapshot_schema_t  schema;

    if (rule->check == NGX_SNAPSHOT_CHECK_NONE) {
        return json_null();
    }

    ngx_snapshot_schema_init(&schema);
    ngx_snapshot_describe(rule, rule->max, &schema);

    return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                     "integer", (int) schema.integer,
                     "min", ngx_snapshot_dump_number(schema.min, 0),
                     "max", ngx_snapshot_dump_number(schema.max, UINT64_MAX),
                     "max_bytes",
                         ngx_snapshot_dump_number(schema.max_bytes,
                                                  UINT64_MAX),
                     "max_characters",
                         ngx_snapshot_dump_number(schema.max_characters,
                                                  UINT64_MAX),
                     "except", ngx_snapshot_dump_bytes(schema.except),
                     "pattern", ngx_snapshot_dump_bytes(schema.pattern),
                     "prefix", ngx_snapshot_dump_bytes(schema.prefix),
                     "one_of", ngx_snapshot_dump_words(schema.one_of),
                     "none_of", ngx_snapshot_dump_words(schema.none_of));
}


static json_t *
ngx_snapshot_dump_words(const ngx_snapshot_words_t *words)
{
    json_t    *array;
    unsigned   i;

    if (words == NULL) {
        return json_null();
    }

    array = json_array();

    for (i = 0; i < words->nwords; i++) {
        array = ngx_snapshot_tree_push(array,
                                    ngx_snapshot_dump_bytes(words->words[i]));
    }

    return array;
}


static json_t *
ngx_snapshot_dump_faults(void)
{
    json_t                      *faults;
    unsigned                     status;
    const ngx_snapshot_fault_t  *fault;

    faults = json_array();

    for (status = 400; status < 600; status++) {

        fault = ngx_snapshot_fault(status);

        if (fault->message == NULL) {
            continue;
        }

        faults = ngx_snapshot_tree_push(faults,
            json_pack("{s:i, s:s, s:o, s:s}", "status", (int) status,
                      "name", fault->name,
                      "codes", ngx_snapshot_dump_status_codes(status),
                      "message", fault->message));
    }

    return faults;
}


static json_t *
ngx_snapshot_dump_status_codes(unsigned status)
{
    char       buf[4];
    json_t    *codes;
    unsigned   i;

    codes = json_object();

    for (i = 0; i < NGX_SNAPSHOT_FAMILIES; i++) {
        if (json_object_set_new(codes, ngx_snapshot_families[i].title,
                json_string(ngx_snapshot_report_code(status,
                                          (ngx_snapshot_family_e) i, buf)))
            != 0)
        {
            json_decref(codes);
            return NULL;
        }
    }

    return codes;
}


static json_t *
ngx_snapshot_dump_name(ngx_snapshot_rule_e rule)
{
    return rule == NGX_SNAPSHOT_RULE_NONE
               ? json_null()
               : ngx_snapshot_dump_bytes(ngx_snapshot_rules[rule].name);
}


static json_t *
ngx_snapshot_dump_bytes(ngx_snapshot_str_t s)
{
    return s.len ? json_stringn((const char *) s.data, s.len) : json_null();
}


static json_t *
ngx_snapshot_dump_text(const char *text)
{
    return text ? json_string(text) : json_null();
}


static json_t *
ngx_snapshot_dump_number(uint64_t n, uint64_t none)
{
    return n == none ? json_null() : json_integer((json_int_t) n);
}
