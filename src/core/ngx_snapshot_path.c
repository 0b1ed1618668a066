
/*
 * Sorts paths into plain, odd and harmless, and odd.  It knows what servers do
 * to a path, and no operation.
 */

#include "ngx_snapshot_path.h"
#include "ngx_snapshot_text.h"
#include "ngx_snapshot_vector.h"


/*
 * What a path costs.  Bytes are compared a vector at once, which takes some 1
 * to 3 instructions a byte for each search, whatever the bytes are.  What is
 * looked at beyond that are places that a search finds: the start of a segment,
 * an escape, or a word with its first two bytes, its last one and no part of a
 * word on either side.  No byte belongs to two of these, and no place to more
 * than one search, so that the sum is bounded: t/path-cost.t has the figures.
 * The second form of a path is made only where the first one decides nothing,
 * and a normal form is looked for only where the first one has a version before
 * the word.
 */


/* forms of a path that take no more are made without an allocation */

#define NGX_SNAPSHOT_PATH_LOCAL  512

/* a normal form of more segments, with the suffixes behind it, is unknown */

#define NGX_SNAPSHOT_PATH_DEPTH  64

#define NGX_SNAPSHOT_NOWHERE  SIZE_MAX

/* zeros before the first form, to look back at */

#define NGX_SNAPSHOT_PATH_BEFORE  3

#define ngx_snapshot_is(c, kind)  (ngx_snapshot_bytes[c] & (kind))
#define ngx_snapshot_is_slash(c)  ((c) == '/' || (c) == '\\')
#define ngx_snapshot_is_blank(c)  ((c) <= 0x20 || (c) == 0x85 || (c) == 0xa0)

#define ngx_snapshot_is_cut(c)    ((c) == '#' || (c) == '?')

#define ngx_snapshot_lower(c)                                                 \
    (u_char) ((c) >= 'A' && (c) <= 'Z' ? (c) | 0x20 : (c))


/*
 * A search of text for a word: for its first two bytes and its last one, of
 * which small letters have a bit more.  mask has the places from base on.
 */

typedef struct {
    ngx_snapshot_str_t                text;
    ngx_snapshot_str_t                word;
    ngx_snapshot_vector_t             byte[3];
    ngx_snapshot_vector_t             small[3];
    size_t                            base;
    size_t                            next;
    unsigned                          mask;
} ngx_snapshot_search_t;


/*
 * A path in hand.  What holds of it for every server has to hold of both forms:
 * decoded until nothing changes, with the "%" that are left and with all of
 * these taken out, as servers do that ignore a broken escape.  room: where the
 * second form is made, NULL where it is the same.  word: where it is for the
 * first time in the first form.  means: that form may be an operation's.
 * head and tail: the bytes of the head of the path, and with a segment.
 */

typedef struct {
    ngx_snapshot_str_t                path;
    ngx_snapshot_str_t                prefix;
    const ngx_snapshot_path_words_t  *words;
    unsigned                          use;
    unsigned                          local;
    unsigned                          means;
    ngx_snapshot_str_t                form[2];
    size_t                            word[2];
    u_char                           *room;
    size_t                            head;
    size_t                            tail;
} ngx_snapshot_reading_t;


/*
 * The segments of a normal form, from the last one to the first; up: so many
 * before these are taken away by "..".
 */

typedef struct {
    size_t                            n;
    size_t                            up;
    ngx_snapshot_str_t                segment[NGX_SNAPSHOT_PATH_DEPTH];
} ngx_snapshot_normal_t;


static int ngx_snapshot_path_is_inert(ngx_snapshot_str_t text);
static ngx_snapshot_inline ngx_snapshot_vector_t ngx_snapshot_path_plainly(
    ngx_snapshot_vector_t v);
static ngx_snapshot_inline ngx_snapshot_vector_t ngx_snapshot_path_breaks(
    ngx_snapshot_vector_t v);
static size_t ngx_snapshot_path_word(ngx_snapshot_str_t text,
    ngx_snapshot_str_t word);
static ngx_snapshot_inline void ngx_snapshot_path_search(
    ngx_snapshot_search_t *search, ngx_snapshot_str_t text,
    ngx_snapshot_str_t word);
static ngx_snapshot_inline size_t ngx_snapshot_path_next(
    ngx_snapshot_search_t *search, int whole);
static ngx_snapshot_inline ngx_snapshot_vector_t ngx_snapshot_path_byte(
    const ngx_snapshot_search_t *search, size_t i, unsigned n);
static ngx_snapshot_inline unsigned ngx_snapshot_path_starts(
    ngx_snapshot_str_t text, size_t i);
static size_t ngx_snapshot_path_version(ngx_snapshot_str_t text,
    const ngx_snapshot_path_words_t *words, unsigned *which);
static ngx_snapshot_inline int ngx_snapshot_path_begins(
    ngx_snapshot_str_t text, size_t i, ngx_snapshot_str_t word);
static int ngx_snapshot_path_split(ngx_snapshot_path_t *p,
    ngx_snapshot_str_t path, ngx_snapshot_str_t prefix);
static const u_char *ngx_snapshot_path_begin(ngx_snapshot_path_t *p,
    ngx_snapshot_str_t path, ngx_snapshot_str_t prefix);
static ngx_snapshot_inline int ngx_snapshot_path_keep(ngx_snapshot_path_t *p,
    const u_char **begin, const u_char *end);
