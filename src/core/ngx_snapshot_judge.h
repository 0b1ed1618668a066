
/*
 * Takes what a reader pushes, holds it against the contract, and collects the
 * violations.  It does not know who reads.  Rules and their order are those of
 * CONTRACT section 2; the page that a field comes from is in its row.
 *
 * Where memory is short the judge's "failed" is set: no function here returns
 * that.
 */


#ifndef _NGX_SNAPSHOT_JUDGE_H_INCLUDED_
#define _NGX_SNAPSHOT_JUDGE_H_INCLUDED_


#include "ngx_snapshot_check.h"
#include "ngx_snapshot_route.h"
#include "ngx_snapshot_text.h"


#pragma GCC visibility push(hidden)


/* the top of a body, "snapshot", "metadata" */

#define NGX_SNAPSHOT_DEPTH  3


/* so many violations are listed, then their number, CONTRACT section 3 */

#define NGX_SNAPSHOT_LISTED_MAX    16

/* and so many with their details, CONTRACT section 4 */

#define NGX_SNAPSHOT_DETAILED_MAX  100


typedef struct ngx_snapshot_violation_s  ngx_snapshot_violation_t;


/*
 * at is where it is, for machines: a JSON Pointer or "query:limit"; message
 * says it in words, and what was found and what is allowed, if worded is set.
 */

struct ngx_snapshot_violation_s {
    ngx_snapshot_violation_t        *next;
    ngx_snapshot_rule_e              rule;
    ngx_snapshot_severity_e          severity;
    unsigned                         status;
    unsigned                         worded;
    const char                      *code;
    ngx_snapshot_text_t              at;
    ngx_snapshot_text_t              message;
};


typedef struct {
    const ngx_snapshot_scope_t      *scope;
    ngx_snapshot_str_t               key;
    uint32_t                         seen;
} ngx_snapshot_frame_t;


/* the violations that there were before a body was begun */

typedef struct {
    ngx_snapshot_violation_t       **last;
    unsigned                         count[NGX_SNAPSHOT_SEVERITIES];
    ngx_snapshot_rules_t             rules;
} ngx_snapshot_mark_t;


/*
 * failed is set where something could not be judged, for want of memory or
 * because pcre2 gave up: the request must then be refused with a 500.  count
 * is the number of violations by severity, rules are those that were violated,
 * violated their number by rule, or NULL where there was none yet.
 * Of each rule NGX_SNAPSHOT_LISTED_MAX are kept, so that a body of thousands
 * takes no more memory, or NGX_SNAPSHOT_DETAILED_MAX where detailed is set.
 * worded is the least severity whose messages are read; less has none.
 * tenant is whose request it is, empty where that is not known; who begins to
 * judge may set it.  keep holds the values for the variables.  entry is the
 * rule of the object in hand where that is a map, entry_max what it allows.
 */

typedef struct {
    const ngx_snapshot_mem_t        *mem;
    const ngx_snapshot_policy_t     *policy;
    const ngx_snapshot_patterns_t   *patterns;
    const ngx_snapshot_operation_t  *operation;
    ngx_snapshot_family_e            family;
    ngx_snapshot_str_t               tenant;

    ngx_snapshot_violation_t        *first;
    ngx_snapshot_violation_t       **last;
    unsigned                         count[NGX_SNAPSHOT_SEVERITIES];
    ngx_snapshot_rules_t             rules;
    uint32_t                        *violated;
    ngx_snapshot_severity_e          worded;
    unsigned                         detailed;
    unsigned                         failed;

    ngx_snapshot_str_t               keep[NGX_SNAPSHOT_KEEPS];

    uint32_t                         headers;
    uint32_t                         params;
    ngx_snapshot_frame_t             frame[NGX_SNAPSHOT_DEPTH];
    unsigned                         depth;
    ngx_snapshot_rule_e              entry;
    uint64_t                         entry_max;
    ngx_snapshot_mark_t              mark;
} ngx_snapshot_judge_t;


/*
 * How a parameter was escaped: an escape was broken; all were whole; there was
 * none, and all bytes are printable ASCII.
 */

typedef enum {
    NGX_SNAPSHOT_BROKEN = 0,
    NGX_SNAPSHOT_WHOLE,
    NGX_SNAPSHOT_PLAIN
} ngx_snapshot_escapes_e;


#define ngx_snapshot_judge_rejects(j)                                         \
    ((j)->count[NGX_SNAPSHOT_SEVERITY_REJECT] != 0 || (j)->failed)


