
/*
 * Bytes to text: UTF-8, percent-encoding, and a writer for what is said about
 * a request.
 */


#ifndef _NGX_SNAPSHOT_TEXT_H_INCLUDED_
#define _NGX_SNAPSHOT_TEXT_H_INCLUDED_


#include "ngx_snapshot_core.h"


#pragma GCC visibility push(hidden)


/* a client's names are shown up to here, CONTRACT section 3 */

#define NGX_SNAPSHOT_SHOWN_MAX  64


/*
 * What a byte is, for code that walks over many: a hex digit; one of 0-9, A-Z,
 * a-z, "-" and "_"; printable ASCII that JSON need not escape; of the segments
 * of a plain path, CONTRACT section 1; where a lenient server may cut a path: a
 * slash, ";", "#", "?", "%", a blank, a control byte.
 */

#define NGX_SNAPSHOT_BYTE_HEX       0x01
#define NGX_SNAPSHOT_BYTE_WORD      0x02
#define NGX_SNAPSHOT_BYTE_PLAIN     0x04
#define NGX_SNAPSHOT_BYTE_PATH      0x08
#define NGX_SNAPSHOT_BYTE_BREAK     0x10

extern const u_char  ngx_snapshot_bytes[256];

/* what a hex digit stands for, or -1 */

extern const signed char  ngx_snapshot_hex[256];

/* The first byte from p on that is not of the kind, or last. */

static ngx_snapshot_inline const u_char *
ngx_snapshot_skip(const u_char *p, const u_char *last, unsigned kind)
{
    while (last - p >= 4
           && ngx_snapshot_bytes[p[0]] & ngx_snapshot_bytes[p[1]]
              & ngx_snapshot_bytes[p[2]] & ngx_snapshot_bytes[p[3]] & kind)
    {
        p += 4;
    }

    while (p < last && ngx_snapshot_bytes[*p] & kind) {
        p++;
    }

    return p;
}


/*
 * A text that grows.  After a failed allocation it stays short and failed is
 * set, so that a caller can write on and look once, at the end.
 */

typedef struct {
    const ngx_snapshot_mem_t  *mem;
    u_char                    *start;
    u_char                    *pos;
    u_char                    *end;
    unsigned                   failed;
} ngx_snapshot_text_t;


/* Begins an empty text whose memory comes from mem. */

void ngx_snapshot_text_init(ngx_snapshot_text_t *t,
    const ngx_snapshot_mem_t *mem);

/* The bytes written so far; they belong to the text's memory. */

ngx_snapshot_str_t ngx_snapshot_text_str(const ngx_snapshot_text_t *t);

/*
 * Returns where len more bytes fit, for a caller that then adds to pos what it
 * has written there, or NULL.
 */

u_char *ngx_snapshot_text_room(ngx_snapshot_text_t *t, size_t len);

/* Appends len bytes as they are. */

static ngx_snapshot_inline void ngx_snapshot_text_add(ngx_snapshot_text_t *t,
    const void *data, size_t len);

/* The same where there is no byte, or no room for them yet. */

void ngx_snapshot_text_add_more(ngx_snapshot_text_t *t, const void *data,
    size_t len);

static ngx_snapshot_inline void
ngx_snapshot_text_add(ngx_snapshot_text_t *t, const void *data, size_t len)
{
    if (len - 1 < (size_t) (t->end - t->pos)) {
        memcpy(t->pos, data, len);
        t->pos += len;
        return;
    }

    ngx_snapshot_text_add_more(t, data, len);
}

/* Appends a C string as it is. */

static ngx_snapshot_inline void
ngx_snapshot_text_cstr(ngx_snapshot_text_t *t, const char *s)
{
    ngx_snapshot_text_add(t, s, strlen(s));
}

/* Takes everything behind the first len bytes off again. */

static ngx_snapshot_inline void
ngx_snapshot_text_cut(ngx_snapshot_text_t *t, size_t len)
{
    t->pos = t->start + len;
}

/* Appends a number in decimal digits. */

void ngx_snapshot_text_num(ngx_snapshot_text_t *t, uint64_t n);

/*
 * Appends those of the names whose bit is in the set, the lowest first, with
 * "last" before the last of several and ", " before the others.
 */

void ngx_snapshot_text_set(ngx_snapshot_text_t *t,
    const ngx_snapshot_str_t *names, unsigned set, const char *last);

/*
 * Appends what a client chose so that it is safe in headers and logs: control
 * characters, quotes, backslashes and what is no UTF-8 percent-encoded.
 */