static ngx_snapshot_inline int ngx_snapshot_path_is_dots(const u_char *p,
    size_t len);
static int ngx_snapshot_path_escaped(ngx_snapshot_path_t *p,
    const ngx_snapshot_mem_t *mem, ngx_snapshot_reading_t *r);
static int ngx_snapshot_path_other(ngx_snapshot_path_t *p,
    const ngx_snapshot_mem_t *mem, ngx_snapshot_reading_t *r, unsigned has);
static int ngx_snapshot_path_meaning(ngx_snapshot_path_t *p,
    const ngx_snapshot_mem_t *mem, const ngx_snapshot_reading_t *r);
static u_char *ngx_snapshot_path_decode(u_char *buf, ngx_snapshot_str_t path);
static ngx_snapshot_inline int ngx_snapshot_path_hex(const u_char *p);
static ngx_snapshot_inline size_t ngx_snapshot_path_copy(u_char *out,
    const u_char *p, const u_char *last);
static void ngx_snapshot_path_bare(ngx_snapshot_reading_t *r);
static void ngx_snapshot_path_head(ngx_snapshot_path_t *p,
    ngx_snapshot_reading_t *r);
static int ngx_snapshot_path_is_version(const ngx_snapshot_path_words_t *words,
    ngx_snapshot_str_t segment);
static size_t ngx_snapshot_path_behind(const ngx_snapshot_reading_t *r,
    ngx_snapshot_str_t segment);
static int ngx_snapshot_path_is_harmless(ngx_snapshot_path_t *p,
    ngx_snapshot_reading_t *r);
static int ngx_snapshot_path_means(const ngx_snapshot_reading_t *r,
    unsigned form, unsigned *which);
static int ngx_snapshot_path_rest(const ngx_snapshot_path_t *p,
    const ngx_snapshot_reading_t *r, ngx_snapshot_str_t text);
static int ngx_snapshot_path_first(const ngx_snapshot_reading_t *r,
    ngx_snapshot_str_t text, size_t i);
static int ngx_snapshot_path_is_kept(u_char c);
static int ngx_snapshot_path_is_named(const ngx_snapshot_path_t *p,
    const ngx_snapshot_reading_t *r, ngx_snapshot_str_t text);
static int ngx_snapshot_path_leads(const ngx_snapshot_reading_t *r,
    ngx_snapshot_str_t text, ngx_snapshot_str_t word, int whole);
static ngx_snapshot_inline unsigned ngx_snapshot_path_before(const u_char *s,
    const u_char *literal);
static int ngx_snapshot_path_climbs(ngx_snapshot_str_t text, size_t i);
static unsigned ngx_snapshot_path_why(ngx_snapshot_str_t path);
static void ngx_snapshot_path_normal(ngx_snapshot_path_t *p,
    ngx_snapshot_str_t text, ngx_snapshot_str_t prefix);
static ngx_snapshot_inline const u_char *ngx_snapshot_path_end(
    const u_char *start, const u_char *p);
static ngx_snapshot_inline int ngx_snapshot_path_add(
    ngx_snapshot_normal_t *normal, const u_char *begin, const u_char *end);
static void ngx_snapshot_path_fill(ngx_snapshot_path_t *p,
    const ngx_snapshot_normal_t *normal, ngx_snapshot_str_t prefix);


#define S(s)  ngx_snapshot_string(s)

const ngx_snapshot_str_t  ngx_snapshot_oddities[NGX_SNAPSHOT_ODDITIES] = {
    S("an escape"), S("\";\""), S("\"\\\""), S("\"#\""),
    S("a byte that paths have only escaped"), S("a slash at its end"),
    S("a doubled slash"), S("a dot segment"), S("no slash at its start"),
    S("a suffix"), S("capital letters")
};

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


unsigned
ngx_snapshot_path_has(ngx_snapshot_str_t text, ngx_snapshot_str_t word)
{
    unsigned                has;
    const u_char           *p, *last;
    ngx_snapshot_vector_t   v, w, first, second, words, escapes;

    first = ngx_snapshot_vector(word.data[0]);
    second = ngx_snapshot_vector(word.data[1]);

    if (text.len <= NGX_SNAPSHOT_VECTOR) {
        v = ngx_snapshot_vector_load(text, 0);
        escapes = ngx_snapshot_are(v, '%');
        words = (ngx_snapshot_vector_t) ((v | 0x20) == first);

    } else {
        escapes = ngx_snapshot_are(
                      ngx_snapshot_vector(text.data[text.len - 1]), '%');
        words = ngx_snapshot_vector(0);

        /* the last vector overlaps the one before */

        last = text.data + text.len - NGX_SNAPSHOT_VECTOR - 1;

        for (p = text.data; /* void */ ; p = (p < last) ? p : last) {

            memcpy(&v, p, NGX_SNAPSHOT_VECTOR);
            memcpy(&w, p + 1, NGX_SNAPSHOT_VECTOR);

            escapes |= ngx_snapshot_are(v, '%');
            words |= (ngx_snapshot_vector_t) ((v | 0x20) == first)
                     & (ngx_snapshot_vector_t) ((w | 0x20) == second);

            if (p == last) {
                break;
            }

            p += NGX_SNAPSHOT_VECTOR;
        }
    }

    has = ngx_snapshot_vector_mask(words) ? NGX_SNAPSHOT_HAS_WORD : 0;

    if (ngx_snapshot_vector_mask(escapes)
        && (has || !ngx_snapshot_path_is_inert(text)))
    {
        has |= NGX_SNAPSHOT_HAS_ESCAPE;
    }

    return has;
}


