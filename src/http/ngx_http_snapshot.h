
/* What the files of the nginx side share. */


#ifndef _NGX_HTTP_SNAPSHOT_H_INCLUDED_
#define _NGX_HTTP_SNAPSHOT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_sha1.h>

#include "ngx_snapshot_judge.h"
#include "ngx_snapshot_text.h"


extern ngx_module_t  ngx_http_snapshot_module;


#pragma GCC visibility push(hidden)


#define NGX_HTTP_SNAPSHOT_OFF       0
#define NGX_HTTP_SNAPSHOT_ENFORCE   1
#define NGX_HTTP_SNAPSHOT_MONITOR   2
#define NGX_HTTP_SNAPSHOT_VARIABLE  3


/* what a location answers by itself, so that nothing of it is proxied */

#define NGX_HTTP_SNAPSHOT_NO_CONTENT  0
#define NGX_HTTP_SNAPSHOT_ERROR       1
#define NGX_HTTP_SNAPSHOT_VALIDATE    2
#define NGX_HTTP_SNAPSHOT_OPENAPI     3
#define NGX_HTTP_SNAPSHOT_PROMETHEUS  4
#define NGX_HTTP_SNAPSHOT_JSON        5
#define NGX_HTTP_SNAPSHOT_OPENAPI_30  6


typedef enum {
    NGX_HTTP_SNAPSHOT_ACCEPTED = 0,
    NGX_HTTP_SNAPSHOT_WARNED,
    NGX_HTTP_SNAPSHOT_MONITORED,
    NGX_HTTP_SNAPSHOT_REJECTED,
    NGX_HTTP_SNAPSHOT_VERDICTS,
    NGX_HTTP_SNAPSHOT_NO_VERDICT = NGX_HTTP_SNAPSHOT_VERDICTS
} ngx_http_snapshot_verdict_e;


/*
 * Where a directive stands, as the file that is read, for messages once all is
 * read; what it was warned of already.
 */

typedef struct {
    ngx_conf_file_t             file;
    unsigned                    buffer_warned:1;
    unsigned                    limit_warned:1;
} ngx_http_snapshot_place_t;


/*
 * used: a gateway is on somewhere, so that handlers are needed; status: where
 * the zone is shown, or NULL; zone: of the counters, or NULL; locations: all of
 * them, for the warnings; header_lengths: a bit for the length of each name of
 * a header that is judged; token_inner, token_outer: SHA-1 after the first
 * block of either pass of HMAC, for the ids of tokens
 */

typedef struct {
    ngx_snapshot_patterns_t     patterns;
    ngx_snapshot_router_t      *router;
    ngx_array_t                *prefixes;   /* of ngx_str_t */
    ngx_array_t                *locations;
    ngx_http_snapshot_place_t  *status;
    ngx_shm_zone_t             *zone;
    uint64_t                    seed;       /* of keys' hashes */
    uint64_t                    header_lengths;
    ngx_sha1_t                  token_inner;
    ngx_sha1_t                  token_outer;
    unsigned                    used:1;
} ngx_http_snapshot_main_conf_t;


/*
 * logged: when a worker has last said that the variable has no mode, in
 * milliseconds as ngx_current_msec; the worker writes it.  place: of the
 * directive that gives the mode, which stands in this location if own is set.
 */

typedef struct {
    ngx_uint_t                  mode;
    ngx_http_complex_value_t   *variable;
    ngx_msec_t                 *logged;
    ngx_http_snapshot_place_t  *place;
    ngx_str_t                   prefix;
    ngx_http_complex_value_t   *tenant;
    ngx_array_t                *allowed;    /* of ngx_snapshot_allowed_t */
    ngx_flag_t                  details;
    ngx_uint_t                  log_level;  /* of refusals */
    ngx_uint_t                  content;
    ngx_http_complex_value_t   *retry_after;
    ngx_http_snapshot_place_t  *content_place;
    ngx_snapshot_policy_t       policy;
    unsigned                    own:1;
} ngx_http_snapshot_loc_conf_t;


/*
 * The target of a request, and what it was read from: the URI, the location,
 * and whether the request line counts alone.  queries are what stands after the
 * "?" of the target in hand, and of the client's own where a rewrite has made
 * another operation of it, or empty.
 */

typedef struct {
    ngx_snapshot_route_t           route;
    ngx_snapshot_str_t             queries[2];
    u_char                        *uri;
    ngx_http_snapshot_loc_conf_t  *conf;
    unsigned                       line;
} ngx_http_snapshot_target_t;


/*
 * What is done with a request: its target is known; it is being judged; its
 * body is read in the phase handler, or later; it passed; it was refused.
 */