/*
 * Begins the judging of a request in scope.  mem, policy, patterns and route
 * must outlive the judge.
 */

void ngx_snapshot_judge_init(ngx_snapshot_judge_t *j,
    const ngx_snapshot_mem_t *mem, const ngx_snapshot_policy_t *policy,
    const ngx_snapshot_patterns_t *patterns,
    const ngx_snapshot_route_t *route);

/*
 * Judges method and path.  Returns 0 where the path is not canonical and that
 * is rejected: such a path is judged no further, CONTRACT section 2.
 */

int ngx_snapshot_judge_route(ngx_snapshot_judge_t *j,
    const ngx_snapshot_route_t *route);

/*
 * The lengths of the names of headers that rules look at, a bit each: all are
 * less than 64.
 */

uint64_t ngx_snapshot_judge_header_lengths(void);

/*
 * Judges one request header, once for each that the request has whose name has
 * one of these lengths.  The bytes are needed during the call only.
 */

void ngx_snapshot_judge_header(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t name, ngx_snapshot_str_t value);

/* Judges what the headers lack; to be called after the last of them. */

void ngx_snapshot_judge_headers_end(ngx_snapshot_judge_t *j);

/*
 * Judges the size of a body in bytes.  Returns 0 where it is more than is
 * allowed and that is rejected.
 */

int ngx_snapshot_judge_size(ngx_snapshot_judge_t *j, uint64_t size);

/* Records that a query parameter overrides the method. */

void ngx_snapshot_judge_override(ngx_snapshot_judge_t *j);

/* Records a bare ";" in the query. */

void ngx_snapshot_judge_separator(ngx_snapshot_judge_t *j);

/* Begins a query, in which no parameter was there yet. */

void ngx_snapshot_judge_params(ngx_snapshot_judge_t *j);

/*
 * Judges a query parameter, both name and value percent-decoded.  The value's
 * bytes must outlive the judge.
 */

void ngx_snapshot_judge_param(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t name, ngx_snapshot_str_t bytes,
    ngx_snapshot_escapes_e escapes);

/*
 * Records that the body is no JSON object (rule json-syntax) or has a key
 * twice (json-duplicate-key): what was found, as a constant, at line and
 * column, both from 1 on, or 0 where they say nothing.
 */

void ngx_snapshot_judge_text(ngx_snapshot_judge_t *j, ngx_snapshot_rule_e rule,
    const char *what, uint64_t line, uint64_t column);

/* Begins a body: the reader then pushes the members of its top object. */

void ngx_snapshot_judge_begin(ngx_snapshot_judge_t *j);

/* Forgets all that was pushed since then: the text turns out to be wrong. */

void ngx_snapshot_judge_forget(ngx_snapshot_judge_t *j);

/*
 * Judges a member of the object in hand.  value is a string's bytes, unescaped
 * UTF-8, or a number's text as it was sent, else empty; the bytes need not
 * outlive the call.  Returns 1 where the reader must push that member's own
 * members next and then call ngx_snapshot_judge_leave(), 0 where it must not.
 */

static inline int ngx_snapshot_judge_member(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t key, ngx_snapshot_type_e type,
    ngx_snapshot_str_t value);

/* Judges a member of an object with fields, or a wrong member of a map. */

int ngx_snapshot_judge_field_member(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t key, ngx_snapshot_type_e type,
    ngx_snapshot_str_t bytes);
void ngx_snapshot_judge_wrong_entry(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t key, ngx_snapshot_type_e type,
    ngx_snapshot_str_t value);

/* Judges what the object in hand lacks, and leaves it; the top one as well. */

void ngx_snapshot_judge_leave(ngx_snapshot_judge_t *j);


/* of the members of a map there may be thousands */

static inline int
ngx_snapshot_judge_member(ngx_snapshot_judge_t *j, ngx_snapshot_str_t key,
    ngx_snapshot_type_e type, ngx_snapshot_str_t value)
{
    if (j->entry == NGX_SNAPSHOT_RULE_NONE) {
        return ngx_snapshot_judge_field_member(j, key, type, value);
    }

    if (key.len == 0 || key.len > j->entry_max
        || type != NGX_SNAPSHOT_TYPE_STRING
        || value.len > j->entry_max)
    {
        ngx_snapshot_judge_wrong_entry(j, key, type, value);
    }

    return 0;
}


#pragma GCC visibility pop


#endif /* _NGX_SNAPSHOT_JUDGE_H_INCLUDED_ */
