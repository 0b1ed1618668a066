
#include "ngx_snapshot_scan.h"


/* vectors of 16 bytes, and of 32 where the processor turns out to have them */

#if defined(__SSE2__)

#include <immintrin.h>

#ifndef NGX_SNAPSHOT_SCAN_AVX2
#define NGX_SNAPSHOT_SCAN_AVX2  1
#endif

#endif


/* so many keys of an object are compared one by one */

#define NGX_SNAPSHOT_SCAN_FEW     12

/* more of them go into a table of 64 to so many slots */

#define NGX_SNAPSHOT_SCAN_SLOTS   8192

/* a key that finds no free one among so many is left to the other reader */

#define NGX_SNAPSHOT_SCAN_PROBES  64

/*
 * A slot is where a key is in the body, or 0 where it is free, and some bits
 * of the key's hash; so long a body has no place in one.
 */

#define NGX_SNAPSHOT_SCAN_BITS    12
#define NGX_SNAPSHOT_SCAN_MAX                                                 \
    ((uint32_t) 1 << (32 - NGX_SNAPSHOT_SCAN_BITS))


/* bits has one for the length and the last byte of each key */

typedef struct {
    ngx_snapshot_str_t       few[NGX_SNAPSHOT_SCAN_FEW];
    unsigned                 n;
    uint64_t                 bits;
} ngx_snapshot_keys_t;


typedef struct {
    const u_char            *start;
    const u_char            *last;
    uint64_t                 seed;
    uint32_t                 mask;
    ngx_snapshot_keys_t      keys[NGX_SNAPSHOT_DEPTH];
    uint32_t                 slots[NGX_SNAPSHOT_SCAN_SLOTS];
} ngx_snapshot_scan_t;


static int ngx_snapshot_scan_members(ngx_snapshot_scan_t *s,
    ngx_snapshot_judge_t *j);
static const u_char *ngx_snapshot_scan_scalar(const u_char *p,
    const u_char *last, ngx_snapshot_type_e *type);
static const u_char *ngx_snapshot_scan_word(const u_char *p,
    const u_char *last, const char *word, size_t len);
static int ngx_snapshot_scan_key(ngx_snapshot_scan_t *s,
    ngx_snapshot_keys_t *keys, ngx_snapshot_str_t key);
static int ngx_snapshot_scan_many(ngx_snapshot_scan_t *s,
    ngx_snapshot_keys_t *keys, ngx_snapshot_str_t key);
static ngx_snapshot_inline int ngx_snapshot_scan_insert(
    ngx_snapshot_scan_t *s, ngx_snapshot_str_t key);
static ngx_snapshot_inline uint32_t ngx_snapshot_scan_hash(uint64_t seed,
    ngx_snapshot_str_t key);
static const u_char *ngx_snapshot_scan_odds(const u_char *p,
    const u_char *last);
static const u_char *ngx_snapshot_scan_plain(const u_char *p,
    const u_char *last);
#if defined(__SSE2__) && NGX_SNAPSHOT_SCAN_AVX2
static const u_char *ngx_snapshot_scan_wide(const u_char *p,
    const u_char *last);
#endif
static const u_char *ngx_snapshot_scan_narrow(const u_char *p,
    const u_char *last);
static const u_char *ngx_snapshot_scan_bytes(const u_char *p,
    const u_char *last);


#define ngx_snapshot_scan_is_space(c)                                         \
    ((c) <= ' ' && ((c) == ' ' || (c) == '\n' || (c) == '\r' || (c) == '\t'))

/* goes past white space, of which there is most often one or none */

#define ngx_snapshot_scan_space(p)                                            \
    if (*(p) == ' ') {                                                        \
        (p)++;                                                                \
    }                                                                         \
                                                                              \
    while (ngx_snapshot_scan_is_space(*(p))) {                                \
        (p)++;                                                                \
    }


#if defined(__SSE2__)

#define ngx_snapshot_scan_load(p)  _mm_loadu_si128((const __m128i *) (p))

/*
 * All bits of each byte that is plain: compared with their sign, those from
 * 0x80 on are less than 0x20 as well.
 */

#define ngx_snapshot_scan_plain16(v)                                          \
    _mm_andnot_si128(_mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),      \
                                  _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))),    \
                     _mm_cmpgt_epi8(v, _mm_set1_epi8(0x1f)))

/* one bit for each byte that is not */

#define ngx_snapshot_scan_odd(plain)                                          \
    ((unsigned) _mm_movemask_epi8(plain) ^ 0xffff)

#endif


/*
 * The quote that ends a string, or NULL where there is none before anything
 * unusual: an escape, a control character, or what is no UTF-8.
 */

