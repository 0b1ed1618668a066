
/*
 * What a client gets to see: a refusal, an error, the header fields with what
 * was violated.  The texts come from the core's report.
 */


#include "ngx_http_snapshot.h"
#include "ngx_snapshot_check.h"
#include "ngx_snapshot_report.h"
#include "ngx_snapshot_text.h"


static ngx_int_t ngx_http_snapshot_pass(ngx_http_request_t *r,
    ngx_http_snapshot_ctx_t *ctx);
static ngx_int_t ngx_http_snapshot_refuse(ngx_http_request_t *r,
    ngx_http_snapshot_ctx_t *ctx);
static ngx_int_t ngx_http_snapshot_fail(ngx_http_request_t *r,
    ngx_http_snapshot_ctx_t *ctx);
static void ngx_http_snapshot_log(ngx_http_request_t *r,
    ngx_http_snapshot_ctx_t *ctx, char *what);
static ngx_int_t ngx_http_snapshot_list(ngx_http_snapshot_ctx_t *ctx,
    ngx_snapshot_severity_e severity, ngx_str_t *list);
static ngx_int_t ngx_http_snapshot_header_filter(ngx_http_request_t *r);
#if (nginx_version >= 1029000)
static ngx_int_t ngx_http_snapshot_early_hints_filter(ngx_http_request_t *r);
#endif
static ngx_int_t ngx_http_snapshot_trailer_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static void ngx_http_snapshot_drop_headers(ngx_list_t *headers);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
#if (nginx_version >= 1029000)
static ngx_http_output_header_filter_pt  ngx_http_next_early_hints_filter;
#endif
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


static const ngx_str_t  ngx_http_snapshot_warning =
                                             ngx_string("X-Snapshot-Warning");
static const ngx_str_t  ngx_http_snapshot_violation =
                                           ngx_string("X-Snapshot-Violation");


ngx_int_t
ngx_http_snapshot_conclude(ngx_http_request_t *r, ngx_http_snapshot_ctx_t *ctx)
{
    ctx->judged += ngx_http_snapshot_clock(r) - ctx->begun;

    if (ctx->judge.first == NULL && !ctx->judge.failed) {
        ctx->state = NGX_HTTP_SNAPSHOT_PASSED;
        return NGX_DECLINED;
    }

    if (ctx->judge.failed) {
        return ngx_http_snapshot_fail(r, ctx);
    }

    if (ngx_snapshot_judge_rejects(&ctx->judge)
        && ctx->mode == NGX_HTTP_SNAPSHOT_ENFORCE)
    {
        return ngx_http_snapshot_refuse(r, ctx);
    }

    return ngx_http_snapshot_pass(r, ctx);
}


static ngx_int_t
ngx_http_snapshot_pass(ngx_http_request_t *r, ngx_http_snapshot_ctx_t *ctx)
{
    if (ngx_http_snapshot_list(ctx, NGX_SNAPSHOT_SEVERITY_WARN, &ctx->warnings)
        != NGX_OK
        || ngx_http_snapshot_list(ctx, NGX_SNAPSHOT_SEVERITY_REJECT,
                                  &ctx->violations)
           != NGX_OK)
    {
        return ngx_http_snapshot_fail(r, ctx);
    }

    if (ctx->violations.len) {
        ngx_http_snapshot_log(r, ctx, "would be rejected");
    }

    ctx->state = NGX_HTTP_SNAPSHOT_PASSED;

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_snapshot_refuse(ngx_http_request_t *r, ngx_http_snapshot_ctx_t *ctx)
{
    ngx_snapshot_str_t               object;
    const ngx_snapshot_violation_t  *v;
    ngx_http_snapshot_loc_conf_t    *slcf;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_snapshot_module);

    if (ngx_snapshot_report_object(&ctx->judge,
                                   slcf->details
                                   || slcf->content
                                      == NGX_HTTP_SNAPSHOT_VALIDATE,
                                   &object)
        != NGX_SNAPSHOT_OK)
    {
        return ngx_http_snapshot_fail(r, ctx);
    }

    v = ngx_snapshot_report_next(&ctx->judge, NULL,
                                 NGX_SNAPSHOT_SEVERITY_REJECT);

    if (ngx_http_snapshot_list(ctx, NGX_SNAPSHOT_SEVERITY_REJECT,
                               &ctx->violations)
        != NGX_OK)
    {
        return ngx_http_snapshot_fail(r, ctx);
    }

    if (v->status == NGX_HTTP_NOT_ALLOWED
        && ngx_http_snapshot_allow(r, ctx->target.route.methods) != NGX_OK)
    {
        return ngx_http_snapshot_fail(r, ctx);
    }

    ngx_http_snapshot_log(r, ctx, "rejected");

    ctx->state = NGX_HTTP_SNAPSHOT_REFUSED;

    ngx_http_finalize_request(r,
                              ngx_http_snapshot_send(r, v->status, &object));
    return NGX_DONE;
}