int
ngx_snapshot_path_read(ngx_snapshot_path_t *p, const ngx_snapshot_mem_t *mem,
    ngx_snapshot_str_t path, ngx_snapshot_str_t prefix,
    const ngx_snapshot_path_words_t *words, unsigned use, unsigned has)
{
    ngx_snapshot_reading_t  r;

    p->kind = NGX_SNAPSHOT_PATH_PLAIN;
    p->odd = 0;
    p->scope = 0;

    if (has == NGX_SNAPSHOT_HAS_WORD
        && ngx_snapshot_path_split(p, path, prefix))
    {
        p->scope = 1;
        return NGX_SNAPSHOT_OK;
    }

    r.path = path;
    r.prefix = prefix;
    r.words = words;
    r.use = use;
    r.local = 0;
    r.room = NULL;
    r.form[0] = path;

    return (has & NGX_SNAPSHOT_HAS_ESCAPE)
           ? ngx_snapshot_path_escaped(p, mem, &r)
           : ngx_snapshot_path_other(p, mem, &r, has);
}


int
ngx_snapshot_path_is_plain(ngx_snapshot_str_t path)
{
    ngx_snapshot_path_t  p;

    static const ngx_snapshot_str_t  none = ngx_snapshot_null;

    return ngx_snapshot_path_split(&p, path, none);
}


int
ngx_snapshot_path_has_word(ngx_snapshot_str_t path, ngx_snapshot_str_t word)
{
    return ngx_snapshot_path_word(path, word) != NGX_SNAPSHOT_NOWHERE;
}


/*
 * 1 where each "%" begins an escape, and of nothing that a word, or another
 * escape, is made of: two letters that are not side by side stay so.
 */

static int
ngx_snapshot_path_is_inert(ngx_snapshot_str_t text)
{
    int            c;
    size_t         i;
    unsigned       mask;
    const u_char  *p;

    for (i = 0; i < text.len; i += NGX_SNAPSHOT_VECTOR) {

        mask = ngx_snapshot_vector_mask(ngx_snapshot_are(
                                     ngx_snapshot_vector_load(text, i), '%'));

        for ( /* void */ ; mask; mask &= mask - 1) {

            p = text.data + i + __builtin_ctz(mask);

            c = (text.data + text.len - p >= 3) ? ngx_snapshot_path_hex(p + 1)
                                                : -1;

            if (c < 0 || c == '%' || ngx_snapshot_is(c, NGX_SNAPSHOT_BYTE_WORD))
            {
                return 0;
            }
        }
    }

    return 1;
}


/* the other bytes of a plain segment: !$&'()*+,.:=@~ */

static ngx_snapshot_inline ngx_snapshot_vector_t
ngx_snapshot_path_plainly(ngx_snapshot_vector_t v)
{
    return ngx_snapshot_within(v, '&', '.')
           | ngx_snapshot_are(v, '!') | ngx_snapshot_are(v, '$')
           | ngx_snapshot_are(v, ':') | ngx_snapshot_are(v, '=')
           | ngx_snapshot_are(v, '@') | ngx_snapshot_are(v, '~');
}


/* where a server may cut, NGX_SNAPSHOT_BYTE_BREAK; and behind the text */

static ngx_snapshot_inline ngx_snapshot_vector_t
ngx_snapshot_path_breaks(ngx_snapshot_vector_t v)
{
    return ngx_snapshot_within(v, 0, 0x20)
           | ngx_snapshot_are(v, '/') | ngx_snapshot_are(v, '\\')
           | ngx_snapshot_are(v, ';') | ngx_snapshot_are(v, '#')
           | ngx_snapshot_are(v, '?') | ngx_snapshot_are(v, '%')
           | ngx_snapshot_are(v, 0x7f) | ngx_snapshot_are(v, 0x85)
           | ngx_snapshot_are(v, 0xa0);
}


/* where the word is for the first time, in any letters */

static size_t
ngx_snapshot_path_word(ngx_snapshot_str_t text, ngx_snapshot_str_t word)
{
    size_t                 i;
    ngx_snapshot_search_t  search;

    ngx_snapshot_path_search(&search, text, word);

    do {
        i = ngx_snapshot_path_next(&search, 1);

    } while (i != NGX_SNAPSHOT_NOWHERE
             && !ngx_snapshot_path_begins(text, i, word));

    return i;
}


static ngx_snapshot_inline void
ngx_snapshot_path_search(ngx_snapshot_search_t *search,
    ngx_snapshot_str_t text, ngx_snapshot_str_t word)
{
    u_char    c;
    unsigned  i;

    search->text = text;
    search->word = word;
    search->mask = 0;
    search->base = 0;
    search->next = 0;

    for (i = 0; i < 3; i++) {
        c = word.data[i < 2 ? i : word.len - 1];
        search->byte[i] = ngx_snapshot_vector(c);
        search->small[i] = ngx_snapshot_vector(c >= 'a' ? 0x20 : 0);
    }
}


/*
 * The next place that may be the word's, or NGX_SNAPSHOT_NOWHERE: no part of a
 * word is behind it, nor before it where it has to be whole.
 */

