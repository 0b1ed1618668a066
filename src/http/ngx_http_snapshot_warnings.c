
/*
 * Warnings at start: of a configuration that is allowed, but hardly meant.
 * They are given once all of it is read, each with the place of a directive of
 * the module.
 */


#include "ngx_http_snapshot.h"

#if (nginx_version >= 1029004)
#include <ngx_http_proxy_module.h>
#endif


typedef struct {
    ngx_http_core_srv_conf_t      *cscf;
    ngx_http_core_loc_conf_t      *clcf;
    ngx_http_snapshot_loc_conf_t  *slcf;
} ngx_http_snapshot_location_t;


#if (nginx_version < 1029004)

/*
 * The members of ngx_http_proxy_loc_conf_t from that of "proxy_method" on: the
 * same ones from nginx 1.18.0 to 1.29.3.  It has no header there.
 */

typedef struct {
    ngx_http_complex_value_t      *method;
    ngx_str_t                      location;
    ngx_str_t                      url;

#if (NGX_HTTP_CACHE)
    ngx_http_complex_value_t       cache_key;
#endif

    struct {
        ngx_str_t                  key_start;
        ngx_str_t                  schema;
        ngx_str_t                  host_header;
        ngx_str_t                  port;
        ngx_str_t                  uri;
    } vars;
} ngx_http_snapshot_proxy_t;

#endif


static void ngx_http_snapshot_warn_size(ngx_conf_t *cf,
    ngx_http_snapshot_location_t *location);
static void ngx_http_snapshot_warn_prefix(ngx_conf_t *cf,
    ngx_http_snapshot_location_t *location);
static void ngx_http_snapshot_warn_rewrite(ngx_conf_t *cf,
    ngx_http_snapshot_location_t *location, ngx_array_t *locations);
static ngx_uint_t ngx_http_snapshot_judges(ngx_http_snapshot_loc_conf_t *slcf);
static ngx_str_t ngx_http_snapshot_taken_off(ngx_str_t *path, ngx_str_t *uri);
static ngx_str_t *ngx_http_snapshot_proxied_uri(ngx_conf_t *cf,
    ngx_http_core_loc_conf_t *clcf);
static ngx_int_t ngx_http_snapshot_returned(
    ngx_http_snapshot_location_t *location, ngx_array_t *locations,
    ngx_http_script_return_code_t *code, ngx_http_snapshot_location_t **target);
#if (NGX_PCRE)
static ngx_int_t ngx_http_snapshot_rewritten(ngx_conf_t *cf,
    ngx_http_snapshot_location_t *location, ngx_array_t *locations,
    ngx_http_script_regex_code_t *code, ngx_http_snapshot_location_t **target);
#endif
static ngx_int_t ngx_http_snapshot_redirected(
    ngx_http_snapshot_location_t *location, ngx_array_t *locations,
    ngx_str_t *uri, ngx_http_snapshot_location_t **target);
static ngx_http_snapshot_location_t *ngx_http_snapshot_find_location(
    ngx_array_t *locations, const ngx_http_core_srv_conf_t *cscf,
    ngx_str_t *uri);
static void *ngx_http_snapshot_conf_of(ngx_conf_t *cf,
    ngx_http_core_loc_conf_t *clcf, char *name, ngx_module_t **module);


ngx_http_snapshot_place_t *
ngx_http_snapshot_place(ngx_conf_t *cf)
{
    ngx_http_snapshot_place_t  *place;

    place = ngx_pcalloc(cf->pool, sizeof(ngx_http_snapshot_place_t));

    if (place) {
        place->file = *cf->conf_file;
    }

    return place;
}


ngx_conf_t
ngx_http_snapshot_conf_at(const ngx_conf_t *cf,
    ngx_http_snapshot_place_t *place)
{
    ngx_conf_t  at;

    at = *cf;
    at.conf_file = &place->file;

    return at;
}


ngx_int_t
ngx_http_snapshot_keep_location(ngx_conf_t *cf,
    ngx_http_snapshot_loc_conf_t *slcf)
{
    ngx_http_core_loc_conf_t       *clcf;
    ngx_http_snapshot_location_t   *location;
    ngx_http_snapshot_main_conf_t  *smcf;

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_snapshot_module);
    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    /* not a server, whose locations may differ, nor what is a part of one */

    if (!smcf->used || clcf->name.len == 0 || clcf->noname) {
        return NGX_OK;
    }

    if (smcf->locations == NULL) {
        smcf->locations = ngx_array_create(cf->pool, 16,
                                         sizeof(ngx_http_snapshot_location_t));
        if (smcf->locations == NULL) {
            return NGX_ERROR;
        }
    }

    location = ngx_array_push(smcf->locations);
    if (location == NULL) {
        return NGX_ERROR;
    }

    location->cscf = ngx_http_conf_get_module_srv_conf(cf,
                                                       ngx_http_core_module);
    location->clcf = clcf;
    location->slcf = slcf;

    return NGX_OK;
}


