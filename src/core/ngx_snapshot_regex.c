
/* Patterns by pcre2, which no other file knows. */

#define PCRE2_CODE_UNIT_WIDTH  8

#include <stdlib.h>
#include <pcre2.h>

#include "ngx_snapshot_regex.h"


/* far more than the contract's patterns take, far less than a user waits */

#define NGX_SNAPSHOT_MATCH_LIMIT  10000


#define ngx_snapshot_regex_number(n)  ngx_snapshot_regex_digits(n)
#define ngx_snapshot_regex_digits(n)  #n


const char *const  ngx_snapshot_regex_version =
    ngx_snapshot_regex_number(PCRE2_MAJOR) "."
    ngx_snapshot_regex_number(PCRE2_MINOR);


struct ngx_snapshot_regex_s {
    pcre2_code           *code;
    pcre2_match_data     *match;
    pcre2_match_context  *context;
};


ngx_snapshot_regex_t *
ngx_snapshot_regex_compile(ngx_snapshot_str_t pattern)
{
    int                    err;
    PCRE2_SIZE             offset;
    ngx_snapshot_regex_t  *re;

    re = calloc(1, sizeof(ngx_snapshot_regex_t));
    if (re == NULL) {
        return NULL;
    }

    re->code = pcre2_compile(pattern.data, pattern.len,
                             PCRE2_ANCHORED|PCRE2_ENDANCHORED, &err, &offset,
                             NULL);

    if (re->code == NULL) {
        ngx_snapshot_regex_free(re);
        return NULL;
    }

    re->match = pcre2_match_data_create_from_pattern(re->code, NULL);
    re->context = pcre2_match_context_create(NULL);

    if (re->match == NULL || re->context == NULL) {
        ngx_snapshot_regex_free(re);
        return NULL;
    }

    pcre2_set_match_limit(re->context, NGX_SNAPSHOT_MATCH_LIMIT);

    /* without JIT the interpreter gives the same answers */

    (void) pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE);

    return re;
}


int
ngx_snapshot_regex_match(const ngx_snapshot_regex_t *re, ngx_snapshot_str_t s)
{
    int  rc;

    rc = pcre2_match(re->code, s.len ? s.data : (const u_char *) "", s.len, 0,
                     0, re->match, re->context);

    if (rc >= 0) {
        return 1;
    }

    return (rc == PCRE2_ERROR_NOMATCH) ? 0 : NGX_SNAPSHOT_ERROR;
}


void
ngx_snapshot_regex_free(ngx_snapshot_regex_t *re)
{
    if (re == NULL) {
        return;
    }

    pcre2_match_context_free(re->context);
    pcre2_match_data_free(re->match);
    pcre2_code_free(re->code);

    free(re);
}
