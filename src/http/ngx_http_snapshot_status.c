
/*
 * Writes the counters for Prometheus and as JSON, by one walk over the table
 * of metrics.  It names no counter but those that are not in that table.
 */


#include "ngx_http_snapshot_zone.h"
#include "ngx_snapshot_json.h"


/* the counters as they were at one time, and the rows of the projects */

typedef struct {
    ngx_http_snapshot_counters_t   counters;
    ngx_http_snapshot_project_t   *rows;
    ngx_uint_t                     nrows;
} ngx_http_snapshot_status_t;


/* one metric on its way into a text, by the names of its dimensions */

typedef struct {
    ngx_snapshot_text_t               *text;
    ngx_uint_t                         json;
    const ngx_http_snapshot_metric_t  *metric;
    ngx_snapshot_str_t                 names[3];
} ngx_http_snapshot_walk_t;


static ngx_int_t ngx_http_snapshot_status_take(ngx_http_request_t *r,
    ngx_http_snapshot_status_t *st, ngx_uint_t rows);
static void ngx_http_snapshot_status_say(ngx_snapshot_text_t *t,
    const char *fmt, ...);
static void ngx_http_snapshot_walk(ngx_http_snapshot_walk_t *w,
    ngx_uint_t depth, ngx_uint_t before, u_char *p, size_t size);
static void ngx_http_snapshot_histogram(ngx_http_snapshot_walk_t *w,
    ngx_http_snapshot_histogram_t *h);
static void ngx_http_snapshot_value(ngx_http_snapshot_walk_t *w,
    const char *json, char *suffix, char *le, ngx_atomic_uint_t n);
static void ngx_http_snapshot_series(ngx_http_snapshot_walk_t *w,
    char *suffix, char *le);
static void ngx_http_snapshot_prometheus(ngx_http_snapshot_status_t *st,
    ngx_snapshot_text_t *t);
static void ngx_http_snapshot_json(ngx_http_snapshot_status_t *st,
    ngx_snapshot_text_t *t);
static void ngx_http_snapshot_json_metrics(ngx_http_snapshot_status_t *st,
    ngx_snapshot_text_t *t, char *object, ngx_uint_t depth, ngx_uint_t i);
static void ngx_http_snapshot_json_name(ngx_snapshot_text_t *t,
    ngx_snapshot_str_t name);
static void ngx_http_snapshot_json_project(ngx_snapshot_text_t *t,
    ngx_http_snapshot_project_t *row);


/* what is written at once takes at most, without a client's bytes */

#define NGX_HTTP_SNAPSHOT_LINE  256


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
        ngx_http_snapshot_json(st, text);

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


/* size bytes of counters at p, in the order of the dimensions from depth on */

static void
ngx_http_snapshot_walk(ngx_http_snapshot_walk_t *w, ngx_uint_t depth,
    ngx_uint_t before, u_char *p, size_t size)
{
    ngx_uint_t                     i;
    ngx_atomic_uint_t              sum;
    ngx_http_snapshot_dimension_e  d;

    d = w->metric->dimensions[depth];

    if (d == NGX_HTTP_SNAPSHOT_NO_DIMENSION && w->metric->type->bounds) {
        ngx_http_snapshot_histogram(w, (ngx_http_snapshot_histogram_t *) p);
        return;
    }

    if (d == NGX_HTTP_SNAPSHOT_NO_DIMENSION) {
        sum = 0;

        for (i = 0; i < size / sizeof(ngx_atomic_t); i++) {
            sum += ((ngx_atomic_t *) p)[i];
        }

        ngx_http_snapshot_value(w, "%uA", "", NULL, sum);
        return;
    }

    size /= ngx_http_snapshot_dimensions[d].n;

    ngx_snapshot_text_cstr(w->text, w->json ? "{" : "");

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

        if (w->json) {
            ngx_http_snapshot_json_name(w->text, w->names[depth]);
        }

        ngx_http_snapshot_walk(w, depth + 1, i, p + i * size, size);
    }

    ngx_snapshot_text_cstr(w->text, w->json ? "}" : "");
}


/* summed up; what is above all bounds is in the count, which is "+Inf", too */

static void
ngx_http_snapshot_histogram(ngx_http_snapshot_walk_t *w,
    ngx_http_snapshot_histogram_t *h)
{
    ngx_uint_t                              i;
    ngx_atomic_uint_t                       n;
    const ngx_http_snapshot_metric_type_t  *type;

    type = w->metric->type;
    n = 0;

    ngx_snapshot_text_cstr(w->text, w->json ? "{\"buckets\": [" : "");

    for (i = 0; type->bounds[i].text; i++) {

        n += h->bucket[i];

        if (w->json) {
            ngx_http_snapshot_status_say(w->text, "%s{\"le\": %s, \"count\": ",
                                         i ? ", " : "", type->bounds[i].text);
        }

        ngx_http_snapshot_value(w, "%uA}", "_bucket", type->bounds[i].text, n);
    }

    n += h->bucket[i];

    if (w->json) {
        ngx_snapshot_text_cstr(w->text, "], \"sum\": ");

    } else {
        ngx_http_snapshot_value(w, NULL, "_bucket", "+Inf", n);
        ngx_http_snapshot_series(w, "_sum", NULL);
    }

    ngx_http_snapshot_status_say(w->text, "%uA", h->sum / type->unit);

    if (type->unit > 1) {
        ngx_http_snapshot_status_say(w->text, ".%09uA", h->sum % type->unit);
    }

    ngx_snapshot_text_cstr(w->text, w->json ? "" : "\n");

    ngx_http_snapshot_value(w, ", \"count\": %uA}", "_count", NULL, n);
}