static ngx_snapshot_inline size_t
ngx_snapshot_path_next(ngx_snapshot_search_t *search, int whole)
{
    size_t                 i;
    ngx_snapshot_vector_t  v;

    while (search->mask == 0) {

        i = search->next;

        if (i + search->word.len > search->text.len) {
            return NGX_SNAPSHOT_NOWHERE;
        }

        v = ngx_snapshot_path_byte(search, i, 0)
            & ngx_snapshot_path_byte(search, i + 1, 1)
            & ngx_snapshot_path_byte(search, i + search->word.len - 1, 2);

        search->base = i;
        search->next += NGX_SNAPSHOT_VECTOR;
        search->mask = ngx_snapshot_vector_mask(v);

        if (search->mask) {
            search->mask &= ~ngx_snapshot_vector_mask(ngx_snapshot_vector_words(
                ngx_snapshot_vector_load(search->text, i + search->word.len)));

            if (whole) {
                search->mask &= ngx_snapshot_path_starts(search->text, i);
            }
        }
    }

    i = search->base + __builtin_ctz(search->mask);
    search->mask &= search->mask - 1;

    return i;
}


/* where the word's byte n is, from i on */

static ngx_snapshot_inline ngx_snapshot_vector_t
ngx_snapshot_path_byte(const ngx_snapshot_search_t *search, size_t i,
    unsigned n)
{
    return (ngx_snapshot_vector_t)
           ((ngx_snapshot_vector_load(search->text, i) | search->small[n])
            == search->byte[n]);
}


/* a bit for each byte from i on that has no part of a word before it */

static ngx_snapshot_inline unsigned
ngx_snapshot_path_starts(ngx_snapshot_str_t text, size_t i)
{
    unsigned  words;

    words = ngx_snapshot_vector_mask(ngx_snapshot_vector_words(
                                         ngx_snapshot_vector_load(text, i)));

    return ~(words << 1
             | (i && ngx_snapshot_is(text.data[i - 1],
                                     NGX_SNAPSHOT_BYTE_WORD)));
}


/*
 * Where a version is for the first time; *which is its number.  All begin with
 * the same letter and a digit, behind which no part of a word is.
 */

static size_t
ngx_snapshot_path_version(ngx_snapshot_str_t text,
    const ngx_snapshot_path_words_t *words, unsigned *which)
{
    u_char                 low, high, digit;
    size_t                 i, at;
    unsigned               n, mask;
    ngx_snapshot_vector_t  v, w;

    low = '9';
    high = '0';

    for (n = 0; n < words->versions; n++) {
        digit = words->version[n].data[1];
        low = (digit < low) ? digit : low;
        high = (digit > high) ? digit : high;
    }

    for (i = 0; i < text.len; i += NGX_SNAPSHOT_VECTOR) {

        v = ngx_snapshot_vector_load(text, i) | 0x20;
        w = ngx_snapshot_vector_load(text, i + 1);

        mask = ngx_snapshot_vector_mask(
                   ngx_snapshot_are(v, words->version[0].data[0])
                   & ngx_snapshot_within(w, low, high));

        if (mask) {
            mask &= ngx_snapshot_path_starts(text, i)
                    & ~ngx_snapshot_vector_mask(ngx_snapshot_vector_words(
                           ngx_snapshot_vector_load(text, i + 2)));
        }

        for ( /* void */ ; mask; mask &= mask - 1) {

            at = i + __builtin_ctz(mask);

            for (n = 0; n < words->versions; n++) {
                if (text.data[at + 1] == words->version[n].data[1]
                    && ngx_snapshot_path_begins(text, at, words->version[n]))
                {
                    *which = n;
                    return at;
                }
            }
        }
    }

    *which = words->versions;

    return NGX_SNAPSHOT_NOWHERE;
}


/* 1 where the word is at i, in any letters, and nothing of a word behind it */

static ngx_snapshot_inline int
ngx_snapshot_path_begins(ngx_snapshot_str_t text, size_t i,
    ngx_snapshot_str_t word)
{
    size_t    n;
    uint64_t  a, b;

    n = i + word.len;

    if (n > text.len
        || (n < text.len && ngx_snapshot_is(text.data[n],
                                            NGX_SNAPSHOT_BYTE_WORD)))
    {
        return 0;
    }

    if (word.len >= sizeof(a)) {

        /* most others are told from a long word at once */

        memcpy(&a, text.data + i, sizeof(a));
        memcpy(&b, word.data, sizeof(b));

        if ((a ^ b) & 0xdfdfdfdfdfdfdfdf) {
            return 0;
        }
    }

    for (n = word.len; n && ngx_snapshot_lower(text.data[i + n - 1])
                            == word.data[n - 1]; n--)
    {
        /* void */
    }

    return n == 0;
}


/*
 * Cuts a path at its slashes, from the prefix on, up to a segment that is not
 * plain.  0 where that is not the end.
 */