void
ngx_http_snapshot_warn(ngx_conf_t *cf)
{
    ngx_uint_t                      i;
    ngx_http_snapshot_location_t   *location;
    ngx_http_snapshot_main_conf_t  *smcf;

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_snapshot_module);

    if (smcf->locations == NULL) {
        return;
    }

    location = smcf->locations->elts;

    for (i = 0; i < smcf->locations->nelts; i++) {

        if (!ngx_http_snapshot_judges(location[i].slcf)) {
            continue;
        }

        ngx_http_snapshot_warn_size(cf, &location[i]);

        if (location[i].slcf->content == NGX_HTTP_SNAPSHOT_NO_CONTENT) {
            ngx_http_snapshot_warn_prefix(cf, &location[i]);
            ngx_http_snapshot_warn_rewrite(cf, &location[i], smcf->locations);
        }
    }
}


/* what a location answers by itself is judged in one case only */

static ngx_uint_t
ngx_http_snapshot_judges(ngx_http_snapshot_loc_conf_t *slcf)
{
    return (slcf->content == NGX_HTTP_SNAPSHOT_NO_CONTENT)
           ? slcf->mode != NGX_HTTP_SNAPSHOT_OFF
           : slcf->content == NGX_HTTP_SNAPSHOT_VALIDATE;
}


/* once for each directive, however many locations inherit it */

static void
ngx_http_snapshot_warn_size(ngx_conf_t *cf,
    ngx_http_snapshot_location_t *location)
{
    u_char                      buf[NGX_OFF_T_LEN + 1];
    uint64_t                    max;
    ngx_str_t                   size;
    ngx_conf_t                  at;
    ngx_http_core_loc_conf_t   *clcf;
    ngx_snapshot_setting_t     *rule;
    ngx_http_snapshot_place_t  *place;

    clcf = location->clcf;
    rule = &location->slcf->policy.rule[NGX_SNAPSHOT_RULE_BODY_SIZE];

    if (rule->severity == NGX_SNAPSHOT_SEVERITY_PASS) {
        return;
    }

    max = rule->max;

    size.data = buf;
    size.len = ((max % 1024) ? ngx_sprintf(buf, "%uL", max)
                             : ngx_sprintf(buf, "%uLk", max / 1024))
               - buf;

    place = location->slcf->content ? location->slcf->content_place
                                    : location->slcf->place;
    at = ngx_http_snapshot_conf_at(cf, place);

    if (clcf->client_body_buffer_size < max && !place->buffer_warned) {
        place->buffer_warned = 1;

        ngx_conf_log_error(NGX_LOG_WARN, &at, 0,
                           "\"client_body_buffer_size\" of %uz is less than "
                           "the %uL of rule \"body-size\" in location \"%V\", "
                           "larger bodies are judged from a temporary file, "
                           "write \"client_body_buffer_size %V;\"",
                           clcf->client_body_buffer_size, max, &clcf->name,
                           &size);
    }

    if (clcf->client_max_body_size
        && (uint64_t) clcf->client_max_body_size < max
        && !place->limit_warned)
    {
        place->limit_warned = 1;

        ngx_conf_log_error(NGX_LOG_WARN, &at, 0,
                           "\"client_max_body_size\" of %O is less than the "
                           "%uL of rule \"body-size\" in location \"%V\", "
                           "nginx refuses larger bodies before the gateway, "
                           "write \"client_max_body_size %V;\"",
                           clcf->client_max_body_size, max, &clcf->name,
                           &size);
    }
}


static void
ngx_http_snapshot_warn_prefix(ngx_conf_t *cf,
    ngx_http_snapshot_location_t *location)
{
    ngx_str_t   *uri, *prefix, off;
    ngx_conf_t   at;

    uri = ngx_http_snapshot_proxied_uri(cf, location->clcf);

    if (uri == NULL || uri->len == 0) {
        return;
    }

    off = ngx_http_snapshot_taken_off(&location->clcf->name, uri);
    prefix = &location->slcf->prefix;

    if (prefix->len >= off.len
        && ngx_strncmp(prefix->data, off.data, off.len) == 0
        && (prefix->len == off.len || prefix->data[off.len] == '/'))
    {
        return;
    }

    at = ngx_http_snapshot_conf_at(cf, location->slcf->place);

    ngx_conf_log_error(NGX_LOG_WARN, &at, 0,
                       "\"proxy_pass\" takes \"%V\" off the paths of location "
                       "\"%V\", and the gateway does not, so it judges none of "
                       "them, write \"snapshot_prefix %V;\", or "
                       "\"snapshot_gateway off;\" if this is no snapshot API",
                       &off, &location->clcf->name, &off);
}