void ngx_snapshot_text_safe(ngx_snapshot_text_t *t, ngx_snapshot_str_t s);

/* Appends UTF-8 as it is, and percent-encodes all other bytes. */

void ngx_snapshot_text_utf8(ngx_snapshot_text_t *t, ngx_snapshot_str_t s);

/*
 * Appends a name that a client chose so that it can be shown: safe, and at most
 * NGX_SNAPSHOT_SHOWN_MAX of its bytes, with "..." where it was cut.
 */

void ngx_snapshot_text_shown(ngx_snapshot_text_t *t, ngx_snapshot_str_t s);

/*
 * Appends bytes with everything that is not printable ASCII percent-encoded,
 * and a backslash before each byte of the C string "escaped".
 */

void ngx_snapshot_text_percent(ngx_snapshot_text_t *t, ngx_snapshot_str_t s,
    const char *escaped);

/*
 * Appends bytes as the inside of a JSON string.  What is no UTF-8 becomes
 * U+FFFD, so the result is valid whatever came.
 */

void ngx_snapshot_text_json(ngx_snapshot_text_t *t, ngx_snapshot_str_t s);

/*
 * Length in bytes (1 to 4) of the UTF-8 character at p, or 0 where there is
 * none: overlong forms, surrogates, what is above U+10FFFF or cut at last.
 */

size_t ngx_snapshot_utf8_len(const u_char *p, const u_char *last);

/*
 * Length in bytes of the number of JSON (RFC 8259, section 6) at p, of any
 * size, or 0 where there is none.  What follows it is not looked at.
 */

size_t ngx_snapshot_number_len(const u_char *p, const u_char *last);

/* 1 where s is all UTF-8 without control characters (C0, DEL, C1). */

int ngx_snapshot_utf8_printable(ngx_snapshot_str_t s);

/*
 * Percent-decodes src once into dst, which has room for src.len bytes and may
 * be src.data itself; plus turns "+" into a space.  Broken escapes stay as
 * they are and clear *whole, when whole is given.  Returns the bytes written.
 */

size_t ngx_snapshot_percent_decode(u_char *dst, ngx_snapshot_str_t src,
    int plus, int *whole);

/*
 * What stands before item i of n that are listed, as in "one of a, b or c" and
 * "a or b".  Static.
 */

const char *ngx_snapshot_before(unsigned i, unsigned n);

/* 1 where both are the same bytes, letters compared without case. */

int ngx_snapshot_caseeq(ngx_snapshot_str_t a, ngx_snapshot_str_t b);

/* 1 where len bytes are the same; names are short, so no call is worth it. */

static ngx_snapshot_inline int
ngx_snapshot_same_bytes(const u_char *a, const u_char *b, size_t len)
{
    uint32_t  head[2], tail[2];
    uint64_t  first[2], last[2];

    if (len > 16) {
        return memcmp(a, b, len) == 0;
    }

    if (len >= 8) {
        memcpy(&first[0], a, 8);
        memcpy(&first[1], b, 8);
        memcpy(&last[0], a + len - 8, 8);
        memcpy(&last[1], b + len - 8, 8);

        return ((first[0] ^ first[1]) | (last[0] ^ last[1])) == 0;
    }

    if (len >= 4) {
        memcpy(&head[0], a, 4);
        memcpy(&head[1], b, 4);
        memcpy(&tail[0], a + len - 4, 4);
        memcpy(&tail[1], b + len - 4, 4);

        return ((head[0] ^ head[1]) | (tail[0] ^ tail[1])) == 0;
    }

    while (len && a[len - 1] == b[len - 1]) {
        len--;
    }

    return len == 0;
}


/* 1 where both are the same bytes; a macro where that is done often. */

#define ngx_snapshot_same(a, b)                                               \
    ((a).len == (b).len                                                       \
     && ngx_snapshot_same_bytes((a).data, (b).data, (a).len))

int ngx_snapshot_eq(ngx_snapshot_str_t a, ngx_snapshot_str_t b);

/*
 * How many bytes have to be added, removed or replaced to make a of b, of which
 * the first NGX_SNAPSHOT_SHOWN_MAX bytes count: the distance of Levenshtein.
 */

size_t ngx_snapshot_distance(ngx_snapshot_str_t a, ngx_snapshot_str_t b);


#pragma GCC visibility pop


#endif /* _NGX_SNAPSHOT_TEXT_H_INCLUDED_ */