static int
ngx_snapshot_path_split(ngx_snapshot_path_t *p, ngx_snapshot_str_t path,
    ngx_snapshot_str_t prefix)
{
    size_t                  i;
    unsigned                slashes, others;
    const u_char           *begin;
    ngx_snapshot_vector_t   v;

    begin = ngx_snapshot_path_begin(p, path, prefix);

    if (begin == NULL) {
        return 0;
    }

    for (i = begin - path.data; i < path.len; i += NGX_SNAPSHOT_VECTOR) {

        v = ngx_snapshot_vector_load(path, i);

        slashes = ngx_snapshot_vector_mask(ngx_snapshot_are(v, '/'));
        others = ngx_snapshot_vector_mask(ngx_snapshot_vector_words(v))
                 ^ slashes ^ 0xffff;

        if (others) {
            p->dots |= ngx_snapshot_vector_mask(ngx_snapshot_are(v, '.'));
            others &= ~ngx_snapshot_vector_mask(ngx_snapshot_path_plainly(v));

            /* what is not plain is the end, and so is the end */

            slashes &= others ? (others & -others) - 1 : 0xffff;
        }

        for ( /* void */ ; slashes; slashes &= slashes - 1) {

            if (!ngx_snapshot_path_keep(p, &begin, path.data + i
                                               + __builtin_ctz(slashes)))
            {
                return 0;
            }
        }

        if (others && i + __builtin_ctz(others) < path.len) {
            return 0;
        }
    }

    return ngx_snapshot_path_keep(p, &begin, path.data + path.len);
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
                 || (prefix.len && !ngx_snapshot_caseeq(head, prefix));

    if (p->foreign) {
        return (path.len && path.data[0] == '/') ? path.data + 1 : NULL;
    }

    if (prefix.len) {
        p->capitals = !ngx_snapshot_eq(head, prefix);
    }

    return path.data + prefix.len + 1;
}


/* keeps the segment before the slash at end; 0 if it is empty, or of dots */

static ngx_snapshot_inline int
ngx_snapshot_path_keep(ngx_snapshot_path_t *p, const u_char **begin,
    const u_char *end)
{
    size_t               len;
    const u_char        *s;
    ngx_snapshot_str_t  *segment;

    s = *begin;
    len = end - s;

    if (len == 0) {
        return 0;
    }

    if (*s == '.') {

        if (ngx_snapshot_path_is_dots(s, len)) {
            return 0;
        }

        p->dotted++;

    } else {
        p->dotted = 0;
    }

    if (p->segments < NGX_SNAPSHOT_SEGMENTS) {
        segment = &p->segment[p->segments];
        segment->data = s;
        segment->len = len;
    }

    p->segments++;
    *begin = end + 1;

    return 1;
}


static ngx_snapshot_inline int
ngx_snapshot_path_is_dots(const u_char *p, size_t len)
{
    return *p == '.' && (len == 1 || (len == 2 && p[1] == '.'));
}


/* decodes the path, with memory for both forms */

static int
ngx_snapshot_path_escaped(ngx_snapshot_path_t *p,
    const ngx_snapshot_mem_t *mem, ngx_snapshot_reading_t *r)
{
    u_char    local[NGX_SNAPSHOT_PATH_LOCAL], *buf, *last;
    size_t    size;
    unsigned  has;

    size = NGX_SNAPSHOT_PATH_BEFORE + 2 * r->path.len;

    r->local = (size <= sizeof(local));
    buf = r->local ? local : mem->alloc(mem->data, size);

    if (buf == NULL) {
        return NGX_SNAPSHOT_ERROR;
    }

    last = ngx_snapshot_path_decode(buf, r->path);

    r->form[0].data = buf + NGX_SNAPSHOT_PATH_BEFORE;
    r->form[0].len = last - r->form[0].data;

    has = ngx_snapshot_path_has(r->form[0], r->words->collection);

    if (has & NGX_SNAPSHOT_HAS_ESCAPE) {
        r->room = last;
    }

    return has ? ngx_snapshot_path_other(p, mem, r, has) : NGX_SNAPSHOT_OK;
}


/* a path that is not plain: out of scope, harmless or odd */

static int
ngx_snapshot_path_other(ngx_snapshot_path_t *p, const ngx_snapshot_mem_t *mem,
    ngx_snapshot_reading_t *r, unsigned has)
{
    r->word[0] = NGX_SNAPSHOT_NOWHERE;
    r->form[1].data = NULL;

    if (has & NGX_SNAPSHOT_HAS_WORD) {
        r->word[0] = ngx_snapshot_path_word(r->form[0], r->words->collection);
    }

    p->scope = r->word[0] != NGX_SNAPSHOT_NOWHERE;

    if (!p->scope && r->room) {
        ngx_snapshot_path_bare(r);
        p->scope = r->word[1] != NGX_SNAPSHOT_NOWHERE;
    }

    if (!p->scope) {
        return NGX_SNAPSHOT_OK;
    }

    /* else that has been done */

    if (r->form[0].data != r->path.data) {
        (void) ngx_snapshot_path_split(p, r->path, r->prefix);
    }

    ngx_snapshot_path_head(p, r);

    if (ngx_snapshot_path_is_harmless(p, r)) {
        p->kind = NGX_SNAPSHOT_PATH_HARMLESS;
        return NGX_SNAPSHOT_OK;
    }

    p->kind = NGX_SNAPSHOT_PATH_ODD;
    p->odd = ngx_snapshot_path_why(r->path);
    p->segments = 0;
    p->dotted = 0;

    return r->means ? ngx_snapshot_path_meaning(p, mem, r) : NGX_SNAPSHOT_OK;
}


/* what an odd path may mean, in memory that stays */