/*
 * What stands before the segments at the end that a location and the URI in its
 * place have in common.  A version there is none of a prefix.
 */

static ngx_str_t
ngx_http_snapshot_taken_off(ngx_str_t *path, ngx_str_t *uri)
{
    u_char     *p, *u, *last;
    ngx_str_t   off;

    p = path->data + path->len;
    u = uri->data + uri->len;
    last = p;

    while (p > path->data && u > uri->data && p[-1] == u[-1]) {
        p--;
        u--;

        if (*p == '/') {
            last = p;
        }
    }

    off.data = path->data;
    off.len = last - path->data;

    ngx_http_snapshot_cut_version(&off);

    return off;
}


static ngx_str_t *
ngx_http_snapshot_proxied_uri(ngx_conf_t *cf, ngx_http_core_loc_conf_t *clcf)
{
    void          *conf;
    ngx_module_t  *module;

#if (nginx_version < 1029004)
    ngx_command_t  *cmd;
#endif

    conf = ngx_http_snapshot_conf_of(cf, clcf, "ngx_http_proxy_module",
                                     &module);
    if (conf == NULL) {
        return NULL;
    }

#if (nginx_version >= 1029004)

    return &((ngx_http_proxy_loc_conf_t *) conf)->vars.uri;

#else

    for (cmd = module->commands; cmd->name.len; cmd++) {
        if (ngx_strcmp(cmd->name.data, "proxy_method") == 0) {
            conf = (u_char *) conf + cmd->offset;
            return &((ngx_http_snapshot_proxy_t *) conf)->vars.uri;
        }
    }

    return NULL;

#endif
}


/*
 * The rewrite phase comes before the gateway.  A location is warned of where
 * all of its requests leave there, and none to a location with the gateway.
 */

static void
ngx_http_snapshot_warn_rewrite(ngx_conf_t *cf,
    ngx_http_snapshot_location_t *location, ngx_array_t *locations)
{
    char                           *name;
    u_char                         *p, *last, *inside;
    ngx_int_t                       rc;
    ngx_conf_t                      at;
    ngx_array_t                   **codes;
    ngx_module_t                   *module;
    ngx_http_script_code_pt         code;
    ngx_http_snapshot_location_t   *target;

    /* the module's configuration begins with its codes, in each version */

    codes = ngx_http_snapshot_conf_of(cf, location->clcf,
                                      "ngx_http_rewrite_module", &module);

    if (codes == NULL || *codes == NULL) {
        return;
    }

    p = (*codes)->elts;
    last = p + (*codes)->nelts;
    inside = p;
    target = NULL;
    name = NULL;

    for ( /* void */ ; p < last; p += sizeof(uintptr_t)) {

        code = *(ngx_http_script_code_pt *) p;

        if (code == ngx_http_script_if_code) {
            inside = ngx_max(inside,
                             p + ((ngx_http_script_if_code_t *) p)->next);
            continue;
        }

        if (code == ngx_http_script_break_code) {
            return;
        }

        if (code == ngx_http_script_return_code) {
            name = "return";
            rc = ngx_http_snapshot_returned(location, locations, (void *) p,
                                            &target);
#if (NGX_PCRE)
        } else if (code == ngx_http_script_regex_start_code) {
            name = "rewrite";
            rc = ngx_http_snapshot_rewritten(cf, location, locations,
                                             (void *) p, &target);
#endif
        } else {
            continue;
        }

        if (rc == NGX_DECLINED) {
            return;
        }

        if (rc == NGX_OK && p >= inside) {
            break;
        }
    }

    if (p >= last) {
        return;
    }

    at = ngx_http_snapshot_conf_at(cf, location->slcf->place);

    if (target) {
        ngx_conf_log_error(NGX_LOG_WARN, &at, 0,
                           "\"%s\" sends all requests of location \"%V\" to "
                           "location \"%V\" before the gateway judges them, "
                           "write \"snapshot_gateway enforce;\" there",
                           name, &location->clcf->name, &target->clcf->name);

    } else if (location->slcf->own) {

        /* where it is inherited, nothing was to be judged perhaps */

        ngx_conf_log_error(NGX_LOG_WARN, &at, 0,
                           "\"%s\" answers all requests of location \"%V\" "
                           "before the gateway judges them, write only one of "
                           "the two", name, &location->clcf->name);
    }
}


/*
 * Whether a request leaves unjudged by this "return": NGX_OK, with the target
 * where an error page leads to another location, or NGX_DECLINED where it may
 * be judged.
 */

