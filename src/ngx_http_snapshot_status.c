
#include "ngx_http_snapshot_zone.h"
#include "ngx_snapshot_json.h"


/* the counters as they were at one time, and the rows of the projects */

typedef struct {
    ngx_http_snapshot_counters_t   counters;
    ngx_http_snapshot_project_t   *rows;
    ngx_uint_t                     nrows;
} ngx_http_snapshot_status_t;


static ngx_int_t ngx_http_snapshot_status_take(ngx_http_request_t *r,
    ngx_http_snapshot_status_t *st, ngx_uint_t rows);
static ngx_atomic_uint_t ngx_http_snapshot_status_requests(
    ngx_http_snapshot_status_t *st, ngx_uint_t operation, ngx_uint_t verdict);
static void ngx_http_snapshot_status_say(ngx_snapshot_text_t *t,
    const char *fmt, ...);

static void ngx_http_snapshot_prometheus(ngx_http_snapshot_status_t *st,
    ngx_snapshot_text_t *t);
static void ngx_http_snapshot_prometheus_head(ngx_snapshot_text_t *t,
    char *name, char *type, char *help);
static void ngx_http_snapshot_prometheus_single(ngx_snapshot_text_t *t,
    char *name, char *help, ngx_atomic_uint_t value);
static void ngx_http_snapshot_prometheus_histogram(ngx_snapshot_text_t *t,
    char *name, char *help, ngx_http_snapshot_histogram_t *h,
    const ngx_http_snapshot_bound_t *bound, ngx_uint_t unit);

static void ngx_http_snapshot_json(ngx_http_snapshot_status_t *st,
    ngx_snapshot_text_t *t);
static void ngx_http_snapshot_json_operation(ngx_http_snapshot_status_t *st,
    ngx_snapshot_text_t *t, ngx_uint_t op);
static void ngx_http_snapshot_json_histogram(ngx_snapshot_text_t *t,
    char *name, ngx_http_snapshot_histogram_t *h,
    const ngx_http_snapshot_bound_t *bound, ngx_uint_t unit);
static void ngx_http_snapshot_json_project(ngx_snapshot_text_t *t,
    ngx_http_snapshot_project_t *row);


/* what a line without a client's bytes takes at most */

#define NGX_HTTP_SNAPSHOT_LINE  256


/* in one second; bytes are counted one by one */

#define NGX_HTTP_SNAPSHOT_NANOSECONDS  1000000000
#define NGX_HTTP_SNAPSHOT_BYTES        1


#define ngx_http_snapshot_name(s)  (s).len, (s).data


static char  *ngx_http_snapshot_statuses[NGX_HTTP_SNAPSHOT_STATUSES] = {
    "none", "2xx", "3xx", "4xx", "5xx"
};


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

    st->counters = *counters;
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


