
/*
 * Where a text stops being JSON.  It needs no memory and builds no tree, so
 * that the mistake is named by its place and never by the client's bytes.
 */


#ifndef _NGX_SNAPSHOT_SYNTAX_H_INCLUDED_
#define _NGX_SNAPSHOT_SYNTAX_H_INCLUDED_


#include "ngx_snapshot_core.h"


#pragma GCC visibility push(hidden)


/*
 * The first byte that keeps a body from being one JSON object, rule
 * "json-syntax" of CONTRACT section 2: everything before it can begin one.
 * Where the body ends too early, that is the one behind its last byte.  *what
 * then names the mistake, as a constant such as "is malformed".  Returns NULL
 * where the body is one object; it must not be empty.
 */

const u_char *ngx_snapshot_syntax(ngx_snapshot_str_t body, const char **what);


#pragma GCC visibility pop


#endif /* _NGX_SNAPSHOT_SYNTAX_H_INCLUDED_ */
