
/*
 * Bytes compared a vector at once, on any processor.
 */


#ifndef _NGX_SNAPSHOT_VECTOR_H_INCLUDED_
#define _NGX_SNAPSHOT_VECTOR_H_INCLUDED_


#include "ngx_snapshot_core.h"


typedef u_char  ngx_snapshot_vector_t __attribute__((vector_size(16)));
typedef char    ngx_snapshot_chars_t __attribute__((vector_size(16)));

#define NGX_SNAPSHOT_VECTOR  sizeof(ngx_snapshot_vector_t)

/* all bits of each byte that is the one, or in the range */

#define ngx_snapshot_are(v, c)  ((ngx_snapshot_vector_t) ((v) == (u_char) (c)))

#define ngx_snapshot_within(v, first, last)                                   \
    ((ngx_snapshot_vector_t) ((v) - (u_char) (first)                          \
                              <= (u_char) ((last) - (first))))


/* The byte in all places. */

static ngx_snapshot_inline ngx_snapshot_vector_t
ngx_snapshot_vector(u_char c)
{
    ngx_snapshot_vector_t  v = { 0 };

    return v + c;
}


/* The bytes of a text from i on, with zeros behind its end. */

static ngx_snapshot_inline ngx_snapshot_vector_t
ngx_snapshot_vector_load(ngx_snapshot_str_t text, size_t i)
{
    ngx_snapshot_vector_t  v;

    if (i + NGX_SNAPSHOT_VECTOR <= text.len) {
        memcpy(&v, text.data + i, NGX_SNAPSHOT_VECTOR);
        return v;
    }

    v = ngx_snapshot_vector(0);

    if (i < text.len) {
        memcpy(&v, text.data + i, text.len - i);
    }

    return v;
}


/* A bit for each byte of a comparison, the first one lowest. */

static ngx_snapshot_inline unsigned
ngx_snapshot_vector_mask(ngx_snapshot_vector_t v)
{
#if defined(__SSE2__)

    return (unsigned) __builtin_ia32_pmovmskb128((ngx_snapshot_chars_t) v);

#else

    unsigned  i, mask;

    for (i = 0, mask = 0; i < NGX_SNAPSHOT_VECTOR; i++) {
        mask |= (unsigned) (v[i] & 1) << i;
    }

    return mask;

#endif
}


/* Letters, digits, "-" and "_", NGX_SNAPSHOT_BYTE_WORD. */

static ngx_snapshot_inline ngx_snapshot_vector_t
ngx_snapshot_vector_words(ngx_snapshot_vector_t v)
{
    return ngx_snapshot_within(v | 0x20, 'a', 'z')
           | ngx_snapshot_within(v, '0', '9')
           | ngx_snapshot_are(v, '-') | ngx_snapshot_are(v, '_');
}


#endif /* _NGX_SNAPSHOT_VECTOR_H_INCLUDED_ */
