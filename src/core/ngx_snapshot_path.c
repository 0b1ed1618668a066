
#include "ngx_snapshot_path.h"
#include "ngx_snapshot_text.h"

#include <limits.h>


/* a path that takes no more than this twice is decoded without an allocation */

#define NGX_SNAPSHOT_PATH_LOCAL  512

/* a normal form of more segments, with the suffixes behind it, is unknown */

#define NGX_SNAPSHOT_PATH_DEPTH  64

#define NGX_SNAPSHOT_NOWHERE  SIZE_MAX

#define ngx_snapshot_is(c, kind)  (ngx_snapshot_bytes[c] & (kind))
#define ngx_snapshot_is_slash(c)  ((c) == '/' || (c) == '\\')
#define ngx_snapshot_is_blank(c)  ((c) <= 0x20 || (c) == 0x85 || (c) == 0xa0)

#define ngx_snapshot_is_cut(c)    ((c) == '#' || (c) == '?')

#define ngx_snapshot_lower(c)                                                 \
    (u_char) ((c) >= 'A' && (c) <= 'Z' ? (c) | 0x20 : (c))

/* so many bytes are compared at once, on any processor */

typedef u_char  ngx_snapshot_vector_t __attribute__((vector_size(16)));
typedef char    ngx_snapshot_chars_t __attribute__((vector_size(16)));

#define NGX_SNAPSHOT_VECTOR  sizeof(ngx_snapshot_vector_t)


/*
 * Places where two bytes stand, letters in any case: mask has those from base
 * on, next is what is not searched yet.
 */

typedef struct {
    ngx_snapshot_str_t                text;
    u_char                            first;
    u_char                            second;
    size_t                            base;
    size_t                            next;
    unsigned                          mask;
} ngx_snapshot_pairs_t;


/* a decoded path, and where its last word is */

typedef struct {
    ngx_snapshot_str_t                text;
    size_t                            word;
} ngx_snapshot_form_t;


/* a path in hand; head and tail: the bytes of its head and with a segment */

typedef struct {
    ngx_snapshot_str_t                path;
    const ngx_snapshot_path_words_t  *words;
    unsigned                          use;
    ngx_snapshot_form_t               form[2];
    unsigned                          forms;
    size_t                            head;
    size_t                            tail;
} ngx_snapshot_reading_t;


static int ngx_snapshot_path_collects(const ngx_snapshot_path_t *p,
    ngx_snapshot_str_t word);
static size_t ngx_snapshot_path_word(ngx_snapshot_str_t text,
    ngx_snapshot_str_t word, int last);
static size_t ngx_snapshot_path_version(ngx_snapshot_str_t text,
    const ngx_snapshot_path_words_t *words, unsigned *which);
static int ngx_snapshot_path_begins(ngx_snapshot_str_t text, size_t i,
    ngx_snapshot_str_t word);
static ngx_snapshot_inline void ngx_snapshot_path_pairs(
    ngx_snapshot_pairs_t *pairs,
    ngx_snapshot_str_t text, ngx_snapshot_str_t word);
static ngx_snapshot_inline size_t ngx_snapshot_path_next(
    ngx_snapshot_pairs_t *pairs);
static ngx_snapshot_inline void ngx_snapshot_path_search(
    ngx_snapshot_pairs_t *pairs);
static ngx_snapshot_inline unsigned ngx_snapshot_path_mask(
    ngx_snapshot_vector_t v);
static int ngx_snapshot_path_split(ngx_snapshot_path_t *p,
    ngx_snapshot_str_t path, ngx_snapshot_str_t prefix, unsigned kind,
    unsigned max);
static const u_char *ngx_snapshot_path_begin(ngx_snapshot_path_t *p,
    ngx_snapshot_str_t path, ngx_snapshot_str_t prefix);
static ngx_snapshot_inline int ngx_snapshot_path_keep(ngx_snapshot_path_t *p,
    const u_char *begin, const u_char *end);
static ngx_snapshot_inline int ngx_snapshot_path_is_dots(const u_char *p,
    size_t len);
static ngx_snapshot_inline unsigned ngx_snapshot_path_others(const u_char *p,
    const u_char *last);
static int ngx_snapshot_path_escaped(ngx_snapshot_path_t *p,
    const ngx_snapshot_mem_t *mem, ngx_snapshot_reading_t *r,
    ngx_snapshot_str_t prefix);
static void ngx_snapshot_path_forms(ngx_snapshot_reading_t *r, u_char *buf);
static int ngx_snapshot_path_odd(ngx_snapshot_path_t *p,
    const ngx_snapshot_mem_t *mem, ngx_snapshot_reading_t *r,
    ngx_snapshot_str_t prefix);