typedef enum {
    NGX_HTTP_SNAPSHOT_TARGET = 0,
    NGX_HTTP_SNAPSHOT_JUDGING,
    NGX_HTTP_SNAPSHOT_READING,
    NGX_HTTP_SNAPSHOT_WAITING,
    NGX_HTTP_SNAPSHOT_PASSED,
    NGX_HTTP_SNAPSHOT_REFUSED
} ngx_http_snapshot_state_e;


/*
 * What is known of a request in scope.  It is wiped from r->ctx by an internal
 * redirect, which makes the gateway judge again, and is found again through
 * the pool's cleanup list by those who only want to know.
 *
 * judged is the time that it took, in nanoseconds, up to begun, when it was
 * begun or gone on with, where it is counted; size is the number of bytes of a
 * body that was measured, received of one that is being read and whose length
 * was not announced.  warnings and violations are the values of the headers.
 * tenant is what "snapshot_tenant" says, safe in headers and logs, or empty.
 * header_in is nginx's buffer while another one stands in for it, or NULL.
 *
 * dry: for "snapshot_validate", not counted; sized: the body's size has been
 * judged; measured, on_disk: size is known, a temporary file has the body.
 *
 * next is of the list of contexts that are free.  judge is made only when the
 * judging begins.
 */

typedef struct ngx_http_snapshot_ctx_s  ngx_http_snapshot_ctx_t;

struct ngx_http_snapshot_ctx_s {
    ngx_http_snapshot_ctx_t     *next;
    ngx_http_snapshot_target_t   target;
    ngx_http_snapshot_state_e    state;
    ngx_uint_t                   mode;
    ngx_snapshot_mem_t           mem;
    ngx_snapshot_str_t           tenant;
    ngx_str_t                    warnings;
    ngx_str_t                    violations;
    ngx_buf_t                   *header_in;
    off_t                        received;
    off_t                        size;
    uint64_t                     begun;
    uint64_t                     judged;
    unsigned                     dry:1;
    unsigned                     sized:1;
    unsigned                     measured:1;
    unsigned                     on_disk:1;
    ngx_snapshot_judge_t         judge;
};


/* whose request it is: the tenant's, or else that of the path's project */

#define ngx_http_snapshot_owner(ctx)                                          \
    ((ctx)->tenant.len                                                        \
     ? (ctx)->tenant                                                          \
     : (ctx)->target.route.param[NGX_SNAPSHOT_PARAM_PROJECT_ID])


#define ngx_http_snapshot_str(to, from)                                       \
    (to).len = (from).len; (to).data = (from).data


/* ngx_http_snapshot_module.c */

/*
 * Cuts the last segment of a path, and the slash before it, where that is a
 * version of the contract, in whatever letters.
 */

void ngx_http_snapshot_cut_version(ngx_str_t *path);


/* ngx_http_snapshot_target.c */

/*
 * Finds the operation of a request by the target that an upstream will see: the
 * client's own while nothing has rewritten it, CONTRACT section 1.  line is 1
 * where an error page has replaced the target, and the request line counts.
 * Returns a context whose operation is NULL where the request is not in scope,
 * the one of r->ctx where nothing has changed since; NULL where memory is
 * short.
 */

ngx_http_snapshot_ctx_t *ngx_http_snapshot_read_target(ngx_http_request_t *r,
    unsigned line);

/*
 * The same for those who only want to know: of the request that was judged,
 * where one was, also after a redirect.
 */

ngx_http_snapshot_ctx_t *ngx_http_snapshot_find_target(ngx_http_request_t *r);


/* ngx_http_snapshot_judge.c */

/*
 * Begins to judge, with what needs no body: the target, the headers, the
 * queries, a Content-Length in bytes.  The outcome, and whether memory was
 * short, is in ctx->judge.  CONTRACT section 2.
 */

void ngx_http_snapshot_judge_head(ngx_http_request_t *r,
    ngx_http_snapshot_ctx_t *ctx);

/* Goes on with the body, all of its bytes. */

void ngx_http_snapshot_judge_body(ngx_http_request_t *r,
    ngx_http_snapshot_ctx_t *ctx, ngx_snapshot_str_t body);


/* ngx_http_snapshot_ctx.c */

/* stands in r->ctx for a request that is not in scope; never written */

extern ngx_http_snapshot_ctx_t  ngx_http_snapshot_passer;

/*
 * The context of a request that is judged, or was, also before a redirect; NULL
 * where there is none.  It lives as long as the request.
 */

