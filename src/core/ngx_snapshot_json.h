
/*
 * The only file that knows jansson: reads a body for the judge, by the rules
 * json-syntax and json-duplicate-key of CONTRACT section 2.
 */


#ifndef _NGX_SNAPSHOT_JSON_H_INCLUDED_
#define _NGX_SNAPSHOT_JSON_H_INCLUDED_


#include "ngx_snapshot_judge.h"


#pragma GCC visibility push(hidden)


/* The version of jansson that this was built with. */

extern const char *const  ngx_snapshot_json_version;


/*
 * Reads a whole body, checks its text, and pushes its members to the judge of
 * an operation that has a body.  What is no JSON object, or has a key twice,
 * goes to the judge as well.  The judge's "failed" is set where memory for the
 * body's tree was short.  The bytes are needed during the call only.
 */

void ngx_snapshot_json_read(ngx_snapshot_judge_t *j, ngx_snapshot_str_t body);


#pragma GCC visibility pop


#endif /* _NGX_SNAPSHOT_JSON_H_INCLUDED_ */
