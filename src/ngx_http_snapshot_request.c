
#include "ngx_http_snapshot.h"
#include "ngx_snapshot_query.h"


/* a path of so many bytes is read in less time than it takes to remember it */

#define NGX_HTTP_SNAPSHOT_SHORT  128


typedef struct {
    ngx_snapshot_str_t    method;
    ngx_snapshot_str_t    path;
    ngx_snapshot_str_t    prefix;
    ngx_snapshot_route_t  route;
} ngx_http_snapshot_reading_t;


static int ngx_http_snapshot_route_sent(ngx_http_request_t *r,
    ngx_snapshot_route_t *route, ngx_snapshot_str_t method,
    ngx_snapshot_str_t path, ngx_snapshot_str_t prefix);
static void *ngx_http_snapshot_alloc(void *data, size_t size);
static void ngx_http_snapshot_cleanup(void *data);
static void ngx_http_snapshot_forget(void *data);
static ngx_uint_t ngx_http_snapshot_rank(const ngx_snapshot_route_t *route);
static ngx_int_t ngx_http_snapshot_better(ngx_http_request_t *r,
    ngx_snapshot_route_t *route, ngx_snapshot_str_t path, ngx_str_t *prefix,
    ngx_uint_t sent);
static void ngx_http_snapshot_sent(ngx_http_request_t *r,
    ngx_snapshot_str_t *path, ngx_snapshot_str_t *query);


#define ngx_http_snapshot_documented(route)                                   \
    ((route)->operation && (route)->operation != &ngx_snapshot_unknown)


ngx_int_t
ngx_http_snapshot_route(ngx_http_request_t *r, ngx_snapshot_route_t *route,
    ngx_http_snapshot_queries_t *queries)
{
    int                            rc;
    ngx_snapshot_mem_t             mem;
    ngx_snapshot_str_t             method, prefix, path, query, uri;
    ngx_snapshot_route_t           own;
    ngx_http_snapshot_loc_conf_t  *slcf;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_snapshot_module);

    mem = ngx_http_snapshot_mem(r);

    ngx_http_snapshot_str(method, r->method_name);
    ngx_http_snapshot_str(prefix, slcf->prefix);
    ngx_http_snapshot_str(uri, r->uri);

    ngx_http_snapshot_sent(r, &path, &query);

    queries->first = query;
    queries->second.len = 0;

    if (ngx_http_snapshot_route_sent(r, route, method, path, prefix)
        != NGX_SNAPSHOT_OK)
    {
        return NGX_ERROR;
    }

    if (r->valid_unparsed_uri
        && path.len == uri.len
        && ngx_memcmp(path.data, uri.data, uri.len) == 0)
    {
        return NGX_OK;
    }

    if (ngx_snapshot_route(&own, &mem, method, uri, prefix, 0)
        != NGX_SNAPSHOT_OK)
    {
        return NGX_ERROR;
    }

    if (r->valid_unparsed_uri) {

        /* a "proxy_pass" with a path, and $document_uri, send nginx's own */

        if (!ngx_http_snapshot_documented(route) && own.operation) {

            if (ngx_http_snapshot_documented(&own)
                || route->operation == NULL)
            {
                *route = own;
                route->canonical = 0;
            }
        }

        return NGX_OK;
    }

    /* a rewrite or a redirect made another one, which a proxy will send */

    if (ngx_http_snapshot_documented(&own)) {

        rc = ngx_snapshot_route_normal(&mem, path);

        if (rc == NGX_SNAPSHOT_ERROR) {
            return NGX_ERROR;
        }

        own.canonical &= rc;

        if (ngx_http_snapshot_documented(route)) {
            queries->second = query;
        }

        *route = own;
        ngx_http_snapshot_str(queries->first, r->args);

        return NGX_OK;
    }

    /*
     * "proxy_pass http://upstream$request_uri" sends the client's own all the
     * same; an error page that is a file sends nothing
     */

    if ((r->err_status && r->content_handler == NULL)
        || (own.operation && !ngx_http_snapshot_documented(route)))
    {
        *route = own;
        ngx_http_snapshot_str(queries->first, r->args);
    }

    return NGX_OK;
}


/*
 * Reads the path as it was sent, once for the handler and all variables: to
 * read a long one in all ways takes time, of which a client must not get more
 * by what is logged.
 */