static u_char *ngx_snapshot_path_decode(u_char *buf, ngx_snapshot_str_t path);
static ngx_snapshot_inline int ngx_snapshot_path_is_hex(const u_char *p);
static ngx_snapshot_inline u_char ngx_snapshot_path_hex(const u_char *p);
static void ngx_snapshot_path_head(ngx_snapshot_path_t *p,
    ngx_snapshot_reading_t *r);
static size_t ngx_snapshot_path_behind(const ngx_snapshot_reading_t *r,
    ngx_snapshot_str_t segment);
static int ngx_snapshot_path_is_harmless(ngx_snapshot_path_t *p,
    const ngx_snapshot_reading_t *r);
static int ngx_snapshot_path_rest(const ngx_snapshot_path_t *p,
    const ngx_snapshot_reading_t *r, ngx_snapshot_str_t text);
static int ngx_snapshot_path_first(const ngx_snapshot_reading_t *r,
    ngx_snapshot_str_t text, size_t i);
static int ngx_snapshot_path_is_kept(u_char c);
static int ngx_snapshot_path_is_named(const ngx_snapshot_path_t *p,
    const ngx_snapshot_reading_t *r, ngx_snapshot_str_t text, size_t i);
static int ngx_snapshot_path_climbs(ngx_snapshot_str_t text, size_t i);
static unsigned ngx_snapshot_path_why(ngx_snapshot_str_t path);
static int ngx_snapshot_path_normal(ngx_snapshot_str_t *normal, u_char *out,
    ngx_snapshot_str_t text, ngx_snapshot_str_t prefix);
static u_char *ngx_snapshot_path_piece(u_char *d, const u_char **p,
    const u_char *last);
static const u_char *ngx_snapshot_path_climb(ngx_snapshot_str_t text);


#define S(s)  ngx_snapshot_string(s)

const ngx_snapshot_str_t  ngx_snapshot_oddities[NGX_SNAPSHOT_ODDITIES] = {
    S("an escape"), S("\";\""), S("\"\\\""), S("\"#\""),
    S("a byte that paths have only escaped"), S("a slash at its end"),
    S("a doubled slash"), S("a dot segment"), S("no slash at its start"),
    S("a suffix"), S("capital letters")
};

static const ngx_snapshot_str_t  ngx_snapshot_dots = S("..");
static const ngx_snapshot_str_t  ngx_snapshot_slashes = S("//");
static const ngx_snapshot_str_t  ngx_snapshot_slash_dot = S("/.");

#undef S


/* what is odd about a byte of a path */

static const u_char  ngx_snapshot_odd[256] = {
    [0 ... ' '] = NGX_SNAPSHOT_ODD_BYTE,
    ['"'] = NGX_SNAPSHOT_ODD_BYTE,
    ['#'] = NGX_SNAPSHOT_ODD_FRAGMENT,
    ['%'] = NGX_SNAPSHOT_ODD_ESCAPE,
    [';'] = NGX_SNAPSHOT_ODD_SEMICOLON,
    ['<'] = NGX_SNAPSHOT_ODD_BYTE,
    ['>'] = NGX_SNAPSHOT_ODD_BYTE,
    ['?'] = NGX_SNAPSHOT_ODD_BYTE,
    ['['] = NGX_SNAPSHOT_ODD_BYTE,
    ['\\'] = NGX_SNAPSHOT_ODD_BACKSLASH,
    [']' ... '^'] = NGX_SNAPSHOT_ODD_BYTE,
    ['`'] = NGX_SNAPSHOT_ODD_BYTE,
    ['{' ... '}'] = NGX_SNAPSHOT_ODD_BYTE,
    [0x7f ... 0xff] = NGX_SNAPSHOT_ODD_BYTE
};


int
ngx_snapshot_path_hints(ngx_snapshot_str_t path, ngx_snapshot_str_t word)
{
    ngx_snapshot_pairs_t  pairs;

    if (path.len == 0 || memchr(path.data, '%', path.len)) {
        return path.len > 0;
    }

    ngx_snapshot_path_pairs(&pairs, path, word);

    return ngx_snapshot_path_next(&pairs) != NGX_SNAPSHOT_NOWHERE;
}


