
/*
 * Content handlers, one for each directive that answers by itself: errors, the
 * verdict on a request, the OpenAPI document, the counters.  What they answer
 * with is made elsewhere.
 */


#include "ngx_http_snapshot.h"
#include "ngx_snapshot_openapi.h"
#include "ngx_snapshot_report.h"


static ngx_int_t ngx_http_snapshot_error_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_snapshot_retry_after(ngx_http_request_t *r,
    ngx_uint_t status);
static ngx_int_t ngx_http_snapshot_validate_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_snapshot_openapi_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_snapshot_status_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_snapshot_read_only(ngx_http_request_t *r);
static ngx_int_t ngx_http_snapshot_unruled(ngx_http_request_t *r,
    ngx_http_snapshot_ctx_t *ctx);
static ngx_int_t ngx_http_snapshot_answer(ngx_http_request_t *r,
    ngx_uint_t status, const char *message);


/* seconds after which a client may come again, where nobody says when */

#define NGX_HTTP_SNAPSHOT_RETRY_AFTER  "1"


static const ngx_http_handler_pt  ngx_http_snapshot_content_handlers[] = {
    [NGX_HTTP_SNAPSHOT_ERROR] = ngx_http_snapshot_error_handler,
    [NGX_HTTP_SNAPSHOT_VALIDATE] = ngx_http_snapshot_validate_handler,
    [NGX_HTTP_SNAPSHOT_OPENAPI] = ngx_http_snapshot_openapi_handler,
    [NGX_HTTP_SNAPSHOT_OPENAPI_30] = ngx_http_snapshot_openapi_handler,
    [NGX_HTTP_SNAPSHOT_PROMETHEUS] = ngx_http_snapshot_status_handler,
    [NGX_HTTP_SNAPSHOT_JSON] = ngx_http_snapshot_status_handler
};


ngx_http_handler_pt
ngx_http_snapshot_content_handler(ngx_uint_t content)
{
    return ngx_http_snapshot_content_handlers[content];
}


/* the status that an error page was made for, or 404 for a direct request */

static ngx_int_t
ngx_http_snapshot_error_handler(ngx_http_request_t *r)
{
    ngx_uint_t  status;

    status = (r->err_status >= NGX_HTTP_BAD_REQUEST && r->err_status < 600)
             ? r->err_status : NGX_HTTP_NOT_FOUND;

    if (ngx_http_snapshot_retry_after(r, status) != NGX_OK) {
        return ngx_http_snapshot_send_internal(r, ngx_snapshot_unknown.family);
    }

    return ngx_http_snapshot_answer(r, status, NULL);
}


/* an upstream whose answer is intercepted knows better */

static ngx_int_t
ngx_http_snapshot_retry_after(ngx_http_request_t *r, ngx_uint_t status)
{
    ngx_str_t                      value;
    ngx_http_variable_value_t     *v;
    ngx_http_snapshot_loc_conf_t  *slcf;

    static ngx_str_t        variable = ngx_string("upstream_http_retry_after");
    static const ngx_str_t  name = ngx_string("Retry-After");

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_snapshot_module);

    v = ngx_http_get_variable(r, &variable,
                              ngx_hash_key(variable.data, variable.len));
    if (v == NULL) {
        return NGX_ERROR;
    }

    if (!v->not_found) {
        value.len = v->len;
        value.data = v->data;

    } else if (status != NGX_HTTP_TOO_MANY_REQUESTS
               && status != NGX_HTTP_SERVICE_UNAVAILABLE)
    {
        return NGX_OK;

    } else if (slcf->retry_after == NULL) {
        ngx_str_set(&value, NGX_HTTP_SNAPSHOT_RETRY_AFTER);

    } else if (ngx_http_complex_value(r, slcf->retry_after, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_snapshot_push_header(r, &name, &value);
}


/* what was refused has been answered, this is for the rest */

static ngx_int_t
ngx_http_snapshot_validate_handler(ngx_http_request_t *r)
{
    ngx_snapshot_str_t        object;
    ngx_http_snapshot_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_snapshot_module);

    if (ctx == NULL || ctx->state != NGX_HTTP_SNAPSHOT_PASSED
        || !ngx_snapshot_has_rules(ctx->target.route.operation))
    {
        return ngx_http_snapshot_unruled(r, ctx);
    }

    if (ngx_snapshot_report_verdict(&ctx->judge, &object) != NGX_SNAPSHOT_OK) {
        return ngx_http_snapshot_send_internal(r, ngx_snapshot_unknown.family);
    }

    return ngx_http_snapshot_send(r, NGX_HTTP_OK, &object);
}


