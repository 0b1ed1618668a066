
/*
 * What the fuzzers share: memory, a judge, and how they say what they found.
 * An input is text where that is possible, so that a corpus can be read.
 */


#ifndef _FUZZ_H_INCLUDED_
#define _FUZZ_H_INCLUDED_


#include "ngx_snapshot_json.h"
#include "ngx_snapshot_query.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>


/* between allocations so many bytes must not be touched, at least */

#define FUZZ_BLOCK  65536
#define FUZZ_GAP    16

#if defined(__has_include)
#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>
#endif
#endif

#ifndef ASAN_POISON_MEMORY_REGION
#define ASAN_POISON_MEMORY_REGION(p, size)    ((void) (p), (void) (size))
#define ASAN_UNPOISON_MEMORY_REGION(p, size)  ((void) (p), (void) (size))
#endif

#define fuzz_array(a)  (sizeof(a) / sizeof((a)[0]))

#define fuzz_bit(rule)  ((uint64_t) 1 << (rule))


typedef struct fuzz_block_s  fuzz_block_t;

struct fuzz_block_s {
    fuzz_block_t          *next;
    size_t                 used;
    size_t                 size;
    max_align_t            data[];
};


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


/*
 * Each allocation is as long as it is, for who looks whether more is used; a
 * malloc() for each would take most of the time.
 */

static inline void *
fuzz_alloc(void *data, size_t size)
{
    void           *p;
    size_t          n;
    fuzz_block_t  **blocks = data, *b;

    b = *blocks;

    n = (size + FUZZ_GAP + sizeof(max_align_t) - 1)
        & ~(sizeof(max_align_t) - 1);

    if (b == NULL || b->size - b->used < n) {

        b = malloc(sizeof(fuzz_block_t) + (n > FUZZ_BLOCK ? n : FUZZ_BLOCK));
        if (b == NULL) {
            abort();
        }

        b->next = *blocks;
        b->used = 0;
        b->size = n > FUZZ_BLOCK ? n : FUZZ_BLOCK;
        *blocks = b;

        ASAN_POISON_MEMORY_REGION(b->data, b->size);
    }

    p = (char *) b->data + b->used;
    b->used += n;

    ASAN_UNPOISON_MEMORY_REGION(p, size);

    return p;
}


static inline void
fuzz_free(fuzz_block_t *b)
{
    fuzz_block_t  *next;

    for ( /* void */ ; b; b = next) {
        next = b->next;

        ASAN_UNPOISON_MEMORY_REGION(b->data, b->size);

        free(b);
    }
}


/* a copy as long as it is, for who looks whether more is read */

static inline ngx_snapshot_str_t
fuzz_exact(const uint8_t *data, size_t size)
{
    u_char              *p;
    ngx_snapshot_str_t   s;

    p = malloc(size ? size : 1);
    if (p == NULL) {
        abort();
    }

    if (size) {
        memcpy(p, data, size);
    }

    s.data = p;
    s.len = size;

    return s;
}


static inline ngx_snapshot_str_t
fuzz_str(const char *s)
{
    ngx_snapshot_str_t  str;

    str.data = (const u_char *) s;
    str.len = strlen(s);

    return str;
}


static inline int
fuzz_is(ngx_snapshot_str_t s, const char *word)
{
    return s.len == strlen(word) && memcmp(s.data, word, s.len) == 0;
}


/* of all rules that have one, compiled once */

static inline const ngx_snapshot_patterns_t *
fuzz_patterns(void)
{
    static int                      compiled;
    static ngx_snapshot_patterns_t  patterns;

    if (!compiled) {
        compiled = 1;
        (void) ngx_snapshot_patterns_compile(&patterns);
    }

    return &patterns;
}


static inline void *
fuzz_reader_alloc(void *data, size_t size)
{
    (void) data;

    return malloc(size);
}


/* the reader of bodies, made once and kept as by a worker */