int
ngx_snapshot_path_read(ngx_snapshot_path_t *p, const ngx_snapshot_mem_t *mem,
    ngx_snapshot_str_t path, ngx_snapshot_str_t prefix,
    const ngx_snapshot_path_words_t *words, unsigned use)
{
    ngx_snapshot_reading_t  r;

    r.path = path;
    r.words = words;
    r.use = use;

    p->kind = NGX_SNAPSHOT_PATH_PLAIN;
    p->odd = 0;

    if (path.len && memchr(path.data, '%', path.len)) {
        return ngx_snapshot_path_escaped(p, mem, &r, prefix);
    }

    if (ngx_snapshot_path_split(p, path, prefix, NGX_SNAPSHOT_BYTE_PATH,
                                UINT_MAX))
    {
        p->scope = ngx_snapshot_path_collects(p, words->collection)
                   || ngx_snapshot_path_word(path, words->collection, 0)
                      != NGX_SNAPSHOT_NOWHERE;
        return NGX_SNAPSHOT_OK;
    }

    r.form[0].text = path;
    r.form[0].word = ngx_snapshot_path_word(path, words->collection, 1);
    r.forms = 1;

    p->scope = r.form[0].word != NGX_SNAPSHOT_NOWHERE;

    if (!p->scope) {
        return NGX_SNAPSHOT_OK;
    }

    return ngx_snapshot_path_odd(p, mem, &r, prefix);
}


/* 1 where a segment is the word, as one mostly is */

static int
ngx_snapshot_path_collects(const ngx_snapshot_path_t *p,
    ngx_snapshot_str_t word)
{
    unsigned  i;

    for (i = 0; i < p->segments && i < NGX_SNAPSHOT_SEGMENTS; i++) {
        if (ngx_snapshot_same(p->segment[i], word)) {
            return 1;
        }
    }

    return 0;
}


int
ngx_snapshot_path_is_plain(ngx_snapshot_str_t path)
{
    ngx_snapshot_path_t  p;

    static const ngx_snapshot_str_t  none = ngx_snapshot_null;

    return ngx_snapshot_path_split(&p, path, none, NGX_SNAPSHOT_BYTE_PATH,
                                   UINT_MAX);
}


/* where the word is, in any letters: for the first time, or for the last */

static size_t
ngx_snapshot_path_word(ngx_snapshot_str_t text, ngx_snapshot_str_t word,
    int last)
{
    size_t                i, found;
    ngx_snapshot_pairs_t  pairs;

    found = NGX_SNAPSHOT_NOWHERE;

    ngx_snapshot_path_pairs(&pairs, text, word);

    for (i = ngx_snapshot_path_next(&pairs); i != NGX_SNAPSHOT_NOWHERE;
         i = ngx_snapshot_path_next(&pairs))
    {
        if ((i == 0 || !ngx_snapshot_is(text.data[i - 1],
                                        NGX_SNAPSHOT_BYTE_WORD))
            && ngx_snapshot_path_begins(text, i, word))
        {
            found = i;

            if (!last) {
                break;
            }
        }
    }

    return found;
}


/* where a version is for the first time; *which is its number */

static size_t
ngx_snapshot_path_version(ngx_snapshot_str_t text,
    const ngx_snapshot_path_words_t *words, unsigned *which)
{
    size_t    i, first;
    unsigned  n;

    first = NGX_SNAPSHOT_NOWHERE;
    *which = words->versions;

    for (n = 0; n < words->versions; n++) {

        i = ngx_snapshot_path_word(text, words->version[n], 0);

        if (i < first) {
            first = i;
            *which = n;
        }
    }

    return first;
}


/* 1 where the word is at i, in any letters, and nothing of a word behind it */

static int
ngx_snapshot_path_begins(ngx_snapshot_str_t text, size_t i,
    ngx_snapshot_str_t word)
{
    size_t  n;

    if (text.len - i < word.len) {
        return 0;
    }

    for (n = 0; n < word.len; n++) {

        if (text.data[i + n] != word.data[n]
            && ngx_snapshot_lower(text.data[i + n]) != word.data[n])
        {
            return 0;
        }
    }

    i += word.len;

    return i == text.len
           || !ngx_snapshot_is(text.data[i], NGX_SNAPSHOT_BYTE_WORD);
}


/* begins a search for the first two bytes of a word, one behind the other */

static ngx_snapshot_inline void
ngx_snapshot_path_pairs(ngx_snapshot_pairs_t *pairs, ngx_snapshot_str_t text,
    ngx_snapshot_str_t word)
{
    pairs->text = text;
    pairs->first = word.data[0];
    pairs->second = word.data[1];
    pairs->mask = 0;
    pairs->base = 0;
    pairs->next = 0;
}


/* the next place, or NGX_SNAPSHOT_NOWHERE */

