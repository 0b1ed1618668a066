
/*
 * Method and path to an operation: the segments of a plain path against the
 * rows of the contract.  Knows the table, and nothing of servers.
 */


#ifndef _NGX_SNAPSHOT_ROUTE_H_INCLUDED_
#define _NGX_SNAPSHOT_ROUTE_H_INCLUDED_


#include "ngx_snapshot_contract.h"
#include "ngx_snapshot_path.h"


#pragma GCC visibility push(hidden)


/* the paths of all operations, cut into segments once, and their words */

typedef struct ngx_snapshot_router_s  ngx_snapshot_router_t;


/*
 * operation is NULL for a request that is not in scope, and
 * &ngx_snapshot_unknown for one that is, but is no operation; family is known
 * by the version even so, in an odd path by the first one that it has.
 * param has what stands for the parameters of the path, as found, well-formed
 * or not: bytes of the path or of memory from mem; params has a bit for each
 * that the operation has, missing or not.  methods are those of the operations
 * that the path of an unknown one has.  odd is a set of NGX_SNAPSHOT_ODD_: what
 * breaks the rule uri-canonical, or 0.
 */

typedef struct {
    const ngx_snapshot_operation_t  *operation;
    ngx_snapshot_str_t               param[NGX_SNAPSHOT_PARAMS];
    ngx_snapshot_family_e            family;
    unsigned                         params;
    unsigned                         methods;
    unsigned                         odd;
} ngx_snapshot_route_t;


/*
 * Makes the router from the rows, once at the start.  It lives in memory from
 * mem.  Returns NULL where that is short.
 */

ngx_snapshot_router_t *ngx_snapshot_router(const ngx_snapshot_mem_t *mem);

/* The two parts of ngx_snapshot_route(), below. */

unsigned ngx_snapshot_route_has(const ngx_snapshot_router_t *router,
    ngx_snapshot_str_t path);

int ngx_snapshot_route_read(ngx_snapshot_route_t *route,
    const ngx_snapshot_router_t *router, const ngx_snapshot_mem_t *mem,
    ngx_snapshot_str_t method, ngx_snapshot_str_t path,
    ngx_snapshot_str_t prefix, int anywhere, unsigned has);

/*
 * Finds the operation of a request, CONTRACT section 1.  method is the token
 * of the request line, path its target up to the first "?", prefix what stands
 * before the version in this deployment, without a slash at its end, or empty;
 * anywhere is 1 where what stands there is not known.  Takes time in proportion
 * to the length of the path, and memory only for a path that is not plain.
 * Returns NGX_SNAPSHOT_OK, or NGX_SNAPSHOT_ERROR where memory is short.
 */

static ngx_snapshot_inline int
ngx_snapshot_route(ngx_snapshot_route_t *route,
    const ngx_snapshot_router_t *router, const ngx_snapshot_mem_t *mem,
    ngx_snapshot_str_t method, ngx_snapshot_str_t path,
    ngx_snapshot_str_t prefix, int anywhere)
{
    unsigned  has;

    /* most requests end here */

    has = ngx_snapshot_route_has(router, path);

    if (has == 0) {
        route->operation = NULL;
        return NGX_SNAPSHOT_OK;
    }

    return ngx_snapshot_route_read(route, router, mem, method, path, prefix,
                                   anywhere, has);
}


#pragma GCC visibility pop


#endif /* _NGX_SNAPSHOT_ROUTE_H_INCLUDED_ */
