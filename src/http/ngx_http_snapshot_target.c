
/*
 * Which target of a request is to be judged: the client's own, that of a
 * rewrite, or that of the request line, and what operation it is.  How a path
 * is read is up to the core.
 */


#include "ngx_http_snapshot.h"


static ngx_int_t ngx_http_snapshot_target_line(ngx_http_request_t *r,
    ngx_http_snapshot_target_t *target);
static ngx_int_t ngx_http_snapshot_target_sent(ngx_http_request_t *r,
    ngx_http_snapshot_target_t *target);
static ngx_int_t ngx_http_snapshot_target_own(ngx_http_request_t *r,
    ngx_http_snapshot_target_t *target);
static void ngx_http_snapshot_target_client(ngx_http_request_t *r,
    ngx_snapshot_str_t *path, ngx_snapshot_str_t *query);
static ngx_int_t ngx_http_snapshot_target_route(ngx_http_request_t *r,
    ngx_snapshot_route_t *route, ngx_snapshot_str_t method,
    ngx_snapshot_str_t path, ngx_str_t *prefix, int anywhere);
static ngx_str_t *ngx_http_snapshot_target_prefix(ngx_http_request_t *r,
    ngx_snapshot_str_t path);


/* an operation that is judged, or a path that may be taken for one */

#define ngx_http_snapshot_matters(route)                                      \
    ((route)->operation                                                       \
     && ((route)->odd || ngx_snapshot_has_rules((route)->operation)))


ngx_http_snapshot_ctx_t *
ngx_http_snapshot_read_target(ngx_http_request_t *r, unsigned line)
{
    ngx_int_t                    rc;
    ngx_http_snapshot_ctx_t     *ctx;
    ngx_http_snapshot_target_t   target;

    ctx = ngx_http_get_module_ctx(r, ngx_http_snapshot_module);

    if (ctx == &ngx_http_snapshot_passer && r->valid_unparsed_uri) {
        return ctx;
    }

    target.uri = r->uri.data;
    target.conf = ngx_http_get_module_loc_conf(r, ngx_http_snapshot_module);
    target.line = line;
    target.queries[1].len = 0;

    if (ctx && ctx->target.uri == target.uri
        && ctx->target.conf == target.conf && ctx->target.line == line)
    {
        return ctx;
    }

    if (line) {
        rc = ngx_http_snapshot_target_line(r, &target);

    } else if (r->valid_unparsed_uri) {
        rc = ngx_http_snapshot_target_sent(r, &target);

    } else {
        rc = ngx_http_snapshot_target_own(r, &target);
    }

    if (rc != NGX_OK) {
        return NULL;
    }

    if (target.route.operation == NULL) {
        ngx_http_set_ctx(r, &ngx_http_snapshot_passer,
                         ngx_http_snapshot_module);
        return &ngx_http_snapshot_passer;
    }

    ctx = ngx_http_snapshot_new_ctx(r);

    if (ctx) {
        ctx->target = target;
    }

    return ctx;
}


ngx_http_snapshot_ctx_t *
ngx_http_snapshot_find_target(ngx_http_request_t *r)
{
    ngx_http_snapshot_ctx_t  *ctx;

    r = r->main;

    ctx = ngx_http_snapshot_get_ctx(r);

    return ctx ? ctx : ngx_http_snapshot_read_target(r, r->err_status != 0);
}


/* as the client sent it, which an upstream gets as well */

static ngx_int_t
ngx_http_snapshot_target_sent(ngx_http_request_t *r,
    ngx_http_snapshot_target_t *target)
{
    ngx_snapshot_str_t  method, path;

    ngx_http_snapshot_str(method, r->method_name);
    ngx_http_snapshot_target_client(r, &path, &target->queries[0]);

    return ngx_http_snapshot_target_route(r, &target->route, method, path,
                                          &target->conf->prefix, 0);
}


/*
 * A rewrite or a redirect made another target, which an upstream gets; but one
 * behind "proxy_pass http://upstream$request_uri" gets the client's own.  An
 * error page that is a file is sent to nobody.
 */