static ngx_snapshot_inline size_t
ngx_snapshot_path_next(ngx_snapshot_pairs_t *pairs)
{
    size_t  i;

    while (pairs->mask == 0) {

        if (pairs->next + 1 >= pairs->text.len) {
            return NGX_SNAPSHOT_NOWHERE;
        }

        ngx_snapshot_path_search(pairs);
    }

    i = pairs->base + __builtin_ctz(pairs->mask);
    pairs->mask &= pairs->mask - 1;

    return i;
}


/* searches the next bytes of a vector, or fewer */

static ngx_snapshot_inline void
ngx_snapshot_path_search(ngx_snapshot_pairs_t *pairs)
{
    size_t                 i, end;
    const u_char          *p;
    ngx_snapshot_vector_t  a, b;

    end = pairs->text.len - 1;
    i = pairs->next;
    pairs->next += NGX_SNAPSHOT_VECTOR;

    if (end < NGX_SNAPSHOT_VECTOR) {

        for (p = pairs->text.data; i < end; i++) {
            pairs->mask |= (unsigned) ((p[i] | 0x20) == pairs->first
                                       && (p[i + 1] | 0x20) == pairs->second)
                           << i;
        }

        return;
    }

    /* the last vector overlaps the one before */

    pairs->base = (pairs->next > end) ? end - NGX_SNAPSHOT_VECTOR : i;

    p = pairs->text.data + pairs->base;

    memcpy(&a, p, NGX_SNAPSHOT_VECTOR);
    memcpy(&b, p + 1, NGX_SNAPSHOT_VECTOR);

    a = (ngx_snapshot_vector_t) ((a | 0x20) == pairs->first)
        & (ngx_snapshot_vector_t) ((b | 0x20) == pairs->second);

    pairs->mask = ngx_snapshot_path_mask(a) & (0xffffU << (i - pairs->base));
}


/* a bit for each byte of a comparison, the first one lowest */

static ngx_snapshot_inline unsigned
ngx_snapshot_path_mask(ngx_snapshot_vector_t v)
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


/*
 * Cuts a path at its slashes, from the prefix on, up to where a segment has a
 * byte that is not of the kind, or max have been found.  0 where that is not
 * the end.
 */

static int
ngx_snapshot_path_split(ngx_snapshot_path_t *p, ngx_snapshot_str_t path,
    ngx_snapshot_str_t prefix, unsigned kind, unsigned max)
{
    unsigned       mask;
    const u_char  *s, *last, *begin, *block;

    begin = ngx_snapshot_path_begin(p, path, prefix);
    last = path.data + path.len;

    if (begin == NULL) {
        return 0;
    }

    for (block = begin; block < last; block += NGX_SNAPSHOT_VECTOR) {

        /* whatever is no letter, digit, "-" or "_" */

        for (mask = ngx_snapshot_path_others(block, last); mask;
             mask &= mask - 1)
        {
            s = block + __builtin_ctz(mask);

            if (*s == '/') {

                if (!ngx_snapshot_path_keep(p, begin, s)
                    || p->segments == max)
                {
                    return 0;
                }

                begin = s + 1;

            } else if (!ngx_snapshot_is(*s, kind)) {
                return 0;

            } else {
                p->dots = 1;
            }
        }
    }

    return ngx_snapshot_path_keep(p, begin, last);
}


/* the first byte of the path behind the prefix and a slash, or NULL */

static const u_char *
ngx_snapshot_path_begin(ngx_snapshot_path_t *p, ngx_snapshot_str_t path,
    ngx_snapshot_str_t prefix)
{
    ngx_snapshot_str_t  head;

    p->segments = 0;
    p->dotted = 0;
    p->dots = 0;
    p->capitals = 0;

    head.data = path.data;
    head.len = prefix.len;

    p->foreign = path.len <= prefix.len || path.data[prefix.len] != '/'
                 || !ngx_snapshot_caseeq(head, prefix);

    if (p->foreign) {
        return (path.len && path.data[0] == '/') ? path.data + 1 : NULL;
    }

    if (prefix.len) {
        p->capitals = !ngx_snapshot_eq(head, prefix);
    }

    return path.data + prefix.len + 1;
}


/* keeps a segment; 0 for one that is empty, or a dot segment */

static ngx_snapshot_inline int
ngx_snapshot_path_keep(ngx_snapshot_path_t *p, const u_char *begin,
    const u_char *end)
{
    if (begin == end || ngx_snapshot_path_is_dots(begin, end - begin)) {
        return 0;
    }

    p->dotted = (*begin == '.') ? p->dotted + 1 : 0;

    if (p->segments < NGX_SNAPSHOT_SEGMENTS) {
        p->segment[p->segments].data = begin;
        p->segment[p->segments].len = end - begin;
    }

    p->segments++;

    return 1;
}


