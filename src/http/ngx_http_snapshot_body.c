
/*
 * Reads a request's body, hands it over to be judged, and goes on with the
 * phases or refuses.  It knows how nginx reads, and nothing of JSON.
 */


#include "ngx_http_snapshot.h"


/* so large a body, in bytes, is put together in memory that a worker keeps */

#define NGX_HTTP_SNAPSHOT_SCRATCH_MAX  ((size_t) 1024 * 1024)


static ngx_int_t ngx_http_snapshot_one_buffer(ngx_http_request_t *r,
    ngx_http_snapshot_ctx_t *ctx);
static void ngx_http_snapshot_own_buffer(ngx_http_request_t *r,
    ngx_http_snapshot_ctx_t *ctx);
static void ngx_http_snapshot_body_handler(ngx_http_request_t *r);
static off_t ngx_http_snapshot_body_size(ngx_http_request_t *r);
static ngx_int_t ngx_http_snapshot_gather(ngx_http_request_t *r, size_t size,
    ngx_snapshot_str_t *body);
static u_char *ngx_http_snapshot_scratch(ngx_http_request_t *r, size_t size);
static ngx_int_t ngx_http_snapshot_copy(u_char **p, ngx_buf_t *b);
static ngx_int_t ngx_http_snapshot_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static ngx_int_t ngx_http_snapshot_stop(ngx_http_request_t *r,
    ngx_http_snapshot_ctx_t *ctx, ngx_chain_t *in, ngx_int_t rc);


static ngx_http_request_body_filter_pt  ngx_http_next_request_body_filter;


ngx_int_t
ngx_http_snapshot_read_body(ngx_http_request_t *r,
    ngx_http_snapshot_ctx_t *ctx)
{
    ngx_int_t  rc;

    ctx->state = NGX_HTTP_SNAPSHOT_READING;

    r->request_body_in_single_buf = 1;

    if (ngx_http_snapshot_one_buffer(r, ctx) != NGX_OK) {
        ctx->judge.failed = 1;
        return ngx_http_snapshot_conclude(r, ctx);
    }

    rc = ngx_http_read_client_request_body(r, ngx_http_snapshot_body_handler);

    ngx_http_snapshot_own_buffer(r, ctx);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {

        if (rc == NGX_HTTP_INTERNAL_SERVER_ERROR
            && !ngx_snapshot_judge_rejects(&ctx->judge))
        {
            ctx->judge.failed = 1;
        }

        return ngx_snapshot_judge_rejects(&ctx->judge)
               ? ngx_http_snapshot_conclude(r, ctx) : rc;
    }

    if (ctx->state == NGX_HTTP_SNAPSHOT_READING) {
        ctx->state = NGX_HTTP_SNAPSHOT_WAITING;
        ctx->judged = ngx_http_snapshot_clock(r) - ctx->begun;
    }

    ngx_http_finalize_request(r, NGX_DONE);

    return NGX_DONE;
}


/*
 * nginx reads a body into the buffer that the header is in where that has room
 * for all of it, else what follows the first bytes into another buffer.  So
 * that the body is one run of bytes, and need not be copied to be judged, a
 * buffer with that room stands in while nginx begins to read.
 */

