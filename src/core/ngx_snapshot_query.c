
#include "ngx_snapshot_query.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif


/*
 * Which of 64 bytes are "&", "=", or those that a query can have only where
 * something is escaped or wrong: "%", "+", ";", control characters, and what is
 * no ASCII.  The first byte has the lowest bit.
 */

typedef struct {
    uint64_t             amp;
    uint64_t             equals;
    uint64_t             odd;
} ngx_snapshot_query_block_t;


static void ngx_snapshot_query_plain(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t query, ngx_snapshot_query_block_t block);
static void ngx_snapshot_query_escaped(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t query);
static void ngx_snapshot_query_block(ngx_snapshot_str_t query, size_t at,
    ngx_snapshot_query_block_t *block);
static void ngx_snapshot_query_override(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t query);
static void ngx_snapshot_query_param(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t piece);
static ngx_snapshot_str_t ngx_snapshot_query_piece(ngx_snapshot_str_t *rest,
    int separator);
static ngx_snapshot_str_t ngx_snapshot_query_name(ngx_snapshot_str_t *piece);
static int ngx_snapshot_query_decode(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t *s, int *whole);


void
ngx_snapshot_query_read(ngx_snapshot_judge_t *j, ngx_snapshot_str_t query)
{
    size_t                      at;
    ngx_snapshot_query_block_t  first, block;

    if (query.len == 0) {
        return;
    }

    if (j->operation->query) {
        ngx_snapshot_judge_params(j);
    }

    ngx_snapshot_query_block(query, 0, &first);

    block = first;

    for (at = 64; !block.odd && at < query.len; at += 64) {
        ngx_snapshot_query_block(query, at, &block);
    }

    if (block.odd) {
        ngx_snapshot_query_escaped(j, query);

    } else {
        ngx_snapshot_query_plain(j, query, first);
    }
}


/* all bytes are what they mean; block is of the first ones */

static void
ngx_snapshot_query_plain(ngx_snapshot_judge_t *j, ngx_snapshot_str_t query,
    ngx_snapshot_query_block_t block)
{
    int                  overrides, named;
    size_t               at, end;
    uint64_t             marks;
    ngx_snapshot_str_t   name, value;

    overrides = 0;
    named = 0;
    marks = block.amp | block.equals;
    at = 64;

    name.data = query.data;

    for ( ;; ) {

        /* the next "&" or "=", or the end */

        while (marks == 0 && at < query.len) {
            ngx_snapshot_query_block(query, at, &block);
            marks = block.amp | block.equals;
            at += 64;
        }

        end = marks ? ((at - 64) | (size_t) __builtin_ctzll(marks))
                    : query.len;

        if (marks & -marks & block.equals) {

            if (!named) {
                name.len = query.data + end - name.data;
                value.data = query.data + end + 1;
                named = 1;
            }

            marks &= marks - 1;
            continue;
        }

        if (!named) {
            name.len = query.data + end - name.data;
            value.data = query.data + end;
        }

        value.len = query.data + end - value.data;

        if (ngx_snapshot_same(name, ngx_snapshot_method_param) && !overrides) {
            ngx_snapshot_judge_override(j);
            overrides = 1;
        }

        if (j->operation->query && (name.len || named)) {
            ngx_snapshot_judge_param(j, name, value, NGX_SNAPSHOT_PLAIN);
        }

        if (end == query.len) {
            return;
        }

        marks &= marks - 1;
        named = 0;
        name.data = query.data + end + 1;
    }
}


static void
ngx_snapshot_query_escaped(ngx_snapshot_judge_t *j, ngx_snapshot_str_t query)
{
    ngx_snapshot_str_t  piece, rest;

    ngx_snapshot_query_override(j, query);

    if (j->operation->query == NULL) {
        return;
    }

    if (memchr(query.data, ';', query.len)) {
        ngx_snapshot_judge_separator(j);
    }

    while (query.len) {

        piece = ngx_snapshot_query_piece(&query, '&');

        ngx_snapshot_query_param(j, piece);

        /* where ";" is let through, what stands behind it may be another */

        rest = piece;
        (void) ngx_snapshot_query_piece(&rest, ';');

        while (rest.len && !ngx_snapshot_judge_rejects(j)) {
            ngx_snapshot_query_param(j, ngx_snapshot_query_piece(&rest, ';'));
        }
    }
}


#if defined(__SSE2__)

#define ngx_snapshot_query_bits(mask, i)                                      \
    ((uint64_t) (unsigned) _mm_movemask_epi8(mask) << (i))

/* 16 bytes, of which the first has bit i */

static ngx_snapshot_inline void
ngx_snapshot_query_part(const u_char *p, size_t i,
    ngx_snapshot_query_block_t *block)
{
    __m128i  bytes, odd;

    bytes = _mm_loadu_si128((const __m128i *) p);

    block->amp |= ngx_snapshot_query_bits(
                      _mm_cmpeq_epi8(bytes, _mm_set1_epi8('&')), i);
    block->equals |= ngx_snapshot_query_bits(
                         _mm_cmpeq_epi8(bytes, _mm_set1_epi8('=')), i);

    /* as signed numbers, what is no ASCII is below all that is */

    odd = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
    odd = _mm_or_si128(odd, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f)));
    odd = _mm_or_si128(odd, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('%')));
    odd = _mm_or_si128(odd, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('+')));
    odd = _mm_or_si128(odd, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(';')));

    block->odd |= ngx_snapshot_query_bits(odd, i);
}

