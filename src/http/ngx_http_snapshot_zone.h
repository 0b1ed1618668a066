
/* The counters of all workers, in the shared memory of "snapshot_zone". */


#ifndef _NGX_HTTP_SNAPSHOT_ZONE_H_INCLUDED_
#define _NGX_HTTP_SNAPSHOT_ZONE_H_INCLUDED_


#include "ngx_http_snapshot.h"


#pragma GCC visibility push(hidden)


/* the documented operations, then those that are not */

#define NGX_HTTP_SNAPSHOT_OPERATIONS  (NGX_SNAPSHOT_OPERATIONS + 1)


/* what an upstream answered: nothing, then 2xx to 5xx */

#define NGX_HTTP_SNAPSHOT_STATUSES  5


/* what "limit_req" did, in the order of its numbers, of which the first is 1 */

#define NGX_HTTP_SNAPSHOT_LIMITS  5


/* the longest table of bounds below, and what is above all of them */

#define NGX_HTTP_SNAPSHOT_BUCKETS  14


/* up to so many nanoseconds or bytes; text is the same in seconds or bytes */

typedef struct {
    uint64_t                         le;
    char                            *text;
} ngx_http_snapshot_bound_t;


/* bucket by bucket, not summed up; the sum is in nanoseconds or bytes */

typedef struct {
    ngx_atomic_t                     bucket[NGX_HTTP_SNAPSHOT_BUCKETS];
    ngx_atomic_t                     sum;
} ngx_http_snapshot_histogram_t;


/*
 * What one project does wrong: a row for each operation, rule and severity.
 * count is of violations, first and last are seconds since the epoch.  A
 * project id is as it was sent, well-formed or not, cut to 64 bytes.
 */

typedef struct {
    ngx_rbtree_node_t                node;
    ngx_queue_t                      queue;
    ngx_atomic_uint_t                count;
    time_t                           first;
    time_t                           last;
    u_char                           operation;
    u_char                           rule;
    u_char                           severity;
    u_char                           len;
    u_char                           project[NGX_SNAPSHOT_PROJECT_ID_MAX];
} ngx_http_snapshot_project_t;


/*
 * The rows in use, by key and from the last seen to the least recently seen.
 * busy is set while they are changed: whoever finds it set has taken over from
 * a worker that was killed meanwhile.
 */

typedef struct {
    ngx_rbtree_t                     rbtree;
    ngx_rbtree_node_t                sentinel;
    ngx_queue_t                      queue;
    ngx_http_snapshot_project_t     *rows;
    ngx_uint_t                       size;
    ngx_uint_t                       used;
    ngx_atomic_uint_t                dropped;
    volatile ngx_uint_t              busy;
} ngx_http_snapshot_projects_t;


/*
 * What each request adds to.  Requests by verdict are the sums over what the
 * upstream answered.  All members are of the type ngx_atomic_t, so that they
 * can be summed as an array.
 */

typedef struct {
    ngx_atomic_t   upstream[NGX_HTTP_SNAPSHOT_OPERATIONS]
                           [NGX_HTTP_SNAPSHOT_VERDICTS]
                           [NGX_HTTP_SNAPSHOT_STATUSES];
    ngx_atomic_t   limited[NGX_HTTP_SNAPSHOT_OPERATIONS]
                          [NGX_HTTP_SNAPSHOT_LIMITS];
    ngx_http_snapshot_histogram_t    judge;
    ngx_http_snapshot_histogram_t    body;
    ngx_atomic_t                     body_on_disk;
    ngx_atomic_t                     unjudged;
} ngx_http_snapshot_sums_t;


/*
 * The sums of one process, in cache lines that no other one writes to.  owner
 * is its id, or 0.  Whoever finds that the owner has ended takes the slot over
 * and goes on adding, so a slot's sums are never cleared.
 */

typedef struct {
    ngx_http_snapshot_sums_t         sums;
    ngx_atomic_t                     owner;
} ngx_http_snapshot_slot_t;


/*
 * layout is a checksum of what the other members stand for.  sums are those of
 * processes that found no slot, and are added to atomically.  The violations
 * and the projects are changed while the zone is locked.
 */

typedef struct {
    uint32_t                         layout;
    ngx_http_snapshot_sums_t         sums;
    ngx_atomic_uint_t  violations[NGX_HTTP_SNAPSHOT_OPERATIONS]
                                 [NGX_SNAPSHOT_RULES][NGX_SNAPSHOT_SEVERITIES];
    time_t                           since;
    ngx_http_snapshot_projects_t     projects;
    ngx_uint_t                       nslots;
    u_char                          *slots;
} ngx_http_snapshot_counters_t;


