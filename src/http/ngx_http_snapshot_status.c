
/*
 * Writes the counters for Prometheus and as JSON, by one walk over the table
 * of metrics.  It names no counter but those that are not in that table.
 */


#include "ngx_http_snapshot_zone.h"
#include "ngx_snapshot_tree.h"


/* the counters as they were at one time, and the rows of the projects */

typedef struct {
    ngx_http_snapshot_counters_t   counters;
    ngx_http_snapshot_project_t   *rows;
    ngx_uint_t                     nrows;
} ngx_http_snapshot_status_t;


/*
 * One metric on its way into a text, by the names of its dimensions, or into a
 * tree, where text is NULL.
 */

typedef struct {
    ngx_snapshot_text_t               *text;
    const ngx_http_snapshot_metric_t  *metric;
    ngx_snapshot_str_t                 names[3];
} ngx_http_snapshot_walk_t;


static ngx_int_t ngx_http_snapshot_status_take(ngx_http_request_t *r,
    ngx_http_snapshot_status_t *st, ngx_uint_t rows);
static void ngx_http_snapshot_status_say(ngx_snapshot_text_t *t,
    const char *fmt, ...);
static json_t *ngx_http_snapshot_walk(ngx_http_snapshot_walk_t *w,
    ngx_uint_t depth, ngx_uint_t before, u_char *p, size_t size);
static json_t *ngx_http_snapshot_value(ngx_http_snapshot_walk_t *w, u_char *p,
    size_t size);
static void ngx_http_snapshot_histogram_text(ngx_http_snapshot_walk_t *w,
    ngx_http_snapshot_histogram_t *h);
static void ngx_http_snapshot_line(ngx_http_snapshot_walk_t *w, char *suffix,
    char *le, ngx_atomic_uint_t n);
static void ngx_http_snapshot_series(ngx_http_snapshot_walk_t *w,
    char *suffix, char *le);
static void ngx_http_snapshot_prometheus(ngx_http_snapshot_status_t *st,
    ngx_snapshot_text_t *t);
static json_t *ngx_http_snapshot_json(ngx_http_snapshot_status_t *st,
    const ngx_snapshot_mem_t *mem);
static json_t *ngx_http_snapshot_json_metrics(ngx_http_snapshot_status_t *st,
    char *object, ngx_uint_t depth, ngx_uint_t i);
static json_t *ngx_http_snapshot_json_histogram(
    const ngx_http_snapshot_metric_type_t *type,
    ngx_http_snapshot_histogram_t *h);
static json_t *ngx_http_snapshot_json_number(
    const ngx_http_snapshot_metric_type_t *type, uint64_t n);
static json_t *ngx_http_snapshot_json_project(
    const ngx_http_snapshot_project_t *row, const ngx_snapshot_mem_t *mem);


/* what is written at once takes at most, without a client's bytes */

#define NGX_HTTP_SNAPSHOT_LINE  256

/*
 * A double has 15 digits that are those it was made of: nanoseconds of up to
 * 11 days, and milliseconds of the time.
 */

#define NGX_HTTP_SNAPSHOT_DIGITS  JSON_REAL_PRECISION(15)


#define ngx_http_snapshot_name(s)  (s).len, (s).data