ngx_http_snapshot_ctx_t *ngx_http_snapshot_get_ctx(ngx_http_request_t *r);

/*
 * The context for a request in scope, that of an earlier pass or another one,
 * and empty in either case; or NULL where memory is short.  It lives as long as
 * the request.
 */

ngx_http_snapshot_ctx_t *ngx_http_snapshot_new_ctx(ngx_http_request_t *r);

/* The verdict on a request; ctx may be NULL. */

ngx_http_snapshot_verdict_e ngx_http_snapshot_verdict(
    const ngx_http_snapshot_ctx_t *ctx);

/* The name of a verdict as in $snapshot_verdict.  Static. */

ngx_snapshot_str_t ngx_http_snapshot_verdict_name(
    ngx_http_snapshot_verdict_e verdict);

/* The memory of a pool for the core; all of it goes with the pool. */

ngx_snapshot_mem_t ngx_http_snapshot_pool_mem(ngx_pool_t *pool);

#define ngx_http_snapshot_mem(r)  ngx_http_snapshot_pool_mem((r)->pool)


/* ngx_http_snapshot_body.c */

/*
 * Reads and judges the body, then refuses the request or runs the phases on,
 * at once or later.  Returns NGX_DONE, after which the request may be gone, or
 * the status of a body that nginx would not read.
 */

ngx_int_t ngx_http_snapshot_read_body(ngx_http_request_t *r,
    ngx_http_snapshot_ctx_t *ctx);

/* Puts the filter that counts bodies into the chain.  Returns NGX_OK. */

ngx_int_t ngx_http_snapshot_body_init(ngx_conf_t *cf);


/* ngx_http_snapshot_reply.c */

/*
 * Ends the judging: refuses the request, which finalizes it, and returns
 * NGX_DONE, after which it may be gone; or notes that it passes and returns
 * NGX_DECLINED.  CONTRACT section 3.
 */

ngx_int_t ngx_http_snapshot_conclude(ngx_http_request_t *r,
    ngx_http_snapshot_ctx_t *ctx);

/*
 * Refuses a request of which nothing is known, for want of memory, with a 500
 * in the documented format.  Finalizes it and returns NGX_DONE.
 */

ngx_int_t ngx_http_snapshot_unjudged(ngx_http_request_t *r);

/*
 * The request's log without what nginx adds of the client's, since error.log
 * is not escaped: CONTRACT section 5.  A copy, good while the request is.
 */

ngx_log_t ngx_http_snapshot_own_log(ngx_http_request_t *r);

/*
 * Sends a JSON text as the whole answer, with an HTTP status.  The text must
 * live as long as the request.  Returns what the request is to be finalized
 * with: what the output filters gave, or NGX_ERROR where memory is short.
 */

ngx_int_t ngx_http_snapshot_send(ngx_http_request_t *r, ngx_uint_t status,
    const ngx_snapshot_str_t *body);

/* Sends a text of another media type, which must live as long. */

ngx_int_t ngx_http_snapshot_send_as(ngx_http_request_t *r, ngx_uint_t status,
    const ngx_str_t *type, const ngx_snapshot_str_t *body);

/* Sends the 500 for a request that cannot be judged; takes little memory. */

ngx_int_t ngx_http_snapshot_send_internal(ngx_http_request_t *r,
    ngx_snapshot_family_e family);

/*
 * Adds a header to the answer, or none where the value is empty.  Both must
 * live as long as the request.  Returns NGX_OK, or NGX_ERROR where memory is
 * short.
 */

ngx_int_t ngx_http_snapshot_push_header(ngx_http_request_t *r,
    const ngx_str_t *name, ngx_str_t *value);

/*
 * Adds the header "Allow" with the methods of a set of ngx_snapshot_method_e.
 * Returns NGX_OK, or NGX_ERROR where memory is short.
 */

ngx_int_t ngx_http_snapshot_allow(ngx_http_request_t *r, ngx_uint_t methods);

/*
 * Puts the filters that write the gateway's headers, and drop an upstream's of
 * the same names, into their chains.  Returns NGX_OK.
 */

ngx_int_t ngx_http_snapshot_reply_init(ngx_conf_t *cf);


/* ngx_http_snapshot_content.c */

/*
 * The handler of a location, by what it answers, one of the numbers above;
 * NULL for none.
 */

ngx_http_handler_pt ngx_http_snapshot_content_handler(ngx_uint_t content);


/* ngx_http_snapshot_status.c */

/*
 * Writes the counters of the zone, which must be there, into a text, for
 * Prometheus or as JSON by content.  Returns NGX_OK, or NGX_ERROR where memory
 * is short.
 */