static ngx_int_t
ngx_http_snapshot_returned(ngx_http_snapshot_location_t *location,
    ngx_array_t *locations, ngx_http_script_return_code_t *code,
    ngx_http_snapshot_location_t **target)
{
    ngx_uint_t            i;
    ngx_http_err_page_t  *page;

    if (location->clcf->error_pages == NULL
        || code->status < NGX_HTTP_BAD_REQUEST
        || code->text.value.len
        || code->text.lengths)
    {
        return NGX_OK;
    }

    page = location->clcf->error_pages->elts;

    for (i = 0; i < location->clcf->error_pages->nelts; i++) {

        if ((uintptr_t) page[i].status != code->status) {
            continue;
        }

        return page[i].value.lengths
               ? NGX_DECLINED
               : ngx_http_snapshot_redirected(location, locations,
                                              &page[i].value.value, target);
    }

    return NGX_OK;
}


#if (NGX_PCRE)

/*
 * The same of a "rewrite", and NGX_AGAIN where other requests go on behind it,
 * for which its pattern is tried with a path that is none of an API.
 */

static ngx_int_t
ngx_http_snapshot_rewritten(ngx_conf_t *cf,
    ngx_http_snapshot_location_t *location, ngx_array_t *locations,
    ngx_http_script_regex_code_t *code, ngx_http_snapshot_location_t **target)
{
    ngx_str_t                     uri, path, *name;
    ngx_http_script_copy_code_t  *copy;

    if (!code->uri) {

        /* the condition of an "if" */

        return NGX_AGAIN;
    }

    if (code->break_cycle) {
        return NGX_DECLINED;
    }

    if (!code->redirect) {

        copy = (ngx_http_script_copy_code_t *) (code + 1);

        if (copy->code != ngx_http_script_copy_code) {
            return NGX_DECLINED;
        }

        uri.len = copy->len;
        uri.data = (u_char *) (copy + 1);

        if (ngx_http_snapshot_redirected(location, locations, &uri, target)
            != NGX_OK)
        {
            return NGX_DECLINED;
        }
    }

    name = &location->clcf->name;

    path.len = name->len + sizeof("~/~") - 1;
    path.data = ngx_pnalloc(cf->temp_pool, path.len);
    if (path.data == NULL) {
        return NGX_DECLINED;
    }

    ngx_memcpy(ngx_cpymem(path.data, name->data, name->len), "~/~",
               sizeof("~/~") - 1);

    return (ngx_regex_exec(code->regex->regex, &path, NULL, 0) >= 0)
           ? NGX_OK : NGX_AGAIN;
}

#endif


static ngx_int_t
ngx_http_snapshot_redirected(ngx_http_snapshot_location_t *location,
    ngx_array_t *locations, ngx_str_t *uri,
    ngx_http_snapshot_location_t **target)
{
    ngx_http_snapshot_location_t  *other;

    if (uri->len == 0 || (uri->data[0] != '/' && uri->data[0] != '@')) {
        return NGX_OK;
    }

    other = ngx_http_snapshot_find_location(locations, location->cscf, uri);

    if (other == NULL || ngx_http_snapshot_judges(other->slcf)) {
        return NGX_DECLINED;
    }

    if (other->slcf->content == NGX_HTTP_SNAPSHOT_NO_CONTENT) {
        *target = other;
    }

    return NGX_OK;
}


/* of those with a regular expression nothing is known */

static ngx_http_snapshot_location_t *
ngx_http_snapshot_find_location(ngx_array_t *locations,
    const ngx_http_core_srv_conf_t *cscf, ngx_str_t *uri)
{
    ngx_uint_t                     i;
    ngx_http_core_loc_conf_t      *clcf;
    ngx_http_snapshot_location_t  *location, *found;

    location = locations->elts;
    found = NULL;

    for (i = 0; i < locations->nelts; i++) {

        clcf = location[i].clcf;

        if (location[i].cscf != cscf
#if (NGX_PCRE)
            || clcf->regex
#endif
            || clcf->name.len > uri->len
            || ngx_strncmp(clcf->name.data, uri->data, clcf->name.len) != 0)
        {
            continue;
        }

        if (clcf->name.len == uri->len) {
            return &location[i];
        }

        if (!clcf->exact_match
            && !clcf->named
            && (found == NULL || clcf->name.len > found->clcf->name.len))
        {
            found = &location[i];
        }
    }

    return found;
}


/* by name, as nginx may have been built without that module */

static void *
ngx_http_snapshot_conf_of(ngx_conf_t *cf, ngx_http_core_loc_conf_t *clcf,
    char *name, ngx_module_t **module)
{
    ngx_uint_t  i;

    for (i = 0; cf->cycle->modules[i]; i++) {

        *module = cf->cycle->modules[i];

        if (ngx_strcmp((*module)->name, name) == 0) {
            return clcf->loc_conf[(*module)->ctx_index];
        }
    }

    return NULL;
}
