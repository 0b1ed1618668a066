
/* The directive "snapshot_allow": what is let in beside what is documented. */


#include "ngx_http_snapshot.h"
#include "ngx_snapshot_text.h"


static ngx_int_t ngx_http_snapshot_allowed_kind(ngx_conf_t *cf,
    ngx_str_t *value, ngx_snapshot_allowed_t *allowed);
static ngx_int_t ngx_http_snapshot_allowed_option(ngx_conf_t *cf,
    ngx_str_t *name, ngx_str_t *value, ngx_snapshot_allowed_t *allowed);
static ngx_int_t ngx_http_snapshot_allowed_type(ngx_conf_t *cf,
    ngx_str_t *name, ngx_str_t *value, ngx_snapshot_allowed_t *allowed);
static ngx_int_t ngx_http_snapshot_allowed_operation(ngx_conf_t *cf,
    ngx_str_t *name, ngx_str_t *value, ngx_snapshot_allowed_t *allowed);
static ngx_int_t ngx_http_snapshot_allowed_fits(ngx_conf_t *cf,
    ngx_str_t *value, const ngx_snapshot_allowed_t *allowed);
static ngx_int_t ngx_http_snapshot_allowed_new(ngx_conf_t *cf,
    ngx_str_t *value, const ngx_snapshot_allowed_t *allowed);
static ngx_int_t ngx_http_snapshot_allowed_known(ngx_conf_t *cf,
    ngx_str_t *value, const ngx_snapshot_operation_t *op,
    const ngx_snapshot_scope_t *scope);
static ngx_uint_t ngx_http_snapshot_allowed_same(
    const ngx_snapshot_allowed_t *a, const ngx_snapshot_allowed_t *b);
static void ngx_http_snapshot_list_name(ngx_snapshot_text_t *list,
    ngx_snapshot_str_t name);


static ngx_conf_enum_t  ngx_http_snapshot_types[] = {
    { ngx_string("string"), NGX_SNAPSHOT_TYPE_STRING },
    { ngx_string("boolean"), NGX_SNAPSHOT_TYPE_BOOLEAN },
    { ngx_string("number"), NGX_SNAPSHOT_TYPE_NUMBER },
    { ngx_string("object"), NGX_SNAPSHOT_TYPE_OBJECT },
    { ngx_string("array"), NGX_SNAPSHOT_TYPE_ARRAY },
    { ngx_string("any"), NGX_SNAPSHOT_TYPE_ANY },
    { ngx_null_string, 0 }
};