static ngx_snapshot_inline int
ngx_snapshot_path_is_dots(const u_char *p, size_t len)
{
    return *p == '.' && (len == 1 || (len == 2 && p[1] == '.'));
}


/* a bit for each byte of a vector that is no letter, digit, "-" or "_" */

static ngx_snapshot_inline unsigned
ngx_snapshot_path_others(const u_char *p, const u_char *last)
{
    unsigned               all;
    ngx_snapshot_vector_t  v;

    static const ngx_snapshot_vector_t  none;

    all = 0xffff;
    v = none;

    if (last - p >= (ptrdiff_t) NGX_SNAPSHOT_VECTOR) {
        memcpy(&v, p, NGX_SNAPSHOT_VECTOR);

    } else {
        memcpy(&v, p, last - p);
        all = (1U << (last - p)) - 1;
    }

    v = (ngx_snapshot_vector_t) ((v | 0x20) - 'a' <= 'z' - 'a')
        | (ngx_snapshot_vector_t) (v - '0' <= '9' - '0')
        | (ngx_snapshot_vector_t) (v == '-')
        | (ngx_snapshot_vector_t) (v == '_');

    return ~ngx_snapshot_path_mask(v) & all;
}


/*
 * What holds of a path for every server has to hold of both forms: decoded
 * until nothing changes, with the "%" that are left and with all of these taken
 * out, as servers do that ignore a broken escape.
 */

static int
ngx_snapshot_path_escaped(ngx_snapshot_path_t *p,
    const ngx_snapshot_mem_t *mem, ngx_snapshot_reading_t *r,
    ngx_snapshot_str_t prefix)
{
    u_char   local[NGX_SNAPSHOT_PATH_LOCAL], *buf;
    size_t   size;

    size = 2 * r->path.len;
    buf = (size <= sizeof(local)) ? local : mem->alloc(mem->data, size);

    if (buf == NULL) {
        return NGX_SNAPSHOT_ERROR;
    }

    ngx_snapshot_path_forms(r, buf);

    p->scope = r->form[0].word != NGX_SNAPSHOT_NOWHERE
               || r->form[r->forms - 1].word != NGX_SNAPSHOT_NOWHERE;

    return p->scope ? ngx_snapshot_path_odd(p, mem, r, prefix)
                    : NGX_SNAPSHOT_OK;
}


/* makes one form, or both where they differ; buf has room for both */

static void
ngx_snapshot_path_forms(ngx_snapshot_reading_t *r, u_char *buf)
{
    u_char               *p, *last, *out;
    ngx_snapshot_form_t  *f;

    last = ngx_snapshot_path_decode(buf, r->path);

    f = r->form;

    f[0].text.data = buf;
    f[0].text.len = last - buf;
    f[0].word = ngx_snapshot_path_word(f[0].text, r->words->collection, 1);

    r->forms = 1;

    if (memchr(buf, '%', last - buf) == NULL) {
        return;
    }

    out = last;

    for (p = buf; p < last; p++) {
        *out = *p;
        out += (*p != '%');
    }

    f[1].text.data = last;
    f[1].text.len = out - last;
    f[1].word = ngx_snapshot_path_word(f[1].text, r->words->collection, 1);

    r->forms = 2;
}


/* harmless or odd; the forms are known */

static int
ngx_snapshot_path_odd(ngx_snapshot_path_t *p, const ngx_snapshot_mem_t *mem,
    ngx_snapshot_reading_t *r, ngx_snapshot_str_t prefix)
{
    u_char              *buf;
    ngx_snapshot_str_t   normal;

    /* the segments up to one that is not plain */

    (void) ngx_snapshot_path_split(p, r->path, prefix, NGX_SNAPSHOT_BYTE_PATH,
                                   NGX_SNAPSHOT_SEGMENTS);

    ngx_snapshot_path_head(p, r);

    if (ngx_snapshot_path_is_harmless(p, r)) {
        p->kind = NGX_SNAPSHOT_PATH_HARMLESS;
        return NGX_SNAPSHOT_OK;
    }

    p->kind = NGX_SNAPSHOT_PATH_ODD;
    p->odd = ngx_snapshot_path_why(r->path);
    p->segments = 0;

    /* it may be a slash longer than what it is made from */

    buf = mem->alloc(mem->data, r->form[0].text.len + 1);
    if (buf == NULL) {
        return NGX_SNAPSHOT_ERROR;
    }

    if (ngx_snapshot_path_normal(&normal, buf, r->form[0].text, prefix)) {
        (void) ngx_snapshot_path_split(p, normal, prefix,
                                       NGX_SNAPSHOT_BYTE_NO_SLASH, UINT_MAX);
    }

    return NGX_SNAPSHOT_OK;
}