static int
ngx_snapshot_path_meaning(ngx_snapshot_path_t *p,
    const ngx_snapshot_mem_t *mem, const ngx_snapshot_reading_t *r)
{
    u_char              *buf;
    ngx_snapshot_str_t   text;

    text = r->form[0];

    if (r->local) {
        buf = mem->alloc(mem->data, text.len);
        if (buf == NULL) {
            return NGX_SNAPSHOT_ERROR;
        }

        memcpy(buf, text.data, text.len);
        text.data = buf;
    }

    ngx_snapshot_path_normal(p, text, r->prefix);

    return NGX_SNAPSHOT_OK;
}


/*
 * Decodes until nothing changes, in one go: where a byte completes an escape
 * with those before it, they become one byte, which may complete another.  Two
 * escapes never share a byte, so the order does not matter.  The result begins
 * NGX_SNAPSHOT_PATH_BEFORE behind buf, so that there is always something to
 * look back at.
 */

static u_char *
ngx_snapshot_path_decode(u_char *buf, ngx_snapshot_str_t path)
{
    int            c;
    u_char        *d;
    size_t         n;
    const u_char  *p, *last;

    memset(buf, 0, NGX_SNAPSHOT_PATH_BEFORE);

    d = buf + NGX_SNAPSHOT_PATH_BEFORE;
    p = path.data;
    last = p + path.len;

    while (p < last) {

        c = (*p == '%' && last - p >= 3) ? ngx_snapshot_path_hex(p + 1) : -1;

        if (c >= 0) {
            *d++ = (u_char) c;
            p += 3;

        } else if (*p == '%'
                   || ((d[-1] == '%' || d[-2] == '%')
                       && ngx_snapshot_hex[*p] >= 0))
        {
            *d++ = *p++;

        } else {

            /* nothing can be completed */

            n = ngx_snapshot_path_copy(d, p, last);
            d += n;
            p += n;
            continue;
        }

        while (d[-3] == '%' && (c = ngx_snapshot_path_hex(d - 2)) >= 0) {
            d -= 2;
            d[-1] = (u_char) c;
        }
    }

    return d;
}


/* the byte that two hex digits stand for, or -1 where they are none */

static ngx_snapshot_inline int
ngx_snapshot_path_hex(const u_char *p)
{
    return ngx_snapshot_hex[p[0]] * 16 | ngx_snapshot_hex[p[1]];
}


/*
 * Copies the bytes from p on that are before a "%" and before last, a vector of
 * them at most.  out has room for as many as there are before last.  Returns
 * how many these are.
 */

static ngx_snapshot_inline size_t
ngx_snapshot_path_copy(u_char *out, const u_char *p, const u_char *last)
{
    size_t                 n;
    ngx_snapshot_vector_t  v;

    if (last - p >= (ptrdiff_t) NGX_SNAPSHOT_VECTOR) {

        memcpy(&v, p, NGX_SNAPSHOT_VECTOR);
        memcpy(out, &v, NGX_SNAPSHOT_VECTOR);

        return __builtin_ctz(ngx_snapshot_vector_mask(ngx_snapshot_are(v, '%'))
                             | 1U << NGX_SNAPSHOT_VECTOR);
    }

    for (n = 0; p + n < last && p[n] != '%'; n++) {
        out[n] = p[n];
    }

    return n;
}


/* makes the second form, once */

static void
ngx_snapshot_path_bare(ngx_snapshot_reading_t *r)
{
    size_t         n;
    u_char        *out;
    const u_char  *p, *last;

    if (r->form[1].data) {
        return;
    }

    p = r->form[0].data;
    last = p + r->form[0].len;
    out = r->room;

    while (p < last) {

        if (*p == '%') {
            p++;
            continue;
        }

        n = ngx_snapshot_path_copy(out, p, last);
        out += n;
        p += n;
    }

    r->form[1].data = r->room;
    r->form[1].len = out - r->room;
    r->word[1] = ngx_snapshot_path_word(r->form[1], r->words->collection);
}


/*
 * Finds "[prefix]/{version}[/{project_id}]/{collection}/" at the start of the
 * path, all of it plain and in its own letters; the segments are those that
 * have a slash behind them.
 */

