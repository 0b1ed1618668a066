
/*
 * Shared memory with the counters: its directive, its layout over reloads and
 * upgrades, and the counting of a request.  It does not know how they are
 * shown.
 */


#include "ngx_http_snapshot_zone.h"


static size_t ngx_http_snapshot_zone_least(void);
static ngx_int_t ngx_http_snapshot_zone_init(ngx_shm_zone_t *shm_zone,
    void *data);
static ngx_int_t ngx_http_snapshot_zone_slots(ngx_slab_pool_t *shpool,
    ngx_http_snapshot_counters_t *counters, ngx_uint_t n);
static void ngx_http_snapshot_zone_adopt(ngx_conf_t *cf,
    ngx_shm_zone_t *zone);
static ngx_shm_zone_t *ngx_http_snapshot_zone_find(ngx_cycle_t *cycle,
    ngx_str_t *name);
static uint32_t ngx_http_snapshot_zone_layout(void);
static void ngx_http_snapshot_zone_bounds(uint32_t *crc,
    const ngx_http_snapshot_bound_t *bound);
static ngx_int_t ngx_http_snapshot_log_handler(ngx_http_request_t *r);
static ngx_http_snapshot_sums_t *ngx_http_snapshot_sums(
    ngx_http_snapshot_counters_t *counters, ngx_uint_t *shared);
static ngx_http_snapshot_slot_t *ngx_http_snapshot_take_slot(
    ngx_http_snapshot_counters_t *counters);
static void ngx_http_snapshot_count_limited(ngx_http_request_t *r);
static ngx_uint_t ngx_http_snapshot_operation_index(
    const ngx_snapshot_operation_t *operation);
static ngx_uint_t ngx_http_snapshot_upstream_status(ngx_http_request_t *r);
static void ngx_http_snapshot_observe(ngx_http_snapshot_histogram_t *h,
    const ngx_http_snapshot_bound_t *bound, uint64_t value,
    ngx_uint_t shared);
static void ngx_http_snapshot_count_violations(ngx_http_snapshot_ctx_t *ctx,
    ngx_shm_zone_t *zone, ngx_uint_t operation);


/* so many rows of projects a zone must have room for */

#define NGX_HTTP_SNAPSHOT_LEAST_ROWS  100


/* in bytes; processors fetch cache lines of 64 bytes in pairs */

#define NGX_HTTP_SNAPSHOT_SLOT                                                \
    ngx_align(sizeof(ngx_http_snapshot_slot_t), 128)


#define ngx_http_snapshot_slot(counters, i)                                   \
    ((ngx_http_snapshot_slot_t *)                                             \
         ((counters)->slots + (i) * NGX_HTTP_SNAPSHOT_SLOT))


/* a process is alone in its slot, so it needs no atomic addition there */

#define ngx_http_snapshot_count(counter, n, shared)                           \
    if (shared) {                                                             \
        (void) ngx_atomic_fetch_add(&(counter), (n));                         \
                                                                              \
    } else {                                                                  \
        (counter) += (n);                                                     \
    }


const ngx_http_snapshot_bound_t  ngx_http_snapshot_judge_bounds[] = {
    { 1000, "1e-06" },
    { 2500, "2.5e-06" },
    { 5000, "5e-06" },
    { 10000, "1e-05" },
    { 25000, "2.5e-05" },
    { 50000, "5e-05" },
    { 100000, "0.0001" },
    { 250000, "0.00025" },
    { 500000, "0.0005" },
    { 1000000, "0.001" },
    { 2500000, "0.0025" },
    { 5000000, "0.005" },
    { 10000000, "0.01" },
    { 0, NULL }
};


const ngx_http_snapshot_bound_t  ngx_http_snapshot_body_bounds[] = {
    { 64, "64" },
    { 256, "256" },
    { 1024, "1024" },
    { 4096, "4096" },
    { 16384, "16384" },
    { 65536, "65536" },
    { 262144, "262144" },
    { 1048576, "1048576" },
    { 0, NULL }
};


