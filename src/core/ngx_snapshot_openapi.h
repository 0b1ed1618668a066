
/* The contract as an OpenAPI document, made of the tables that enforce it. */


#ifndef _NGX_SNAPSHOT_OPENAPI_H_INCLUDED_
#define _NGX_SNAPSHOT_OPENAPI_H_INCLUDED_


#include "ngx_snapshot_contract.h"


#pragma GCC visibility push(hidden)


/*
 * Describes the operations as a policy enforces them, in OpenAPI 3.minor, of
 * which 0 and 1 are known: 3.0 cannot say what a key of metadata must be.  A
 * rule of severity "reject" is a constraint of a schema where a schema can say
 * it; each is in "x-snapshot-rule" as well, limits in bytes in "x-max-bytes".
 * Descriptions have such limits in words, and the codes of each status.
 * prefix stands before the paths, details says that errors have violations.
 * The bytes are mem's.  Returns NGX_SNAPSHOT_ERROR where that was short.
 */

int ngx_snapshot_openapi(const ngx_snapshot_mem_t *mem,
    const ngx_snapshot_policy_t *policy, ngx_snapshot_str_t prefix,
    unsigned minor, int details, ngx_snapshot_str_t *document);


#pragma GCC visibility pop


#endif /* _NGX_SNAPSHOT_OPENAPI_H_INCLUDED_ */