static void
ngx_snapshot_path_head(ngx_snapshot_path_t *p, ngx_snapshot_reading_t *r)
{
    unsigned  i, n, at;

    r->head = 0;
    r->tail = 0;
    p->project.len = 0;

    if (p->capitals) {
        return;
    }

    n = (p->segments < NGX_SNAPSHOT_SEGMENTS) ? p->segments
                                                : NGX_SNAPSHOT_SEGMENTS;

    for (i = 0; i < n; i++) {

        if (ngx_snapshot_path_is_version(r->words, p->segment[i])) {
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


static int
ngx_snapshot_path_is_version(const ngx_snapshot_path_words_t *words,
    ngx_snapshot_str_t segment)
{
    unsigned  n;

    for (n = 0; n < words->versions; n++) {
        if (ngx_snapshot_eq(segment, words->version[n])) {
            return 1;
        }
    }

    return 0;
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
    ngx_snapshot_reading_t *r)
{
    unsigned  i, which, versions, rests;

    versions = 0;
    rests = (r->head != 0);
    p->version = r->words->versions;

    for (i = 0; i == 0 || (i == 1 && r->room); i++) {

        if (i == 1) {
            ngx_snapshot_path_bare(r);
        }

        versions |= ngx_snapshot_path_means(r, i, &which);
        rests = rests && ngx_snapshot_path_rest(p, r, r->form[i]);

        if (i == 0) {
            r->means = versions;
        }

        if (p->version == r->words->versions) {
            p->version = which;
        }

        /* where one form says so, the other one need not */

        if (r->use & NGX_SNAPSHOT_USE_JUDGED) {

            if (versions && !rests) {
                return 0;
            }

        } else if (which < r->words->versions) {
            break;
        }
    }

    return 1;
}


/* 1 where a version is before the word; *which is the first one there is */

static int
ngx_snapshot_path_means(const ngx_snapshot_reading_t *r, unsigned form,
    unsigned *which)
{
    size_t              i;
    ngx_snapshot_str_t  text;

    text = r->form[form];
    i = ngx_snapshot_path_version(text, r->words, which);

    if (i == NGX_SNAPSHOT_NOWHERE || r->word[form] == NGX_SNAPSHOT_NOWHERE) {
        return 0;
    }

    text.data += i;
    text.len -= i;

    return i < r->word[form]
           || ngx_snapshot_path_word(text, r->words->collection)
              != NGX_SNAPSHOT_NOWHERE;
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

    if (r->use & NGX_SNAPSHOT_USE_DEEP
        || i >= text.len || !ngx_snapshot_path_first(r, text, i))
    {
        return 0;
    }

    /* nobody finds a single segment where two are sure to stay */

    if (r->use & NGX_SNAPSHOT_USE_MEMBER
        && (r->tail == 0 || r->tail >= text.len
            || !ngx_snapshot_path_is_kept(text.data[r->tail])))
    {
        return 0;
    }

    if (ngx_snapshot_path_is_named(p, r, text)) {
        return 0;
    }

    return !ngx_snapshot_path_climbs(text, i);
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
 * 1 where the rest begins with a word that may be judged there, or where one is
 * behind a slash and blanks: segments that begin with "#" or "?" may vanish
 * before that, and blanks be cut off.
 */

static int
ngx_snapshot_path_is_named(const ngx_snapshot_path_t *p,
    const ngx_snapshot_reading_t *r, ngx_snapshot_str_t text)
{
    ngx_snapshot_str_t  literal;

    literal = r->words->literal;
    literal.data += 2;
    literal.len -= 2;

    /* a project may have the name of the collection */

    return (p->project.len == 0
            && ngx_snapshot_path_leads(r, text, r->words->collection, 1))
           || (r->use & NGX_SNAPSHOT_USE_NAMES
               && ngx_snapshot_path_leads(r, text, literal, 0));
}


/* 1 for the whole word, or for what is behind the first two of the literal's */

static int
ngx_snapshot_path_leads(const ngx_snapshot_reading_t *r,
    ngx_snapshot_str_t text, ngx_snapshot_str_t word, int whole)
{
    int                    cut;
    size_t                 i, n;
    const u_char          *s, *head;
    ngx_snapshot_search_t  search;

    head = text.data + r->head;
    cut = ngx_snapshot_is_cut(*head);
    n = r->head + (whole ? 0 : 2) + word.len + 1;

    if (text.len > n && !cut) {
        text.len = n;
    }

    ngx_snapshot_path_search(&search, text, word);
    search.next = r->head;

    for ( ;; ) {

        i = ngx_snapshot_path_next(&search, whole);

        if (i == NGX_SNAPSHOT_NOWHERE) {
            return 0;
        }

        s = text.data + i;
        n = whole ? 0 : ngx_snapshot_path_before(s, r->words->literal.data);
        s -= n;

        if ((n == 0 && !whole)
            || !ngx_snapshot_is(s[-1], NGX_SNAPSHOT_BYTE_BREAK))
        {
            continue;
        }

        while (s > head && ngx_snapshot_is_blank(s[-1])) {
            s--;
        }

        if ((s == head || (s > head && cut && ngx_snapshot_is_slash(s[-1])))
            && ngx_snapshot_path_begins(text, i, word))
        {
            return 1;
        }
    }
}


/*
 * So many bytes before s are the first two letters of the literal.  They may be
 * the digits of an escape: "%%64e" is "%de" to a server that decodes it once,
 * and "de" to one that has dropped the first "%", which begins no escape.
 */

static ngx_snapshot_inline unsigned
ngx_snapshot_path_before(const u_char *s, const u_char *literal)
{
    if (s[-1] == ngx_snapshot_path_hex(literal)) {
        return 1;
    }

    return ((s[-1] | 0x20) == literal[1] && (s[-2] | 0x20) == literal[0])
           ? 2 : 0;
}


/* 1 where a piece of the text from i on is "..", which may resolve */

static int
ngx_snapshot_path_climbs(ngx_snapshot_str_t text, size_t i)
{
    ngx_snapshot_vector_t  v;

    /* a slash is before the rest */

    for (i--; i < text.len; i += NGX_SNAPSHOT_VECTOR) {

        v = ngx_snapshot_are(ngx_snapshot_vector_load(text, i + 1), '.')
            & ngx_snapshot_are(ngx_snapshot_vector_load(text, i + 2), '.');

        if (ngx_snapshot_vector_mask(v) == 0) {
            continue;
        }

        v &= ngx_snapshot_path_breaks(ngx_snapshot_vector_load(text, i))
             & ngx_snapshot_path_breaks(ngx_snapshot_vector_load(text, i + 3));

        if (ngx_snapshot_vector_mask(v)) {
            return 1;
        }
    }

    return 0;
}


/*
 * What is odd in a path, all of it.  slashes and dots: a bit for each of two
 * vectors, the second one higher; the end counts as a slash.
 */

static unsigned
ngx_snapshot_path_why(ngx_snapshot_str_t path)
{
    size_t                 i;
    unsigned               why, slashes, dots, found;
    ngx_snapshot_vector_t  v;

    why = (path.data[0] == '/') ? 0 : NGX_SNAPSHOT_ODD_START;
    why |= (path.data[path.len - 1] == '/') ? NGX_SNAPSHOT_ODD_TRAILING : 0;

    for (i = 0; i + 4 <= path.len; i += 4) {
        why |= ngx_snapshot_odd[path.data[i]]
               | ngx_snapshot_odd[path.data[i + 1]]
               | ngx_snapshot_odd[path.data[i + 2]]
               | ngx_snapshot_odd[path.data[i + 3]];
    }

    for ( /* void */ ; i < path.len; i++) {
        why |= ngx_snapshot_odd[path.data[i]];
    }

    slashes = 0;
    dots = 0;
    found = 0;

    for (i = 0; i <= path.len; i += NGX_SNAPSHOT_VECTOR) {

        v = ngx_snapshot_vector_load(path, i);

        slashes = slashes >> 16
                  | ngx_snapshot_vector_mask(ngx_snapshot_are(v, '/')) << 16;
        dots = dots >> 16
               | ngx_snapshot_vector_mask(ngx_snapshot_are(v, '.')) << 16;

        why |= (slashes & slashes << 1) ? NGX_SNAPSHOT_ODD_DOUBLED : 0;

        if (path.len - i < NGX_SNAPSHOT_VECTOR) {
            slashes |= 1U << (path.len - i + 16);
        }

        found |= slashes & dots << 1 & (slashes << 2
                                        | (dots << 2 & slashes << 3));
    }

    return why | (found ? NGX_SNAPSHOT_ODD_DOTS : 0);
}


/*
 * Finds the segments of the normal form of a decoded path, but for its suffix:
 * parameters and blanks cut off, then empty and dot segments resolved.  It goes
 * from the end, where what has been found stays.
 */

static void
ngx_snapshot_path_normal(ngx_snapshot_path_t *p, ngx_snapshot_str_t text,
    ngx_snapshot_str_t prefix)
{
    u_char                 c;
    const u_char          *s, *end;
    ngx_snapshot_normal_t  normal;

    normal.n = 0;
    normal.up = 0;

    end = ngx_snapshot_path_end(text.data, text.data + text.len);
    s = end;

    while (s > text.data) {

        c = *--s;

        if (!ngx_snapshot_is(c, NGX_SNAPSHOT_BYTE_BREAK)) {
            continue;
        }

        if (ngx_snapshot_is_slash(c)) {

            if (!ngx_snapshot_path_add(&normal, s + 1, end)) {
                return;
            }

        } else if (c != ';') {
            continue;
        }

        end = ngx_snapshot_path_end(text.data, s);
        s = end;
    }

    if (ngx_snapshot_path_add(&normal, s, end)) {
        ngx_snapshot_path_fill(p, &normal, prefix);
    }
}


/* before p, where a segment ends that has no parameters and is not empty */

static ngx_snapshot_inline const u_char *
ngx_snapshot_path_end(const u_char *start, const u_char *p)
{
    while (p > start && ngx_snapshot_is(p[-1], NGX_SNAPSHOT_BYTE_BREAK)
           && p[-1] != '#' && p[-1] != '?' && p[-1] != '%' && p[-1] != 0x7f)
    {
        p--;
    }

    return p;
}


/* a segment of the normal form, before the others; 0 for one too many */

static ngx_snapshot_inline int
ngx_snapshot_path_add(ngx_snapshot_normal_t *normal, const u_char *begin,
    const u_char *end)
{
    if (end == begin) {
        return 1;
    }

    if (ngx_snapshot_path_is_dots(begin, end - begin)) {
        normal->up += end - begin - 1;
        return 1;
    }

    if (normal->up) {
        normal->up--;
        return 1;
    }

    if (normal->n == NGX_SNAPSHOT_PATH_DEPTH) {
        return 0;
    }

    normal->segment[normal->n].data = begin;
    normal->segment[normal->n].len = end - begin;
    normal->n++;

    return 1;
}


/* what is behind the prefix */

static void
ngx_snapshot_path_fill(ngx_snapshot_path_t *p,
    const ngx_snapshot_normal_t *normal, ngx_snapshot_str_t prefix)
{
    size_t               i, n;
    const u_char        *last;
    ngx_snapshot_str_t   segment;

    p->foreign = 0;

    n = normal->n;
    last = prefix.data + prefix.len;

    while (prefix.data < last) {

        segment.data = ++prefix.data;

        while (prefix.data < last && *prefix.data != '/') {
            prefix.data++;
        }

        segment.len = prefix.data - segment.data;

        if (n == 0 || !ngx_snapshot_caseeq(normal->segment[--n], segment)) {
            p->foreign = 1;
            return;
        }
    }

    p->segments = n;

    for (i = 0; i < n && i < NGX_SNAPSHOT_SEGMENTS; i++) {
        p->segment[i] = normal->segment[n - 1 - i];
    }

    while (p->dotted < n && normal->segment[p->dotted].data[0] == '.') {
        p->dotted++;
    }
}
