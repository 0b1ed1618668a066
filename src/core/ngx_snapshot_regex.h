
/* The only file that knows pcre2. */


#ifndef _NGX_SNAPSHOT_REGEX_H_INCLUDED_
#define _NGX_SNAPSHOT_REGEX_H_INCLUDED_


#include "ngx_snapshot_core.h"


#pragma GCC visibility push(hidden)


/* The version of pcre2 that this was built with. */

extern const char *const  ngx_snapshot_regex_version;


typedef struct ngx_snapshot_regex_s  ngx_snapshot_regex_t;


/*
 * Compiles a pattern, anchored at both ends, with JIT where the machine has
 * it.  The caller owns the result and frees it with ngx_snapshot_regex_free();
 * NULL where the pattern is wrong or memory is short.
 */

ngx_snapshot_regex_t *ngx_snapshot_regex_compile(ngx_snapshot_str_t pattern);

/*
 * 1 where all of the bytes match, 0 where they do not, NGX_SNAPSHOT_ERROR
 * where pcre2 could not tell (match limit, memory).  Uses the memory that was
 * taken at compilation, so one regex serves one thread.
 */

int ngx_snapshot_regex_match(const ngx_snapshot_regex_t *re,
    ngx_snapshot_str_t s);

/* Frees a compiled pattern; NULL is nothing to free. */

void ngx_snapshot_regex_free(ngx_snapshot_regex_t *re);


#pragma GCC visibility pop


#endif /* _NGX_SNAPSHOT_REGEX_H_INCLUDED_ */