/* a misspelled path or a wrong method would else be taken for a good request */

static ngx_int_t
ngx_http_snapshot_unruled(ngx_http_request_t *r, ngx_http_snapshot_ctx_t *ctx)
{
    if (ctx == NULL || ctx->target.route.methods == 0
        || ctx->target.route.operation != &ngx_snapshot_unknown)
    {
        return ngx_http_snapshot_answer(r, NGX_HTTP_NOT_FOUND,
                                        "not judged: this is none of the "
                                        "operations that have rules");
    }

    if (ngx_http_snapshot_allow(r, ctx->target.route.methods) != NGX_OK) {
        return ngx_http_snapshot_send_internal(r, ctx->target.route.family);
    }

    return ngx_http_snapshot_answer(r, NGX_HTTP_NOT_ALLOWED,
                                    "not judged: no operation of this path "
                                    "has this method");
}


static ngx_int_t
ngx_http_snapshot_openapi_handler(ngx_http_request_t *r)
{
    ngx_snapshot_mem_t             mem;
    ngx_snapshot_str_t             prefix, document;
    ngx_http_snapshot_loc_conf_t  *slcf;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return ngx_http_snapshot_read_only(r);
    }

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_snapshot_module);

    mem = ngx_http_snapshot_mem(r);

    ngx_http_snapshot_str(prefix, slcf->prefix);

    if (ngx_snapshot_openapi(&mem, &slcf->policy, prefix,
                             slcf->content == NGX_HTTP_SNAPSHOT_OPENAPI,
                             slcf->details == 1, &document)
        != NGX_SNAPSHOT_OK)
    {
        return ngx_http_snapshot_send_internal(r, ngx_snapshot_unknown.family);
    }

    return ngx_http_snapshot_send(r, NGX_HTTP_OK, &document);
}


static ngx_int_t
ngx_http_snapshot_status_handler(ngx_http_request_t *r)
{
    ngx_str_t                      value;
    ngx_snapshot_mem_t             mem;
    ngx_snapshot_str_t             s;
    ngx_snapshot_text_t            text;
    ngx_http_snapshot_loc_conf_t  *slcf;

    static const ngx_str_t  name = ngx_string("Cache-Control");
    static const ngx_str_t  json = ngx_string("application/json");
    static const ngx_str_t  prometheus =
                      ngx_string("text/plain; version=0.0.4; charset=utf-8");

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return ngx_http_snapshot_read_only(r);
    }

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_snapshot_module);

    mem = ngx_http_snapshot_mem(r);

    ngx_snapshot_text_init(&text, &mem);
    ngx_str_set(&value, "no-store");

    if (ngx_http_snapshot_status_text(r, slcf->content, &text) != NGX_OK
        || ngx_http_snapshot_push_header(r, &name, &value) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    s = ngx_snapshot_text_str(&text);

    return ngx_http_snapshot_send_as(r, NGX_HTTP_OK,
                                 slcf->content == NGX_HTTP_SNAPSHOT_JSON
                                 ? &json : &prometheus, &s);
}


static ngx_int_t
ngx_http_snapshot_read_only(ngx_http_request_t *r)
{
    ngx_str_t  allow;

    static const ngx_str_t  name = ngx_string("Allow");

    ngx_str_set(&allow, "GET, HEAD");

    if (ngx_http_snapshot_push_header(r, &name, &allow) != NGX_OK) {
        return ngx_http_snapshot_send_internal(r, ngx_snapshot_unknown.family);
    }

    return ngx_http_snapshot_answer(r, NGX_HTTP_NOT_ALLOWED, NULL);
}


/* an error of a status, with its own message where none is given */

static ngx_int_t
ngx_http_snapshot_answer(ngx_http_request_t *r, ngx_uint_t status,
    const char *message)
{
    ngx_snapshot_mem_t        mem;
    ngx_snapshot_str_t        object;
    ngx_http_snapshot_ctx_t  *ctx;

    mem = ngx_http_snapshot_mem(r);

    ctx = ngx_http_snapshot_find_target(r);

    if (ctx == NULL
        || ngx_snapshot_report_status(&mem, status, ctx->target.route.family,
                                      message,
                                      &object)
           != NGX_SNAPSHOT_OK)
    {
        return ngx_http_snapshot_send_internal(r, ngx_snapshot_unknown.family);
    }

    return ngx_http_snapshot_send(r, status, &object);
}