ngx_int_t ngx_http_snapshot_status_text(ngx_http_request_t *r,
    ngx_uint_t content, ngx_snapshot_text_t *text);


/* ngx_http_snapshot_zone.c */

/*
 * The directive "snapshot_zone".  conf is the main configuration.  Returns as
 * each directive's handler does.
 */

char *ngx_http_snapshot_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* Nanoseconds since some time in the past, or 0 where nothing is counted. */

uint64_t ngx_http_snapshot_clock(ngx_http_request_t *r);

/* Counts a request that could not be judged. */

void ngx_http_snapshot_count_unjudged(ngx_http_request_t *r);

/*
 * Adds the handler that counts requests when they end.  Returns NGX_OK, or
 * NGX_ERROR where memory is short.
 */

ngx_int_t ngx_http_snapshot_zone_handler_init(ngx_conf_t *cf);


/* ngx_http_snapshot_allowed.c */

/* The directive "snapshot_allow".  Returns as any directive's handler. */

char *ngx_http_snapshot_set_allowed(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * Adds what the outer level allows to what the inner one does, and hands it to
 * the policy.  Returns NGX_OK, or NGX_ERROR where memory is short.
 */

ngx_int_t ngx_http_snapshot_merge_allowed(ngx_conf_t *cf,
    ngx_http_snapshot_loc_conf_t *prev, ngx_http_snapshot_loc_conf_t *conf);


/* ngx_http_snapshot_tenant.c */

/* The directive "snapshot_tenant".  Returns as any directive's handler. */

char *ngx_http_snapshot_tenant(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/*
 * Whose request it is by the variable of its location, safe in headers and
 * logs; empty where there is none.  It lives as long as the request.  Returns
 * NGX_OK, or NGX_ERROR where memory is short.
 */

ngx_int_t ngx_http_snapshot_read_tenant(ngx_http_request_t *r,
    ngx_snapshot_str_t *tenant);

/*
 * Makes the key of the ids of tokens, or takes the one in use on a reload.
 * Returns NGX_OK or NGX_ERROR.
 */

ngx_int_t ngx_http_snapshot_init_token_key(ngx_conf_t *cf,
    ngx_http_snapshot_main_conf_t *smcf);

/*
 * HMAC-SHA1 of the request's X-Auth-Token in hex digits, or empty where there
 * is none.  It lives as long as the request.  Returns NGX_OK, or NGX_ERROR
 * where memory is short.
 */

ngx_int_t ngx_http_snapshot_token_id(ngx_http_request_t *r,
    ngx_snapshot_str_t *id);


/* ngx_http_snapshot_warnings.c */

/*
 * Where the directive in hand stands, for messages that come later; or NULL
 * where memory is short.  It is the configuration pool's.
 */

ngx_http_snapshot_place_t *ngx_http_snapshot_place(ngx_conf_t *cf);

/* A copy of cf for ngx_conf_log_error() that names another place. */

ngx_conf_t ngx_http_snapshot_conf_at(const ngx_conf_t *cf,
    ngx_http_snapshot_place_t *place);

/*
 * Keeps a merged location for the warnings.  Returns NGX_OK, or NGX_ERROR where
 * memory is short.
 */

ngx_int_t ngx_http_snapshot_keep_location(ngx_conf_t *cf,
    ngx_http_snapshot_loc_conf_t *slcf);

/* Gives the warnings of CONTRACT section 6. */

void ngx_http_snapshot_warn(ngx_conf_t *cf);


/* ngx_http_snapshot_variables.c */

/*
 * Has one of the core's functions encode a value.  One that is printable ASCII
 * stays where it is; any other becomes a copy that lives as long as the
 * request.  Returns NGX_OK, or NGX_ERROR where memory is short.
 */

ngx_int_t ngx_http_snapshot_encode(ngx_http_request_t *r,
    ngx_snapshot_str_t *s,
    void (*append)(ngx_snapshot_text_t *t, ngx_snapshot_str_t s));

/*
 * Has nginx look for each variable that a $snapshot_utf8_... is made of, once
 * all of the configuration is read, and refuse it where there is none.  Returns
 * NGX_OK or NGX_ERROR.
 */

ngx_int_t ngx_http_snapshot_check_variables(ngx_conf_t *cf);

/*
 * Adds the variables of CONTRACT section 5.  Returns NGX_OK, or NGX_ERROR
 * where memory is short.
 */

ngx_int_t ngx_http_snapshot_add_variables(ngx_conf_t *cf);


#pragma GCC visibility pop


#endif /* _NGX_HTTP_SNAPSHOT_H_INCLUDED_ */
