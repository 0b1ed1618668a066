
/*
 * The module: its directives, the making and merging of configurations, and
 * the handler of the phase, which says in which order the others work.
 */


#include "ngx_http_snapshot.h"

#include <sys/random.h>


#define NGX_HTTP_SNAPSHOT_MAX_UNSET       UINT64_MAX
#define NGX_HTTP_SNAPSHOT_SEVERITY_UNSET  NGX_SNAPSHOT_SEVERITIES


static ngx_int_t ngx_http_snapshot_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_snapshot_mode(ngx_http_request_t *r,
    ngx_http_snapshot_loc_conf_t *slcf, ngx_uint_t *mode);
static ngx_int_t ngx_http_snapshot_log_mode(ngx_http_request_t *r,
    ngx_http_snapshot_loc_conf_t *slcf, ngx_str_t *value);
static ngx_int_t ngx_http_snapshot_mode_by_name(ngx_str_t *name,
    ngx_uint_t *mode);

static char *ngx_http_snapshot_gateway(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_snapshot_prefix(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_snapshot_rule(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_snapshot_rule_max(ngx_conf_t *cf,
    const ngx_snapshot_rule_t *rule, ngx_str_t *value, uint64_t *max);
static char *ngx_http_snapshot_status(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_snapshot_openapi(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_snapshot_error(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_snapshot_content(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_snapshot_set_content(ngx_conf_t *cf,
    ngx_http_snapshot_loc_conf_t *slcf, ngx_uint_t content);
static char *ngx_http_snapshot_known_rules(ngx_conf_t *cf,
    ngx_uint_t with_max);
static void *ngx_http_snapshot_create_main_conf(ngx_conf_t *cf);
static char *ngx_http_snapshot_init_main_conf(ngx_conf_t *cf, void *conf);
static void ngx_http_snapshot_free_patterns(void *data);
static void *ngx_http_snapshot_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_snapshot_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static void ngx_http_snapshot_merge_policy(ngx_snapshot_policy_t *prev,
    ngx_snapshot_policy_t *conf);
static char *ngx_http_snapshot_merge_content(ngx_conf_t *cf,
    ngx_http_snapshot_loc_conf_t *prev, ngx_http_snapshot_loc_conf_t *conf);
static ngx_int_t ngx_http_snapshot_init(ngx_conf_t *cf);


static ngx_str_t  ngx_http_snapshot_modes[] = {
    ngx_string("off"),
    ngx_string("enforce"),
    ngx_string("monitor"),
    ngx_null_string
};


static ngx_conf_enum_t  ngx_http_snapshot_log_levels[] = {
    { ngx_string("info"), NGX_LOG_INFO },
    { ngx_string("notice"), NGX_LOG_NOTICE },
    { ngx_string("warn"), NGX_LOG_WARN },
    { ngx_string("error"), NGX_LOG_ERR },
    { ngx_null_string, 0 }
};


static ngx_str_t  ngx_http_snapshot_contents[] = {
    [NGX_HTTP_SNAPSHOT_ERROR] = ngx_string("snapshot_error"),
    [NGX_HTTP_SNAPSHOT_VALIDATE] = ngx_string("snapshot_validate"),
    [NGX_HTTP_SNAPSHOT_OPENAPI] = ngx_string("snapshot_openapi"),
    [NGX_HTTP_SNAPSHOT_OPENAPI_30] = ngx_string("snapshot_openapi"),
    [NGX_HTTP_SNAPSHOT_PROMETHEUS] = ngx_string("snapshot_status"),
    [NGX_HTTP_SNAPSHOT_JSON] = ngx_string("snapshot_status")
};


static ngx_command_t  ngx_http_snapshot_commands[] = {

    { ngx_string("snapshot_gateway"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_snapshot_gateway,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("snapshot_prefix"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_snapshot_prefix,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("snapshot_rule"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE23,
      ngx_http_snapshot_rule,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("snapshot_tenant"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_snapshot_tenant,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_snapshot_loc_conf_t, tenant),
      NULL },

    { ngx_string("snapshot_allow"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_2MORE,
      ngx_http_snapshot_set_allowed,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("snapshot_error_details"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_snapshot_loc_conf_t, details),
      NULL },

    { ngx_string("snapshot_log_level"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_snapshot_loc_conf_t, log_level),
      &ngx_http_snapshot_log_levels },

    { ngx_string("snapshot_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE12,
      ngx_http_snapshot_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("snapshot_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS|NGX_CONF_TAKE1,
      ngx_http_snapshot_status,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("snapshot_error"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS|NGX_CONF_TAKE1,
      ngx_http_snapshot_error,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("snapshot_validate"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_snapshot_content,
      NGX_HTTP_LOC_CONF_OFFSET,
      NGX_HTTP_SNAPSHOT_VALIDATE,
      NULL },

    { ngx_string("snapshot_openapi"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS|NGX_CONF_TAKE1,
      ngx_http_snapshot_openapi,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_snapshot_module_ctx = {
    ngx_http_snapshot_add_variables,       /* preconfiguration */
    ngx_http_snapshot_init,                /* postconfiguration */

    ngx_http_snapshot_create_main_conf,    /* create main configuration */
    ngx_http_snapshot_init_main_conf,      /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_snapshot_create_loc_conf,     /* create location configuration */
    ngx_http_snapshot_merge_loc_conf       /* merge location configuration */
};


ngx_module_t  ngx_http_snapshot_module = {
    NGX_MODULE_V1,
    &ngx_http_snapshot_module_ctx,         /* module context */
    ngx_http_snapshot_commands,            /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_snapshot_handler(ngx_http_request_t *r)
{
    ngx_uint_t                     mode;
    ngx_http_snapshot_ctx_t       *ctx;
    ngx_http_snapshot_loc_conf_t  *slcf;

    if (r != r->main) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_snapshot_module);

    /* the phases run again once a body is read, or while it is */

    if (ctx && ctx->state != NGX_HTTP_SNAPSHOT_TARGET) {
        return (ctx->state < NGX_HTTP_SNAPSHOT_PASSED) ? NGX_DONE
                                                       : NGX_DECLINED;
    }

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_snapshot_module);

    mode = slcf->mode;

    if (slcf->content != NGX_HTTP_SNAPSHOT_NO_CONTENT) {
        mode = (slcf->content == NGX_HTTP_SNAPSHOT_VALIDATE)
               ? NGX_HTTP_SNAPSHOT_ENFORCE : NGX_HTTP_SNAPSHOT_OFF;
    }

    if (mode == NGX_HTTP_SNAPSHOT_OFF) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_snapshot_read_target(r, 0);
    if (ctx == NULL) {
        return ngx_http_snapshot_unjudged(r);
    }

    if (ctx->target.route.operation == NULL) {
        return NGX_DECLINED;
    }

    if (mode == NGX_HTTP_SNAPSHOT_VARIABLE
        && ngx_http_snapshot_mode(r, slcf, &mode) != NGX_OK)
    {
        return ngx_http_snapshot_unjudged(r);
    }

    if (mode == NGX_HTTP_SNAPSHOT_OFF) {
        return NGX_DECLINED;
    }

    ngx_log_debug0(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "snapshot gateway handler");

    if (slcf->tenant
        && ngx_http_snapshot_read_tenant(r, &ctx->tenant) != NGX_OK)
    {
        return ngx_http_snapshot_unjudged(r);
    }

    ctx->state = NGX_HTTP_SNAPSHOT_JUDGING;
    ctx->begun = ngx_http_snapshot_clock(r);
    ctx->mode = mode;
    ctx->dry = (slcf->content == NGX_HTTP_SNAPSHOT_VALIDATE);

    ngx_http_snapshot_judge_head(r, ctx);

    if (ngx_snapshot_judge_rejects(&ctx->judge)
        || ctx->judge.operation->body == NULL)
    {
        return ngx_http_snapshot_conclude(r, ctx);
    }

    return ngx_http_snapshot_read_body(r, ctx);
}


static ngx_int_t
ngx_http_snapshot_mode(ngx_http_request_t *r,
    ngx_http_snapshot_loc_conf_t *slcf, ngx_uint_t *mode)
{
    ngx_str_t  value;

    if (ngx_http_complex_value(r, slcf->variable, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_snapshot_mode_by_name(&value, mode) != NGX_OK) {
        *mode = NGX_HTTP_SNAPSHOT_ENFORCE;
        return ngx_http_snapshot_log_mode(r, slcf, &value);
    }

    return NGX_OK;
}


/* once a second in each worker, and escaped: the value may be a client's */

static ngx_int_t
ngx_http_snapshot_log_mode(ngx_http_request_t *r,
    ngx_http_snapshot_loc_conf_t *slcf, ngx_str_t *value)
{
    ngx_log_t                  log;
    ngx_snapshot_mem_t         mem;
    ngx_snapshot_str_t         s;
    ngx_snapshot_text_t        text;
    ngx_http_core_srv_conf_t  *cscf;

    if (ngx_current_msec - *slcf->logged < 1000) {
        return NGX_OK;
    }

    *slcf->logged = ngx_current_msec;

    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);

    mem = ngx_http_snapshot_mem(r);

    ngx_snapshot_text_init(&text, &mem);

    ngx_http_snapshot_str(s, *value);
    s.len = ngx_min(s.len, NGX_SNAPSHOT_SHOWN_MAX);

    ngx_snapshot_text_percent(&text, s, "\"\\");
    ngx_snapshot_text_cstr(&text, s.len < value->len ? "..." : "");

    if (text.failed) {
        return NGX_ERROR;
    }

    s = ngx_snapshot_text_str(&text);

    log = ngx_http_snapshot_own_log(r);

    ngx_log_error(NGX_LOG_ERR, &log, 0,
                  "the value of \"%V\" in \"snapshot_gateway\" is \"%*s\", it "
                  "must be \"off\", \"enforce\" or \"monitor\", \"enforce\" is "
                  "used, client: %V, server: %V",
                  &slcf->variable->value, s.len, s.data,
                  &r->connection->addr_text, &cscf->server_name);

    return NGX_OK;
}


static ngx_int_t
ngx_http_snapshot_mode_by_name(ngx_str_t *name, ngx_uint_t *mode)
{
    ngx_uint_t  i;

    for (i = 0; ngx_http_snapshot_modes[i].len; i++) {

        if (name->len == ngx_http_snapshot_modes[i].len
            && ngx_strncmp(name->data, ngx_http_snapshot_modes[i].data,
                           name->len)
               == 0)
        {
            *mode = i;
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


static char *
ngx_http_snapshot_gateway(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_snapshot_loc_conf_t *slcf = conf;

    ngx_str_t                          *value;
    ngx_http_complex_value_t            cv;
    ngx_http_snapshot_main_conf_t      *smcf;
    ngx_http_compile_complex_value_t    ccv;

    if (slcf->mode != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    slcf->own = 1;
    slcf->place = ngx_http_snapshot_place(cf);

    if (slcf->place == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &value[1];
    ccv.complex_value = &cv;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (cv.lengths) {
        slcf->mode = NGX_HTTP_SNAPSHOT_VARIABLE;

        slcf->variable = ngx_palloc(cf->pool,
                                    sizeof(ngx_http_complex_value_t));
        if (slcf->variable == NULL) {
            return NGX_CONF_ERROR;
        }

        *slcf->variable = cv;

        slcf->logged = ngx_pcalloc(cf->pool, sizeof(ngx_msec_t));
        if (slcf->logged == NULL) {
            return NGX_CONF_ERROR;
        }

    } else if (ngx_http_snapshot_mode_by_name(&value[1], &slcf->mode)
               != NGX_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\" directive, it must "
                           "be \"off\", \"enforce\", \"monitor\" or a "
                           "variable", &value[1], &cmd->name);
        return NGX_CONF_ERROR;
    }

    if (slcf->mode != NGX_HTTP_SNAPSHOT_OFF) {
        smcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_snapshot_module);
        smcf->used = 1;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_snapshot_prefix(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_snapshot_loc_conf_t *slcf = conf;

    ngx_str_t                      *value, *prefix, stem, version;
    ngx_snapshot_str_t              path;
    ngx_http_snapshot_main_conf_t  *smcf;

    if (slcf->prefix.data != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;

    slcf->prefix = value[1];

    /* "/" is what an outer level's prefix is taken back with */

    if (value[1].len == 1 && value[1].data[0] == '/') {
        slcf->prefix.len = 0;
        return NGX_CONF_OK;
    }

    ngx_http_snapshot_str(path, value[1]);

    if (!ngx_snapshot_path_is_plain(path)
        || ngx_strlchr(value[1].data, value[1].data + value[1].len, '$'))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\" directive, it must "
                           "be a plain path in ASCII such as \"/volume\", "
                           "without a slash at its end, escapes or variables, "
                           "or \"/\" for none", &value[1], &cmd->name);
        return NGX_CONF_ERROR;
    }

    stem = value[1];

    ngx_http_snapshot_cut_version(&stem);

    if (stem.len != value[1].len) {

        version.data = value[1].data + stem.len + 1;
        version.len = value[1].len - stem.len - 1;

        /* "/" is none */

        stem.len = ngx_max(stem.len, 1);

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\" directive, the "
                           "version \"%V\" is no part of the prefix, write "
                           "\"%V %V;\"", &value[1], &cmd->name, &version,
                           &cmd->name, &stem);
        return NGX_CONF_ERROR;
    }

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_snapshot_module);

    if (smcf->prefixes == NULL) {
        smcf->prefixes = ngx_array_create(cf->pool, 4, sizeof(ngx_str_t));
        if (smcf->prefixes == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    prefix = ngx_array_push(smcf->prefixes);
    if (prefix == NULL) {
        return NGX_CONF_ERROR;
    }

    *prefix = value[1];

    return NGX_CONF_OK;
}


void
ngx_http_snapshot_cut_version(ngx_str_t *path)
{
    ngx_snapshot_str_t  segment;

    segment.data = path->data + path->len;
    segment.len = 0;

    while (segment.data > path->data && segment.data[-1] != '/') {
        segment.data--;
        segment.len++;
    }

    if (segment.data == path->data) {
        return;
    }

    if (ngx_snapshot_is_version(segment)) {
        path->len -= segment.len + 1;
    }
}


static char *
ngx_http_snapshot_rule(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_snapshot_loc_conf_t *slcf = conf;

    ngx_str_t                   *value;
    ngx_uint_t                   severity;
    ngx_snapshot_str_t           name;
    ngx_snapshot_rule_e          rule;
    ngx_snapshot_setting_t      *setting;
    const ngx_snapshot_str_t    *s;

    value = cf->args->elts;

    ngx_http_snapshot_str(name, value[1]);

    rule = ngx_snapshot_rule_by_name(name);

    if (rule == NGX_SNAPSHOT_RULE_NONE) {
        s = &ngx_snapshot_rules[ngx_snapshot_rule_nearest(name)].name;

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown rule \"%V\" in \"%V\" directive, the "
                           "nearest is \"%*s\", known are:%s",
                           &value[1], &cmd->name, s->len, s->data,
                           ngx_http_snapshot_known_rules(cf, 0));
        return NGX_CONF_ERROR;
    }

    setting = &slcf->policy.rule[rule];

    if (setting->severity != NGX_HTTP_SNAPSHOT_SEVERITY_UNSET) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate rule \"%V\" in \"%V\" directive",
                           &value[1], &cmd->name);
        return NGX_CONF_ERROR;
    }

    for (severity = 0; severity < NGX_SNAPSHOT_SEVERITIES; severity++) {

        s = &ngx_snapshot_severities[severity];

        if (value[2].len == s->len
            && ngx_strncmp(value[2].data, s->data, s->len) == 0)
        {
            break;
        }
    }

    if (severity == NGX_SNAPSHOT_SEVERITIES) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid severity \"%V\" of rule \"%V\" in \"%V\" "
                           "directive, it must be \"pass\", \"warn\" or "
                           "\"reject\"", &value[2], &value[1], &cmd->name);
        return NGX_CONF_ERROR;
    }

    setting->severity = severity;

    if (cf->args->nelts == 3) {
        return NGX_CONF_OK;
    }

    if (ngx_strncmp(value[3].data, "max=", 4) != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\" in \"%V\" directive, "
                           "known is \"max=\"", &value[3], &cmd->name);
        return NGX_CONF_ERROR;
    }

    return ngx_http_snapshot_rule_max(cf, &ngx_snapshot_rules[rule], value,
                                      &setting->max);
}


static char *
ngx_http_snapshot_rule_max(ngx_conf_t *cf, const ngx_snapshot_rule_t *rule,
    ngx_str_t *value, uint64_t *max)
{
    off_t      n;
    ngx_str_t  s;

    if (rule->unit == NGX_SNAPSHOT_UNIT_NONE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "rule \"%V\" in \"%V\" directive has no \"max=\", "
                           "those with one are:%s", &value[1], &value[0],
                           ngx_http_snapshot_known_rules(cf, 1));
        return NGX_CONF_ERROR;
    }

    s.len = value[3].len - 4;
    s.data = value[3].data + 4;

    /* sizes may have a "k", "m" or "g" as everywhere in nginx */

    n = (rule->unit == NGX_SNAPSHOT_UNIT_BYTES) ? ngx_parse_offset(&s)
                                           : ngx_atoof(s.data, s.len);

    if (n == NGX_ERROR || n == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" of rule \"%V\" in \"%V\" "
                           "directive, it must be %s",
                           &value[3], &value[1], &value[0],
                           rule->unit == NGX_SNAPSHOT_UNIT_BYTES
                           ? "a size in bytes above 0, with \"k\", \"m\" or "
                             "\"g\" at its end for more"
                           : "a number above 0 in digits");
        return NGX_CONF_ERROR;
    }

    *max = n;

    return NGX_CONF_OK;
}


static char *
ngx_http_snapshot_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_snapshot_loc_conf_t *slcf = conf;

    ngx_str_t                      *value;
    ngx_uint_t                      content;
    ngx_http_snapshot_main_conf_t  *smcf;

    value = cf->args->elts;

    if (cf->args->nelts == 1 || ngx_strcmp(value[1].data, "prometheus") == 0) {
        content = NGX_HTTP_SNAPSHOT_PROMETHEUS;

    } else if (ngx_strcmp(value[1].data, "json") == 0) {
        content = NGX_HTTP_SNAPSHOT_JSON;

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\" directive, it must "
                           "be \"prometheus\" or \"json\"",
                           &value[1], &cmd->name);
        return NGX_CONF_ERROR;
    }

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_snapshot_module);
    smcf->status = ngx_http_snapshot_place(cf);

    if (smcf->status == NULL) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_snapshot_set_content(cf, slcf, content);
}


static char *
ngx_http_snapshot_openapi(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    if (cf->args->nelts == 1 || ngx_strcmp(value[1].data, "3.1") == 0) {
        return ngx_http_snapshot_set_content(cf, conf,
                                             NGX_HTTP_SNAPSHOT_OPENAPI);
    }

    if (ngx_strcmp(value[1].data, "3.0") == 0) {
        return ngx_http_snapshot_set_content(cf, conf,
                                             NGX_HTTP_SNAPSHOT_OPENAPI_30);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\" in \"%V\" directive, it must "
                       "be \"3.0\" or \"3.1\"",
                       &value[1], &cmd->name);
    return NGX_CONF_ERROR;
}


/* the offset of these directives is what the location answers */

static char *
ngx_http_snapshot_error(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_snapshot_loc_conf_t *slcf = conf;

    ngx_str_t                         *value, after;
    ngx_http_compile_complex_value_t   ccv;

    static const ngx_str_t  name = ngx_string("retry_after=");

    if (cf->args->nelts == 2) {

        value = cf->args->elts;

        if (value[1].len < name.len
            || ngx_strncmp(value[1].data, name.data, name.len) != 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\" in \"%V\" directive, "
                               "known is \"retry_after=\"",
                               &value[1], &cmd->name);
            return NGX_CONF_ERROR;
        }

        after.data = value[1].data + name.len;
        after.len = value[1].len - name.len;

        slcf->retry_after = ngx_palloc(cf->pool,
                                       sizeof(ngx_http_complex_value_t));
        if (slcf->retry_after == NULL) {
            return NGX_CONF_ERROR;
        }

        ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

        ccv.cf = cf;
        ccv.value = &after;
        ccv.complex_value = slcf->retry_after;

        if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
            return NGX_CONF_ERROR;
        }

        if (slcf->retry_after->lengths == NULL
            && ngx_atoi(after.data, after.len) == NGX_ERROR)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid value \"%V\" in \"%V\" directive, it "
                               "must be a number of seconds or a variable",
                               &value[1], &cmd->name);
            return NGX_CONF_ERROR;
        }
    }

    return ngx_http_snapshot_set_content(cf, slcf, NGX_HTTP_SNAPSHOT_ERROR);
}


static char *
ngx_http_snapshot_content(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_http_snapshot_set_content(cf, conf, cmd->offset);
}


static char *
ngx_http_snapshot_set_content(ngx_conf_t *cf,
    ngx_http_snapshot_loc_conf_t *slcf, ngx_uint_t content)
{
    ngx_http_core_loc_conf_t       *clcf;
    ngx_http_snapshot_main_conf_t  *smcf;

    if (slcf->content == content) {
        return "is duplicate";
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler) {
        return "is not the only one in its location that answers requests";
    }

    slcf->content = content;
    slcf->content_place = ngx_http_snapshot_place(cf);

    if (slcf->content_place == NULL) {
        return NGX_CONF_ERROR;
    }

    clcf->handler = ngx_http_snapshot_content_handler(slcf->content);

    if (slcf->content == NGX_HTTP_SNAPSHOT_VALIDATE) {
        smcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_snapshot_module);
        smcf->used = 1;
    }

    return NGX_CONF_OK;
}


/* the names for a message, which needs a NUL at the end */

static char *
ngx_http_snapshot_known_rules(ngx_conf_t *cf, ngx_uint_t with_max)
{
    size_t                      len;
    u_char                     *p, *start;
    ngx_uint_t                  i;
    const ngx_snapshot_rule_t  *rule;

    len = 1;

    for (i = 1; i < NGX_SNAPSHOT_RULES; i++) {
        len += 1 + ngx_snapshot_rules[i].name.len;
    }

    start = ngx_pnalloc(cf->temp_pool, len);
    if (start == NULL) {
        return "";
    }

    p = start;

    for (i = 1; i < NGX_SNAPSHOT_RULES; i++) {

        rule = &ngx_snapshot_rules[i];

        if (with_max && rule->unit == NGX_SNAPSHOT_UNIT_NONE) {
            continue;
        }

        *p++ = ' ';
        p = ngx_cpymem(p, rule->name.data, rule->name.len);
    }

    *p = '\0';

    return (char *) start;
}


static void *
ngx_http_snapshot_create_main_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_http_snapshot_main_conf_t));
}


static char *
ngx_http_snapshot_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_http_snapshot_main_conf_t *smcf = conf;

    ngx_conf_t                 at;
    ngx_snapshot_mem_t         mem;
    ngx_pool_cleanup_t        *cln;
    ngx_snapshot_rule_e        rule;
    const ngx_snapshot_str_t  *name;

    if (smcf->status && smcf->zone == NULL) {
        at = ngx_http_snapshot_conf_at(cf, smcf->status);

        ngx_conf_log_error(NGX_LOG_EMERG, &at, 0,
                           "\"snapshot_status\" has nothing to show, "
                           "\"snapshot_zone\" is missing, write "
                           "\"snapshot_zone counters:1m;\" in \"http\"");
        return NGX_CONF_ERROR;
    }

    /* variables want both also where nothing is judged */

    if (ngx_http_snapshot_init_token_key(cf, smcf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    mem = ngx_http_snapshot_pool_mem(cf->pool);

    smcf->router = ngx_snapshot_router(&mem);
    if (smcf->router == NULL) {
        return NGX_CONF_ERROR;
    }

    if (!smcf->used) {
        return NGX_CONF_OK;
    }

    smcf->header_lengths = ngx_snapshot_judge_header_lengths();

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_http_snapshot_free_patterns;
    cln->data = &smcf->patterns;

    rule = ngx_snapshot_patterns_compile(&smcf->patterns);

    if (rule != NGX_SNAPSHOT_RULE_NONE) {
        name = &ngx_snapshot_rules[rule].name;

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the pattern of rule \"%*s\" cannot be compiled",
                           name->len, name->data);
        return NGX_CONF_ERROR;
    }

    if (getrandom(&smcf->seed, sizeof(smcf->seed), 0)
        != sizeof(smcf->seed))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno, "getrandom() failed");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static void
ngx_http_snapshot_free_patterns(void *data)
{
    ngx_snapshot_patterns_free(data);
}


static void *
ngx_http_snapshot_create_loc_conf(ngx_conf_t *cf)
{
    ngx_uint_t                     i;
    ngx_http_snapshot_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_snapshot_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     conf->variable = NULL;
     *     conf->tenant = NULL;
     *     conf->allowed = NULL;
     *     conf->content = NGX_HTTP_SNAPSHOT_NO_CONTENT;
     *     conf->prefix = { 0, NULL };
     */

    conf->mode = NGX_CONF_UNSET_UINT;
    conf->details = NGX_CONF_UNSET;
    conf->log_level = NGX_CONF_UNSET_UINT;

    for (i = 0; i < NGX_SNAPSHOT_RULES; i++) {
        conf->policy.rule[i].severity = NGX_HTTP_SNAPSHOT_SEVERITY_UNSET;
        conf->policy.rule[i].max = NGX_HTTP_SNAPSHOT_MAX_UNSET;
    }

    return conf;
}


static char *
ngx_http_snapshot_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_snapshot_loc_conf_t *prev = parent;
    ngx_http_snapshot_loc_conf_t *conf = child;

    if (conf->mode == NGX_CONF_UNSET_UINT) {
        conf->variable = prev->variable;
        conf->logged = prev->logged;
        conf->place = prev->place;
    }

    if (conf->tenant == NULL) {
        conf->tenant = prev->tenant;
    }

    ngx_conf_merge_uint_value(conf->mode, prev->mode, NGX_HTTP_SNAPSHOT_OFF);
    ngx_conf_merge_value(conf->details, prev->details, 0);
    ngx_conf_merge_uint_value(conf->log_level, prev->log_level, NGX_LOG_NOTICE);
    ngx_conf_merge_str_value(conf->prefix, prev->prefix, "");

    ngx_http_snapshot_merge_policy(&prev->policy, &conf->policy);

    if (ngx_http_snapshot_merge_allowed(cf, prev, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_snapshot_merge_content(cf, prev, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    return (ngx_http_snapshot_keep_location(cf, conf) == NGX_OK)
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* rule by rule, severity and limit each for itself */

static void
ngx_http_snapshot_merge_policy(ngx_snapshot_policy_t *prev,
    ngx_snapshot_policy_t *conf)
{
    ngx_uint_t               i;
    ngx_snapshot_policy_t    policy;
    ngx_snapshot_setting_t  *rule, *outer;

    ngx_snapshot_policy_default(&policy);

    for (i = 0; i < NGX_SNAPSHOT_RULES; i++) {

        rule = &conf->rule[i];
        outer = &prev->rule[i];

        if (rule->severity == NGX_HTTP_SNAPSHOT_SEVERITY_UNSET) {
            rule->severity =
                (outer->severity == NGX_HTTP_SNAPSHOT_SEVERITY_UNSET)
                ? policy.rule[i].severity : outer->severity;
        }

        if (rule->max == NGX_HTTP_SNAPSHOT_MAX_UNSET) {
            rule->max = (outer->max == NGX_HTTP_SNAPSHOT_MAX_UNSET)
                        ? policy.rule[i].max : outer->max;
        }
    }
}


/*
 * "if" and "limit_except" are a part of their location, which answers there as
 * well.  A "proxy_pass" that stands after one of these directives would answer
 * in its place, with the gateway off.
 */

static char *
ngx_http_snapshot_merge_content(ngx_conf_t *cf,
    ngx_http_snapshot_loc_conf_t *prev, ngx_http_snapshot_loc_conf_t *conf)
{
    ngx_conf_t                 at;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->noname && clcf->handler == NULL) {
        conf->content = prev->content;
        conf->content_place = prev->content_place;
        conf->retry_after = prev->retry_after;
        clcf->handler = ngx_http_snapshot_content_handler(conf->content);
    }

    if (conf->content == NGX_HTTP_SNAPSHOT_NO_CONTENT
        || clcf->handler == ngx_http_snapshot_content_handler(conf->content))
    {
        return NGX_CONF_OK;
    }

    at = ngx_http_snapshot_conf_at(cf, conf->content_place);

    ngx_conf_log_error(NGX_LOG_EMERG, &at, 0,
                       "\"%V\" directive is not the only one in location "
                       "\"%V\" that answers requests, after it stands a "
                       "\"proxy_pass\" or the like",
                       &ngx_http_snapshot_contents[conf->content],
                       &clcf->name);
    return NGX_CONF_ERROR;
}


static ngx_int_t
ngx_http_snapshot_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt            *h;
    ngx_http_core_main_conf_t      *cmcf;
    ngx_http_snapshot_main_conf_t  *smcf;

    if (ngx_http_snapshot_check_variables(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_snapshot_module);

    if (!smcf->used) {
        return NGX_OK;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_PRECONTENT_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_snapshot_handler;

    ngx_http_snapshot_warn(cf);

    if (ngx_http_snapshot_body_init(cf) != NGX_OK
        || ngx_http_snapshot_reply_init(cf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return smcf->zone ? ngx_http_snapshot_zone_handler_init(cf) : NGX_OK;
}