char *
ngx_http_snapshot_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_snapshot_main_conf_t *smcf = conf;

    size_t      least;
    u_char     *colon;
    ssize_t     bytes;
    ngx_str_t  *value, name, size;

    if (smcf->zone) {
        return "is duplicate";
    }

    value = cf->args->elts;
    name = value[1];

    if (cf->args->nelts == 3) {
        size = value[2];

    } else {
        colon = ngx_strlchr(name.data, name.data + name.len, ':');

        if (colon == NULL) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid value \"%V\" in \"%V\" directive, it "
                               "must be \"name:size\", such as "
                               "\"counters:1m\"", &name, &cmd->name);
            return NGX_CONF_ERROR;
        }

        size.data = colon + 1;
        size.len = name.data + name.len - size.data;
        name.len = colon - name.data;
    }

    if (name.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "empty name in \"%V\" directive", &cmd->name);
        return NGX_CONF_ERROR;
    }

    bytes = ngx_parse_size(&size);

    if (bytes == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid size \"%V\" in \"%V\" directive, it must "
                           "be a number of bytes, with \"k\" or \"m\" at its "
                           "end for more", &size, &cmd->name);
        return NGX_CONF_ERROR;
    }

    least = ngx_http_snapshot_zone_least();

    if ((size_t) bytes < least) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "size \"%V\" in \"%V\" directive is too small, it "
                           "must be at least %uzk",
                           &size, &cmd->name, least / 1024);
        return NGX_CONF_ERROR;
    }

    smcf->zone = ngx_shared_memory_add(cf, &name, bytes,
                                       &ngx_http_snapshot_module);
    if (smcf->zone == NULL) {
        return NGX_CONF_ERROR;
    }

    /* the number of workers may not have been read yet */

    smcf->zone->init = ngx_http_snapshot_zone_init;
    smcf->zone->data = cf->cycle;

    ngx_http_snapshot_zone_adopt(cf, smcf->zone);

    return NGX_CONF_OK;
}


/* whole pages: what the slab keeps for itself, the counters, a few rows */

static size_t
ngx_http_snapshot_zone_least(void)
{
    size_t  pages, own;

    pages = ngx_align(sizeof(ngx_http_snapshot_counters_t), ngx_pagesize)
            / ngx_pagesize
            + ngx_align(NGX_HTTP_SNAPSHOT_LEAST_ROWS
                        * sizeof(ngx_http_snapshot_project_t), ngx_pagesize)
              / ngx_pagesize;

    own = sizeof(ngx_slab_pool_t)
          + ngx_pagesize_shift
            * (sizeof(ngx_slab_page_t) + sizeof(ngx_slab_stat_t))
          + (pages + 1) * sizeof(ngx_slab_page_t);

    return pages * ngx_pagesize + ngx_align(own, ngx_pagesize);
}


static ngx_int_t
ngx_http_snapshot_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_uint_t                     size;
    ngx_cycle_t                   *cycle;
    ngx_slab_pool_t               *shpool;
    ngx_core_conf_t               *ccf;
    ngx_http_snapshot_project_t   *rows;
    ngx_http_snapshot_counters_t  *counters;

    cycle = shm_zone->data;

    if (data) {
        shm_zone->data = data;
        return NGX_OK;
    }

    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (shm_zone->shm.exists) {
        shm_zone->data = shpool->data;
        return NGX_OK;
    }

    counters = ngx_slab_calloc(shpool, sizeof(ngx_http_snapshot_counters_t));
    if (counters == NULL) {
        return NGX_ERROR;
    }

    /* after a reload there are the old workers beside the new ones */

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    if (ngx_http_snapshot_zone_slots(shpool, counters,
                                     2 * ccf->worker_processes)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* all that is left is for projects, so nothing is allocated later on */

    size = shpool->pfree * ngx_pagesize / sizeof(ngx_http_snapshot_project_t);

    rows = ngx_slab_alloc(shpool, size * sizeof(ngx_http_snapshot_project_t));
    if (rows == NULL) {
        return NGX_ERROR;
    }

    ngx_http_snapshot_projects_init(&counters->projects, rows, size);

    counters->layout = ngx_http_snapshot_zone_layout();
    counters->since = ngx_time();

    shpool->data = counters;
    shm_zone->data = counters;

    return NGX_OK;
}


/* up to n slots, in half of the memory that projects can spare */

static ngx_int_t
ngx_http_snapshot_zone_slots(ngx_slab_pool_t *shpool,
    ngx_http_snapshot_counters_t *counters, ngx_uint_t n)
{
    size_t  room, rows;

    room = shpool->pfree * ngx_pagesize;
    rows = ngx_align(NGX_HTTP_SNAPSHOT_LEAST_ROWS
                     * sizeof(ngx_http_snapshot_project_t), ngx_pagesize);

    room = (room > rows) ? (room - rows) / 2 : 0;

    n = ngx_min(n, (room & ~(ngx_pagesize - 1)) / NGX_HTTP_SNAPSHOT_SLOT);

    if (n == 0) {
        return NGX_OK;
    }

    /* whole pages, which begin with a cache line */

    counters->slots = ngx_slab_calloc(shpool,
                                      ngx_align(n * NGX_HTTP_SNAPSHOT_SLOT,
                                                ngx_pagesize));
    if (counters->slots == NULL) {
        return NGX_ERROR;
    }

    counters->nslots = n;

    return NGX_OK;
}


