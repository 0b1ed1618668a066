
/* Method and path to an operation. */


#ifndef _NGX_SNAPSHOT_ROUTE_H_INCLUDED_
#define _NGX_SNAPSHOT_ROUTE_H_INCLUDED_


#include "ngx_snapshot_contract.h"


#pragma GCC visibility push(hidden)


/*
 * operation is NULL for a request that is not in scope, and
 * &ngx_snapshot_unknown for one that is, but is not documented; family is
 * known by the version even so.  project and id are as found, well-formed or
 * not; they name bytes of the path or of memory from mem.  canonical says that
 * the path is its normal form byte for byte.  methods are those that the path
 * is documented with.  sound says that project and id are known to be
 * well-formed.
 */

typedef struct {
    const ngx_snapshot_operation_t  *operation;
    ngx_snapshot_str_t               project;
    ngx_snapshot_str_t               id;
    ngx_snapshot_family_e            family;
    unsigned                         methods;
    unsigned                         canonical;
    unsigned                         sound;
} ngx_snapshot_route_t;


/*
 * Finds the operation of a request, CONTRACT section 1.  method is the token
 * of the request line, path its target up to the first "?", prefix what stands
 * before the version in this deployment, without a trailing slash, or empty.
 * sent is 1 for bytes that the client sent, 0 for a path that a server has
 * decoded.  Takes memory only for a path that is not spelled plainly.  Returns
 * NGX_SNAPSHOT_OK, or NGX_SNAPSHOT_ERROR where memory is short.
 */

int ngx_snapshot_route(ngx_snapshot_route_t *route,
    const ngx_snapshot_mem_t *mem, ngx_snapshot_str_t method,
    ngx_snapshot_str_t path, ngx_snapshot_str_t prefix, int sent);

/*
 * 1 where a path that the client sent is its normal form (CONTRACT section 1)
 * but for a suffix, whatever it leads to; 0 where it is not, NGX_SNAPSHOT_ERROR
 * where memory is short.
 */

int ngx_snapshot_route_normal(const ngx_snapshot_mem_t *mem,
    ngx_snapshot_str_t path);


#pragma GCC visibility pop


#endif /* _NGX_SNAPSHOT_ROUTE_H_INCLUDED_ */
