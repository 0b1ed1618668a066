
/* Reads a query string and pushes its parameters to the judge. */


#ifndef _NGX_SNAPSHOT_QUERY_H_INCLUDED_
#define _NGX_SNAPSHOT_QUERY_H_INCLUDED_


#include "ngx_snapshot_judge.h"


#pragma GCC visibility push(hidden)


/*
 * Reads what stands after the "?" of a target: always for a parameter that
 * overrides the method, and against the operation's table where it has one.
 * The bytes must outlive the judge, whose "failed" is set where memory for a
 * percent-encoded parameter was short.  CONTRACT section 2, page 004.
 */

void ngx_snapshot_query_read(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t query);


#pragma GCC visibility pop


#endif /* _NGX_SNAPSHOT_QUERY_H_INCLUDED_ */
