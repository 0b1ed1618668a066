
/* Whose request it is, and by which token, without giving the token away. */


#include "ngx_http_snapshot.h"
#include "ngx_snapshot_text.h"

#include <sys/random.h>


/* of a block of SHA-1, as long as a key of HMAC can be (RFC 2104) */

#define NGX_HTTP_SNAPSHOT_KEY_SIZE     64

#define NGX_HTTP_SNAPSHOT_DIGEST_SIZE  20


static ngx_http_snapshot_main_conf_t *ngx_http_snapshot_old_main_conf(
    ngx_cycle_t *old);
static void ngx_http_snapshot_pad_key(ngx_sha1_t *state, const u_char *key,
    u_char pad);


char *
ngx_http_snapshot_tenant(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_snapshot_loc_conf_t *slcf = conf;

    char       *rv;
    ngx_str_t  *value;

    rv = ngx_http_set_complex_value_slot(cf, cmd, conf);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (slcf->tenant->lengths == NULL) {
        value = cf->args->elts;

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\" directive, it must "
                           "be a variable", &value[1], &cmd->name);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_snapshot_read_tenant(ngx_http_request_t *r,
    ngx_snapshot_str_t *tenant)
{
    ngx_str_t                      value;
    ngx_http_snapshot_loc_conf_t  *slcf;

    slcf = ngx_http_get_module_loc_conf(r, ngx_http_snapshot_module);

    tenant->len = 0;
    tenant->data = NULL;

    if (slcf->tenant == NULL) {
        return NGX_OK;
    }

    if (ngx_http_complex_value(r, slcf->tenant, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_snapshot_str(*tenant, value);

    return ngx_http_snapshot_encode(r, tenant, ngx_snapshot_text_safe);
}


ngx_int_t
ngx_http_snapshot_init_token_key(ngx_conf_t *cf,
    ngx_http_snapshot_main_conf_t *smcf)
{
    u_char                          key[NGX_HTTP_SNAPSHOT_KEY_SIZE];
    ngx_http_snapshot_main_conf_t  *old;

    old = ngx_http_snapshot_old_main_conf(cf->cycle->old_cycle);

    if (old) {
        smcf->token_inner = old->token_inner;
        smcf->token_outer = old->token_outer;
        return NGX_OK;
    }

    if (getrandom(key, sizeof(key), 0) != sizeof(key)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno, "getrandom() failed");
        return NGX_ERROR;
    }

    ngx_http_snapshot_pad_key(&smcf->token_inner, key, 0x36);
    ngx_http_snapshot_pad_key(&smcf->token_outer, key, 0x5c);

    ngx_explicit_memzero(key, sizeof(key));

    return NGX_OK;
}


/*
 * Workers get the key from the master process, and on a reload that one takes
 * it from the configuration in use.  The place of the old configuration is only
 * known where it was read by this very module, not by another version's file.
 */

static ngx_http_snapshot_main_conf_t *
ngx_http_snapshot_old_main_conf(ngx_cycle_t *old)
{
    ngx_uint_t  i;

    if (old == NULL || old->conf_ctx == NULL || old->modules == NULL) {
        return NULL;
    }

    for (i = 0; old->modules[i]; i++) {

        if (old->modules[i] == &ngx_http_snapshot_module) {
            return ngx_http_cycle_get_module_main_conf(old,
                                                     ngx_http_snapshot_module);
        }
    }

    return NULL;
}


static void
ngx_http_snapshot_pad_key(ngx_sha1_t *state, const u_char *key, u_char pad)
{
    u_char      block[NGX_HTTP_SNAPSHOT_KEY_SIZE];
    ngx_uint_t  i;

    for (i = 0; i < sizeof(block); i++) {
        block[i] = key[i] ^ pad;
    }

    ngx_sha1_init(state);
    ngx_sha1_update(state, block, sizeof(block));

    ngx_explicit_memzero(block, sizeof(block));
}


/* of the same bytes as "proxy_set_header X-Auth-Token $http_x_auth_token" */

ngx_int_t
ngx_http_snapshot_token_id(ngx_http_request_t *r, ngx_snapshot_str_t *id)
{
    u_char                         *p, digest[NGX_HTTP_SNAPSHOT_DIGEST_SIZE];
    ngx_uint_t                      key;
    ngx_sha1_t                      state;
    ngx_http_variable_value_t      *token;
    ngx_http_snapshot_main_conf_t  *smcf;

    static ngx_str_t  name = ngx_string("http_x_auth_token");

    id->len = 0;
    id->data = NULL;

    key = ngx_hash_key(name.data, name.len);

    token = ngx_http_get_variable(r, &name, key);
    if (token == NULL) {
        return NGX_ERROR;
    }

    if (token->not_found || token->len == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, 2 * sizeof(digest));
    if (p == NULL) {
        return NGX_ERROR;
    }

    smcf = ngx_http_get_module_main_conf(r, ngx_http_snapshot_module);

    state = smcf->token_inner;
    ngx_sha1_update(&state, token->data, token->len);
    ngx_sha1_final(digest, &state);

    state = smcf->token_outer;
    ngx_sha1_update(&state, digest, sizeof(digest));
    ngx_sha1_final(digest, &state);

    id->len = ngx_hex_dump(p, digest, sizeof(digest)) - p;
    id->data = p;

    return NGX_OK;
}