static ngx_snapshot_inline const u_char *
ngx_snapshot_scan_end(const u_char *p, const u_char *last)
{
#if defined(__SSE2__)

    __m128i   v;
    unsigned  odd;

    /* most strings are short */

    if (last - p >= 32) {

        v = ngx_snapshot_scan_load(p);
        odd = ngx_snapshot_scan_odd(ngx_snapshot_scan_plain16(v));

        if (odd == 0) {
            p += 16;

            v = ngx_snapshot_scan_load(p);
            odd = ngx_snapshot_scan_odd(ngx_snapshot_scan_plain16(v));
        }

        if (odd == 0) {
            p += 16;

        } else {
            p += __builtin_ctz(odd);

            if (*p == '"') {
                return p;
            }
        }
    }

#endif

    p = ngx_snapshot_scan_plain(p, last);

    return (p != last && *p == '"') ? p : ngx_snapshot_scan_odds(p, last);
}


int
ngx_snapshot_scan(ngx_snapshot_judge_t *j, ngx_snapshot_str_t body,
    uint64_t seed)
{
    ngx_snapshot_scan_t  s;

    if (body.len >= NGX_SNAPSHOT_SCAN_MAX) {
        return 0;
    }

    while (body.len && ngx_snapshot_scan_is_space(body.data[body.len - 1])) {
        body.len--;
    }

    /* where a brace is the last byte, there is one to look at after all else */

    if (body.len == 0 || body.data[body.len - 1] != '}') {
        return 0;
    }

    s.start = body.data;
    s.last = body.data + body.len;
    s.seed = seed;

    ngx_snapshot_judge_begin(j);

    if (ngx_snapshot_scan_members(&s, j)) {
        return 1;
    }

    ngx_snapshot_judge_forget(j);

    return 0;
}


static int
ngx_snapshot_scan_members(ngx_snapshot_scan_t *s, ngx_snapshot_judge_t *j)
{
    const u_char         *p, *last;
    ngx_snapshot_str_t    key, value;
    ngx_snapshot_type_e   type;
    ngx_snapshot_keys_t  *keys;

    p = s->start;
    last = s->last;

    ngx_snapshot_scan_space(p);

    if (*p++ != '{' || p == last) {
        return 0;
    }

    keys = s->keys;
    keys->n = 0;
    keys->bits = 0;

    for ( ;; ) {

        /* a member, or the end of an object without any */

        ngx_snapshot_scan_space(p);

        if (*p == '"') {

            key.data = ++p;

            p = ngx_snapshot_scan_end(p, last);
            if (p == NULL) {
                return 0;
            }

            key.len = p++ - key.data;

            if (!ngx_snapshot_scan_key(s, keys, key)) {
                return 0;
            }

            ngx_snapshot_scan_space(p);

            if (*p++ != ':') {
                return 0;
            }

            ngx_snapshot_scan_space(p);

            value.len = 0;
            value.data = NULL;

            if (*p == '"') {
                type = NGX_SNAPSHOT_TYPE_STRING;
                value.data = ++p;

                p = ngx_snapshot_scan_end(p, last);
                if (p == NULL) {
                    return 0;
                }

                value.len = p++ - value.data;

            } else if (*p == '{') {

                if (!ngx_snapshot_judge_member(j, key, NGX_SNAPSHOT_TYPE_OBJECT,
                                               value))
                {
                    return 0;
                }

                p++;
                keys++;
                keys->n = 0;
                keys->bits = 0;
                continue;

            } else {
                value.data = p;

                p = ngx_snapshot_scan_scalar(p, last, &type);
                if (p == NULL) {
                    return 0;
                }

                if (type == NGX_SNAPSHOT_TYPE_NUMBER) {
                    value.len = p - value.data;
                }
            }

            (void) ngx_snapshot_judge_member(j, key, type, value);

        } else if (*p != '}' || keys->n) {
            return 0;
        }

        /* what comes after a member, and after the end of an object */

        for ( ;; ) {

            ngx_snapshot_scan_space(p);

            if (*p == ',') {
                p++;
                break;
            }

            if (*p++ != '}') {
                return 0;
            }

            ngx_snapshot_judge_leave(j);

            if (keys == s->keys || p == last) {
                return keys == s->keys && p == last;
            }

            keys--;
        }
    }
}


/* past what is neither a string nor an object, or NULL */

static const u_char *
ngx_snapshot_scan_scalar(const u_char *p, const u_char *last,
    ngx_snapshot_type_e *type)
{
    size_t  n;

    switch (*p) {

    case 't':
        *type = NGX_SNAPSHOT_TYPE_BOOLEAN;
        return ngx_snapshot_scan_word(p, last, "true", sizeof("true") - 1);

    case 'f':
        *type = NGX_SNAPSHOT_TYPE_BOOLEAN;
        return ngx_snapshot_scan_word(p, last, "false", sizeof("false") - 1);

    case 'n':
        *type = NGX_SNAPSHOT_TYPE_NULL;
        return ngx_snapshot_scan_word(p, last, "null", sizeof("null") - 1);

    default:
        *type = NGX_SNAPSHOT_TYPE_NUMBER;
        n = ngx_snapshot_number_len(p, last);
        return n ? p + n : NULL;
    }
}


