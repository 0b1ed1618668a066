
/*
 * Hands a request to the core's judge: its target, headers and query, then its
 * body.  It knows no rule.
 */


#include "ngx_http_snapshot.h"
#include "ngx_snapshot_json.h"
#include "ngx_snapshot_query.h"


static void *ngx_http_snapshot_heap_alloc(void *data, size_t size);


static void ngx_http_snapshot_judge_headers(ngx_http_request_t *r,
    ngx_snapshot_judge_t *j, uint64_t lengths);


void
ngx_http_snapshot_judge_head(ngx_http_request_t *r,
    ngx_http_snapshot_ctx_t *ctx)
{
    ngx_snapshot_judge_t           *j;
    ngx_http_snapshot_loc_conf_t   *slcf;
    ngx_http_snapshot_main_conf_t  *smcf;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_snapshot_module);
    smcf = ngx_http_get_module_main_conf(r, ngx_http_snapshot_module);

    j = &ctx->judge;

    ngx_snapshot_judge_init(j, &ctx->mem, &slcf->policy, &smcf->patterns,
                            &ctx->target.route);

    j->tenant = ctx->tenant;

    /* nothing is answered in monitor mode */

    j->detailed = (slcf->content == NGX_HTTP_SNAPSHOT_VALIDATE
                   || (slcf->details
                       && ctx->mode != NGX_HTTP_SNAPSHOT_MONITOR));

    if (!j->detailed) {
        j->worded = (ctx->mode == NGX_HTTP_SNAPSHOT_ENFORCE)
                    ? NGX_SNAPSHOT_SEVERITY_REJECT : NGX_SNAPSHOT_SEVERITIES;
    }

    if (!ngx_snapshot_judge_route(j, &ctx->target.route)) {
        return;
    }

    ngx_http_snapshot_judge_headers(r, j, smcf->header_lengths);

    if (ctx->target.queries[0].len) {
        ngx_snapshot_query_read(j, ctx->target.queries[0]);
    }

    if (ctx->target.queries[1].len
        && !ngx_snapshot_judge_rejects(j)
        && !ngx_snapshot_eq(ctx->target.queries[0], ctx->target.queries[1]))
    {
        ngx_snapshot_query_read(j, ctx->target.queries[1]);
    }

    if (j->operation->body
        && r->headers_in.content_length_n >= 0
        && !r->headers_in.chunked)
    {
        ctx->sized = 1;
        (void) ngx_snapshot_judge_size(j, r->headers_in.content_length_n);
    }
}


/* lengths has a bit for that of each name that matters */

static void
ngx_http_snapshot_judge_headers(ngx_http_request_t *r,
    ngx_snapshot_judge_t *j, uint64_t lengths)
{
    ngx_uint_t           i;
    ngx_list_part_t     *part;
    ngx_table_elt_t     *header;
    ngx_snapshot_str_t   name, value;

    for (part = &r->headers_in.headers.part; part; part = part->next) {

        header = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (header[i].key.len >= 64
                || !(lengths >> header[i].key.len & 1))
            {
                continue;
            }

            ngx_http_snapshot_str(name, header[i].key);
            ngx_http_snapshot_str(value, header[i].value);

            ngx_snapshot_judge_header(j, name, value);
        }
    }

    ngx_snapshot_judge_headers_end(j);
}


void
ngx_http_snapshot_judge_body(ngx_http_request_t *r,
    ngx_http_snapshot_ctx_t *ctx, ngx_snapshot_str_t body)
{
    ngx_snapshot_mem_t              mem;
    ngx_http_snapshot_main_conf_t  *smcf;

    /* as nothing interrupts a reading, a worker has one for all its requests */

    static ngx_snapshot_json_t     *reader;

    if (reader == NULL) {

        smcf = ngx_http_get_module_main_conf(r, ngx_http_snapshot_module);

        mem.alloc = ngx_http_snapshot_heap_alloc;
        mem.data = r->connection->log;

        reader = ngx_snapshot_json_create(&mem, smcf->seed);

        if (reader == NULL) {
            ctx->judge.failed = 1;
            return;
        }
    }

    ngx_snapshot_json_read(reader, &ctx->judge, body);
}


static void *
ngx_http_snapshot_heap_alloc(void *data, size_t size)
{
    return ngx_alloc(size, data);
}