/* a number as JSON has it, or as the line of a series */

static void
ngx_http_snapshot_value(ngx_http_snapshot_walk_t *w, const char *json,
    char *suffix, char *le, ngx_atomic_uint_t n)
{
    if (!w->json) {
        ngx_http_snapshot_series(w, suffix, le);
    }

    ngx_http_snapshot_status_say(w->text, w->json ? json : "%uA\n", n);
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
                              ngx_snapshot_json_version,
                              ngx_snapshot_regex_version);
}


static void
ngx_http_snapshot_json(ngx_http_snapshot_status_t *st, ngx_snapshot_text_t *t)
{
    ngx_time_t          *tp;
    ngx_uint_t           i;
    ngx_snapshot_str_t   name;

    tp = ngx_timeofday();

    ngx_http_snapshot_status_say(t, "{\"build\": {\"version\": \"%s\", "
                                 "\"nginx\": \"%s\", \"jansson\": \"%s\", "
                                 "\"pcre2\": \"%s\"},\n"
                                 "\"time\": %T.%03M, \"since\": %T,\n"
                                 "\"operations\": {",
                                 NGX_SNAPSHOT_VERSION, NGINX_VERSION,
                                 ngx_snapshot_json_version,
                                 ngx_snapshot_regex_version,
                                 tp->sec, tp->msec, st->counters.since);

    for (i = 0; i < NGX_HTTP_SNAPSHOT_OPERATIONS; i++) {
        name = ngx_http_snapshot_operation(i)->name;

        ngx_http_snapshot_status_say(t, "%s\n\"%*s\": {", i ? "," : "",
                                     ngx_http_snapshot_name(name));
        ngx_http_snapshot_json_metrics(st, t, "", 1, i);
        ngx_snapshot_text_cstr(t, "}");
    }

    ngx_snapshot_text_cstr(t, "}");
    ngx_http_snapshot_json_metrics(st, t, "", 0, 0);

    ngx_http_snapshot_status_say(t, ",\n\"projects\": {\"size\": %ui",
                                 st->counters.projects.size);
    ngx_http_snapshot_json_metrics(st, t, "projects_", 0, 0);

    ngx_snapshot_text_cstr(t, ", \"rows\": [");

    for (i = 0; i < st->nrows; i++) {
        ngx_snapshot_text_cstr(t, i ? ",\n" : "\n");
        ngx_http_snapshot_json_project(t, &st->rows[i]);
    }

    ngx_snapshot_text_cstr(t, "]}}\n");
}


/*
 * The metrics of an object: at depth 1, those of the operation with the index
 * i; at depth 0, those that are not by operation, and i is 0.
 */

static void
ngx_http_snapshot_json_metrics(ngx_http_snapshot_status_t *st,
    ngx_snapshot_text_t *t, char *object, ngx_uint_t depth, ngx_uint_t i)
{
    size_t                             size;
    ngx_uint_t                         by_operation;
    ngx_snapshot_str_t                 name;
    ngx_http_snapshot_walk_t           w;
    const ngx_http_snapshot_metric_t  *m;

    ngx_memzero(&w, sizeof(ngx_http_snapshot_walk_t));
    w.text = t;
    w.json = 1;

    for (m = ngx_http_snapshot_metrics; m->name; m++) {

        by_operation = (m->dimensions[0] == NGX_HTTP_SNAPSHOT_BY_OPERATION);

        if (strcmp(m->object, object) != 0 || by_operation != depth) {
            continue;
        }

        name.data = (u_char *) m->name;
        name.len = ngx_strlen(m->name);
        ngx_http_snapshot_json_name(t, name);

        size = m->size / (depth ? NGX_HTTP_SNAPSHOT_OPERATIONS : 1);

        w.metric = m;
        ngx_http_snapshot_walk(&w, depth, i,
                               (u_char *) &st->counters + m->place + i * size,
                               size);
    }
}


/* the name of a member, behind a comma unless it is the first */

static void
ngx_http_snapshot_json_name(ngx_snapshot_text_t *t, ngx_snapshot_str_t name)
{
    if (!t->failed && t->pos[-1] != '{') {
        ngx_snapshot_text_cstr(t, ", ");
    }

    ngx_http_snapshot_status_say(t, "\"%*s\": ", ngx_http_snapshot_name(name));
}


static void
ngx_http_snapshot_json_project(ngx_snapshot_text_t *t,
    ngx_http_snapshot_project_t *row)
{
    ngx_snapshot_str_t  project, operation, rule, severity;

    project.len = row->len;
    project.data = row->project;

    operation = ngx_http_snapshot_operation(row->operation)->name;
    rule = ngx_snapshot_rules[row->rule].name;
    severity = ngx_snapshot_severities[row->severity];

    ngx_snapshot_text_cstr(t, "{\"project\": \"");
    ngx_snapshot_text_json(t, project);

    ngx_http_snapshot_status_say(t, "\", \"operation\": \"%*s\", "
                                 "\"rule\": \"%*s\", \"severity\": \"%*s\", "
                                 "\"count\": %uA, \"first\": %T, "
                                 "\"last\": %T}",
                                 ngx_http_snapshot_name(operation),
                                 ngx_http_snapshot_name(rule),
                                 ngx_http_snapshot_name(severity),
                                 row->count, row->first, row->last);
}
