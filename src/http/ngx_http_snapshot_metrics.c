
/*
 * The counters as a table: name, meaning, type, dimensions, and where they are
 * in the zone.  A counter is a row here; no format is known.
 */


#include "ngx_http_snapshot_zone.h"


#define ngx_http_snapshot_place(member)                                       \
    offsetof(ngx_http_snapshot_counters_t, member),                           \
    sizeof(((ngx_http_snapshot_counters_t *) 0)->member)


const ngx_http_snapshot_dimension_t  ngx_http_snapshot_dimensions[] = {
    [NGX_HTTP_SNAPSHOT_BY_OPERATION] =
        { "operation", 0, NGX_HTTP_SNAPSHOT_OPERATIONS },
    [NGX_HTTP_SNAPSHOT_BY_VERDICT] =
        { "verdict", 0, NGX_HTTP_SNAPSHOT_VERDICTS },
    [NGX_HTTP_SNAPSHOT_BY_STATUS] =
        { "status", 0, NGX_HTTP_SNAPSHOT_STATUSES },
    [NGX_HTTP_SNAPSHOT_BY_LIMIT] =
        { "result", 0, NGX_HTTP_SNAPSHOT_LIMITS },
    [NGX_HTTP_SNAPSHOT_BY_RULE] =
        { "rule", NGX_SNAPSHOT_RULE_NONE + 1, NGX_SNAPSHOT_RULES },
    [NGX_HTTP_SNAPSHOT_BY_SEVERITY] =
        { "severity", NGX_SNAPSHOT_SEVERITY_WARN, NGX_SNAPSHOT_SEVERITIES }
};


/* the unit is what is counted in one second or byte */

static const ngx_http_snapshot_metric_type_t  ngx_http_snapshot_counter = {
    "counter", "_total", NULL, 1
};

static const ngx_http_snapshot_metric_type_t  ngx_http_snapshot_seconds = {
    "histogram", "", ngx_http_snapshot_judge_bounds, 1000000000
};

static const ngx_http_snapshot_metric_type_t  ngx_http_snapshot_bytes = {
    "histogram", "", ngx_http_snapshot_body_bounds, 1
};


/*
 * A new counter is a member of ngx_http_snapshot_sums_t, a row here, and a row
 * in docs/directives.md, "Counters".
 */

const ngx_http_snapshot_metric_t  ngx_http_snapshot_metrics[] = {

    { "", "requests", "Judged requests.",
      &ngx_http_snapshot_counter,
      { NGX_HTTP_SNAPSHOT_BY_OPERATION, NGX_HTTP_SNAPSHOT_BY_VERDICT },
      ngx_http_snapshot_place(sums.upstream) },

    { "", "violations", "Violations of a rule that warns or rejects.",
      &ngx_http_snapshot_counter,
      { NGX_HTTP_SNAPSHOT_BY_OPERATION, NGX_HTTP_SNAPSHOT_BY_RULE,
        NGX_HTTP_SNAPSHOT_BY_SEVERITY },
      ngx_http_snapshot_place(violations) },

    { "", "upstream", "Judged requests, by what the upstream answered to them.",
      &ngx_http_snapshot_counter,
      { NGX_HTTP_SNAPSHOT_BY_OPERATION, NGX_HTTP_SNAPSHOT_BY_VERDICT,
        NGX_HTTP_SNAPSHOT_BY_STATUS },
      ngx_http_snapshot_place(sums.upstream) },

    { "", "limited", "Requests that had a budget, by what limit_req did.",
      &ngx_http_snapshot_counter,
      { NGX_HTTP_SNAPSHOT_BY_OPERATION, NGX_HTTP_SNAPSHOT_BY_LIMIT },
      ngx_http_snapshot_place(sums.limited) },

    { "", "judge_seconds", "Time that it took to judge a request.",
      &ngx_http_snapshot_seconds, { 0 }, ngx_http_snapshot_place(sums.judge) },

    { "", "body_bytes", "Size of the bodies that were read.",
      &ngx_http_snapshot_bytes, { 0 }, ngx_http_snapshot_place(sums.body) },

    { "", "body_on_disk", "Bodies that were read from a temporary file.",
      &ngx_http_snapshot_counter, { 0 },
      ngx_http_snapshot_place(sums.body_on_disk) },

    { "", "unjudged", "Requests refused since they could not be judged.",
      &ngx_http_snapshot_counter, { 0 },
      ngx_http_snapshot_place(sums.unjudged) },

    { "projects_", "dropped", "Rows dropped from the full table of projects.",
      &ngx_http_snapshot_counter, { 0 },
      ngx_http_snapshot_place(projects.dropped) },

    { NULL, NULL, NULL, NULL, { 0 }, 0, 0 }
};


ngx_snapshot_str_t
ngx_http_snapshot_index_name(ngx_http_snapshot_dimension_e dimension,
    ngx_uint_t i)
{
    static const ngx_snapshot_str_t  statuses[NGX_HTTP_SNAPSHOT_STATUSES] = {
        ngx_snapshot_string("none"), ngx_snapshot_string("2xx"),
        ngx_snapshot_string("3xx"), ngx_snapshot_string("4xx"),
        ngx_snapshot_string("5xx")
    };

    static const ngx_snapshot_str_t  limits[NGX_HTTP_SNAPSHOT_LIMITS] = {
        ngx_snapshot_string("passed"), ngx_snapshot_string("delayed"),
        ngx_snapshot_string("rejected"), ngx_snapshot_string("delayed_dry_run"),
        ngx_snapshot_string("rejected_dry_run")
    };

    switch (dimension) {

    case NGX_HTTP_SNAPSHOT_BY_OPERATION:
        return ngx_http_snapshot_operation(i)->name;

    case NGX_HTTP_SNAPSHOT_BY_VERDICT:
        return ngx_http_snapshot_verdict_name(i);

    case NGX_HTTP_SNAPSHOT_BY_STATUS:
        return statuses[i];

    case NGX_HTTP_SNAPSHOT_BY_LIMIT:
        return limits[i];

    case NGX_HTTP_SNAPSHOT_BY_RULE:
        return ngx_snapshot_rules[i].name;

    default:
        return ngx_snapshot_severities[i];
    }
}