static ngx_atomic_uint_t
ngx_http_snapshot_status_requests(ngx_http_snapshot_status_t *st,
    ngx_uint_t operation, ngx_uint_t verdict)
{
    ngx_uint_t         i;
    ngx_atomic_uint_t  n;

    n = 0;

    for (i = 0; i < NGX_HTTP_SNAPSHOT_STATUSES; i++) {
        n += st->counters.upstream[operation][verdict][i];
    }

    return n;
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


/* the text format of Prometheus, version 0.0.4 */

static void
ngx_http_snapshot_prometheus(ngx_http_snapshot_status_t *st,
    ngx_snapshot_text_t *t)
{
    ngx_uint_t                       op, verdict, rule, i;
    ngx_snapshot_str_t               name, word;
    ngx_http_snapshot_counters_t    *c;
    const ngx_snapshot_operation_t  *operation;

    c = &st->counters;

    ngx_http_snapshot_prometheus_head(t, "requests_total", "counter",
                                      "Judged requests.");

    for (op = 0; op < NGX_HTTP_SNAPSHOT_OPERATIONS; op++) {

        name = ngx_http_snapshot_operation(op)->name;

        for (verdict = 0; verdict < NGX_HTTP_SNAPSHOT_VERDICTS; verdict++) {

            word = ngx_http_snapshot_verdict_name(verdict);

            ngx_http_snapshot_status_say(t,
                             "snapshot_gateway_requests_total"
                             "{operation=\"%*s\",verdict=\"%*s\"} %uA\n",
                             ngx_http_snapshot_name(name),
                             ngx_http_snapshot_name(word),
                             ngx_http_snapshot_status_requests(st, op,
                                                               verdict));
        }
    }

    ngx_http_snapshot_prometheus_head(t, "violations_total", "counter",
                              "Violations of a rule that warns or rejects.");

    for (op = 0; op < NGX_HTTP_SNAPSHOT_OPERATIONS; op++) {

        operation = ngx_http_snapshot_operation(op);

        for (rule = 1; rule < NGX_SNAPSHOT_RULES; rule++) {

            if (!ngx_snapshot_rule_applies(operation, rule)) {
                continue;
            }

            name = ngx_snapshot_rules[rule].name;

            for (i = NGX_SNAPSHOT_WARN; i < NGX_SNAPSHOT_SEVERITIES; i++) {

                word = ngx_snapshot_severities[i];

                ngx_http_snapshot_status_say(t,
                                 "snapshot_gateway_violations_total"
                                 "{operation=\"%*s\",rule=\"%*s\","
                                 "severity=\"%*s\"} %uA\n",
                                 ngx_http_snapshot_name(operation->name),
                                 ngx_http_snapshot_name(name),
                                 ngx_http_snapshot_name(word),
                                 c->violations[op][rule][i]);
            }
        }
    }

    ngx_http_snapshot_prometheus_head(t, "upstream_total", "counter",
                   "Judged requests, by what the upstream answered to them.");

    for (op = 0; op < NGX_HTTP_SNAPSHOT_OPERATIONS; op++) {

        name = ngx_http_snapshot_operation(op)->name;

        for (verdict = 0; verdict < NGX_HTTP_SNAPSHOT_VERDICTS; verdict++) {

            word = ngx_http_snapshot_verdict_name(verdict);

            for (i = 0; i < NGX_HTTP_SNAPSHOT_STATUSES; i++) {

                ngx_http_snapshot_status_say(t,
                                 "snapshot_gateway_upstream_total"
                                 "{operation=\"%*s\",verdict=\"%*s\","
                                 "status=\"%s\"} %uA\n",
                                 ngx_http_snapshot_name(name),
                                 ngx_http_snapshot_name(word),
                                 ngx_http_snapshot_statuses[i],
                                 c->upstream[op][verdict][i]);
            }
        }
    }

    ngx_http_snapshot_prometheus_histogram(t, "judge_seconds",
                           "Time that it took to judge a request.", &c->judge,
                           ngx_http_snapshot_judge_bounds,
                           NGX_HTTP_SNAPSHOT_NANOSECONDS);

    ngx_http_snapshot_prometheus_histogram(t, "body_bytes",
                           "Size of the bodies that were read.", &c->body,
                           ngx_http_snapshot_body_bounds,
                           NGX_HTTP_SNAPSHOT_BYTES);

    ngx_http_snapshot_prometheus_single(t, "body_on_disk_total",
                           "Bodies that were read from a temporary file.",
                           c->body_on_disk);

    ngx_http_snapshot_prometheus_single(t, "unjudged_total",
                           "Requests refused since they could not be judged.",
                           c->unjudged);

    ngx_http_snapshot_prometheus_single(t, "projects_dropped_total",
                           "Rows dropped from the full table of projects.",
                           c->projects.dropped);

    ngx_http_snapshot_prometheus_head(t, "build_info", "gauge",
                           "What the gateway was built from.");

    ngx_http_snapshot_status_say(t, "snapshot_gateway_build_info"
                                 "{version=\"%s\",nginx=\"%s\","
                                 "jansson=\"%s\",pcre2=\"%s\"} 1\n",
                                 NGX_SNAPSHOT_VERSION, NGINX_VERSION,
                                 ngx_snapshot_json_version,
                                 ngx_snapshot_regex_version);
}


static void
ngx_http_snapshot_prometheus_head(ngx_snapshot_text_t *t, char *name,
    char *type, char *help)
{
    ngx_http_snapshot_status_say(t, "# HELP snapshot_gateway_%s %s\n"
                                 "# TYPE snapshot_gateway_%s %s\n",
                                 name, help, name, type);
}


static void
ngx_http_snapshot_prometheus_single(ngx_snapshot_text_t *t, char *name,
    char *help, ngx_atomic_uint_t value)
{
    ngx_http_snapshot_prometheus_head(t, name, "counter", help);

    ngx_http_snapshot_status_say(t, "snapshot_gateway_%s %uA\n", name, value);
}


static void
ngx_http_snapshot_prometheus_histogram(ngx_snapshot_text_t *t, char *name,
    char *help, ngx_http_snapshot_histogram_t *h,
    const ngx_http_snapshot_bound_t *bound, ngx_uint_t unit)
{
    ngx_uint_t         i;
    ngx_atomic_uint_t  n;

    ngx_http_snapshot_prometheus_head(t, name, "histogram", help);

    n = 0;

    for (i = 0; bound[i].text; i++) {

        n += h->bucket[i];

        ngx_http_snapshot_status_say(t, "snapshot_gateway_%s_bucket"
                                     "{le=\"%s\"} %uA\n",
                                     name, bound[i].text, n);
    }

    n += h->bucket[i];

    ngx_http_snapshot_status_say(t, "snapshot_gateway_%s_bucket"
                                 "{le=\"+Inf\"} %uA\n"
                                 "snapshot_gateway_%s_sum %uA",
                                 name, n, name, h->sum / unit);

    if (unit == NGX_HTTP_SNAPSHOT_NANOSECONDS) {
        ngx_http_snapshot_status_say(t, ".%09uA", h->sum % unit);
    }

    ngx_http_snapshot_status_say(t, "\nsnapshot_gateway_%s_count %uA\n",
                                 name, n);
}


static void
ngx_http_snapshot_json(ngx_http_snapshot_status_t *st, ngx_snapshot_text_t *t)
{
    ngx_time_t                    *tp;
    ngx_uint_t                     i;
    ngx_http_snapshot_counters_t  *c;

    c = &st->counters;
    tp = ngx_timeofday();

    ngx_http_snapshot_status_say(t, "{\"build\": {\"version\": \"%s\", "
                                 "\"nginx\": \"%s\", \"jansson\": \"%s\", "
                                 "\"pcre2\": \"%s\"},\n"
                                 "\"time\": %T.%03M, \"since\": %T,\n"
                                 "\"operations\": {",
                                 NGX_SNAPSHOT_VERSION, NGINX_VERSION,
                                 ngx_snapshot_json_version,
                                 ngx_snapshot_regex_version,
                                 tp->sec, tp->msec, c->since);

    for (i = 0; i < NGX_HTTP_SNAPSHOT_OPERATIONS; i++) {
        ngx_snapshot_text_cstr(t, i ? ",\n" : "\n");
        ngx_http_snapshot_json_operation(st, t, i);
    }

    ngx_snapshot_text_cstr(t, "},\n");

    ngx_http_snapshot_json_histogram(t, "judge_seconds", &c->judge,
                                     ngx_http_snapshot_judge_bounds,
                                     NGX_HTTP_SNAPSHOT_NANOSECONDS);

    ngx_http_snapshot_json_histogram(t, "body_bytes", &c->body,
                                     ngx_http_snapshot_body_bounds,
                                     NGX_HTTP_SNAPSHOT_BYTES);

    ngx_http_snapshot_status_say(t, "\"body_on_disk\": %uA, "
                                 "\"unjudged\": %uA,\n"
                                 "\"projects\": {\"size\": %ui, "
                                 "\"dropped\": %uA, \"rows\": [",
                                 c->body_on_disk, c->unjudged,
                                 c->projects.size, c->projects.dropped);

    for (i = 0; i < st->nrows; i++) {
        ngx_snapshot_text_cstr(t, i ? ",\n" : "\n");
        ngx_http_snapshot_json_project(t, &st->rows[i]);
    }

    ngx_snapshot_text_cstr(t, "]}}\n");
}


static void
ngx_http_snapshot_json_operation(ngx_http_snapshot_status_t *st,
    ngx_snapshot_text_t *t, ngx_uint_t op)
{
    char                            *comma;
    ngx_uint_t                       verdict, rule, i;
    ngx_snapshot_str_t               name;
    ngx_http_snapshot_counters_t    *c;
    const ngx_snapshot_operation_t  *operation;

    c = &st->counters;
    operation = ngx_http_snapshot_operation(op);

    ngx_http_snapshot_status_say(t, "\"%*s\": {\"requests\": {",
                                 ngx_http_snapshot_name(operation->name));

    for (verdict = 0; verdict < NGX_HTTP_SNAPSHOT_VERDICTS; verdict++) {

        name = ngx_http_snapshot_verdict_name(verdict);

        ngx_http_snapshot_status_say(t, "%s\"%*s\": %uA", verdict ? ", " : "",
                                     ngx_http_snapshot_name(name),
                                     ngx_http_snapshot_status_requests(st, op,
                                                                  verdict));
    }

    ngx_snapshot_text_cstr(t, "}, \"upstream\": {");

    for (verdict = 0; verdict < NGX_HTTP_SNAPSHOT_VERDICTS; verdict++) {

        name = ngx_http_snapshot_verdict_name(verdict);

        ngx_http_snapshot_status_say(t, "%s\"%*s\": {", verdict ? ", " : "",
                                     ngx_http_snapshot_name(name));

        for (i = 0; i < NGX_HTTP_SNAPSHOT_STATUSES; i++) {
            ngx_http_snapshot_status_say(t, "%s\"%s\": %uA", i ? ", " : "",
                                         ngx_http_snapshot_statuses[i],
                                         c->upstream[op][verdict][i]);
        }

        ngx_snapshot_text_cstr(t, "}");
    }

    ngx_snapshot_text_cstr(t, "}, \"violations\": {");

    comma = "";

    for (rule = 1; rule < NGX_SNAPSHOT_RULES; rule++) {

        if (!ngx_snapshot_rule_applies(operation, rule)) {
            continue;
        }

        name = ngx_snapshot_rules[rule].name;

        ngx_http_snapshot_status_say(t, "%s\"%*s\": {\"warn\": %uA, "
                                     "\"reject\": %uA}", comma,
                                     ngx_http_snapshot_name(name),
                                 c->violations[op][rule][NGX_SNAPSHOT_WARN],
                                 c->violations[op][rule][NGX_SNAPSHOT_REJECT]);
        comma = ", ";
    }

    ngx_snapshot_text_cstr(t, "}}");
}


/* summed up, as Prometheus does it; what is above all bounds is in count */

static void
ngx_http_snapshot_json_histogram(ngx_snapshot_text_t *t, char *name,
    ngx_http_snapshot_histogram_t *h, const ngx_http_snapshot_bound_t *bound,
    ngx_uint_t unit)
{
    ngx_uint_t         i;
    ngx_atomic_uint_t  n;

    ngx_http_snapshot_status_say(t, "\"%s\": {\"buckets\": [", name);

    n = 0;

    for (i = 0; bound[i].text; i++) {

        n += h->bucket[i];

        ngx_http_snapshot_status_say(t, "%s{\"le\": %s, \"count\": %uA}",
                                     i ? ", " : "", bound[i].text, n);
    }

    n += h->bucket[i];

    ngx_http_snapshot_status_say(t, "], \"sum\": %uA", h->sum / unit);

    if (unit == NGX_HTTP_SNAPSHOT_NANOSECONDS) {
        ngx_http_snapshot_status_say(t, ".%09uA", h->sum % unit);
    }

    ngx_http_snapshot_status_say(t, ", \"count\": %uA},\n", n);
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