/*
 * Decodes until nothing changes, in one go: where a byte completes an escape
 * with those before it, they become one byte, which may complete another.  Two
 * escapes never share a byte, so the order does not matter.
 */

static u_char *
ngx_snapshot_path_decode(u_char *buf, ngx_snapshot_str_t path)
{
    u_char         c, *d;
    const u_char  *p, *last;

    last = path.data + path.len;
    p = memchr(path.data, '%', path.len);

    if (p == NULL) {
        p = last;
    }

    memcpy(buf, path.data, p - path.data);
    buf += p - path.data;
    d = buf;

    while (p < last) {

        c = *p++;

        if (c == '%' && last - p >= 2 && ngx_snapshot_path_is_hex(p)) {
            c = ngx_snapshot_path_hex(p);
            p += 2;
        }

        *d++ = c;

        /* only a digit completes an escape of what was decoded */

        if (!ngx_snapshot_is(c, NGX_SNAPSHOT_BYTE_HEX)) {
            continue;
        }

        while (d - buf >= 3 && d[-3] == '%' && ngx_snapshot_path_is_hex(d - 2))
        {
            d[-3] = ngx_snapshot_path_hex(d - 2);
            d -= 2;
        }
    }

    return d;
}


static ngx_snapshot_inline int
ngx_snapshot_path_is_hex(const u_char *p)
{
    return ngx_snapshot_bytes[p[0]] & ngx_snapshot_bytes[p[1]]
           & NGX_SNAPSHOT_BYTE_HEX;
}


/* of two hex digits */

static ngx_snapshot_inline u_char
ngx_snapshot_path_hex(const u_char *p)
{
    return (u_char) (((p[0] & 0x0f) + (p[0] >> 6) * 9) << 4
                     | ((p[1] & 0x0f) + (p[1] >> 6) * 9));
}


/*
 * Finds "[prefix]/{version}[/{project_id}]/{collection}/" at the start of the
 * path, all of it plain and in its own letters; the segments are those that
 * have a slash behind them.
 */

static void
ngx_snapshot_path_head(ngx_snapshot_path_t *p, ngx_snapshot_reading_t *r)
{
    unsigned  i, n, at, version;

    r->head = 0;
    r->tail = 0;
    p->project.len = 0;

    if (p->capitals) {
        return;
    }

    n = (p->segments < NGX_SNAPSHOT_SEGMENTS) ? p->segments
                                                : NGX_SNAPSHOT_SEGMENTS;

    for (i = 0; i < n; i++) {

        if (ngx_snapshot_path_version(p->segment[i], r->words, &version) == 0
            && ngx_snapshot_eq(p->segment[i], r->words->version[version]))
        {
            at = i + 1;

            if (at + 1 < n
                && ngx_snapshot_eq(p->segment[at + 1], r->words->collection))
            {
                p->project = p->segment[at++];
            }

            if (at < n
                && ngx_snapshot_eq(p->segment[at], r->words->collection))
            {
                r->head = ngx_snapshot_path_behind(r, p->segment[at]);

                if (at + 1 < n) {
                    r->tail = ngx_snapshot_path_behind(r, p->segment[at + 1]);
                }

                return;
            }
        }

        if (!(r->use & NGX_SNAPSHOT_USE_ANYWHERE)) {
            return;
        }
    }
}


/* where the path goes on behind the slash that ends a segment of it */

static size_t
ngx_snapshot_path_behind(const ngx_snapshot_reading_t *r,
    ngx_snapshot_str_t segment)
{
    return segment.data + segment.len + 1 - r->path.data;
}


/* 1 where no server can take the path for an operation's, for one reason */

static int
ngx_snapshot_path_is_harmless(ngx_snapshot_path_t *p,
    const ngx_snapshot_reading_t *r)
{
    size_t                      at;
    unsigned                    i, which, versions, rests;
    const ngx_snapshot_form_t  *f;

    versions = 0;
    rests = 0;
    p->version = r->words->versions;

    for (i = 0; i < r->forms; i++) {

        f = &r->form[i];

        at = ngx_snapshot_path_version(f->text, r->words, &which);

        if (p->version == r->words->versions) {
            p->version = which;
        }

        versions += f->word != NGX_SNAPSHOT_NOWHERE && at < f->word;
        rests += r->head && ngx_snapshot_path_rest(p, r, f->text);
    }

    return versions == 0 || rests == r->forms
           || !(r->use & NGX_SNAPSHOT_USE_JUDGED);
}


