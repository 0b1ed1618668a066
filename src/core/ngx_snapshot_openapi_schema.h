
/*
 * What the two files of the OpenAPI document share.  Trees are jansson's; one
 * that could not be made is NULL.
 */


#ifndef _NGX_SNAPSHOT_OPENAPI_SCHEMA_H_INCLUDED_
#define _NGX_SNAPSHOT_OPENAPI_SCHEMA_H_INCLUDED_


#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "ngx_snapshot_openapi.h"
#include "ngx_snapshot_tree.h"


#pragma GCC visibility push(hidden)


/*
 * operation is the one that is described; schemas are those of all objects
 * with a title, by their names.
 */

typedef struct {
    const ngx_snapshot_mem_t        *mem;
    const ngx_snapshot_policy_t     *policy;
    const ngx_snapshot_operation_t  *operation;
    ngx_snapshot_str_t               prefix;
    json_t                          *schemas;
    unsigned                         minor;
} ngx_snapshot_openapi_t;


typedef json_t *(*ngx_snapshot_openapi_scope_pt)(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope);


#define severity(o, r)  ((o)->policy->rule[r].severity)
#define rejects(o, r)   (severity(o, r) == NGX_SNAPSHOT_SEVERITY_REJECT)
#define max_of(o, r)    ((json_int_t) (o)->policy->rule[r].max)

#define add     ngx_snapshot_tree_add
#define append  ngx_snapshot_tree_append
#define bytes   ngx_snapshot_tree_str


/*
 * A parameter of a path or a query, with its text and n rules at most, of which
 * fewer end in 0.
 */

json_t *ngx_snapshot_openapi_parameter(ngx_snapshot_openapi_t *o, int path,
    ngx_snapshot_str_t name, const char *text,
    const ngx_snapshot_rule_e *rules, unsigned n);

/*
 * What the operator allows in the operation, as parameters of its query added
 * to an array, or as fields to an object.
 */

json_t *ngx_snapshot_openapi_allowed(ngx_snapshot_openapi_t *o, json_t *into,
    unsigned query);

/*
 * A reference to the schema of a scope with a title, which the function makes.
 * Operations share it, but for one that differs by what is allowed in it.
 */

json_t *ngx_snapshot_openapi_named(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope, ngx_snapshot_openapi_scope_pt describe);

/* The schema of an object in a request, and of one in a response. */

json_t *ngx_snapshot_openapi_body(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope);
json_t *ngx_snapshot_openapi_answers(ngx_snapshot_openapi_t *o,
    const ngx_snapshot_scope_t *scope);

/*
 * Appends what a format makes, at most 255 bytes, all of them the contract's or
 * the operator's.
 */

void ngx_snapshot_openapi_say(ngx_snapshot_text_t *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The text as a C string, or as a string of a tree; NULL if it has failed. */

const char *ngx_snapshot_openapi_end(ngx_snapshot_text_t *t);
json_t *ngx_snapshot_openapi_text(const ngx_snapshot_text_t *t);


#pragma GCC visibility pop


#endif /* _NGX_SNAPSHOT_OPENAPI_SCHEMA_H_INCLUDED_ */
