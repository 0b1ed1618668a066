
/*
 * Bytes to text: UTF-8, escapes, and a writer.  It knows nothing of the API.
 */

#include "ngx_snapshot_text.h"


#define NGX_SNAPSHOT_TEXT_SIZE  128

#define ngx_snapshot_lower(c)                                                 \
    (u_char) ((c) >= 'A' && (c) <= 'Z' ? (c) | 0x20 : (c))


static const u_char *ngx_snapshot_text_plain(ngx_snapshot_text_t *t,
    const u_char *p, const u_char *last);
static void ngx_snapshot_text_hex(ngx_snapshot_text_t *t, u_char c);
static const u_char *ngx_snapshot_text_digits(const u_char *p,
    const u_char *last);


static const char  ngx_snapshot_digits[] = "0123456789ABCDEF";


#define B  NGX_SNAPSHOT_BYTE_BREAK
#define P  NGX_SNAPSHOT_BYTE_PLAIN
#define S  (P|NGX_SNAPSHOT_BYTE_PATH)
#define W  (S|NGX_SNAPSHOT_BYTE_WORD)
#define H  (W|NGX_SNAPSHOT_BYTE_HEX)

const u_char  ngx_snapshot_bytes[256] = {
    [0x00 ... 0x1f] = B, [' '] = P|B, ['!'] = S, ['#'] = P|B,
    ['$'] = S, ['%'] = P|B, ['&' ... ','] = S, ['-'] = W, ['.'] = S,
    ['/'] = P|B,
    ['0' ... '9'] = H, [':'] = S, [';'] = P|B, ['<'] = P, ['='] = S,
    ['>'] = P, ['?'] = P|B, ['@'] = S,
    ['A' ... 'F'] = H, ['G' ... 'Z'] = W, ['['] = P, ['\\'] = B, [']'] = P,
    ['^'] = P, ['_'] = W, ['`'] = P,
    ['a' ... 'f'] = H, ['g' ... 'z'] = W, ['{' ... '}'] = P, ['~'] = S,
    [0x7f] = B, [0x85] = B, [0xa0] = B
};

const signed char  ngx_snapshot_hex[256] = {
    [0 ... '0' - 1] = -1, ['0'] = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    [':' ... '@'] = -1, ['A'] = 10, 11, 12, 13, 14, 15,
    ['G' ... '`'] = -1, ['a'] = 10, 11, 12, 13, 14, 15,
    ['g' ... 0xff] = -1
};

#undef B
#undef P
#undef S
#undef W
#undef H


void
ngx_snapshot_text_init(ngx_snapshot_text_t *t, const ngx_snapshot_mem_t *mem)
{
    t->mem = mem;
    t->start = NULL;
    t->pos = NULL;
    t->end = NULL;
    t->failed = 0;
}


ngx_snapshot_str_t
ngx_snapshot_text_str(const ngx_snapshot_text_t *t)
{
    ngx_snapshot_str_t  s;

    s.data = t->start;
    s.len = t->pos - t->start;

    return s;
}


u_char *
ngx_snapshot_text_room(ngx_snapshot_text_t *t, size_t len)
{
    size_t   used, size;
    u_char  *p;

    if (t->failed) {
        return NULL;
    }

    if ((size_t) (t->end - t->pos) >= len) {
        return t->pos;
    }

    used = t->pos - t->start;

    size = 2 * (t->end - t->start);

    if (size < NGX_SNAPSHOT_TEXT_SIZE) {
        size = NGX_SNAPSHOT_TEXT_SIZE;
    }

    if (size < used + len) {
        size = used + len;
    }

    p = t->mem->alloc(t->mem->data, size);
    if (p == NULL) {
        t->failed = 1;
        t->end = t->pos;
        return NULL;
    }

    if (used) {
        memcpy(p, t->start, used);
    }

    t->start = p;
    t->pos = p + used;
    t->end = p + size;

    return t->pos;
}