/* what counters are indexed by: labels in Prometheus, levels in JSON */

typedef enum {
    NGX_HTTP_SNAPSHOT_NO_DIMENSION = 0,
    NGX_HTTP_SNAPSHOT_BY_OPERATION,
    NGX_HTTP_SNAPSHOT_BY_VERDICT,
    NGX_HTTP_SNAPSHOT_BY_STATUS,
    NGX_HTTP_SNAPSHOT_BY_LIMIT,
    NGX_HTTP_SNAPSHOT_BY_RULE,
    NGX_HTTP_SNAPSHOT_BY_SEVERITY
} ngx_http_snapshot_dimension_e;


/* indices from first to n - 1, of n that the counters have */

typedef struct {
    char                            *label;
    ngx_uint_t                       first;
    ngx_uint_t                       n;
} ngx_http_snapshot_dimension_t;


/* only histograms have bounds; the unit is one second or byte, as counted */

typedef struct {
    char                              *name;
    char                              *suffix;
    const ngx_http_snapshot_bound_t   *bounds;
    ngx_uint_t                         unit;
} ngx_http_snapshot_metric_type_t;


/*
 * object is "projects_" for a member of "projects" in JSON, where Prometheus
 * has it before the name.  A metric by operation is a member of the operation's
 * object, any other one of the outer object.  dimensions end in 0.  The place
 * in the counters may have more of them at its end, and is summed over these.
 */

typedef struct {
    char                                   *object;
    char                                   *name;
    char                                   *help;
    const ngx_http_snapshot_metric_type_t  *type;
    ngx_http_snapshot_dimension_e           dimensions[4];
    size_t                                  place;
    size_t                                  size;
} ngx_http_snapshot_metric_t;


/* end in a row without a text */

extern const ngx_http_snapshot_bound_t  ngx_http_snapshot_judge_bounds[];
extern const ngx_http_snapshot_bound_t  ngx_http_snapshot_body_bounds[];


/* ngx_http_snapshot_metrics.c */

extern const ngx_http_snapshot_dimension_t  ngx_http_snapshot_dimensions[];

/* in the order of both formats; ends in a row without a name */

extern const ngx_http_snapshot_metric_t  ngx_http_snapshot_metrics[];

/* What a label says of an index in a dimension.  Static. */

ngx_snapshot_str_t ngx_http_snapshot_index_name(
    ngx_http_snapshot_dimension_e dimension, ngx_uint_t i);


/* ngx_http_snapshot_zone.c */

/*
 * The operation that a counter's first index, which is less than
 * NGX_HTTP_SNAPSHOT_OPERATIONS, stands for.  Static.
 */

const ngx_snapshot_operation_t *ngx_http_snapshot_operation(ngx_uint_t i);

/* Copies the counters, with the sums of all processes. */

void ngx_http_snapshot_zone_copy(ngx_http_snapshot_counters_t *to,
    const ngx_http_snapshot_counters_t *from);

/*
 * Warns that ngx_http_snapshot_projects_repair() had to empty the table; to be
 * called once the zone is no longer locked.
 */

void ngx_http_snapshot_zone_lost(ngx_shm_zone_t *zone);


/* ngx_http_snapshot_projects.c */

/*
 * Begins a table without rows.  rows has room for size of them and lives as
 * long as the table, in the same zone.
 */

void ngx_http_snapshot_projects_init(ngx_http_snapshot_projects_t *p,
    ngx_http_snapshot_project_t *rows, ngx_uint_t size);

/*
 * Empties the table where a worker was killed while it changed it; its rows
 * count as dropped.  Returns 1 if so.  The zone must be locked, as for all
 * that follow.
 */

ngx_int_t ngx_http_snapshot_projects_repair(ngx_http_snapshot_projects_t *p);

/*
 * Adds n violations of a project, seen now, in seconds since the epoch; drops
 * the least recently seen row where there is no room.  operation is a counter's
 * first index.  The table must not be in need of repair.
 */

void ngx_http_snapshot_projects_add(ngx_http_snapshot_projects_t *p,
    ngx_snapshot_str_t project, ngx_uint_t operation, ngx_uint_t rule,
    ngx_uint_t severity, ngx_uint_t n, time_t now);

/*
 * Copies the rows, the last seen first, to a place with room for all of the
 * table's size.  Returns their number.
 */

ngx_uint_t ngx_http_snapshot_projects_copy(ngx_http_snapshot_projects_t *p,
    ngx_http_snapshot_project_t *rows);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_SNAPSHOT_ZONE_H_INCLUDED_ */