static inline ngx_snapshot_json_t *
fuzz_reader(void)
{
    ngx_snapshot_mem_t           mem = { fuzz_reader_alloc, NULL };

    static ngx_snapshot_json_t  *reader;

    if (reader == NULL) {
        reader = ngx_snapshot_json_create(&mem, 0x0123456789abcdef);

        if (reader == NULL) {
            abort();
        }
    }

    return reader;
}


/* a judge of the default rules, whose memory is in blocks */

static inline void
fuzz_begin(ngx_snapshot_judge_t *j, ngx_snapshot_mem_t *mem,
    fuzz_block_t **blocks, const ngx_snapshot_operation_t *op)
{
    ngx_snapshot_route_t  route;

    static ngx_snapshot_policy_t  policy;

    *blocks = NULL;
    mem->alloc = fuzz_alloc;
    mem->data = blocks;

    memset(&route, 0, sizeof(route));
    route.operation = op;
    route.family = op->family;

    ngx_snapshot_policy_default(&policy);
    ngx_snapshot_judge_init(j, mem, &policy, fuzz_patterns(), &route);
}


/* the bytes are shown as they can be given to printf(1) */

static inline void
fuzz_show(const char *what, ngx_snapshot_str_t s)
{
    size_t  i;

    fprintf(stderr, "  %s: \"", what);

    for (i = 0; i < s.len; i++) {
        if (s.data[i] < 0x20 || s.data[i] > 0x7e
            || s.data[i] == '"' || s.data[i] == '\\')
        {
            fprintf(stderr, "\\x%02x", s.data[i]);

        } else {
            fputc(s.data[i], stderr);
        }
    }

    fprintf(stderr, "\"\n");
}


static inline void
fuzz_show_rules(const char *what, uint64_t rules)
{
    unsigned  i;

    fprintf(stderr, "  %s:", what);

    for (i = NGX_SNAPSHOT_RULE_NONE + 1; i < NGX_SNAPSHOT_RULES; i++) {
        if (rules & fuzz_bit(i)) {
            fprintf(stderr, " %.*s", (int) ngx_snapshot_rules[i].name.len,
                    ngx_snapshot_rules[i].name.data);
        }
    }

    fprintf(stderr, "\n");
}


/* the rules that reject where nobody has changed them, of those that are set */

static inline uint64_t
fuzz_rejecting(uint64_t rules)
{
    unsigned               i;
    ngx_snapshot_policy_t  policy;

    ngx_snapshot_policy_default(&policy);

    for (i = 0; i < NGX_SNAPSHOT_RULES; i++) {
        if (policy.rule[i].severity != NGX_SNAPSHOT_SEVERITY_REJECT) {
            rules &= ~fuzz_bit(i);
        }
    }

    return rules;
}


/* 1 where an operation before this one has the same tables */

static inline int
fuzz_is_twin(unsigned i)
{
    unsigned  n;

    for (n = 0; n < i; n++) {
        if (ngx_snapshot_operations[n].family
            == ngx_snapshot_operations[i].family
            && ngx_snapshot_operations[n].body
               == ngx_snapshot_operations[i].body
            && ngx_snapshot_operations[n].query
               == ngx_snapshot_operations[i].query)
        {
            return 1;
        }
    }

    return 0;
}


/* What the contract says in words, for the simple readers. */

static inline int
fuzz_is_hex(u_char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')
           || (c >= 'A' && c <= 'F');
}


static inline int
fuzz_is_digits(ngx_snapshot_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9') {
            return 0;
        }
    }

    return s.len > 0;
}


static inline int
fuzz_is_uuid(ngx_snapshot_str_t s)
{
    size_t  i;

    static const char  pattern[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    if (s.len != sizeof(pattern) - 1) {
        return 0;
    }

    for (i = 0; i < s.len; i++) {
        if (pattern[i] == 'x' ? !fuzz_is_hex(s.data[i]) : s.data[i] != '-') {
            return 0;
        }
    }

    return 1;
}


static inline int
fuzz_is_word(u_char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
           || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}


static inline int
fuzz_is_project(ngx_snapshot_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (!fuzz_is_word(s.data[i])) {
            return 0;
        }
    }

    return s.len >= 1 && s.len <= 64;
}


#endif /* _FUZZ_H_INCLUDED_ */
