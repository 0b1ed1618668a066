
/*
 * Reads a query string, and pushes its parameters to the judge.  It knows no
 * parameter but the one that overrides the method.
 */

#include "ngx_snapshot_query.h"
#include "ngx_snapshot_vector.h"


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


#define ngx_snapshot_query_bits(v, i)                                         \
    ((uint64_t) ngx_snapshot_vector_mask(v) << (i))


static void ngx_snapshot_query_plain(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t query, ngx_snapshot_query_block_t block);
static int ngx_snapshot_query_pair(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t query, size_t start, size_t equals, size_t end);
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
    int       overrides;
    size_t    at, start, equals, end;
    uint64_t  bit;

    overrides = 0;
    start = 0;
    equals = query.len;

    for (at = 0; /* void */ ; ngx_snapshot_query_block(query, at, &block)) {

        for ( /* void */ ; block.amp; block.amp ^= bit) {

            bit = block.amp & -block.amp;
            end = at + __builtin_ctzll(bit);

            if (equals == query.len && block.equals & (bit - 1)) {
                equals = at + __builtin_ctzll(block.equals);
            }

            overrides |= ngx_snapshot_query_pair(j, query, start, equals, end);

            block.equals &= ~(bit - 1);
            start = end + 1;
            equals = query.len;
        }

        if (equals == query.len && block.equals) {
            equals = at + __builtin_ctzll(block.equals);
        }

        at += 64;

        if (at >= query.len) {
            break;
        }
    }

    overrides |= ngx_snapshot_query_pair(j, query, start, equals, query.len);

    if (overrides) {
        ngx_snapshot_judge_override(j);
    }
}


/*
 * Judges the parameter from start to end, whose first "=" is at equals, or
 * behind it where there is none.  Returns 1 where its name is the method's.
 */

static ngx_snapshot_inline int
ngx_snapshot_query_pair(ngx_snapshot_judge_t *j, ngx_snapshot_str_t query,
    size_t start, size_t equals, size_t end)
{
    ngx_snapshot_str_t  name, value;

    if (start == end) {
        return 0;
    }

    name.data = query.data + start;
    name.len = end - start;
    value.data = query.data + end;
    value.len = 0;

    if (equals < end) {
        name.len = equals - start;
        value.data = query.data + equals + 1;
        value.len = end - equals - 1;
    }

    if (j->operation->query) {
        ngx_snapshot_judge_param(j, name, value, NGX_SNAPSHOT_PLAIN);
    }

    return ngx_snapshot_same(name, ngx_snapshot_method_param);
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


/* of the bytes from at on, up to 64 */

static void
ngx_snapshot_query_block(ngx_snapshot_str_t query, size_t at,
    ngx_snapshot_query_block_t *block)
{
    size_t                 i;
    ngx_snapshot_vector_t  v, odd;

    block->amp = 0;
    block->equals = 0;
    block->odd = 0;

    for (i = 0; i < 64 && at + i < query.len; i += NGX_SNAPSHOT_VECTOR) {

        v = ngx_snapshot_vector_load(query, at + i);

        odd = ~ngx_snapshot_within(v, 0x20, 0x7e) | ngx_snapshot_are(v, '%')
              | ngx_snapshot_are(v, '+') | ngx_snapshot_are(v, ';');

        block->amp |= ngx_snapshot_query_bits(ngx_snapshot_are(v, '&'), i);
        block->equals |= ngx_snapshot_query_bits(ngx_snapshot_are(v, '='), i);
        block->odd |= ngx_snapshot_query_bits(odd, i);
    }

    /* the zeros behind the end are control characters */

    if (query.len - at < 64) {
        block->odd &= ((uint64_t) 1 << (query.len - at)) - 1;
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