/*
 * On a reload nginx keeps the memory of a zone that has the same name, size and
 * tag, and frees any other.  Old workers use that memory until they end, so it
 * cannot be cleared where it has another layout: the new zone gets another tag
 * instead, of two in turn.  The flag "noreuse" cannot be used: nginx 1.27.3 and
 * newer give init() the old data all the same, and the master never frees the
 * old memory.
 */

static void
ngx_http_snapshot_zone_adopt(ngx_conf_t *cf, ngx_shm_zone_t *zone)
{
    char            *how;
    ngx_shm_zone_t  *old;

    static const u_char  other = 0;

    old = ngx_http_snapshot_zone_find(cf->cycle->old_cycle, &zone->shm.name);

    if (old == NULL) {
        return;
    }

    if (old->init != zone->init) {
        how = "by another module";

    } else if (old->shm.size != zone->shm.size) {
        how = "in another size";

    } else if (((ngx_http_snapshot_counters_t *) old->data)->layout
               != ngx_http_snapshot_zone_layout())
    {
        how = "by another version";
        zone->tag = (old->tag == &other) ? zone->tag : (void *) &other;

    } else {
        zone->tag = old->tag;
        return;
    }

    ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                       "zone \"%V\" was made %s, its counters begin anew",
                       &zone->shm.name, how);
}


static ngx_shm_zone_t *
ngx_http_snapshot_zone_find(ngx_cycle_t *cycle, ngx_str_t *name)
{
    ngx_uint_t        i;
    ngx_shm_zone_t   *zone;
    ngx_list_part_t  *part;

    part = &cycle->shared_memory.part;
    zone = part->elts;

    for (i = 0; /* void */; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                break;
            }

            part = part->next;
            zone = part->elts;
            i = 0;
        }

        if (zone[i].shm.name.len == name->len
            && ngx_strncmp(zone[i].shm.name.data, name->data, name->len) == 0)
        {
            return &zone[i];
        }
    }

    return NULL;
}


/* what the places in a zone stand for, as a number */

static uint32_t
ngx_http_snapshot_zone_layout(void)
{
    uint32_t            crc;
    ngx_uint_t          i;
    ngx_snapshot_str_t  name;

    crc = sizeof(ngx_http_snapshot_counters_t) + NGX_HTTP_SNAPSHOT_SLOT
          + sizeof(ngx_http_snapshot_project_t);

    for (i = 0; i < NGX_HTTP_SNAPSHOT_OPERATIONS; i++) {
        name = ngx_http_snapshot_operation(i)->name;
        ngx_crc32_update(&crc, (u_char *) name.data, name.len);
    }

    for (i = NGX_SNAPSHOT_RULE_NONE + 1; i < NGX_SNAPSHOT_RULES; i++) {
        name = ngx_snapshot_rules[i].name;
        ngx_crc32_update(&crc, (u_char *) name.data, name.len);
    }

    ngx_http_snapshot_zone_bounds(&crc, ngx_http_snapshot_judge_bounds);
    ngx_http_snapshot_zone_bounds(&crc, ngx_http_snapshot_body_bounds);

    return crc;
}


static void
ngx_http_snapshot_zone_bounds(uint32_t *crc,
    const ngx_http_snapshot_bound_t *bound)
{
    for ( /* void */ ; bound->text; bound++) {
        ngx_crc32_update(crc, (u_char *) bound->text,
                         ngx_strlen(bound->text));
    }
}


uint64_t
ngx_http_snapshot_clock(ngx_http_request_t *r)
{
    struct timespec                 ts;
    ngx_http_snapshot_main_conf_t  *smcf;

    smcf = ngx_http_get_module_main_conf(r, ngx_http_snapshot_module);

    if (smcf->zone == NULL) {
        return 0;
    }

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;
}