static ngx_int_t
ngx_http_snapshot_target_own(ngx_http_request_t *r,
    ngx_http_snapshot_target_t *target)
{
    ngx_snapshot_str_t    method, path, query;
    ngx_snapshot_route_t  sent;

    ngx_http_snapshot_str(method, r->method_name);
    ngx_http_snapshot_str(path, r->uri);
    ngx_http_snapshot_str(target->queries[0], r->args);

    /* nginx had no memory for it, and logs the request */

    if (path.data == NULL) {
        path.len = 0;
    }

    if (ngx_http_snapshot_target_route(r, &target->route, method, path,
                                       &target->conf->prefix, 0)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (r->err_status && r->content_handler == NULL) {
        return NGX_OK;
    }

    ngx_http_snapshot_target_client(r, &path, &query);

    if (ngx_http_snapshot_target_route(r, &sent, method, path,
                                       &target->conf->prefix, 1)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_snapshot_matters(&target->route)) {

        if (ngx_http_snapshot_matters(&sent)) {
            target->route.odd |= sent.odd;
            target->queries[1] = query;
        }

    } else if (ngx_http_snapshot_matters(&sent)
               || target->route.operation == NULL)
    {
        target->route = sent;
        target->queries[0] = query;
    }

    return NGX_OK;
}


/*
 * An error page has made method, target and location other ones: what counts
 * is the request line, and the prefix that it has of those configured.
 */

static ngx_int_t
ngx_http_snapshot_target_line(ngx_http_request_t *r,
    ngx_http_snapshot_target_t *target)
{
    u_char              *space;
    ngx_snapshot_str_t   method, path;

    ngx_http_snapshot_str(method, r->request_line);
    ngx_http_snapshot_target_client(r, &path, &target->queries[0]);

    space = ngx_strlchr(r->request_line.data,
                        r->request_line.data + r->request_line.len, ' ');
    if (space) {
        method.len = space - r->request_line.data;
    }

    return ngx_http_snapshot_target_route(r, &target->route, method, path,
                               ngx_http_snapshot_target_prefix(r, path), 0);
}


/* the client's target, cut at the first "?" */

static void
ngx_http_snapshot_target_client(ngx_http_request_t *r,
    ngx_snapshot_str_t *path, ngx_snapshot_str_t *query)
{
    u_char  *mark;

    ngx_http_snapshot_str(*path, r->unparsed_uri);

    query->len = 0;
    query->data = NULL;

    mark = path->len ? memchr(r->unparsed_uri.data, '?', path->len) : NULL;

    if (mark) {
        query->data = mark + 1;
        query->len = path->data + path->len - query->data;
        path->len = mark - path->data;
    }
}


static ngx_int_t
ngx_http_snapshot_target_route(ngx_http_request_t *r,
    ngx_snapshot_route_t *route, ngx_snapshot_str_t method,
    ngx_snapshot_str_t path, ngx_str_t *prefix, int anywhere)
{
    ngx_snapshot_mem_t              mem;
    ngx_snapshot_str_t              before;
    ngx_http_snapshot_main_conf_t  *smcf;

    smcf = ngx_http_get_module_main_conf(r, ngx_http_snapshot_module);

    mem = ngx_http_snapshot_mem(r);

    ngx_http_snapshot_str(before, *prefix);

    return ngx_snapshot_route(route, smcf->router, &mem, method, path, before,
                              anywhere)
           == NGX_SNAPSHOT_OK ? NGX_OK : NGX_ERROR;
}


/* the location's prefix, or the longest one that the path begins with */

static ngx_str_t *
ngx_http_snapshot_target_prefix(ngx_http_request_t *r, ngx_snapshot_str_t path)
{
    ngx_str_t                      *prefix, *longest;
    ngx_uint_t                      i;
    ngx_http_snapshot_loc_conf_t   *slcf;
    ngx_http_snapshot_main_conf_t  *smcf;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_snapshot_module);
    smcf = ngx_http_get_module_main_conf(r, ngx_http_snapshot_module);

    longest = &slcf->prefix;

    if (longest->len || smcf->prefixes == NULL) {
        return longest;
    }

    prefix = smcf->prefixes->elts;

    for (i = 0; i < smcf->prefixes->nelts; i++) {

        if (prefix[i].len > longest->len
            && prefix[i].len < path.len
            && path.data[prefix[i].len] == '/'
            && ngx_strncmp(prefix[i].data, path.data, prefix[i].len) == 0)
        {
            longest = &prefix[i];
        }
    }

    return longest;
}
