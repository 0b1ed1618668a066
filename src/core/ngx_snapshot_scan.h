
/*
 * The second reader: goes over a plain body once, without an allocation, and
 * leaves all that is unusual to the first.
 */


#ifndef _NGX_SNAPSHOT_SCAN_H_INCLUDED_
#define _NGX_SNAPSHOT_SCAN_H_INCLUDED_


#include "ngx_snapshot_judge.h"


#pragma GCC visibility push(hidden)


/*
 * Reads a whole body as ngx_snapshot_json_read() does, and pushes its members
 * to the judge.  seed is a number that clients do not know.  Returns 1 where
 * that is done, or 0 where it is not sure what ngx_snapshot_json_read() would
 * make of the body: the judge is then as it was, and that must read it.  The
 * bytes are needed during the call only.
 */

int ngx_snapshot_scan(ngx_snapshot_judge_t *j, ngx_snapshot_str_t body,
    uint64_t seed);


#pragma GCC visibility pop


#endif /* _NGX_SNAPSHOT_SCAN_H_INCLUDED_ */
