
/*
 * The module's variables.  They say what the handler found; where it did not
 * run, what the request line alone tells.
 */


#include "ngx_http_snapshot.h"
#include "ngx_snapshot_check.h"
#include "ngx_snapshot_report.h"


static ngx_int_t ngx_http_snapshot_variable_line(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_snapshot_variable_tenant(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_snapshot_variable_token_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_snapshot_variable_verdict(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_snapshot_variable_rule(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_snapshot_variable_violations(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_snapshot_variable_code(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_snapshot_variable_kept(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_snapshot_variable_utf8(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static void ngx_http_snapshot_set(ngx_http_variable_value_t *v,
    ngx_snapshot_str_t s);


/* what of the request line a variable is: a parameter of the path, or this */

#define NGX_HTTP_SNAPSHOT_LINE_OPERATION  NGX_SNAPSHOT_PARAMS


/* before the name of any variable */

#define NGX_HTTP_SNAPSHOT_UTF8  "snapshot_utf8_"


static ngx_http_variable_t  ngx_http_snapshot_vars[] = {

    { ngx_string("snapshot_operation"), NULL,
      ngx_http_snapshot_variable_line, NGX_HTTP_SNAPSHOT_LINE_OPERATION,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("snapshot_project_id"), NULL,
      ngx_http_snapshot_variable_line, NGX_SNAPSHOT_PARAM_PROJECT_ID,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("snapshot_id"), NULL,
      ngx_http_snapshot_variable_line, NGX_SNAPSHOT_PARAM_SNAPSHOT_ID,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("snapshot_tenant"), NULL,
      ngx_http_snapshot_variable_tenant, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("snapshot_token_id"), NULL,
      ngx_http_snapshot_variable_token_id, 0, 0, 0 },

    { ngx_string("snapshot_verdict"), NULL,
      ngx_http_snapshot_variable_verdict, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("snapshot_rule"), NULL,
      ngx_http_snapshot_variable_rule, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("snapshot_violations"), NULL,
      ngx_http_snapshot_variable_violations, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("snapshot_error_code"), NULL,
      ngx_http_snapshot_variable_code, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("snapshot_name"), NULL,
      ngx_http_snapshot_variable_kept, NGX_SNAPSHOT_KEEP_NAME,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("snapshot_volume_id"), NULL,
      ngx_http_snapshot_variable_kept, NGX_SNAPSHOT_KEEP_VOLUME_ID,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("snapshot_cluster_id"), NULL,
      ngx_http_snapshot_variable_kept, NGX_SNAPSHOT_KEEP_CLUSTER_ID,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string(NGX_HTTP_SNAPSHOT_UTF8), NULL,
      ngx_http_snapshot_variable_utf8, 0,
      NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX, 0 },

      ngx_http_null_variable
};


static ngx_int_t
ngx_http_snapshot_variable_line(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_snapshot_str_t        s;
    ngx_snapshot_route_t     *route;
    ngx_http_snapshot_ctx_t  *ctx;

    ctx = ngx_http_snapshot_find_target(r);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    route = &ctx->target.route;

    if (route->operation == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    if (data == NGX_HTTP_SNAPSHOT_LINE_OPERATION) {
        ngx_http_snapshot_set(v, route->operation->name);
        return NGX_OK;
    }

    s = route->param[data];

    if (ngx_snapshot_check_param(data, s) != 1) {
        s.len = 0;
    }

    ngx_http_snapshot_set(v, s);

    return NGX_OK;
}


/* of the request that was judged, also after a redirect, or of the location */

static ngx_int_t
ngx_http_snapshot_variable_tenant(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_snapshot_str_t        tenant;
    ngx_http_snapshot_ctx_t  *ctx;

    ctx = ngx_http_snapshot_get_ctx(r);

    if (ctx) {
        tenant = ctx->tenant;

    } else if (ngx_http_snapshot_read_tenant(r->main, &tenant) != NGX_OK) {
        return NGX_ERROR;
    }

    if (tenant.len == 0) {
        return ngx_http_snapshot_variable_line(r, v,
                                               NGX_SNAPSHOT_PARAM_PROJECT_ID);
    }

    ngx_http_snapshot_set(v, tenant);

    return NGX_OK;
}


static ngx_int_t
ngx_http_snapshot_variable_token_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_snapshot_str_t  id;

    if (ngx_http_snapshot_token_id(r, &id) != NGX_OK) {
        return NGX_ERROR;
    }

    if (id.len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_http_snapshot_set(v, id);

    return NGX_OK;
}


static ngx_int_t
ngx_http_snapshot_variable_verdict(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_snapshot_verdict_e  verdict;

    verdict = ngx_http_snapshot_verdict(ngx_http_snapshot_get_ctx(r));

    ngx_http_snapshot_set(v, ngx_http_snapshot_verdict_name(verdict));

    return NGX_OK;
}


static ngx_int_t
ngx_http_snapshot_variable_rule(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_snapshot_ctx_t         *ctx;
    const ngx_snapshot_violation_t  *first;

    ctx = ngx_http_snapshot_get_ctx(r);

    first = ctx ? ngx_snapshot_report_next(&ctx->judge, NULL,
                                           NGX_SNAPSHOT_SEVERITY_WARN)
                : NULL;

    if (first == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_http_snapshot_set(v, ngx_snapshot_rules[first->rule].name);

    return NGX_OK;
}


static ngx_int_t
ngx_http_snapshot_variable_violations(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_snapshot_str_t        list;
    ngx_http_snapshot_ctx_t  *ctx;

    ctx = ngx_http_snapshot_get_ctx(r);

    if (ctx == NULL || ctx->judge.first == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    if (ngx_snapshot_report_list(&ctx->judge, NGX_SNAPSHOT_SEVERITY_WARN,
                                 NGX_SNAPSHOT_SEVERITY_REJECT, &list)
        != NGX_SNAPSHOT_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_snapshot_set(v, list);

    return NGX_OK;
}


static ngx_int_t
ngx_http_snapshot_variable_code(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_snapshot_str_t               code;
    ngx_http_snapshot_ctx_t         *ctx;
    const ngx_snapshot_violation_t  *first;

    ctx = ngx_http_snapshot_get_ctx(r);

    first = ctx ? ngx_snapshot_report_next(&ctx->judge, NULL,
                                           NGX_SNAPSHOT_SEVERITY_REJECT)
                : NULL;

    if (ctx && ctx->judge.failed) {
        code.data = ngx_pnalloc(r->pool, sizeof("500"));
        if (code.data == NULL) {
            return NGX_ERROR;
        }

        code.data = (u_char *) ngx_snapshot_report_code(
                                               NGX_HTTP_INTERNAL_SERVER_ERROR,
                                               ctx->judge.family,
                                               (char *) code.data);

    } else if (first) {
        code.data = (u_char *) first->code;

    } else {
        v->not_found = 1;
        return NGX_OK;
    }

    code.len = ngx_strlen(code.data);

    ngx_http_snapshot_set(v, code);

    return NGX_OK;
}


static ngx_int_t
ngx_http_snapshot_variable_kept(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_snapshot_str_t        s;
    ngx_http_snapshot_ctx_t  *ctx;

    ctx = ngx_http_snapshot_get_ctx(r);

    if (ctx == NULL || ctx->judge.keep[data].len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    s = ctx->judge.keep[data];

    if (ngx_http_snapshot_encode(r, &s, ngx_snapshot_text_safe) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_snapshot_set(v, s);

    return NGX_OK;
}


static ngx_int_t
ngx_http_snapshot_variable_utf8(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                   name;
    ngx_snapshot_str_t          s;
    ngx_http_variable_value_t  *other;

    name = *(ngx_str_t *) data;
    name.data += sizeof(NGX_HTTP_SNAPSHOT_UTF8) - 1;
    name.len -= sizeof(NGX_HTTP_SNAPSHOT_UTF8) - 1;

    other = ngx_http_get_variable(r, &name,
                                  ngx_hash_key(name.data, name.len));

    if (other == NULL) {
        return NGX_ERROR;
    }

    if (other->not_found) {
        v->not_found = 1;
        return NGX_OK;
    }

    s.data = other->data;
    s.len = other->len;

    if (ngx_http_snapshot_encode(r, &s, ngx_snapshot_text_utf8) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_snapshot_set(v, s);

    return NGX_OK;
}


ngx_int_t
ngx_http_snapshot_encode(ngx_http_request_t *r, ngx_snapshot_str_t *s,
    void (*append)(ngx_snapshot_text_t *t, ngx_snapshot_str_t s))
{
    ngx_snapshot_mem_t   mem;
    ngx_snapshot_text_t  text;

    /* most values are printable ASCII */

    if (s->len == 0
        || ngx_snapshot_skip(s->data, s->data + s->len,
                             NGX_SNAPSHOT_BYTE_PLAIN)
           == s->data + s->len)
    {
        return NGX_OK;
    }

    mem = ngx_http_snapshot_mem(r);

    ngx_snapshot_text_init(&text, &mem);
    append(&text, *s);

    if (text.failed) {
        return NGX_ERROR;
    }

    *s = ngx_snapshot_text_str(&text);

    return NGX_OK;
}


static void
ngx_http_snapshot_set(ngx_http_variable_value_t *v, ngx_snapshot_str_t s)
{
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    v->len = s.len;
    v->data = (u_char *) s.data;
}


ngx_int_t
ngx_http_snapshot_check_variables(ngx_conf_t *cf)
{
    size_t                      len;
    ngx_str_t                   name;
    ngx_uint_t                  i;
    ngx_http_variable_t        *v;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    len = sizeof(NGX_HTTP_SNAPSHOT_UTF8) - 1;

    for (i = 0; i < cmcf->variables.nelts; i++) {

        v = cmcf->variables.elts;
        name = v[i].name;

        if (name.len < len
            || ngx_strncmp(name.data, NGX_HTTP_SNAPSHOT_UTF8, len) != 0)
        {
            continue;
        }

        name.data += len;
        name.len -= len;

        /* nginx looks for all that have an index, and refuses unknown ones */

        if (ngx_http_get_variable_index(cf, &name) == NGX_ERROR) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_snapshot_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_snapshot_vars; v->name.len; v++) {

        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}