static ngx_int_t
ngx_http_snapshot_one_buffer(ngx_http_request_t *r,
    ngx_http_snapshot_ctx_t *ctx)
{
    off_t                      size;
    size_t                     preread;
    ngx_buf_t                 *b, *own;
    ngx_http_core_loc_conf_t  *clcf;

    own = r->header_in;
    size = r->headers_in.content_length_n;
    preread = own->last - own->pos;

    if (preread == 0
        || size <= own->end - own->pos
        || r->headers_in.chunked
        || r->http_version > NGX_HTTP_VERSION_11
        || r->request_body
        || r->request_body_in_file_only)
    {
        return NGX_OK;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (size > (off_t) clcf->client_body_buffer_size) {
        return NGX_OK;
    }

    b = ngx_create_temp_buf(r->pool, (size_t) size);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->last = ngx_cpymem(b->last, own->pos, preread);

    ctx->header_in = own;
    r->header_in = b;

    return NGX_OK;
}


/* nginx's own buffer again, without what nginx has taken from the other one */

static void
ngx_http_snapshot_own_buffer(ngx_http_request_t *r,
    ngx_http_snapshot_ctx_t *ctx)
{
    ngx_buf_t  *own;

    own = ctx->header_in;

    if (own) {
        own->pos = own->last - (r->header_in->last - r->header_in->pos);

        r->header_in = own;
        ctx->header_in = NULL;
    }
}


static void
ngx_http_snapshot_body_handler(ngx_http_request_t *r)
{
    off_t                     size;
    ngx_int_t                 rc;
    ngx_snapshot_str_t        body;
    ngx_http_snapshot_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_snapshot_module);

    ngx_http_snapshot_own_buffer(r, ctx);

    if (ctx->state == NGX_HTTP_SNAPSHOT_WAITING) {
        ctx->begun = ngx_http_snapshot_clock(r);
    }

    ctx->state = NGX_HTTP_SNAPSHOT_JUDGING;

    if (!ngx_snapshot_judge_rejects(&ctx->judge)) {

        size = ngx_http_snapshot_body_size(r);

        if (size == NGX_ERROR) {
            ctx->judge.failed = 1;

        } else {
            ctx->measured = 1;
            ctx->size = size;
            ctx->on_disk = (r->request_body->temp_file != NULL);

            if (ctx->sized
                || ngx_snapshot_judge_size(&ctx->judge, (uint64_t) size))
            {
                if (ngx_http_snapshot_gather(r, (size_t) size, &body)
                    == NGX_OK)
                {
                    ngx_http_snapshot_judge_body(r, ctx, body);

                } else {
                    ctx->judge.failed = 1;
                }
            }
        }
    }

    rc = ngx_http_snapshot_conclude(r, ctx);

    if (rc != NGX_DECLINED) {

        /* the request, and the context with it, may be gone */

        return;
    }

    r->preserve_body = 1;

    r->write_event_handler = ngx_http_core_run_phases;
    ngx_http_core_run_phases(r);
}


/* the bytes of a body, or an error where any of it is missing */

static off_t
ngx_http_snapshot_body_size(ngx_http_request_t *r)
{
    off_t                     size;
    ngx_chain_t              *cl;
    ngx_http_request_body_t  *rb;

    rb = r->request_body;

    if (rb == NULL || r->reading_body) {
        return NGX_ERROR;
    }

    if (r->headers_in.content_length_n < 0 && !r->headers_in.chunked) {
        return 0;
    }

    if (rb->rest != 0 || !rb->last_saved) {
        return NGX_ERROR;
    }

    size = 0;

    for (cl = rb->bufs; cl; cl = cl->next) {
        size += ngx_buf_size(cl->buf);
    }

    if (r->headers_in.content_length_n >= 0
        && r->headers_in.content_length_n != size)
    {
        return NGX_ERROR;
    }

    return size;
}


/* all of the body as one run of bytes */