void
ngx_http_snapshot_count_unjudged(ngx_http_request_t *r)
{
    ngx_uint_t                      shared;
    ngx_http_snapshot_sums_t       *sums;
    ngx_http_snapshot_main_conf_t  *smcf;

    smcf = ngx_http_get_module_main_conf(r, ngx_http_snapshot_module);

    if (smcf->zone) {
        sums = ngx_http_snapshot_sums(smcf->zone->data, &shared);
        ngx_http_snapshot_count(sums->unjudged, 1, shared);
    }
}


void
ngx_http_snapshot_zone_copy(ngx_http_snapshot_counters_t *to,
    const ngx_http_snapshot_counters_t *from)
{
    ngx_uint_t     i, n;
    ngx_atomic_t  *sum, *own;

    *to = *from;

    sum = (ngx_atomic_t *) &to->sums;

    for (n = 0; n < from->nslots; n++) {

        own = (ngx_atomic_t *) &ngx_http_snapshot_slot(from, n)->sums;

        for (i = 0;
             i < sizeof(ngx_http_snapshot_sums_t) / sizeof(ngx_atomic_t);
             i++)
        {
            sum[i] += own[i];
        }
    }
}


/* where this process counts; shared is 1 where others do so as well */

static ngx_http_snapshot_sums_t *
ngx_http_snapshot_sums(ngx_http_snapshot_counters_t *counters,
    ngx_uint_t *shared)
{
    static ngx_http_snapshot_slot_t      *slot;
    static ngx_http_snapshot_counters_t  *of;

    /* without a master a reload may leave another zone in the same place */

    if (of != counters || (slot && slot->owner != (ngx_atomic_t) ngx_pid)) {
        slot = ngx_http_snapshot_take_slot(counters);
        of = counters;
    }

    *shared = (slot == NULL);

    return slot ? &slot->sums : &counters->sums;
}


/* one that is free, or whose owner has ended; NULL where there is none */

static ngx_http_snapshot_slot_t *
ngx_http_snapshot_take_slot(ngx_http_snapshot_counters_t *counters)
{
    ngx_uint_t                 i;
    ngx_atomic_uint_t          owner;
    ngx_http_snapshot_slot_t  *slot;

    for (i = 0; i < counters->nslots; i++) {

        slot = ngx_http_snapshot_slot(counters, i);
        owner = slot->owner;

        if (owner != 0 && owner != (ngx_atomic_uint_t) ngx_pid
            && (kill((ngx_pid_t) owner, 0) == 0 || ngx_errno != NGX_ESRCH))
        {
            continue;
        }

        if (ngx_atomic_cmp_set(&slot->owner, owner,
                               (ngx_atomic_uint_t) ngx_pid))
        {
            return slot;
        }
    }

    return NULL;
}


static ngx_int_t
ngx_http_snapshot_log_handler(ngx_http_request_t *r)
{
    ngx_uint_t                      status, shared, operation;
    ngx_http_snapshot_ctx_t        *ctx;
    ngx_http_snapshot_sums_t       *sums;
    ngx_http_snapshot_verdict_e     verdict;
    ngx_http_snapshot_main_conf_t  *smcf;

    /* "log_subrequest" brings subrequests here */

    if (r != r->main) {
        return NGX_OK;
    }

    if (r->limit_req_status) {
        ngx_http_snapshot_count_limited(r);
    }

    ctx = ngx_http_snapshot_get_ctx(r);

    if (ctx == NULL || ctx->dry) {
        return NGX_OK;
    }

    verdict = ngx_http_snapshot_verdict(ctx);

    if (verdict == NGX_HTTP_SNAPSHOT_NO_VERDICT) {
        return NGX_OK;
    }

    smcf = ngx_http_get_module_main_conf(r, ngx_http_snapshot_module);
    sums = ngx_http_snapshot_sums(smcf->zone->data, &shared);

    operation = ngx_http_snapshot_operation_index(ctx->target.route.operation);
    status = ngx_http_snapshot_upstream_status(r);

    ngx_http_snapshot_count(sums->upstream[operation][verdict][status], 1,
                            shared);

    ngx_http_snapshot_observe(&sums->judge, ngx_http_snapshot_judge_bounds,
                              ctx->judged, shared);

    if (ctx->measured) {
        ngx_http_snapshot_observe(&sums->body, ngx_http_snapshot_body_bounds,
                                  ctx->size, shared);
    }

    if (ctx->on_disk) {
        ngx_http_snapshot_count(sums->body_on_disk, 1, shared);
    }

    if (ctx->judge.first) {
        ngx_http_snapshot_count_violations(ctx, smcf->zone, operation);
    }

    return NGX_OK;
}


/* also where a budget was spent, and nothing was judged */