static int
ngx_http_snapshot_route_sent(ngx_http_request_t *r,
    ngx_snapshot_route_t *route, ngx_snapshot_str_t method,
    ngx_snapshot_str_t path, ngx_snapshot_str_t prefix)
{
    ngx_pool_cleanup_t           *cln;
    ngx_snapshot_mem_t            mem;
    ngx_http_snapshot_reading_t  *reading;

    mem = ngx_http_snapshot_mem(r);

    if (path.len <= NGX_HTTP_SNAPSHOT_SHORT) {
        return ngx_snapshot_route(route, &mem, method, path, prefix, 1);
    }

    for (cln = r->pool->cleanup; cln; cln = cln->next) {

        if (cln->handler != ngx_http_snapshot_forget) {
            continue;
        }

        reading = cln->data;

        if (reading->path.data == path.data
            && reading->path.len == path.len
            && ngx_snapshot_eq(reading->method, method)
            && ngx_snapshot_eq(reading->prefix, prefix))
        {
            *route = reading->route;
            return NGX_SNAPSHOT_OK;
        }
    }

    if (ngx_snapshot_route(route, &mem, method, path, prefix, 1)
        != NGX_SNAPSHOT_OK)
    {
        return NGX_SNAPSHOT_ERROR;
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_snapshot_reading_t));
    if (cln == NULL) {
        return NGX_SNAPSHOT_ERROR;
    }

    cln->handler = ngx_http_snapshot_forget;

    reading = cln->data;
    reading->method = method;
    reading->path = path;
    reading->prefix = prefix;
    reading->route = *route;

    return NGX_SNAPSHOT_OK;
}


/*
 * An error page has made method, target and location other ones: the method is
 * then taken from the request line, and any prefix that is configured counts.
 */