static ngx_int_t
ngx_http_snapshot_gather(ngx_http_request_t *r, size_t size,
    ngx_snapshot_str_t *body)
{
    u_char       *p;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    body->len = size;
    body->data = NULL;

    if (size == 0) {
        return NGX_OK;
    }

    p = NULL;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {

        b = cl->buf;

        if (ngx_buf_size(b) == 0) {
            continue;
        }

        if (!ngx_buf_in_memory(b) || (p && b->pos != p)) {
            break;
        }

        if (p == NULL) {
            body->data = b->pos;
        }

        p = b->last;
    }

    if (cl == NULL) {
        return NGX_OK;
    }

    p = ngx_http_snapshot_scratch(r, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    body->data = p;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        if (ngx_http_snapshot_copy(&p, cl->buf) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/*
 * Memory for as long as a body is judged, which nothing interrupts: it belongs
 * to the worker, so that no request allocates and frees as much again as its
 * body takes.  What is larger than is usual comes from the request's pool.
 */

static u_char *
ngx_http_snapshot_scratch(ngx_http_request_t *r, size_t size)
{
    u_char         *p;

    static u_char  *scratch;
    static size_t   room;

    if (size > NGX_HTTP_SNAPSHOT_SCRATCH_MAX) {
        return ngx_palloc(r->pool, size);
    }

    if (size > room) {

        size = ngx_align(size, ngx_pagesize);

        p = ngx_alloc(size, r->connection->log);
        if (p == NULL) {
            return NULL;
        }

        if (scratch) {
            ngx_free(scratch);
        }

        scratch = p;
        room = size;
    }

    return scratch;
}


static ngx_int_t
ngx_http_snapshot_copy(u_char **p, ngx_buf_t *b)
{
    off_t    offset;
    ssize_t  n;

    if (ngx_buf_in_memory(b)) {
        *p = ngx_cpymem(*p, b->pos, b->last - b->pos);
        return NGX_OK;
    }

    for (offset = b->file_pos; offset < b->file_last; offset += n) {

        n = ngx_read_file(b->file, *p, (size_t) (b->file_last - offset),
                          offset);

        if (n <= 0) {
            return NGX_ERROR;
        }

        *p += n;
    }

    return NGX_OK;
}


/*
 * Counts a body whose length was not announced, so that it is refused while it
 * is still being sent.
 */

static ngx_int_t
ngx_http_snapshot_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_int_t                 rc;
    ngx_chain_t              *cl;
    ngx_http_snapshot_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_snapshot_module);

    if (ctx == NULL
        || (ctx->state != NGX_HTTP_SNAPSHOT_READING
            && ctx->state != NGX_HTTP_SNAPSHOT_WAITING))
    {
        return ngx_http_next_request_body_filter(r, in);
    }

    /* nothing was rejected before the body, so it is what was refused */

    if (ngx_snapshot_judge_rejects(&ctx->judge)) {
        return ngx_http_snapshot_stop(r, ctx, in,
                                      NGX_HTTP_INTERNAL_SERVER_ERROR);
    }

    if (!ctx->sized && ctx->mode == NGX_HTTP_SNAPSHOT_ENFORCE) {

        for (cl = in; cl; cl = cl->next) {
            ctx->received += ngx_buf_size(cl->buf);
        }

        if ((uint64_t) ctx->received
            > ctx->judge.policy->rule[NGX_SNAPSHOT_RULE_BODY_SIZE].max)
        {
            /* reported once; where it is only warned about, all is read */

            ctx->sized = 1;

            if (!ngx_snapshot_judge_size(&ctx->judge, ctx->received)) {
                return ngx_http_snapshot_stop(r, ctx, in,
                                            NGX_HTTP_REQUEST_ENTITY_TOO_LARGE);
            }
        }
    }

    rc = ngx_http_next_request_body_filter(r, in);

    if (rc == NGX_HTTP_INTERNAL_SERVER_ERROR) {
        ctx->judge.failed = 1;
        return ngx_http_snapshot_stop(r, ctx, in, rc);
    }

    return rc;
}


/*
 * Ends the reading of a body.  A status would be answered by nginx itself once
 * the phase handler has returned, so the body is then made to look complete
 * and its handler refuses the request.
 */

static ngx_int_t
ngx_http_snapshot_stop(ngx_http_request_t *r, ngx_http_snapshot_ctx_t *ctx,
    ngx_chain_t *in, ngx_int_t rc)
{
    ngx_chain_t              *cl;
    ngx_http_request_body_t  *rb;

    if (ctx->state != NGX_HTTP_SNAPSHOT_WAITING) {
        return rc;
    }

    rb = r->request_body;

    for (cl = in; cl; cl = cl->next) {
        cl->buf->pos = cl->buf->last;
    }

    for (cl = rb->bufs; cl; cl = cl->next) {
        cl->buf->pos = cl->buf->last;
    }

    rb->bufs = NULL;
    rb->rest = 0;
    rb->last_saved = 1;

    if (rb->buf) {
        rb->buf->pos = rb->buf->last;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_snapshot_body_init(ngx_conf_t *cf)
{
    ngx_http_next_request_body_filter = ngx_http_top_request_body_filter;
    ngx_http_top_request_body_filter = ngx_http_snapshot_body_filter;

    return NGX_OK;
}