char *
ngx_http_snapshot_set_allowed(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_snapshot_loc_conf_t *slcf = conf;

    ngx_str_t               *value;
    ngx_uint_t               i;
    ngx_snapshot_allowed_t   allowed, *other;

    value = cf->args->elts;

    allowed.type = NGX_SNAPSHOT_TYPE_ANY;
    allowed.max = UINT64_MAX;
    allowed.operation = NULL;

    if (ngx_http_snapshot_allowed_kind(cf, value, &allowed) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    for (i = 3; i < cf->args->nelts; i++) {
        if (ngx_http_snapshot_allowed_option(cf, &value[0], &value[i], &allowed)
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_http_snapshot_allowed_fits(cf, value, &allowed) != NGX_OK
        || ngx_http_snapshot_allowed_new(cf, value, &allowed) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (slcf->allowed == NULL) {
        slcf->allowed = ngx_array_create(cf->pool, 4,
                                         sizeof(ngx_snapshot_allowed_t));
        if (slcf->allowed == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    other = slcf->allowed->elts;

    for (i = 0; i < slcf->allowed->nelts; i++) {
        if (ngx_http_snapshot_allowed_same(&other[i], &allowed)) {
            return "is duplicate";
        }
    }

    other = ngx_array_push(slcf->allowed);
    if (other == NULL) {
        return NGX_CONF_ERROR;
    }

    *other = allowed;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_snapshot_allowed_kind(ngx_conf_t *cf, ngx_str_t *value,
    ngx_snapshot_allowed_t *allowed)
{
    if (ngx_strcmp(value[1].data, "field") == 0) {
        allowed->query = 0;

    } else if (ngx_strcmp(value[1].data, "param") == 0) {
        allowed->query = 1;

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\" directive, it must "
                           "be \"field\" or \"param\"", &value[1], &value[0]);
        return NGX_ERROR;
    }

    ngx_http_snapshot_str(allowed->name, value[2]);

    if (value[2].len == 0 || !ngx_snapshot_utf8_printable(allowed->name)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid name \"%V\" in \"%V\" directive, it must "
                           "be text in UTF-8", &value[2], &value[0]);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_snapshot_allowed_option(ngx_conf_t *cf, ngx_str_t *name,
    ngx_str_t *value, ngx_snapshot_allowed_t *allowed)
{
    off_t      n;
    ngx_str_t  s;

    if (ngx_strncmp(value->data, "type=", 5) == 0) {
        s.data = value->data + 5;
        s.len = value->len - 5;

        return ngx_http_snapshot_allowed_type(cf, name, &s, allowed);
    }

    if (ngx_strncmp(value->data, "operation=", 10) == 0) {
        s.data = value->data + 10;
        s.len = value->len - 10;

        return ngx_http_snapshot_allowed_operation(cf, name, &s, allowed);
    }

    if (ngx_strncmp(value->data, "max=", 4) != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\" in \"%V\" directive, "
                           "known are \"type=\", \"max=\" and \"operation=\"",
                           value, name);
        return NGX_ERROR;
    }

    s.data = value->data + 4;
    s.len = value->len - 4;

    n = ngx_parse_offset(&s);

    if (n == NGX_ERROR || n == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\" directive, it must "
                           "be a size in bytes above 0, with \"k\", \"m\" or "
                           "\"g\" at its end for more", value, name);
        return NGX_ERROR;
    }

    allowed->max = n;

    return NGX_OK;
}


static ngx_int_t
ngx_http_snapshot_allowed_type(ngx_conf_t *cf, ngx_str_t *name,
    ngx_str_t *value, ngx_snapshot_allowed_t *allowed)
{
    ngx_conf_enum_t  *e;

    for (e = ngx_http_snapshot_types; e->name.len; e++) {

        if (e->name.len == value->len
            && ngx_strncmp(e->name.data, value->data, value->len) == 0)
        {
            allowed->type = e->value;
            return NGX_OK;
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "unknown type \"%V\" in \"%V\" directive, it must be "
                       "\"string\", \"boolean\", \"number\", \"object\", "
                       "\"array\" or \"any\"", value, name);
    return NGX_ERROR;
}


static ngx_int_t
ngx_http_snapshot_allowed_operation(ngx_conf_t *cf, ngx_str_t *name,
    ngx_str_t *value, ngx_snapshot_allowed_t *allowed)
{
    ngx_snapshot_mem_t               mem;
    ngx_snapshot_str_t               s;
    ngx_snapshot_text_t              known;
    const ngx_snapshot_operation_t  *op;

    mem = ngx_http_snapshot_pool_mem(cf->temp_pool);

    ngx_snapshot_text_init(&known, &mem);
    ngx_http_snapshot_str(s, *value);

    for (op = ngx_snapshot_operations; op->name.len; op++) {

        if (ngx_snapshot_inner_scope(op, allowed->query) == NULL) {
            continue;
        }

        if (ngx_snapshot_eq(op->name, s)) {
            allowed->operation = op;
            return NGX_OK;
        }

        ngx_http_snapshot_list_name(&known, op->name);
    }

    s = ngx_snapshot_text_str(&known);

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "operation \"%V\" in \"%V\" directive has no %s, those "
                       "with some are:%*s", value, name,
                       allowed->query ? "parameters" : "fields",
                       s.len, s.data);
    return NGX_ERROR;
}


static ngx_int_t
ngx_http_snapshot_allowed_fits(ngx_conf_t *cf, ngx_str_t *value,
    const ngx_snapshot_allowed_t *allowed)
{
    if (allowed->query
        && (allowed->type == NGX_SNAPSHOT_TYPE_OBJECT
            || allowed->type == NGX_SNAPSHOT_TYPE_ARRAY))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "parameter \"%V\" in \"%V\" directive cannot be an "
                           "object or an array", &value[2], &value[0]);
        return NGX_ERROR;
    }

    if (allowed->max != UINT64_MAX
        && allowed->type != NGX_SNAPSHOT_TYPE_STRING
        && allowed->type != NGX_SNAPSHOT_TYPE_NUMBER
        && allowed->type != NGX_SNAPSHOT_TYPE_ANY)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"max=\" of \"%V\" in \"%V\" directive is only for "
                           "the types \"string\", \"number\" and \"any\"",
                           &value[2], &value[0]);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* what is documented, or an alias of it, is judged as that */

static ngx_int_t
ngx_http_snapshot_allowed_new(ngx_conf_t *cf, ngx_str_t *value,
    const ngx_snapshot_allowed_t *allowed)
{
    ngx_uint_t                       i;
    const ngx_snapshot_scope_t      *scope;
    const ngx_snapshot_operation_t  *op;

    for (op = ngx_snapshot_operations; op->name.len; op++) {

        if (allowed->operation && allowed->operation != op) {
            continue;
        }

        scope = ngx_snapshot_inner_scope(op, allowed->query);

        if (scope == NULL) {
            continue;
        }

        if (ngx_snapshot_find_alias(scope, allowed->name)) {
            return ngx_http_snapshot_allowed_known(cf, value, op, scope);
        }

        for (i = 0; i < scope->nfields; i++) {
            if (ngx_snapshot_eq(scope->fields[i].name, allowed->name)) {
                return ngx_http_snapshot_allowed_known(cf, value, op, scope);
            }
        }
    }

    return NGX_OK;
}


/* says which names of an operation are known, and that this is one */

static ngx_int_t
ngx_http_snapshot_allowed_known(ngx_conf_t *cf, ngx_str_t *value,
    const ngx_snapshot_operation_t *op, const ngx_snapshot_scope_t *scope)
{
    ngx_uint_t           i;
    ngx_snapshot_str_t   s;
    ngx_snapshot_mem_t   mem;
    ngx_snapshot_text_t  known;

    mem = ngx_http_snapshot_pool_mem(cf->temp_pool);

    ngx_snapshot_text_init(&known, &mem);

    for (i = 0; i < scope->nfields; i++) {
        ngx_http_snapshot_list_name(&known, scope->fields[i].name);
    }

    for (i = 0; i < scope->naliases; i++) {
        ngx_http_snapshot_list_name(&known, scope->aliases[i].name);
    }

    s = ngx_snapshot_text_str(&known);

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "%V \"%V\" in \"%V\" directive is known to operation "
                       "\"%*s\" already, known are:%*s",
                       &value[1], &value[2], &value[0],
                       op->name.len, op->name.data, s.len, s.data);
    return NGX_ERROR;
}


static void
ngx_http_snapshot_list_name(ngx_snapshot_text_t *list, ngx_snapshot_str_t name)
{
    ngx_snapshot_text_cstr(list, " ");
    ngx_snapshot_text_add(list, name.data, name.len);
}


static ngx_uint_t
ngx_http_snapshot_allowed_same(const ngx_snapshot_allowed_t *a,
    const ngx_snapshot_allowed_t *b)
{
    return a->query == b->query
           && a->operation == b->operation
           && ngx_snapshot_eq(a->name, b->name);
}


ngx_int_t
ngx_http_snapshot_merge_allowed(ngx_conf_t *cf,
    ngx_http_snapshot_loc_conf_t *prev, ngx_http_snapshot_loc_conf_t *conf)
{
    ngx_uint_t               i, k, own;
    ngx_snapshot_allowed_t  *outer, *inner;

    if (conf->allowed == NULL) {
        conf->allowed = prev->allowed;

    } else if (prev->allowed) {

        own = conf->allowed->nelts;
        outer = prev->allowed->elts;

        for (i = 0; i < prev->allowed->nelts; i++) {

            inner = conf->allowed->elts;

            for (k = 0; k < own; k++) {
                if (ngx_http_snapshot_allowed_same(&inner[k], &outer[i])) {
                    break;
                }
            }

            if (k < own) {
                continue;
            }

            inner = ngx_array_push(conf->allowed);
            if (inner == NULL) {
                return NGX_ERROR;
            }

            *inner = outer[i];
        }
    }

    if (conf->allowed) {
        conf->policy.allowed = conf->allowed->elts;
        conf->policy.nallowed = conf->allowed->nelts;
    }

    return NGX_OK;
}