/* what cannot be judged is not passed on, in monitor mode neither */

static ngx_int_t
ngx_http_snapshot_fail(ngx_http_request_t *r, ngx_http_snapshot_ctx_t *ctx)
{
    ctx->judge.failed = 1;
    ctx->state = NGX_HTTP_SNAPSHOT_REFUSED;

    ngx_http_finalize_request(r,
                              ngx_http_snapshot_send_internal(r,
                                                         ctx->judge.family));
    return NGX_DONE;
}


ngx_int_t
ngx_http_snapshot_unjudged(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    rc = ngx_http_snapshot_send_internal(r, ngx_snapshot_unknown.family);

    ngx_http_finalize_request(r, rc);
    return NGX_DONE;
}


ngx_int_t
ngx_http_snapshot_send_internal(ngx_http_request_t *r,
    ngx_snapshot_family_e family)
{
    ngx_log_t           log;
    ngx_snapshot_str_t  object;

    log = ngx_http_snapshot_own_log(r);

    ngx_log_error(NGX_LOG_ERR, &log, 0,
                  "snapshot request could not be judged, client: %V",
                  &r->connection->addr_text);

    ngx_http_snapshot_count_unjudged(r);

    object = ngx_snapshot_report_internal(family);

    return ngx_http_snapshot_send(r, NGX_HTTP_INTERNAL_SERVER_ERROR, &object);
}


ngx_log_t
ngx_http_snapshot_own_log(ngx_http_request_t *r)
{
    ngx_log_t  log;

    /* nginx would add the Referer as it came */

    log = *r->connection->log;
    log.handler = NULL;

    return log;
}


/* nothing of it is a client's but a well-formed tenant or project id */

static void
ngx_http_snapshot_log(ngx_http_request_t *r, ngx_http_snapshot_ctx_t *ctx,
    char *what)
{
    char                            *whose;
    ngx_log_t                        log;
    ngx_snapshot_str_t               owner;
    const ngx_snapshot_str_t        *name, *rule;
    ngx_http_core_srv_conf_t        *cscf;
    ngx_http_snapshot_loc_conf_t    *slcf;
    const ngx_snapshot_violation_t  *v;

    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);
    slcf = ngx_http_get_module_loc_conf(r, ngx_http_snapshot_module);

    log = ngx_http_snapshot_own_log(r);

    v = ngx_snapshot_report_next(&ctx->judge, NULL,
                                 NGX_SNAPSHOT_SEVERITY_REJECT);

    name = &ctx->target.route.operation->name;
    rule = &ngx_snapshot_rules[v->rule].name;

    whose = ctx->tenant.len ? ", tenant " : ", project ";
    owner = ngx_http_snapshot_owner(ctx);

    if (ngx_snapshot_check_param(NGX_SNAPSHOT_PARAM_PROJECT_ID, owner) != 1) {
        owner.len = 0;
    }

    ngx_log_error(slcf->log_level, &log, 0,
                  "snapshot request %s: operation %*s%s%*s, rule %*s, "
                  "violations %ui, client: %V, server: %V",
                  what, name->len, name->data,
                  owner.len ? whose : "", owner.len, owner.data,
                  rule->len, rule->data,
                  (ngx_uint_t) ctx->judge.count[NGX_SNAPSHOT_SEVERITY_REJECT],
                  &r->connection->addr_text, &cscf->server_name);
}


ngx_int_t
ngx_http_snapshot_send(ngx_http_request_t *r, ngx_uint_t status,
    const ngx_snapshot_str_t *body)
{
    static const ngx_str_t  json = ngx_string("application/json");

    return ngx_http_snapshot_send_as(r, status, &json, body);
}