#else

static void
ngx_snapshot_query_part(const u_char *p, size_t i,
    ngx_snapshot_query_block_t *block)
{
    size_t  n;

    for (n = i + 16; i < n; i++, p++) {
        block->amp |= (uint64_t) (*p == '&') << i;
        block->equals |= (uint64_t) (*p == '=') << i;
        block->odd |= (uint64_t) (*p < 0x20 || *p >= 0x7f || *p == '%'
                                  || *p == '+' || *p == ';')
                      << i;
    }
}

#endif


/* of the bytes from at on, up to 64 */

static void
ngx_snapshot_query_block(ngx_snapshot_str_t query, size_t at,
    ngx_snapshot_query_block_t *block)
{
    size_t         i, n;
    u_char         pad[64];
    const u_char  *p;

    p = query.data + at;
    n = query.len - at;

    if (n >= 64) {
        n = 64;

    } else {
        memset(pad, 'x', sizeof(pad));
        memcpy(pad, p, n);
        p = pad;
    }

    block->amp = 0;
    block->equals = 0;
    block->odd = 0;

    for (i = 0; i < n; i += 16) {
        ngx_snapshot_query_part(p + i, i, block);
    }
}


/* some servers take ";" for "&", so the name may stand behind either */

static void
ngx_snapshot_query_override(ngx_snapshot_judge_t *j, ngx_snapshot_str_t query)
{
    ngx_snapshot_str_t  piece, part, name;

    while (query.len) {

        piece = ngx_snapshot_query_piece(&query, '&');

        while (piece.len) {

            part = ngx_snapshot_query_piece(&piece, ';');
            name = ngx_snapshot_query_name(&part);

            /* decoding makes a name shorter, never longer */

            if (name.len < ngx_snapshot_method_param.len) {
                continue;
            }

            if (ngx_snapshot_query_decode(j, &name, NULL) != NGX_SNAPSHOT_OK) {
                return;
            }

            if (ngx_snapshot_eq(name, ngx_snapshot_method_param)) {
                ngx_snapshot_judge_override(j);
                return;
            }
        }
    }
}


static void
ngx_snapshot_query_param(ngx_snapshot_judge_t *j, ngx_snapshot_str_t piece)
{
    int                 whole;
    ngx_snapshot_str_t  name;

    if (piece.len == 0) {
        return;
    }

    whole = 1;
    name = ngx_snapshot_query_name(&piece);

    if (ngx_snapshot_query_decode(j, &name, &whole) != NGX_SNAPSHOT_OK
        || ngx_snapshot_query_decode(j, &piece, &whole) != NGX_SNAPSHOT_OK)
    {
        return;
    }

    ngx_snapshot_judge_param(j, name, piece,
                             whole ? NGX_SNAPSHOT_WHOLE : NGX_SNAPSHOT_BROKEN);
}


/* takes what stands before the next separator off the rest, and that as well */

static ngx_snapshot_str_t
ngx_snapshot_query_piece(ngx_snapshot_str_t *rest, int separator)
{
    const u_char        *p;
    ngx_snapshot_str_t   piece;

    piece = *rest;

    p = piece.len ? memchr(piece.data, separator, piece.len) : NULL;

    if (p == NULL) {
        rest->data += rest->len;
        rest->len = 0;

        return piece;
    }

    piece.len = p - piece.data;

    rest->data += piece.len + 1;
    rest->len -= piece.len + 1;

    return piece;
}


/* takes the name off a piece; what is left is the value */

static ngx_snapshot_str_t
ngx_snapshot_query_name(ngx_snapshot_str_t *piece)
{
    const u_char        *equals;
    ngx_snapshot_str_t   name;

    name = *piece;

    equals = name.len ? memchr(name.data, '=', name.len) : NULL;

    if (equals) {
        name.len = equals - name.data;
    }

    piece->data += name.len + (equals != NULL);
    piece->len -= name.len + (equals != NULL);

    return name;
}


static int
ngx_snapshot_query_decode(ngx_snapshot_judge_t *j, ngx_snapshot_str_t *s,
    int *whole)
{
    u_char  *p;

    if (s->len == 0
        || (!memchr(s->data, '%', s->len) && !memchr(s->data, '+', s->len)))
    {
        return NGX_SNAPSHOT_OK;
    }

    p = j->mem->alloc(j->mem->data, s->len);
    if (p == NULL) {
        j->failed = 1;
        return NGX_SNAPSHOT_ERROR;
    }

    s->len = ngx_snapshot_percent_decode(p, *s, 1, whole);
    s->data = p;

    return NGX_SNAPSHOT_OK;
}
