
/*
 * The context of a request: where it comes from, how it is found again after
 * an internal redirect, and its memory.  What is in it is up to others.
 */


#include "ngx_http_snapshot.h"


static ngx_http_snapshot_ctx_t *ngx_http_snapshot_find_ctx(
    ngx_http_request_t *r);
static void ngx_http_snapshot_free_ctx(void *data);
static void *ngx_http_snapshot_alloc(void *data, size_t size);


ngx_http_snapshot_ctx_t  ngx_http_snapshot_passer;

/* those of requests that have ended: of a worker, as many as were in flight */

static ngx_http_snapshot_ctx_t  *ngx_http_snapshot_free;


ngx_http_snapshot_ctx_t *
ngx_http_snapshot_get_ctx(ngx_http_request_t *r)
{
    ngx_http_snapshot_ctx_t  *ctx;

    ctx = ngx_http_snapshot_find_ctx(r->main);

    return (ctx && ctx->state != NGX_HTTP_SNAPSHOT_TARGET) ? ctx : NULL;
}


/* also after an internal redirect, which wipes r->ctx */

static ngx_http_snapshot_ctx_t *
ngx_http_snapshot_find_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t       *cln;
    ngx_http_snapshot_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_snapshot_module);

    if (ctx && ctx != &ngx_http_snapshot_passer) {
        return ctx;
    }

    if (r->internal || r->filter_finalize) {

        for (cln = r->pool->cleanup; cln; cln = cln->next) {
            if (cln->handler == ngx_http_snapshot_free_ctx) {
                return cln->data;
            }
        }
    }

    return NULL;
}


ngx_http_snapshot_ctx_t *
ngx_http_snapshot_new_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t       *cln;
    ngx_http_snapshot_ctx_t  *ctx;

    ctx = ngx_http_snapshot_find_ctx(r);

    if (ctx == NULL) {

        cln = ngx_pool_cleanup_add(r->pool, 0);
        if (cln == NULL) {
            return NULL;
        }

        ctx = ngx_http_snapshot_free;

        if (ctx) {
            ngx_http_snapshot_free = ctx->next;

        } else {
            ctx = ngx_alloc(sizeof(ngx_http_snapshot_ctx_t),
                            r->connection->log);
            if (ctx == NULL) {
                return NULL;
            }
        }

        cln->handler = ngx_http_snapshot_free_ctx;
        cln->data = ctx;
    }

    /* the judge is for those who begin to judge, the target for the caller */

    ctx->state = NGX_HTTP_SNAPSHOT_TARGET;
    ctx->mem = ngx_http_snapshot_mem(r);
    ctx->tenant.len = 0;
    ctx->warnings.len = 0;
    ctx->violations.len = 0;
    ctx->header_in = NULL;
    ctx->received = 0;
    ctx->judged = 0;
    ctx->dry = 0;
    ctx->sized = 0;
    ctx->measured = 0;
    ctx->on_disk = 0;

    ngx_http_set_ctx(r, ctx, ngx_http_snapshot_module);

    return ctx;
}


static void
ngx_http_snapshot_free_ctx(void *data)
{
    ngx_http_snapshot_ctx_t *ctx = data;

    ctx->next = ngx_http_snapshot_free;
    ngx_http_snapshot_free = ctx;
}


ngx_snapshot_mem_t
ngx_http_snapshot_pool_mem(ngx_pool_t *pool)
{
    ngx_snapshot_mem_t  mem;

    mem.alloc = ngx_http_snapshot_alloc;
    mem.data = pool;

    return mem;
}


static void *
ngx_http_snapshot_alloc(void *data, size_t size)
{
    return ngx_palloc(data, size);
}


ngx_http_snapshot_verdict_e
ngx_http_snapshot_verdict(const ngx_http_snapshot_ctx_t *ctx)
{
    if (ctx == NULL || ctx->state < NGX_HTTP_SNAPSHOT_PASSED) {
        return NGX_HTTP_SNAPSHOT_NO_VERDICT;
    }

    if (ctx->state == NGX_HTTP_SNAPSHOT_REFUSED) {
        return NGX_HTTP_SNAPSHOT_REJECTED;
    }

    if (ctx->judge.count[NGX_SNAPSHOT_SEVERITY_REJECT]) {
        return NGX_HTTP_SNAPSHOT_MONITORED;
    }

    if (ctx->judge.count[NGX_SNAPSHOT_SEVERITY_WARN]) {
        return NGX_HTTP_SNAPSHOT_WARNED;
    }

    return NGX_HTTP_SNAPSHOT_ACCEPTED;
}


ngx_snapshot_str_t
ngx_http_snapshot_verdict_name(ngx_http_snapshot_verdict_e verdict)
{
    static const ngx_snapshot_str_t  names[] = {
        [NGX_HTTP_SNAPSHOT_ACCEPTED] = ngx_snapshot_string("accepted"),
        [NGX_HTTP_SNAPSHOT_WARNED] = ngx_snapshot_string("warned"),
        [NGX_HTTP_SNAPSHOT_MONITORED] = ngx_snapshot_string("monitored"),
        [NGX_HTTP_SNAPSHOT_REJECTED] = ngx_snapshot_string("rejected"),
        [NGX_HTTP_SNAPSHOT_NO_VERDICT] = ngx_snapshot_string("-")
    };

    return names[verdict];
}