ngx_int_t
ngx_http_snapshot_send_as(ngx_http_request_t *r, ngx_uint_t status,
    const ngx_str_t *type, const ngx_snapshot_str_t *body)
{
    ngx_int_t     rc;
    ngx_buf_t    *b;
    ngx_chain_t   out;

    /* no client is told to go on with a body that nobody will read */

    if (r->headers_in.expect && r->request_body == NULL) {
        r->keepalive = 0;
    }

    r->expect_tested = 1;

    if (ngx_http_discard_request_body(r) != NGX_OK) {
        r->keepalive = 0;
    }

    if (status == NGX_HTTP_REQUEST_ENTITY_TOO_LARGE
        || status == NGX_HTTP_INTERNAL_SERVER_ERROR)
    {
        r->keepalive = 0;
        r->lingering_close = 1;
    }

    /* in an error page the status would otherwise stay that of the error */

    r->err_status = 0;

    /* nor is anything of an upstream's that made a redirect of it */

    r->headers_out.status = status;
    r->headers_out.status_line.len = 0;
    r->headers_out.content_length_n = (off_t) body->len;

    if (r->headers_out.content_encoding) {
        r->headers_out.content_encoding->hash = 0;
        r->headers_out.content_encoding = NULL;
    }

    r->headers_out.content_type = *type;
    r->headers_out.content_type_len = type->len;
    r->headers_out.content_type_lowcase = NULL;
    ngx_str_null(&r->headers_out.charset);

    ngx_http_clear_accept_ranges(r);
    ngx_http_clear_last_modified(r);
    ngx_http_clear_etag(r);

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = (u_char *) body->data;
    b->last = b->pos + body->len;
    b->memory = 1;
    b->last_buf = (r == r->main) ? 1 : 0;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


ngx_int_t
ngx_http_snapshot_allow(ngx_http_request_t *r, ngx_uint_t methods)
{
    ngx_str_t            value;
    ngx_snapshot_mem_t   mem;
    ngx_snapshot_str_t   list;
    ngx_snapshot_text_t  text;

    static const ngx_str_t  name = ngx_string("Allow");

    mem = ngx_http_snapshot_mem(r);

    ngx_snapshot_text_init(&text, &mem);
    ngx_snapshot_text_set(&text, ngx_snapshot_methods, methods, ", ");

    if (text.failed) {
        return NGX_ERROR;
    }

    list = ngx_snapshot_text_str(&text);

    value.len = list.len;
    value.data = (u_char *) list.data;

    return ngx_http_snapshot_push_header(r, &name, &value);
}


static ngx_int_t
ngx_http_snapshot_list(ngx_http_snapshot_ctx_t *ctx,
    ngx_snapshot_severity_e severity, ngx_str_t *list)
{
    ngx_snapshot_str_t  s;

    if (ctx->judge.count[severity] == 0) {
        return NGX_OK;
    }

    if (ngx_snapshot_report_list(&ctx->judge, severity, severity, &s)
        != NGX_SNAPSHOT_OK)
    {
        return NGX_ERROR;
    }

    list->len = s.len;
    list->data = (u_char *) s.data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_snapshot_header_filter(ngx_http_request_t *r)
{
    ngx_http_snapshot_ctx_t  *ctx;

    if (r != r->main) {
        return ngx_http_next_header_filter(r);
    }

    ctx = ngx_http_snapshot_get_ctx(r);

    if (ctx == NULL) {
        return ngx_http_next_header_filter(r);
    }

    ngx_http_snapshot_drop_headers(&r->headers_out.headers);

    if (ngx_http_snapshot_push_header(r, &ngx_http_snapshot_warning,
                                      &ctx->warnings)
        != NGX_OK
        || ngx_http_snapshot_push_header(r, &ngx_http_snapshot_violation,
                                         &ctx->violations)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_next_header_filter(r);
}


#if (nginx_version >= 1029000)

static ngx_int_t
ngx_http_snapshot_early_hints_filter(ngx_http_request_t *r)
{
    if (r == r->main && ngx_http_snapshot_get_ctx(r)) {
        ngx_http_snapshot_drop_headers(&r->headers_out.headers);
    }

    return ngx_http_next_early_hints_filter(r);
}

#endif


/* an upstream's trailers are there before the last buffer of its response */

static ngx_int_t
ngx_http_snapshot_trailer_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    if (r->headers_out.trailers.part.nelts
        && r == r->main
        && ngx_http_snapshot_get_ctx(r))
    {
        ngx_http_snapshot_drop_headers(&r->headers_out.trailers);
    }

    return ngx_http_next_body_filter(r, in);
}


/* the gateway's headers are its own: those of an upstream are dropped */

static void
ngx_http_snapshot_drop_headers(ngx_list_t *headers)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    part = &headers->part;
    header = part->elts;

    for (i = 0; /* void */; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                break;
            }

            part = part->next;
            header = part->elts;
            i = 0;
        }

        if ((header[i].key.len == ngx_http_snapshot_warning.len
             && ngx_strncasecmp(header[i].key.data,
                                ngx_http_snapshot_warning.data,
                                header[i].key.len)
                == 0)
            || (header[i].key.len == ngx_http_snapshot_violation.len
                && ngx_strncasecmp(header[i].key.data,
                                   ngx_http_snapshot_violation.data,
                                   header[i].key.len)
                   == 0))
        {
            header[i].hash = 0;
        }
    }
}


ngx_int_t
ngx_http_snapshot_push_header(ngx_http_request_t *r, const ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    if (value->len == 0) {
        return NGX_OK;
    }

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    h->key = *name;
    h->value = *value;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif

    return NGX_OK;
}


ngx_int_t
ngx_http_snapshot_reply_init(ngx_conf_t *cf)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_snapshot_header_filter;

#if (nginx_version >= 1029000)
    ngx_http_next_early_hints_filter = ngx_http_top_early_hints_filter;
    ngx_http_top_early_hints_filter = ngx_http_snapshot_early_hints_filter;
#endif

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_snapshot_trailer_filter;

    return NGX_OK;
}