ngx_int_t
ngx_http_snapshot_route_line(ngx_http_request_t *r,
    ngx_snapshot_route_t *route)
{
    ngx_str_t                      *prefix;
    ngx_uint_t                      i;
    ngx_snapshot_str_t              path, query, uri;
    ngx_http_snapshot_loc_conf_t   *slcf;
    ngx_http_snapshot_main_conf_t  *smcf;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_snapshot_module);
    smcf = ngx_http_get_module_main_conf(r, ngx_http_snapshot_module);

    route->operation = NULL;

    ngx_http_snapshot_sent(r, &path, &query);

    if (ngx_http_snapshot_better(r, route, path, &slcf->prefix, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    if (r->valid_unparsed_uri) {
        return NGX_OK;
    }

    ngx_http_snapshot_str(uri, r->uri);

    if (uri.data == NULL) {

        /* nginx had no memory for it, and logs the request */

        return NGX_OK;
    }

    if (ngx_http_snapshot_better(r, route, uri, &slcf->prefix, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    if (r->internal && smcf->prefixes) {

        prefix = smcf->prefixes->elts;

        for (i = 0; i < smcf->prefixes->nelts; i++) {
            if (ngx_http_snapshot_better(r, route, path, &prefix[i], 1)
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


/* keeps the route that says more: of equal ones the first */

static ngx_int_t
ngx_http_snapshot_better(ngx_http_request_t *r, ngx_snapshot_route_t *route,
    ngx_snapshot_str_t path, ngx_str_t *prefix, ngx_uint_t sent)
{
    int                    rc;
    u_char                *space;
    ngx_snapshot_mem_t     mem;
    ngx_snapshot_str_t     method, before;
    ngx_snapshot_route_t   other;

    if (ngx_http_snapshot_documented(route)) {
        return NGX_OK;
    }

    mem = ngx_http_snapshot_mem(r);

    ngx_http_snapshot_str(before, *prefix);
    ngx_http_snapshot_str(method, r->request_line);

    space = ngx_strlchr(r->request_line.data,
                        r->request_line.data + r->request_line.len, ' ');
    if (space) {
        method.len = space - r->request_line.data;
    }

    rc = sent ? ngx_http_snapshot_route_sent(r, &other, method, path, before)
              : ngx_snapshot_route(&other, &mem, method, path, before, 0);

    if (rc != NGX_SNAPSHOT_OK) {
        return NGX_ERROR;
    }

    if (route->operation == NULL
        || ngx_http_snapshot_rank(&other) > ngx_http_snapshot_rank(route))
    {
        *route = other;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_snapshot_rank(const ngx_snapshot_route_t *route)
{
    if (ngx_http_snapshot_documented(route)) {
        return 3;
    }

    return (route->operation == NULL) ? 0 : 1 + (route->project.len != 0);
}


/* the target as the client sent it, cut at the first "?" */

static void
ngx_http_snapshot_sent(ngx_http_request_t *r, ngx_snapshot_str_t *path,
    ngx_snapshot_str_t *query)
{
    u_char  *last, *mark;

    ngx_http_snapshot_str(*path, r->unparsed_uri);
    query->len = 0;
    query->data = NULL;

    last = r->unparsed_uri.data + r->unparsed_uri.len;
    mark = path->len ? memchr(r->unparsed_uri.data, '?', path->len) : NULL;

    if (mark) {
        path->len = mark - r->unparsed_uri.data;
        query->data = mark + 1;
        query->len = last - query->data;
    }
}


void
ngx_http_snapshot_judge_head(ngx_http_request_t *r,
    ngx_http_snapshot_ctx_t *ctx)
{
    ngx_uint_t                      i;
    ngx_list_part_t                *part;
    ngx_table_elt_t                *header;
    ngx_snapshot_str_t              name, value;
    ngx_snapshot_judge_t           *j;
    ngx_http_snapshot_loc_conf_t   *slcf;
    ngx_http_snapshot_main_conf_t  *smcf;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_snapshot_module);
    smcf = ngx_http_get_module_main_conf(r, ngx_http_snapshot_module);

    j = &ctx->judge;

    ngx_snapshot_judge_init(j, &ctx->mem, &slcf->policy, smcf->regex,
                            &ctx->route);

    /* nothing is answered in monitor mode */

    j->detailed = (slcf->content == NGX_HTTP_SNAPSHOT_VALIDATE
                   || (slcf->details
                       && ctx->mode != NGX_HTTP_SNAPSHOT_MONITOR));

    if (!ngx_snapshot_judge_route(j, &ctx->route)) {
        return;
    }

    part = &r->headers_in.headers.part;
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

        ngx_http_snapshot_str(name, header[i].key);
        ngx_http_snapshot_str(value, header[i].value);

        ngx_snapshot_judge_header(j, name, value);
    }

    ngx_snapshot_judge_headers_end(j);
    ngx_snapshot_query_read(j, ctx->queries.first);

    if (!ngx_snapshot_judge_rejects(j)
        && ctx->queries.second.len
        && !ngx_snapshot_eq(ctx->queries.first, ctx->queries.second))
    {
        ngx_snapshot_query_read(j, ctx->queries.second);
    }

    if (j->operation->body
        && r->headers_in.content_length_n >= 0
        && !r->headers_in.chunked)
    {
        ctx->sized = 1;
        (void) ngx_snapshot_judge_size(j, r->headers_in.content_length_n);
    }
}


ngx_http_snapshot_ctx_t *
ngx_http_snapshot_get_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t       *cln;
    ngx_http_snapshot_ctx_t  *ctx;

    r = r->main;

    ctx = ngx_http_get_module_ctx(r, ngx_http_snapshot_module);

    if (ctx == NULL && (r->internal || r->filter_finalize)) {

        for (cln = r->pool->cleanup; cln; cln = cln->next) {
            if (cln->handler == ngx_http_snapshot_cleanup) {
                return cln->data;
            }
        }
    }

    return ctx;
}


ngx_http_snapshot_ctx_t *
ngx_http_snapshot_new_ctx(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t       *cln;
    ngx_http_snapshot_ctx_t  *ctx;

    ctx = ngx_http_snapshot_get_ctx(r);

    if (ctx == NULL) {
        cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_snapshot_ctx_t));
        if (cln == NULL) {
            return NULL;
        }

        cln->handler = ngx_http_snapshot_cleanup;
        ctx = cln->data;
    }

    ngx_memzero(ctx, sizeof(ngx_http_snapshot_ctx_t));

    ctx->rc = NGX_DECLINED;
    ctx->mem = ngx_http_snapshot_mem(r);

    ngx_http_set_ctx(r, ctx, ngx_http_snapshot_module);

    return ctx;
}


ngx_snapshot_mem_t
ngx_http_snapshot_mem(ngx_http_request_t *r)
{
    ngx_snapshot_mem_t  mem;

    mem.alloc = ngx_http_snapshot_alloc;
    mem.data = r->pool;

    return mem;
}


static void *
ngx_http_snapshot_alloc(void *data, size_t size)
{
    return ngx_palloc(data, size);
}


/* marks the context in the pool's cleanup list; there is nothing to clean */

static void
ngx_http_snapshot_cleanup(void *data)
{
}


/* the same for a reading; not as empty, or a linker may make one of the two */

static void
ngx_http_snapshot_forget(void *data)
{
    ngx_http_snapshot_reading_t *reading = data;

    reading->path.len = 0;
}