/* what follows is looked at by the caller, who takes no letter there */

static const u_char *
ngx_snapshot_scan_word(const u_char *p, const u_char *last, const char *word,
    size_t len)
{
    return ((size_t) (last - p) > len && memcmp(p, word, len) == 0) ? p + len
                                                                    : NULL;
}


/* notes a key; 0 where the object has it, or may have it */

static int
ngx_snapshot_scan_key(ngx_snapshot_scan_t *s, ngx_snapshot_keys_t *keys,
    ngx_snapshot_str_t key)
{
    unsigned  i;
    uint64_t  bit;

    if (keys->n >= NGX_SNAPSHOT_SCAN_FEW) {
        return ngx_snapshot_scan_many(s, keys, key);
    }

    /* before an empty key there is a quote */

    bit = (uint64_t) 1 << ((key.len * 8 + key.data[(ssize_t) key.len - 1])
                           & 0x3f);

    for (i = (keys->bits & bit) ? 0 : keys->n; i < keys->n; i++) {
        if (ngx_snapshot_same(keys->few[i], key)) {
            return 0;
        }
    }

    keys->bits |= bit;
    keys->few[keys->n++] = key;

    return 1;
}


/*
 * There is one table, for the innermost object.  It has twice as many slots as
 * the rest of the body has members, if they are as long as those before; where
 * it would be too full to be of use, the other reader is left to it at once.
 */

static int
ngx_snapshot_scan_many(ngx_snapshot_scan_t *s, ngx_snapshot_keys_t *keys,
    ngx_snapshot_str_t key)
{
    size_t    members, slots;
    unsigned  i;

    if (keys != &s->keys[NGX_SNAPSHOT_DEPTH - 1]) {
        return 0;
    }

    if (keys->n == NGX_SNAPSHOT_SCAN_FEW) {

        members = (s->last - keys->few[0].data) * NGX_SNAPSHOT_SCAN_FEW
                  / (key.data - keys->few[0].data);

        if (members > (size_t) NGX_SNAPSHOT_SCAN_SLOTS / 8 * 5) {
            return 0;
        }

        for (slots = 64;
             slots < NGX_SNAPSHOT_SCAN_SLOTS && slots < members * 2;
             slots *= 2)
        {
            /* void */
        }

        s->mask = slots - 1;
        memset(s->slots, 0, slots * sizeof(uint32_t));

        for (i = 0; i < NGX_SNAPSHOT_SCAN_FEW; i++) {
            if (!ngx_snapshot_scan_insert(s, keys->few[i])) {
                return 0;
            }
        }

        keys->n++;
    }

    return ngx_snapshot_scan_insert(s, key);
}


/* no key has a quote in it, so one that goes on as long and ends is the same */

static ngx_snapshot_inline int
ngx_snapshot_scan_insert(ngx_snapshot_scan_t *s, ngx_snapshot_str_t key)
{
    unsigned       probes;
    uint32_t       i, bits, *slot;
    const u_char  *other;

    i = ngx_snapshot_scan_hash(s->seed, key);
    bits = i >> (32 - NGX_SNAPSHOT_SCAN_BITS);

    for (probes = 0; probes < NGX_SNAPSHOT_SCAN_PROBES; probes++) {

        slot = &s->slots[i++ & s->mask];

        if (*slot == 0) {
            *slot = (uint32_t) (key.data - s->start) << NGX_SNAPSHOT_SCAN_BITS
                    | bits;
            return 1;
        }

        if ((*slot & (((uint32_t) 1 << NGX_SNAPSHOT_SCAN_BITS) - 1)) != bits) {
            continue;
        }

        other = s->start + (*slot >> NGX_SNAPSHOT_SCAN_BITS);

        if ((size_t) (s->last - other) > key.len
            && other[key.len] == '"'
            && memcmp(other, key.data, key.len) == 0)
        {
            return 0;
        }
    }

    return 0;
}