void
ngx_snapshot_text_add_more(ngx_snapshot_text_t *t, const void *data,
    size_t len)
{
    u_char  *p;

    if (len == 0) {
        return;
    }

    p = ngx_snapshot_text_room(t, len);

    if (p != NULL) {
        memcpy(p, data, len);
        t->pos += len;
    }
}


void
ngx_snapshot_text_num(ngx_snapshot_text_t *t, uint64_t n)
{
    u_char  *p, buf[20];

    p = buf + sizeof(buf);

    do {
        *--p = (u_char) ('0' + n % 10);
        n /= 10;
    } while (n);

    ngx_snapshot_text_add(t, p, buf + sizeof(buf) - p);
}


static void
ngx_snapshot_text_hex(ngx_snapshot_text_t *t, u_char c)
{
    u_char  buf[3];

    buf[0] = '%';
    buf[1] = ngx_snapshot_digits[c >> 4];
    buf[2] = ngx_snapshot_digits[c & 0xf];

    ngx_snapshot_text_add(t, buf, 3);
}


void
ngx_snapshot_text_set(ngx_snapshot_text_t *t, const ngx_snapshot_str_t *names,
    unsigned set, const char *last)
{
    const char  *before;

    for (before = ""; set; set >>= 1, names++) {

        if (set & 1) {
            ngx_snapshot_text_cstr(t, (set == 1 && *before) ? last : before);
            ngx_snapshot_text_add(t, names->data, names->len);
            before = ", ";
        }
    }
}


void
ngx_snapshot_text_shown(ngx_snapshot_text_t *t, ngx_snapshot_str_t s)
{
    size_t               n;
    const u_char        *p, *last;
    ngx_snapshot_str_t   head;

    if (s.len <= NGX_SNAPSHOT_SHOWN_MAX) {
        ngx_snapshot_text_safe(t, s);
        return;
    }

    head.data = s.data;
    head.len = 0;

    last = s.data + s.len;

    for ( ;; ) {

        p = s.data + head.len;
        n = ngx_snapshot_utf8_len(p, last);
        n = n ? n : 1;

        if (head.len + n > NGX_SNAPSHOT_SHOWN_MAX) {
            break;
        }

        head.len += n;
    }

    ngx_snapshot_text_safe(t, head);
    ngx_snapshot_text_cstr(t, "...");
}


void
ngx_snapshot_text_safe(ngx_snapshot_text_t *t, ngx_snapshot_str_t s)
{
    size_t               n;
    const u_char        *p, *last;
    ngx_snapshot_str_t   c;

    if (s.len == 0) {
        return;
    }

    last = s.data + s.len;

    for (p = ngx_snapshot_text_plain(t, s.data, last);
         p < last;
         p = ngx_snapshot_text_plain(t, p, last))
    {
        n = ngx_snapshot_utf8_len(p, last);

        c.data = p;
        c.len = n;

        if (n == 0 || *p == '"' || *p == '\\'
            || !ngx_snapshot_utf8_printable(c))
        {
            for (n = n ? n : 1; n; n--) {
                ngx_snapshot_text_hex(t, *p++);
            }

            continue;
        }

        ngx_snapshot_text_add(t, p, n);
        p += n;
    }
}


void
ngx_snapshot_text_utf8(ngx_snapshot_text_t *t, ngx_snapshot_str_t s)
{
    size_t         n;
    const u_char  *p, *last, *run;

    if (s.len == 0) {
        return;
    }

    p = s.data;
    run = p;
    last = s.data + s.len;

    while (p < last) {

        n = ngx_snapshot_utf8_len(p, last);

        if (n) {
            p += n;
            continue;
        }

        ngx_snapshot_text_add(t, run, p - run);
        ngx_snapshot_text_hex(t, *p++);
        run = p;
    }

    ngx_snapshot_text_add(t, run, p - run);
}


