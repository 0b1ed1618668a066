
/* What the unit tests share: memory that fails when told to, and the judge. */


#ifndef _UNIT_H_INCLUDED_
#define _UNIT_H_INCLUDED_


#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <cmocka.h>

#include "ngx_snapshot_check.h"
#include "ngx_snapshot_json.h"
#include "ngx_snapshot_query.h"
#include "ngx_snapshot_report.h"


#define UNIT_BLOCKS  4096


/* fail: the number of the allocation that fails, from 1 on, or 0 */

typedef struct {
    void      *blocks[UNIT_BLOCKS];
    unsigned   n;
    unsigned   fail;
} unit_arena_t;


static inline void *
unit_alloc(void *data, size_t size)
{
    unit_arena_t  *a = data;

    if (a->fail && a->n + 1 == a->fail) {
        a->fail = 0;
        return NULL;
    }

    assert_true(a->n < UNIT_BLOCKS);

    /* exactly as much as was asked for, so that a checker sees an overrun */

    a->blocks[a->n] = malloc(size);
    assert_non_null(a->blocks[a->n]);

    return a->blocks[a->n++];
}


static inline void
unit_free(unit_arena_t *a)
{
    while (a->n) {
        free(a->blocks[--a->n]);
    }
}


static inline ngx_snapshot_str_t
unit_str(const char *s)
{
    ngx_snapshot_str_t  str;

    str.data = (const u_char *) s;
    str.len = strlen(s);

    return str;
}


static inline void *
unit_router_alloc(void *data, size_t size)
{
    (void) data;

    return malloc(size);
}


/* the router, made once and kept: a leak checker still reaches it */

static inline const ngx_snapshot_router_t *
unit_router(void)
{
    ngx_snapshot_mem_t             mem = { unit_router_alloc, NULL };

    static ngx_snapshot_router_t  *router;

    if (router == NULL) {
        router = ngx_snapshot_router(&mem);
        assert_non_null(router);
    }

    return router;
}


/* the reader of bodies, made once and kept as by a worker */

static inline ngx_snapshot_json_t *
unit_reader(void)
{
    ngx_snapshot_mem_t           mem = { unit_router_alloc, NULL };

    static ngx_snapshot_json_t  *reader;

    if (reader == NULL) {
        reader = ngx_snapshot_json_create(&mem, 0x0123456789abcdef);
        assert_non_null(reader);
    }

    return reader;
}


/* the patterns of all rules, compiled once and kept */

static inline const ngx_snapshot_patterns_t *
unit_patterns(void)
{
    static int                      compiled;
    static ngx_snapshot_patterns_t  patterns;

    if (!compiled) {
        compiled = 1;
        assert_int_equal(ngx_snapshot_patterns_compile(&patterns),
                         NGX_SNAPSHOT_RULE_NONE);
    }

    return &patterns;
}


/* no string of the core ends with a NUL */

static inline int
unit_has(ngx_snapshot_str_t s, const char *what)
{
    size_t  i, n;

    n = strlen(what);

    for (i = 0; i + n <= s.len; i++) {
        if (memcmp(s.data + i, what, n) == 0) {
            return 1;
        }
    }

    return 0;
}


#define unit_assert_str(s, expected)                                          \
    do {                                                                      \
        ngx_snapshot_str_t  s_ = (s);                                         \
        const char         *e_ = (expected);                                  \
                                                                              \
        if (s_.len != strlen(e_)                                              \
            || (s_.len && memcmp(s_.data, e_, s_.len) != 0))                  \
        {                                                                     \
            fail_msg("got \"%.*s\", expected \"%s\"", (int) s_.len,           \
                     s_.len ? (const char *) s_.data : "", e_);               \
        }                                                                     \
    } while (0)


#endif /* _UNIT_H_INCLUDED_ */