static void
ngx_http_snapshot_count_limited(ngx_http_request_t *r)
{
    ngx_uint_t                       i, shared;
    ngx_http_snapshot_ctx_t         *ctx;
    ngx_http_snapshot_sums_t        *sums;
    ngx_http_snapshot_main_conf_t   *smcf;
    const ngx_snapshot_operation_t  *operation;

    ctx = ngx_http_snapshot_find_target(r);

    if (ctx == NULL || ctx->target.route.operation == NULL
        || r->limit_req_status > NGX_HTTP_SNAPSHOT_LIMITS)
    {
        return;
    }

    operation = ctx->target.route.operation;

    smcf = ngx_http_get_module_main_conf(r, ngx_http_snapshot_module);
    sums = ngx_http_snapshot_sums(smcf->zone->data, &shared);

    i = ngx_http_snapshot_operation_index(operation);

    ngx_http_snapshot_count(sums->limited[i][r->limit_req_status - 1], 1,
                            shared);
}


static ngx_uint_t
ngx_http_snapshot_operation_index(const ngx_snapshot_operation_t *operation)
{
    return (operation == &ngx_snapshot_unknown)
           ? NGX_SNAPSHOT_OPERATIONS
           : (ngx_uint_t) (operation - ngx_snapshot_operations);
}


/* 0 where there was no answer, as of a server that refused to connect */

static ngx_uint_t
ngx_http_snapshot_upstream_status(ngx_http_request_t *r)
{
    ngx_http_upstream_state_t  *state;

    if (r->upstream_states == NULL || r->upstream_states->nelts == 0) {
        return 0;
    }

    state = r->upstream_states->elts;
    state += r->upstream_states->nelts - 1;

    /* nginx sets a status of its own where it got none */

    if (state->header_time == (ngx_msec_t) -1
        || state->status < 200 || state->status > 599)
    {
        return 0;
    }

    return state->status / 100 - 1;
}


static void
ngx_http_snapshot_observe(ngx_http_snapshot_histogram_t *h,
    const ngx_http_snapshot_bound_t *bound, uint64_t value,
    ngx_uint_t shared)
{
    ngx_uint_t  i;

    for (i = 0; bound[i].text && value > bound[i].le; i++) { /* void */ }

    ngx_http_snapshot_count(h->bucket[i], 1, shared);
    ngx_http_snapshot_count(h->sum, value, shared);
}


static void
ngx_http_snapshot_count_violations(ngx_http_snapshot_ctx_t *ctx,
    ngx_shm_zone_t *zone, ngx_uint_t operation)
{
    ngx_uint_t                     n, lost, severity;
    ngx_slab_pool_t               *shpool;
    ngx_snapshot_str_t             project;
    ngx_snapshot_rule_e            rule;
    ngx_snapshot_rules_t           rules;
    ngx_http_snapshot_counters_t  *counters;

    project = ngx_http_snapshot_owner(ctx);

    counters = zone->data;
    shpool = (ngx_slab_pool_t *) zone->shm.addr;
    rules = ctx->judge.rules;

    ngx_shmtx_lock(&shpool->mutex);

    lost = ngx_http_snapshot_projects_repair(&counters->projects);

    for (rule = ngx_snapshot_rules_next(rules, NGX_SNAPSHOT_RULE_NONE);
         rule != NGX_SNAPSHOT_RULE_NONE;
         rule = ngx_snapshot_rules_next(rules, rule))
    {
        n = ctx->judge.violated[rule];
        severity = ctx->judge.policy->rule[rule].severity;

        counters->violations[operation][rule][severity] += n;

        ngx_http_snapshot_projects_add(&counters->projects, project, operation,
                                       rule, severity, n, ngx_time());
    }

    ngx_shmtx_unlock(&shpool->mutex);

    if (lost) {
        ngx_http_snapshot_zone_lost(zone);
    }
}


void
ngx_http_snapshot_zone_lost(ngx_shm_zone_t *zone)
{
    ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                  "the projects in zone \"%V\" were lost with the worker that "
                  "was changing them", &zone->shm.name);
}


const ngx_snapshot_operation_t *
ngx_http_snapshot_operation(ngx_uint_t i)
{
    return (i == NGX_SNAPSHOT_OPERATIONS) ? &ngx_snapshot_unknown
                                          : &ngx_snapshot_operations[i];
}


ngx_int_t
ngx_http_snapshot_zone_handler_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_LOG_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_snapshot_log_handler;

    return NGX_OK;
}