/*
 * 1 where nothing behind the head can take a part of the head away, or itself
 * vanish, or be what is judged there.  The head is the same in all forms.
 */

static int
ngx_snapshot_path_rest(const ngx_snapshot_path_t *p,
    const ngx_snapshot_reading_t *r, ngx_snapshot_str_t text)
{
    size_t  i;

    i = r->head;

    if (i >= text.len || !ngx_snapshot_path_first(r, text, i)) {
        return 0;
    }

    /* nobody finds a single segment where two are sure to stay */

    if (r->use & NGX_SNAPSHOT_USE_MEMBER
        && (r->tail == 0 || r->tail >= text.len
            || !ngx_snapshot_path_is_kept(text.data[r->tail])))
    {
        return 0;
    }

    if (ngx_snapshot_path_is_named(p, r, text, i)) {
        return 0;
    }

    /* segments that begin with "#" or "?" may vanish before another one */

    for ( /* void */ ; ngx_snapshot_is_cut(text.data[r->head]) && i < text.len;
          i++)
    {
        if (ngx_snapshot_is_slash(text.data[i])
            && i + 1 < text.len && !ngx_snapshot_is_slash(text.data[i + 1])
            && ngx_snapshot_path_is_named(p, r, text, i + 1))
        {
            return 0;
        }
    }

    return !ngx_snapshot_path_climbs(text, r->head);
}


/*
 * 1 where the first byte of the rest, at i, stays whatever a server cuts.
 * Names are looked up that begin with "#", "?" or a dot: there a server that
 * cuts these reads a list, which shows no more than the look-up.
 */

static int
ngx_snapshot_path_first(const ngx_snapshot_reading_t *r,
    ngx_snapshot_str_t text, size_t i)
{
    u_char  c;

    c = text.data[i];

    if (ngx_snapshot_path_is_kept(c)) {
        return 1;
    }

    if (!(r->use & NGX_SNAPSHOT_USE_NAMES)) {
        return 0;
    }

    if (c == '.') {
        return i + 1 < text.len && ngx_snapshot_path_is_kept(text.data[i + 1]);
    }

    return ngx_snapshot_is_cut(c) && r->path.data[i] == '%';
}


static int
ngx_snapshot_path_is_kept(u_char c)
{
    return c != '.' && !ngx_snapshot_is(c, NGX_SNAPSHOT_BYTE_BREAK);
}


/*
 * 1 where the text at i begins with a word that may be judged there.  The first
 * letters of the literal may be the digits of an escape: "%%64e" is "%de" to a
 * server that decodes it once, and "de" to one that has dropped the first "%",
 * which begins no escape.
 */

static int
ngx_snapshot_path_is_named(const ngx_snapshot_path_t *p,
    const ngx_snapshot_reading_t *r, ngx_snapshot_str_t text, size_t i)
{
    ngx_snapshot_str_t  literal;

    /* a project may have the name of the collection */

    if (i < text.len && p->project.len == 0
        && ngx_snapshot_path_begins(text, i, r->words->collection))
    {
        return 1;
    }

    literal = r->words->literal;

    if (i == text.len || literal.len <= 2
        || !(r->use & NGX_SNAPSHOT_USE_NAMES))
    {
        return 0;
    }

    if (ngx_snapshot_path_is_hex(literal.data)
        && text.data[i] == ngx_snapshot_path_hex(literal.data))
    {
        literal.data += 2;
        literal.len -= 2;
        i++;
    }

    return ngx_snapshot_path_begins(text, i, literal);
}


/* 1 where a piece of the text from i on is "..", which may resolve */

static int
ngx_snapshot_path_climbs(ngx_snapshot_str_t text, size_t i)
{
    size_t                n;
    ngx_snapshot_str_t    rest;
    ngx_snapshot_pairs_t  pairs;

    rest.data = text.data + i;
    rest.len = text.len - i;

    ngx_snapshot_path_pairs(&pairs, rest, ngx_snapshot_dots);

    for (n = ngx_snapshot_path_next(&pairs); n != NGX_SNAPSHOT_NOWHERE;
         n = ngx_snapshot_path_next(&pairs))
    {
        /* a slash is before the rest */

        i = text.len - rest.len + n;

        if (ngx_snapshot_is(text.data[i - 1], NGX_SNAPSHOT_BYTE_BREAK)
            && text.data[i] == '.' && text.data[i + 1] == '.'
            && (i + 2 == text.len
                || ngx_snapshot_is(text.data[i + 2], NGX_SNAPSHOT_BYTE_BREAK)))
        {
            return 1;
        }
    }

    return 0;
}