void
ngx_snapshot_text_percent(ngx_snapshot_text_t *t, ngx_snapshot_str_t s,
    const char *escaped)
{
    const u_char  *p, *last, *run;

    last = s.data + s.len;

    for (p = s.data; p < last; p++) {

        run = p;
        p = ngx_snapshot_skip(p, last, NGX_SNAPSHOT_BYTE_PLAIN);
        ngx_snapshot_text_add(t, run, p - run);

        if (p == last) {
            return;
        }

        if (*p < 0x20 || *p > 0x7e) {
            ngx_snapshot_text_hex(t, *p);
            continue;
        }

        if (strchr(escaped, *p)) {
            ngx_snapshot_text_add(t, "\\", 1);
        }

        ngx_snapshot_text_add(t, p, 1);
    }
}


void
ngx_snapshot_text_json(ngx_snapshot_text_t *t, ngx_snapshot_str_t s)
{
    size_t         n;
    u_char         buf[6];
    const u_char  *p, *last;

    if (s.len == 0) {
        return;
    }

    last = s.data + s.len;

    for (p = ngx_snapshot_text_plain(t, s.data, last);
         p < last;
         p = ngx_snapshot_text_plain(t, p, last))
    {
        n = ngx_snapshot_utf8_len(p, last);

        if (n == 0) {
            ngx_snapshot_text_cstr(t, "\\uFFFD");
            p++;
            continue;
        }

        if (*p == '"' || *p == '\\') {
            buf[0] = '\\';
            buf[1] = *p++;
            ngx_snapshot_text_add(t, buf, 2);
            continue;
        }

        if (*p < 0x20 || *p == 0x7f) {
            memcpy(buf, "\\u00", 4);
            buf[4] = ngx_snapshot_digits[*p >> 4];
            buf[5] = ngx_snapshot_digits[*p & 0xf];
            p++;
            ngx_snapshot_text_add(t, buf, 6);
            continue;
        }

        ngx_snapshot_text_add(t, p, n);
        p += n;
    }
}


/* adds the bytes that stay as they are, and returns where they end */

static const u_char *
ngx_snapshot_text_plain(ngx_snapshot_text_t *t, const u_char *p,
    const u_char *last)
{
    const u_char  *run;

    run = p;
    p = ngx_snapshot_skip(p, last, NGX_SNAPSHOT_BYTE_PLAIN);
    ngx_snapshot_text_add(t, run, p - run);

    return p;
}


/* the table of well-formed byte sequences, Unicode 15, table 3-7 */

size_t
ngx_snapshot_utf8_len(const u_char *p, const u_char *last)
{
    size_t  i, n;
    u_char  low, high;

    if (*p < 0x80) {
        return 1;
    }

    low = 0x80;
    high = 0xbf;

    if (*p >= 0xc2 && *p <= 0xdf) {
        n = 2;

    } else if (*p >= 0xe0 && *p <= 0xef) {
        n = 3;
        low = (*p == 0xe0) ? 0xa0 : 0x80;
        high = (*p == 0xed) ? 0x9f : 0xbf;

    } else if (*p >= 0xf0 && *p <= 0xf4) {
        n = 4;
        low = (*p == 0xf0) ? 0x90 : 0x80;
        high = (*p == 0xf4) ? 0x8f : 0xbf;

    } else {
        return 0;
    }

    if ((size_t) (last - p) < n || p[1] < low || p[1] > high) {
        return 0;
    }

    for (i = 2; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }

    return n;
}