static ngx_snapshot_inline uint32_t
ngx_snapshot_scan_hash(uint64_t seed, ngx_snapshot_str_t key)
{
    size_t         len;
    uint32_t       a, b;
    uint64_t       h, w;
    const u_char  *p;

    p = key.data;
    len = key.len;
    h = seed ^ len;

    for ( /* void */ ; len > 8; p += 8, len -= 8) {
        memcpy(&w, p, 8);
        h = (h ^ w) * 0x9e3779b97f4a7c15;
        h ^= h >> 32;
    }

    if (len >= 4) {
        memcpy(&a, p, 4);
        memcpy(&b, p + len - 4, 4);
        w = (uint64_t) a << 32 | b;

    } else if (len) {
        w = (uint64_t) p[0] << 16 | (uint64_t) p[len / 2] << 8 | p[len - 1];

    } else {
        w = 0;
    }

    h = (h ^ w) * 0x9e3779b97f4a7c15;

    /* high bits reach low ones only so, and slots are found by the low ones */

    h = (h ^ h >> 32) * 0x9e3779b97f4a7c15;

    return (uint32_t) (h >> 32);
}


/* the same from the first byte on that is not plain */

static const u_char *
ngx_snapshot_scan_odds(const u_char *p, const u_char *last)
{
    size_t  n;

    while (p != last) {

        if (*p == '"') {
            return p;
        }

        if (*p < 0x80) {
            return NULL;
        }

        /* where there is one such character, there are most often more */

        do {
            n = ngx_snapshot_utf8_len(p, last);
            if (n == 0) {
                return NULL;
            }

            p += n;

        } while (p < last && *p >= 0x80);

        p = ngx_snapshot_scan_plain(p, last);
    }

    return NULL;
}


/* the first byte that is a quote, a backslash, or outside of 0x20 to 0x7f */

static const u_char *
ngx_snapshot_scan_plain(const u_char *p, const u_char *last)
{
#if defined(__SSE2__) && NGX_SNAPSHOT_SCAN_AVX2

    if (__builtin_cpu_supports("avx2")) {
        return ngx_snapshot_scan_wide(p, last);
    }

#endif

    return ngx_snapshot_scan_narrow(p, last);
}


#if defined(__SSE2__) && NGX_SNAPSHOT_SCAN_AVX2

#define ngx_snapshot_scan_plain32(v)                                          \
    _mm256_andnot_si256(                                                      \
        _mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('"')),          \
                        _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'))),        \
        _mm256_cmpgt_epi8(v, _mm256_set1_epi8(0x1f)))

#define ngx_snapshot_scan_odd32(plain)                                        \
    ~(uint32_t) _mm256_movemask_epi8(plain)

__attribute__((target("avx2")))
static const u_char *
ngx_snapshot_scan_wide(const u_char *p, const u_char *last)
{
    __m256i   a, b;
    uint64_t  odd;

    while (last - p >= 64) {

        a = _mm256_loadu_si256((const __m256i *) p);
        b = _mm256_loadu_si256((const __m256i *) (p + 32));

        a = ngx_snapshot_scan_plain32(a);
        b = ngx_snapshot_scan_plain32(b);

        if (ngx_snapshot_scan_odd32(_mm256_and_si256(a, b))) {
            odd = ngx_snapshot_scan_odd32(a)
                  | (uint64_t) ngx_snapshot_scan_odd32(b) << 32;

            return p + __builtin_ctzll(odd);
        }

        p += 64;
    }

    return ngx_snapshot_scan_narrow(p, last);
}

#endif


static const u_char *
ngx_snapshot_scan_narrow(const u_char *p, const u_char *last)
{
#if defined(__SSE2__)

    __m128i   v;
    unsigned  odd;

    while (last - p >= 16) {

        v = ngx_snapshot_scan_load(p);
        odd = ngx_snapshot_scan_odd(ngx_snapshot_scan_plain16(v));

        if (odd) {
            return p + __builtin_ctz(odd);
        }

        p += 16;
    }

#else

    uint64_t  w, odd;

/*
 * The highest bit of each byte tells whether it is less than n.  One that is
 * not may seem so above one that is, which is found out byte by byte.
 */

#define ngx_snapshot_scan_all(c)      (~(uint64_t) 0 / 255 * (c))
#define ngx_snapshot_scan_less(w, n)  (((w) - ngx_snapshot_scan_all(n)) & ~(w))

    while (last - p >= 8) {

        memcpy(&w, p, 8);

        odd = ngx_snapshot_scan_less(w ^ ngx_snapshot_scan_all('"'), 1)
              | ngx_snapshot_scan_less(w ^ ngx_snapshot_scan_all('\\'), 1)
              | ngx_snapshot_scan_less(w, 0x20)
              | w;

        if (odd & ngx_snapshot_scan_all(0x80)) {
            break;
        }

        p += 8;
    }

#endif

    return ngx_snapshot_scan_bytes(p, last);
}


static const u_char *
ngx_snapshot_scan_bytes(const u_char *p, const u_char *last)
{
    while (p < last && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\') {
        p++;
    }

    return p;
}