/* what is odd in a path, all of it */

static unsigned
ngx_snapshot_path_why(ngx_snapshot_str_t path)
{
    size_t                i;
    unsigned              why;
    ngx_snapshot_pairs_t  pairs;

    why = (path.data[0] == '/') ? 0 : NGX_SNAPSHOT_ODD_START;

    for (i = 0; i + 4 <= path.len; i += 4) {
        why |= ngx_snapshot_odd[path.data[i]]
               | ngx_snapshot_odd[path.data[i + 1]]
               | ngx_snapshot_odd[path.data[i + 2]]
               | ngx_snapshot_odd[path.data[i + 3]];
    }

    for ( /* void */ ; i < path.len; i++) {
        why |= ngx_snapshot_odd[path.data[i]];
    }

    if (path.data[path.len - 1] == '/') {
        why |= NGX_SNAPSHOT_ODD_TRAILING;
    }

    ngx_snapshot_path_pairs(&pairs, path, ngx_snapshot_slashes);

    if (ngx_snapshot_path_next(&pairs) != NGX_SNAPSHOT_NOWHERE) {
        why |= NGX_SNAPSHOT_ODD_DOUBLED;
    }

    ngx_snapshot_path_pairs(&pairs, path, ngx_snapshot_slash_dot);

    for (i = ngx_snapshot_path_next(&pairs); i != NGX_SNAPSHOT_NOWHERE;
         i = ngx_snapshot_path_next(&pairs))
    {
        i += (i + 2 < path.len && path.data[i + 2] == '.') ? 3 : 2;

        if (i == path.len || path.data[i] == '/') {
            return why | NGX_SNAPSHOT_ODD_DOTS;
        }
    }

    return why;
}


/*
 * Makes the normal form of a decoded path but for its suffix: parameters and
 * blanks cut off segments, then empty and dot segments resolved.  out has room
 * for a byte more than the text.  0 where there are too many segments.
 */

static int
ngx_snapshot_path_normal(ngx_snapshot_str_t *normal, u_char *out,
    ngx_snapshot_str_t text, ngx_snapshot_str_t prefix)
{
    u_char        *d, *begin;
    size_t         n, max, depth;
    const u_char  *p, *last, *climb;

    p = text.data;
    last = p + text.len;
    climb = ngx_snapshot_path_climb(text);
    depth = 0;
    d = out;

    for (n = 0, max = NGX_SNAPSHOT_PATH_DEPTH; n < prefix.len; n++) {
        max += (prefix.data[n] == '/');
    }

    while (p < last) {

        /* nothing takes a segment away any more */

        if (depth > max && p > climb) {
            return 0;
        }

        begin = d;
        d = ngx_snapshot_path_piece(d, &p, last);

        n = d - begin;

        if (n > 0 && !ngx_snapshot_path_is_dots(begin + 1, n - 1)) {
            depth++;
            continue;
        }

        d = begin;

        if (n == 3 && depth) {
            depth--;
            while (*--d != '/') { /* void */ }
        }
    }

    normal->data = out;
    normal->len = d - out;

    return depth <= max;
}


/*
 * Writes a slash and what is between the slashes at *p to d, without parameters
 * and blanks behind it, or nothing.  Returns the end of it.
 */

static u_char *
ngx_snapshot_path_piece(u_char *d, const u_char **p, const u_char *last)
{
    u_char        *begin;
    const u_char  *s;

    s = *p;

    while (s < last && ngx_snapshot_is_slash(*s)) {
        s++;
    }

    begin = d;
    *d++ = '/';

    while (s < last && !ngx_snapshot_is_slash(*s) && *s != ';') {
        *d++ = *s++;
    }

    while (s < last && !ngx_snapshot_is_slash(*s)) {
        s++;
    }

    while (d > begin + 1 && ngx_snapshot_is_blank(d[-1])) {
        d--;
    }

    *p = s;

    return (d == begin + 1) ? begin : d;
}


/* where ".." is for the last time, or the start */

static const u_char *
ngx_snapshot_path_climb(ngx_snapshot_str_t text)
{
    size_t                i, last;
    ngx_snapshot_pairs_t  pairs;

    last = 0;

    ngx_snapshot_path_pairs(&pairs, text, ngx_snapshot_dots);

    for (i = ngx_snapshot_path_next(&pairs); i != NGX_SNAPSHOT_NOWHERE;
         i = ngx_snapshot_path_next(&pairs))
    {
        last = i;
    }

    return text.data + last;
}