ngx_int_t
ngx_http_snapshot_status_text(ngx_http_request_t *r, ngx_uint_t content,
    ngx_snapshot_text_t *text)
{
    ngx_http_snapshot_status_t  *st;

    st = ngx_palloc(r->pool, sizeof(ngx_http_snapshot_status_t));
    if (st == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_snapshot_status_take(r, st,
                                      content == NGX_HTTP_SNAPSHOT_JSON)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (content == NGX_HTTP_SNAPSHOT_JSON) {
        ngx_snapshot_tree_text(ngx_http_snapshot_json(st, text->mem),
                               NGX_HTTP_SNAPSHOT_DIGITS, text);

    } else {
        ngx_http_snapshot_prometheus(st, text);
    }

    return text->failed ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_snapshot_status_take(ngx_http_request_t *r,
    ngx_http_snapshot_status_t *st, ngx_uint_t rows)
{
    ngx_uint_t                      lost;
    ngx_slab_pool_t                *shpool;
    ngx_http_snapshot_counters_t   *counters;
    ngx_http_snapshot_main_conf_t  *smcf;

    smcf = ngx_http_get_module_main_conf(r, ngx_http_snapshot_module);

    counters = smcf->zone->data;
    shpool = (ngx_slab_pool_t *) smcf->zone->shm.addr;

    ngx_http_snapshot_zone_copy(&st->counters, counters);
    st->nrows = 0;

    if (!rows) {
        return NGX_OK;
    }

    st->rows = ngx_palloc(r->pool, counters->projects.size
                                   * sizeof(ngx_http_snapshot_project_t));
    if (st->rows == NULL) {
        return NGX_ERROR;
    }

    ngx_shmtx_lock(&shpool->mutex);

    lost = ngx_http_snapshot_projects_repair(&counters->projects);

    st->nrows = ngx_http_snapshot_projects_copy(&counters->projects, st->rows);
    st->counters.projects.dropped = counters->projects.dropped;

    ngx_shmtx_unlock(&shpool->mutex);

    if (lost) {
        ngx_http_snapshot_zone_lost(smcf->zone);
    }

    return NGX_OK;
}


static void
ngx_http_snapshot_status_say(ngx_snapshot_text_t *t, const char *fmt, ...)
{
    u_char   *p, buf[NGX_HTTP_SNAPSHOT_LINE];
    va_list   args;

    va_start(args, fmt);
    p = ngx_vslprintf(buf, buf + sizeof(buf), fmt, args);
    va_end(args);

    ngx_snapshot_text_add(t, buf, p - buf);
}


/*
 * Size bytes of counters at p, in the order of the dimensions from depth on.
 * Returns them as a tree, which is NULL where they go into a text.
 */

static json_t *
ngx_http_snapshot_walk(ngx_http_snapshot_walk_t *w, ngx_uint_t depth,
    ngx_uint_t before, u_char *p, size_t size)
{
    json_t                         *object, *value;
    ngx_uint_t                      i;
    ngx_http_snapshot_dimension_e   d;

    d = w->metric->dimensions[depth];

    if (d == NGX_HTTP_SNAPSHOT_NO_DIMENSION) {
        return ngx_http_snapshot_value(w, p, size);
    }

    object = w->text ? NULL : json_object();

    size /= ngx_http_snapshot_dimensions[d].n;

    for (i = ngx_http_snapshot_dimensions[d].first;
         i < ngx_http_snapshot_dimensions[d].n;
         i++)
    {
        if (d == NGX_HTTP_SNAPSHOT_BY_RULE
            && !ngx_snapshot_rule_applies(ngx_http_snapshot_operation(before),
                                          i))
        {
            continue;
        }

        w->names[depth] = ngx_http_snapshot_index_name(d, i);

        value = ngx_http_snapshot_walk(w, depth + 1, i, p + i * size, size);

        if (w->text == NULL) {
            object = ngx_snapshot_tree_add(object, "{s%:o}",
                                  ngx_snapshot_tree_str(w->names[depth]),
                                  value);
        }
    }

    return object;
}


static json_t *
ngx_http_snapshot_value(ngx_http_snapshot_walk_t *w, u_char *p, size_t size)
{
    ngx_uint_t                      i;
    ngx_atomic_uint_t               sum;
    ngx_http_snapshot_histogram_t  *h;

    if (w->metric->type->bounds) {
        h = (ngx_http_snapshot_histogram_t *) p;

        if (w->text == NULL) {
            return ngx_http_snapshot_json_histogram(w->metric->type, h);
        }

        ngx_http_snapshot_histogram_text(w, h);

        return NULL;
    }

    sum = 0;

    for (i = 0; i < size / sizeof(ngx_atomic_t); i++) {
        sum += ((ngx_atomic_t *) p)[i];
    }

    if (w->text == NULL) {
        return json_integer((json_int_t) sum);
    }

    ngx_http_snapshot_line(w, "", NULL, sum);

    return NULL;
}


/* summed up; what is above all bounds is in the count, which is "+Inf", too */

static void
ngx_http_snapshot_histogram_text(ngx_http_snapshot_walk_t *w,
    ngx_http_snapshot_histogram_t *h)
{
    ngx_uint_t                              i;
    ngx_atomic_uint_t                       n;
    const ngx_http_snapshot_metric_type_t  *type;

    type = w->metric->type;
    n = 0;

    for (i = 0; type->bounds[i].text; i++) {
        n += h->bucket[i];
        ngx_http_snapshot_line(w, "_bucket", type->bounds[i].text, n);
    }

    n += h->bucket[i];

    ngx_http_snapshot_line(w, "_bucket", "+Inf", n);
    ngx_http_snapshot_series(w, "_sum", NULL);

    ngx_http_snapshot_status_say(w->text, "%uA", h->sum / type->unit);

    if (type->unit > 1) {
        ngx_http_snapshot_status_say(w->text, ".%09uA", h->sum % type->unit);
    }

    ngx_snapshot_text_cstr(w->text, "\n");

    ngx_http_snapshot_line(w, "_count", NULL, n);
}


static void
ngx_http_snapshot_line(ngx_http_snapshot_walk_t *w, char *suffix, char *le,
    ngx_atomic_uint_t n)
{
    ngx_http_snapshot_series(w, suffix, le);
    ngx_http_snapshot_status_say(w->text, "%uA\n", n);
}


/* what stands before the value; le is the bound of a bucket, or NULL */

static void
ngx_http_snapshot_series(ngx_http_snapshot_walk_t *w, char *suffix, char *le)
{
    char                              *before;
    ngx_uint_t                         i;
    const ngx_http_snapshot_metric_t  *m;

    m = w->metric;
    before = "{";

    ngx_http_snapshot_status_say(w->text, "snapshot_gateway_%s%s%s%s",
                                 m->object, m->name, m->type->suffix, suffix);

    for (i = 0; m->dimensions[i]; i++) {
        ngx_http_snapshot_status_say(w->text, "%s%s=\"%*s\"", before,
                        ngx_http_snapshot_dimensions[m->dimensions[i]].label,
                        ngx_http_snapshot_name(w->names[i]));
        before = ",";
    }

    if (le) {
        ngx_http_snapshot_status_say(w->text, "%sle=\"%s\"", before, le);
        before = ",";
    }

    ngx_snapshot_text_cstr(w->text, *before == ',' ? "} " : " ");
}


/* the text format of Prometheus, version 0.0.4 */

static void
ngx_http_snapshot_prometheus(ngx_http_snapshot_status_t *st,
    ngx_snapshot_text_t *t)
{
    ngx_http_snapshot_walk_t           w;
    const ngx_http_snapshot_metric_t  *m;

    ngx_memzero(&w, sizeof(ngx_http_snapshot_walk_t));
    w.text = t;

    for (m = ngx_http_snapshot_metrics; m->name; m++) {

        ngx_http_snapshot_status_say(t, "# HELP snapshot_gateway_%s%s%s %s\n"
                              "# TYPE snapshot_gateway_%s%s%s %s\n",
                              m->object, m->name, m->type->suffix, m->help,
                              m->object, m->name, m->type->suffix,
                              m->type->name);

        w.metric = m;
        ngx_http_snapshot_walk(&w, 0, 0, (u_char *) &st->counters + m->place,
                               m->size);
    }

    ngx_http_snapshot_status_say(t, "# HELP snapshot_gateway_build_info "
                              "What the gateway was built from.\n"
                              "# TYPE snapshot_gateway_build_info gauge\n"
                              "snapshot_gateway_build_info"
                              "{version=\"%s\",nginx=\"%s\","
                              "jansson=\"%s\",pcre2=\"%s\"} 1\n",
                              NGX_SNAPSHOT_VERSION, NGINX_VERSION,
                              JANSSON_VERSION,
                              ngx_snapshot_regex_version);
}


static json_t *
ngx_http_snapshot_json(ngx_http_snapshot_status_t *st,
    const ngx_snapshot_mem_t *mem)
{
    json_t              *root, *operations, *projects, *rows;
    ngx_time_t          *tp;
    ngx_uint_t           i;
    ngx_snapshot_str_t   name;

    operations = json_object();

    for (i = 0; i < NGX_HTTP_SNAPSHOT_OPERATIONS; i++) {
        name = ngx_http_snapshot_operation(i)->name;

        operations = ngx_snapshot_tree_add(operations, "{s%:o}",
                             ngx_snapshot_tree_str(name),
                             ngx_http_snapshot_json_metrics(st, "", 1, i));
    }

    rows = json_array();

    for (i = 0; i < st->nrows; i++) {
        rows = ngx_snapshot_tree_push(rows,
                         ngx_http_snapshot_json_project(&st->rows[i], mem));
    }

    projects = json_pack("{s:I}", "size",
                         (json_int_t) st->counters.projects.size);
    projects = ngx_snapshot_tree_merge(projects,
                     ngx_http_snapshot_json_metrics(st, "projects_", 0, 0));
    projects = ngx_snapshot_tree_add(projects, "{s:o}", "rows", rows);

    tp = ngx_timeofday();

    root = json_pack("{s:{s:s, s:s, s:s, s:s}, s:f, s:I, s:o}",
        "build", "version", NGX_SNAPSHOT_VERSION, "nginx", NGINX_VERSION,
                 "jansson", JANSSON_VERSION,
                 "pcre2", ngx_snapshot_regex_version,
        "time", (double) tp->sec + (double) tp->msec / 1000,
        "since", (json_int_t) st->counters.since,
        "operations", operations);
    root = ngx_snapshot_tree_merge(root,
                              ngx_http_snapshot_json_metrics(st, "", 0, 0));

    return ngx_snapshot_tree_add(root, "{s:o}", "projects", projects);
}


/*
 * The metrics of an object: at depth 1, those of the operation with the index
 * i; at depth 0, those that are not by operation, and i is 0.
 */

static json_t *
ngx_http_snapshot_json_metrics(ngx_http_snapshot_status_t *st, char *object,
    ngx_uint_t depth, ngx_uint_t i)
{
    json_t                            *metrics;
    size_t                             size;
    ngx_uint_t                         by_operation;
    ngx_http_snapshot_walk_t           w;
    const ngx_http_snapshot_metric_t  *m;

    ngx_memzero(&w, sizeof(ngx_http_snapshot_walk_t));

    metrics = json_object();

    for (m = ngx_http_snapshot_metrics; m->name; m++) {

        by_operation = (m->dimensions[0] == NGX_HTTP_SNAPSHOT_BY_OPERATION);

        if (strcmp(m->object, object) != 0 || by_operation != depth) {
            continue;
        }

        size = m->size / (depth ? NGX_HTTP_SNAPSHOT_OPERATIONS : 1);

        w.metric = m;
        metrics = ngx_snapshot_tree_add(metrics, "{s:o}", m->name,
            ngx_http_snapshot_walk(&w, depth, i,
                              (u_char *) &st->counters + m->place + i * size,
                              size));
    }

    return metrics;
}


static json_t *
ngx_http_snapshot_json_histogram(const ngx_http_snapshot_metric_type_t *type,
    ngx_http_snapshot_histogram_t *h)
{
    json_t      *buckets;
    uint64_t     n;
    ngx_uint_t   i;

    buckets = json_array();
    n = 0;

    for (i = 0; type->bounds[i].text; i++) {
        n += h->bucket[i];

        buckets = ngx_snapshot_tree_append(buckets, "{s:o, s:I}",
            "le", ngx_http_snapshot_json_number(type, type->bounds[i].le),
            "count", (json_int_t) n);
    }

    n += h->bucket[i];

    return json_pack("{s:o, s:o, s:I}", "buckets", buckets,
                     "sum", ngx_http_snapshot_json_number(type, h->sum),
                     "count", (json_int_t) n);
}


static json_t *
ngx_http_snapshot_json_number(const ngx_http_snapshot_metric_type_t *type,
    uint64_t n)
{
    return type->unit > 1 ? json_real((double) n / (double) type->unit)
                          : json_integer((json_int_t) n);
}


static json_t *
ngx_http_snapshot_json_project(const ngx_http_snapshot_project_t *row,
    const ngx_snapshot_mem_t *mem)
{
    ngx_snapshot_str_t   project, operation, rule, severity;
    ngx_snapshot_text_t  text;

    project.len = row->len;
    project.data = row->project;

    /* what a client sent can be no UTF-8, or be cut within a character */

    ngx_snapshot_text_init(&text, mem);
    ngx_snapshot_text_utf8(&text, project);

    if (text.failed) {
        return NULL;
    }

    operation = ngx_http_snapshot_operation(row->operation)->name;
    rule = ngx_snapshot_rules[row->rule].name;
    severity = ngx_snapshot_severities[row->severity];

    return json_pack("{s:o, s:s%, s:s%, s:s%, s:I, s:I, s:I}",
        "project", ngx_snapshot_tree_string(ngx_snapshot_text_str(&text)),
        "operation", ngx_snapshot_tree_str(operation),
        "rule", ngx_snapshot_tree_str(rule),
        "severity", ngx_snapshot_tree_str(severity),
        "count", (json_int_t) row->count,
        "first", (json_int_t) row->first, "last", (json_int_t) row->last);
}
