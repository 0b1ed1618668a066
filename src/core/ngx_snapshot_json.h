
/*
 * The reader of bodies, by the rules json-syntax and json-duplicate-key of
 * CONTRACT section 2.  One pass over the bytes, without a tree: vectors mark
 * the quotes and the escapes ahead of it, then members are read from mark to
 * mark and pushed to the judge.
 */


#ifndef _NGX_SNAPSHOT_JSON_H_INCLUDED_
#define _NGX_SNAPSHOT_JSON_H_INCLUDED_


#include "ngx_snapshot_judge.h"


#pragma GCC visibility push(hidden)


typedef struct ngx_snapshot_json_s  ngx_snapshot_json_t;


/*
 * A reader, some 300 KB that serve one body after the other and are never
 * cleared in between.  seed is a number that clients do not know, so that they
 * cannot choose keys that collide.  The reader is mem's; NULL where that has
 * no memory.
 */

ngx_snapshot_json_t *ngx_snapshot_json_create(const ngx_snapshot_mem_t *mem,
    uint64_t seed);

/*
 * Reads a whole body and pushes its members to the judge of an operation that
 * has a body.  A body that is no JSON object, or has a key twice, is reported
 * to the judge as well, which then forgets the members.  The judge's "failed"
 * is set where memory was short.  The bytes are needed during the call only;
 * nothing behind the last one is read.
 */

void ngx_snapshot_json_read(ngx_snapshot_json_t *r, ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t body);


#pragma GCC visibility pop


#endif /* _NGX_SNAPSHOT_JSON_H_INCLUDED_ */
