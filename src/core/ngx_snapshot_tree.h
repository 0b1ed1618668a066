
/*
 * Trees of jansson: put together so that a lack of memory is seen at the end,
 * and written where the core writes.  It knows no contract and no request.
 */


#ifndef _NGX_SNAPSHOT_TREE_H_INCLUDED_
#define _NGX_SNAPSHOT_TREE_H_INCLUDED_


#include <jansson.h>

#include "ngx_snapshot_text.h"


#pragma GCC visibility push(hidden)


/* for "s%" of jansson's, where it is not NULL */

#define ngx_snapshot_tree_str(s)  (const char *) (s).data, (s).len

/* what json_pack() makes, as more members of an object or one more item */

#define ngx_snapshot_tree_add(object, ...)                                    \
    ngx_snapshot_tree_merge(object, json_pack(__VA_ARGS__))

#define ngx_snapshot_tree_append(array, ...)                                  \
    ngx_snapshot_tree_push(array, json_pack(__VA_ARGS__))


/*
 * Each takes the second tree into the first one, frees both where that fails
 * or one of them is NULL, and returns the first or NULL.  So a tree in which
 * something is missing is NULL as a whole.
 */

json_t *ngx_snapshot_tree_merge(json_t *object, json_t *members);
json_t *ngx_snapshot_tree_push(json_t *array, json_t *item);

/* A string of UTF-8, which may be empty and NULL. */

json_t *ngx_snapshot_tree_string(ngx_snapshot_str_t s);

/*
 * Appends a tree as JSON, with flags of json_dumpb(), and frees it.  Where it
 * is NULL or memory is short the text has failed.
 */

void ngx_snapshot_tree_text(json_t *tree, size_t flags,
    ngx_snapshot_text_t *text);


#pragma GCC visibility pop


#endif /* _NGX_SNAPSHOT_TREE_H_INCLUDED_ */