size_t
ngx_snapshot_number_len(const u_char *p, const u_char *last)
{
    const u_char  *start, *end, *digits;

    start = p;

    if (p < last && *p == '-') {
        p++;
    }

    end = ngx_snapshot_text_digits(p, last);

    if (end == p) {
        return 0;
    }

    /* no digit follows a zero that begins the number */

    if (*p == '0') {
        end = p + 1;
    }

    if (last - end > 1 && *end == '.') {
        digits = end + 1;
        p = ngx_snapshot_text_digits(digits, last);

        if (p == digits) {
            return end - start;
        }

        end = p;
    }

    if (last - end > 1 && (*end | 0x20) == 'e') {
        digits = end + 1;

        if (*digits == '+' || *digits == '-') {
            digits++;
        }

        p = ngx_snapshot_text_digits(digits, last);

        if (p != digits) {
            end = p;
        }
    }

    return end - start;
}


static const u_char *
ngx_snapshot_text_digits(const u_char *p, const u_char *last)
{
    while (p < last && *p >= '0' && *p <= '9') {
        p++;
    }

    return p;
}


int
ngx_snapshot_utf8_printable(ngx_snapshot_str_t s)
{
    size_t         n;
    const u_char  *p, *last;

    p = s.data;
    last = s.data + s.len;

    for ( ;; ) {

        p = ngx_snapshot_skip(p, last, NGX_SNAPSHOT_BYTE_PLAIN);

        if (p == last) {
            return 1;
        }

        n = ngx_snapshot_utf8_len(p, last);

        if (n == 0
            || *p < 0x20
            || *p == 0x7f
            || (*p == 0xc2 && p[1] < 0xa0))
        {
            return 0;
        }

        p += n;
    }
}


size_t
ngx_snapshot_percent_decode(u_char *dst, ngx_snapshot_str_t src, int plus,
    int *whole)
{
    int            c;
    u_char        *d;
    const u_char  *p, *last;

    d = dst;
    last = src.data + src.len;

    for (p = src.data; p < last; p++) {

        if (*p == '%') {
            c = (last - p > 2)
                ? ngx_snapshot_hex[p[1]] * 16 | ngx_snapshot_hex[p[2]] : -1;

            if (c >= 0) {
                *d++ = (u_char) c;
                p += 2;
                continue;
            }

            if (whole) {
                *whole = 0;
            }
        }

        *d++ = (plus && *p == '+') ? ' ' : *p;
    }

    return d - dst;
}


const char *
ngx_snapshot_before(unsigned i, unsigned n)
{
    if (i == 0) {
        return (n > 2) ? "one of " : "";
    }

    return (i == n - 1) ? " or " : ", ";
}


int
ngx_snapshot_caseeq(ngx_snapshot_str_t a, ngx_snapshot_str_t b)
{
    size_t  i;

    if (a.len != b.len) {
        return 0;
    }

    if (a.len == 0 || memcmp(a.data, b.data, a.len) == 0) {
        return 1;
    }

    for (i = 0; i < a.len; i++) {
        if (ngx_snapshot_lower(a.data[i]) != ngx_snapshot_lower(b.data[i])) {
            return 0;
        }
    }

    return 1;
}


int
ngx_snapshot_eq(ngx_snapshot_str_t a, ngx_snapshot_str_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}


size_t
ngx_snapshot_distance(ngx_snapshot_str_t a, ngx_snapshot_str_t b)
{
    size_t  i, j, least, diagonal, above, row[NGX_SNAPSHOT_SHOWN_MAX + 1];

    if (b.len > NGX_SNAPSHOT_SHOWN_MAX) {
        b.len = NGX_SNAPSHOT_SHOWN_MAX;
    }

    for (j = 0; j <= b.len; j++) {
        row[j] = j;
    }

    for (i = 0; i < a.len; i++) {

        diagonal = row[0];
        row[0] = i + 1;

        for (j = 0; j < b.len; j++) {

            above = row[j + 1];
            least = diagonal + (a.data[i] != b.data[j]);

            if (above + 1 < least) {
                least = above + 1;
            }

            if (row[j] + 1 < least) {
                least = row[j] + 1;
            }

            row[j + 1] = least;
            diagonal = above;
        }
    }

    return row[b.len];
}
