
/*
 * What every part of the core shares.  The core is plain C: it knows no
 * request, no pool and no log, so it can be tested and fuzzed on its own.
 */


#ifndef _NGX_SNAPSHOT_CORE_H_INCLUDED_
#define _NGX_SNAPSHOT_CORE_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>


#define NGX_SNAPSHOT_VERSION  "0.1.0"


#define NGX_SNAPSHOT_OK      0
#define NGX_SNAPSHOT_ERROR  -1


/* for what is done often in little, beside what is done seldom in much */

#define ngx_snapshot_inline    inline __attribute__((always_inline))
#define ngx_snapshot_noinline  __attribute__((noinline))


/* bytes and their number; never ends in a NUL, never owns what it names */

typedef struct {
    size_t                len;
    const u_char         *data;
} ngx_snapshot_str_t;


#define ngx_snapshot_string(s)  { sizeof(s) - 1, (const u_char *) s }
#define ngx_snapshot_null       { 0, NULL }


/*
 * Where the core gets memory: alloc(data, size in bytes) returns memory for
 * any type, or NULL.  The core frees nothing: all of it goes with the owner's
 * pool or arena when the request ends.
 */

typedef struct {
    void               *(*alloc)(void *data, size_t size);
    void                 *data;
} ngx_snapshot_mem_t;


#endif /* _NGX_SNAPSHOT_CORE_H_INCLUDED_ */
