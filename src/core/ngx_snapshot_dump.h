
/*
 * The tables as JSON, for whatever holds documents and tests against them.  It
 * knows the rows and what a check says of a value, and judges nothing.
 */


#ifndef _NGX_SNAPSHOT_DUMP_H_INCLUDED_
#define _NGX_SNAPSHOT_DUMP_H_INCLUDED_


#include <jansson.h>

#include "ngx_snapshot_contract.h"


#pragma GCC visibility push(hidden)


/*
 * An object with the version of the module and the rows: families,
 * operations, the request in scope that is none of them as "unknown", rules
 * with their defaults, and faults.  What a row does not have is null.  The
 * caller owns the reference.  NULL where memory was short.
 */

json_t *ngx_snapshot_dump(void);


#pragma GCC visibility pop


#endif /* _NGX_SNAPSHOT_DUMP_H_INCLUDED_ */
