
/* The directive "snapshot_allow", by the same words as nginx's. */


#include "check.h"


static const char *check_allow_option(ngx_snapshot_allowed_t *allowed,
    const char *option);
static const char *check_allow_type(ngx_snapshot_allowed_t *allowed,
    const char *type);
static const char *check_allow_operation(ngx_snapshot_allowed_t *allowed,
    const char *name);
static int check_allow_is_known(const ngx_snapshot_allowed_t *allowed);


const char *
check_allow(check_judge_t *j, const char *kind, const char *name,
    const char *const *options, unsigned n)
{
    unsigned                 i;
    const char              *why;
    ngx_snapshot_allowed_t   allowed;

    allowed.name = check_str(name);
    allowed.type = NGX_SNAPSHOT_TYPE_ANY;
    allowed.max = UINT64_MAX;
    allowed.operation = NULL;
    allowed.query = (strcmp(kind, "param") == 0);

    if (!allowed.query && strcmp(kind, "field") != 0) {
        return "must be field|param NAME [type=] [max=] [operation=]";
    }

    if (allowed.name.len == 0 || !ngx_snapshot_utf8_printable(allowed.name)) {
        return "the name must be text in UTF-8";
    }

    for (i = 0; i < n; i++) {

        why = check_allow_option(&allowed, options[i]);

        if (why) {
            return why;
        }
    }

    if (allowed.query && (allowed.type == NGX_SNAPSHOT_TYPE_OBJECT
                          || allowed.type == NGX_SNAPSHOT_TYPE_ARRAY))
    {
        return "a parameter cannot be an object or an array";
    }

    if (allowed.max != UINT64_MAX
        && allowed.type != NGX_SNAPSHOT_TYPE_STRING
        && allowed.type != NGX_SNAPSHOT_TYPE_NUMBER
        && allowed.type != NGX_SNAPSHOT_TYPE_ANY)
    {
        return "\"max=\" is only for the types \"string\", \"number\" and "
               "\"any\"";
    }

    if (check_allow_is_known(&allowed)) {
        return "the name is documented already";
    }

    return check_judge_allow(j, &allowed);
}


static const char *
check_allow_option(ngx_snapshot_allowed_t *allowed, const char *option)
{
    if (strncmp(option, "type=", 5) == 0) {
        return check_allow_type(allowed, option + 5);
    }

    if (strncmp(option, "operation=", 10) == 0) {
        return check_allow_operation(allowed, option + 10);
    }

    if (strncmp(option, "max=", 4) != 0) {
        return "an argument must be \"type=\", \"max=\" or \"operation=\"";
    }

    return check_judge_max(NGX_SNAPSHOT_UNIT_BYTES, option + 4, &allowed->max)
           == NGX_SNAPSHOT_OK ? NULL
           : "\"max=\" must be a size in bytes above 0, with \"k\", \"m\" or "
             "\"g\" at its end for more";
}


static const char *
check_allow_type(ngx_snapshot_allowed_t *allowed, const char *type)
{
    unsigned  i;

    static const struct {
        const char           *name;
        ngx_snapshot_type_e   type;
    } types[] = {
        { "string", NGX_SNAPSHOT_TYPE_STRING },
        { "boolean", NGX_SNAPSHOT_TYPE_BOOLEAN },
        { "number", NGX_SNAPSHOT_TYPE_NUMBER },
        { "object", NGX_SNAPSHOT_TYPE_OBJECT },
        { "array", NGX_SNAPSHOT_TYPE_ARRAY },
        { "any", NGX_SNAPSHOT_TYPE_ANY }
    };

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i].name, type) == 0) {
            allowed->type = types[i].type;
            return NULL;
        }
    }

    return "the type must be \"string\", \"boolean\", \"number\", \"object\", "
           "\"array\" or \"any\"";
}


static const char *
check_allow_operation(ngx_snapshot_allowed_t *allowed, const char *name)
{
    const ngx_snapshot_operation_t  *op;

    for (op = ngx_snapshot_operations; op->name.len; op++) {
        if (ngx_snapshot_inner_scope(op, allowed->query)
            && ngx_snapshot_eq(op->name, check_str(name)))
        {
            allowed->operation = op;
            return NULL;
        }
    }

    return allowed->query ? "the operation has no parameters"
                          : "the operation has no fields";
}


/* what is documented, or an alias of it, is judged as that */

static int
check_allow_is_known(const ngx_snapshot_allowed_t *allowed)
{
    unsigned                         i;
    const ngx_snapshot_scope_t      *scope;
    const ngx_snapshot_operation_t  *op;

    for (op = ngx_snapshot_operations; op->name.len; op++) {

        scope = ngx_snapshot_inner_scope(op, allowed->query);

        if (scope == NULL
            || (allowed->operation && allowed->operation != op))
        {
            continue;
        }

        if (ngx_snapshot_find_alias(scope, allowed->name)) {
            return 1;
        }

        for (i = 0; i < scope->nfields; i++) {
            if (ngx_snapshot_eq(scope->fields[i].name, allowed->name)) {
                return 1;
            }
        }
    }

    return 0;
}
