
/*
 * The reader of bodies.  It knows RFC 8259 and no field: what a member means is
 * up to the judge.
 */

#include "ngx_snapshot_json.h"
#include "ngx_snapshot_text.h"


/* vectors of 32 bytes, where the processor turns out to have them */

#if defined(__x86_64__) && !defined(NGX_SNAPSHOT_JSON_PORTABLE)

#include <immintrin.h>

#define NGX_SNAPSHOT_JSON_AVX2  1
#define NGX_SNAPSHOT_JSON_TARGET  __attribute__((target("avx2,bmi,popcnt")))

#endif


/* so many objects and arrays may be within each other, CONTRACT section 2 */

#define NGX_SNAPSHOT_JSON_LEVELS   512

/* so many bytes are marked at once, a bit for each */

#define NGX_SNAPSHOT_JSON_BLOCK    64

/* marks are set some way ahead; those of a block more than that have room */

#define NGX_SNAPSHOT_JSON_MARKS    1024

/* so many marks are written at once, needed or not */

#define NGX_SNAPSHOT_JSON_FOUR    4

/* the table of keys has 64 to so many slots; longer bodies take their own */

#define NGX_SNAPSHOT_JSON_SLOTS    32768

/* a key and a value that are unescaped most often have room in so much */

#define NGX_SNAPSHOT_JSON_SCRATCH  4096

/* a longer body has no place in a slot */

#define NGX_SNAPSHOT_JSON_MAX      ((size_t) INT32_MAX)

/* so many bytes before a block may be of a character in it */

#define NGX_SNAPSHOT_JSON_BEFORE   8


/*
 * Keys by the object that they are in.  A slot is the number of the object in
 * its upper half, then some bits of the key's hash, and where the key is in the
 * body; "same" has the bits of the first two.  A slot less than "first", where
 * the numbers of this body begin, is free.  mask has the bits of an index.
 */

typedef struct {
    uint64_t                   *slots;
    uint64_t                    same;
    uint64_t                    first;
    uint64_t                    object;
    uint64_t                    seed[2];
    uint32_t                    mask;
} ngx_snapshot_json_keys_t;


/* what the raw bytes of a string are, and how many more than unescaped ones */

typedef struct {
    const u_char          *data;
    size_t                 len;
    size_t                 more;
} ngx_snapshot_json_raw_t;


typedef uint32_t *(*ngx_snapshot_json_index_pt)(ngx_snapshot_json_t *r,
    uint32_t *mark);

/*
 * marks are offsets of quotes and escapes in the body, up to "indexed".  stop
 * is where no more are set: the end, or the first byte that no string may have.
 * quotes is the number of quotes so far; escaped and pending tell of the block
 * before whether it ended in a backslash, and may have within a character.
 *
 * object has the number of each object in hand, or 0 for an array.  Members of
 * the one in hand are pushed where level is "judged".  It has had no member yet
 * where it is "fresh".
 */

struct ngx_snapshot_json_s {
    const u_char               *start;
    const u_char               *last;
    ngx_snapshot_judge_t       *judge;

    const u_char               *at;
    const char                 *what;
    const u_char               *twice;

    ngx_snapshot_json_index_pt  index;
    uint32_t                   *mark;
    uint32_t                   *end;
    size_t                      indexed;
    size_t                      stop;
    uint64_t                    quotes;
    uint64_t                    escaped;
    uint64_t                    pending;

    unsigned                    level;
    unsigned                    judged;
    unsigned                    fresh;

    ngx_snapshot_json_keys_t    keys;
    uint32_t                    objects;
    size_t                      used;

    uint32_t                    object[NGX_SNAPSHOT_JSON_LEVELS + 1];
    uint32_t                    marks[NGX_SNAPSHOT_JSON_MARKS
                                      + NGX_SNAPSHOT_JSON_BLOCK
                                      + NGX_SNAPSHOT_JSON_FOUR];
    u_char                      block[NGX_SNAPSHOT_JSON_BEFORE
                                      + NGX_SNAPSHOT_JSON_BLOCK];
    u_char                      scratch[NGX_SNAPSHOT_JSON_SCRATCH];
    uint64_t                    table[NGX_SNAPSHOT_JSON_SLOTS];
};


static int ngx_snapshot_json_begin(ngx_snapshot_json_t *r,
    ngx_snapshot_judge_t *j, ngx_snapshot_str_t body);
static int ngx_snapshot_json_walk(ngx_snapshot_json_t *r);
static void ngx_snapshot_json_restart(ngx_snapshot_json_t *r);
static const u_char *ngx_snapshot_json_enter(ngx_snapshot_json_t *r,
    const u_char *p);
static const u_char *ngx_snapshot_json_leave(ngx_snapshot_json_t *r,
    const u_char *p);
static const u_char *ngx_snapshot_json_member(ngx_snapshot_json_t *r,
    const u_char *p);
static ngx_snapshot_inline int ngx_snapshot_json_is_plain(
    const ngx_snapshot_json_t *r);
static ngx_snapshot_noinline const u_char *ngx_snapshot_json_plain(
    ngx_snapshot_json_t *r);
static const u_char *ngx_snapshot_json_value(ngx_snapshot_json_t *r,
    const u_char *p, const ngx_snapshot_str_t *key);
static const u_char *ngx_snapshot_json_nested(ngx_snapshot_json_t *r,
    const u_char *p, const ngx_snapshot_str_t *key);
static ngx_snapshot_inline const u_char *ngx_snapshot_json_scalar(
    ngx_snapshot_json_t *r, const u_char *p, ngx_snapshot_type_e *type);
static ngx_snapshot_inline const u_char *ngx_snapshot_json_number(
    ngx_snapshot_json_t *r, const u_char *p);
static ngx_snapshot_inline const u_char *ngx_snapshot_json_digits(
    const ngx_snapshot_json_t *r, const u_char *p);
static ngx_snapshot_inline const u_char *ngx_snapshot_json_string(
    ngx_snapshot_json_t *r, const u_char *p, ngx_snapshot_json_raw_t *raw);
static ngx_snapshot_noinline const u_char *ngx_snapshot_json_escapes(
    ngx_snapshot_json_t *r, ngx_snapshot_json_raw_t *raw);
static ngx_snapshot_inline void ngx_snapshot_json_common(
    ngx_snapshot_json_t *r, ngx_snapshot_json_raw_t *raw);
static ngx_snapshot_inline const u_char *ngx_snapshot_json_next(
    ngx_snapshot_json_t *r);
static int ngx_snapshot_json_long(ngx_snapshot_json_t *r, const u_char *start,
    ngx_snapshot_json_raw_t *raw);
static ngx_snapshot_inline const u_char *ngx_snapshot_json_unit(
    ngx_snapshot_json_t *r, const u_char *p, unsigned *unit);
static ngx_snapshot_inline unsigned ngx_snapshot_json_hex(const u_char *p);
static ngx_snapshot_inline int ngx_snapshot_json_decoded(
    ngx_snapshot_json_t *r, const ngx_snapshot_json_raw_t *raw,
    ngx_snapshot_str_t *s);
static int ngx_snapshot_json_decode(ngx_snapshot_json_t *r,
    const ngx_snapshot_json_raw_t *raw, ngx_snapshot_str_t *s);
static size_t ngx_snapshot_json_unescape(u_char *dst, const u_char **p);
static ngx_snapshot_inline int ngx_snapshot_json_twice(
    const ngx_snapshot_json_keys_t *k, const u_char *start, const u_char *raw,
    ngx_snapshot_str_t key);
static void ngx_snapshot_json_again(ngx_snapshot_json_t *r, const u_char *raw);
static ngx_snapshot_inline uint64_t ngx_snapshot_json_mix(uint64_t a,
    uint64_t b);
static ngx_snapshot_inline uint32_t ngx_snapshot_json_hash(
    const ngx_snapshot_json_keys_t *k, ngx_snapshot_str_t key);
static int ngx_snapshot_json_same(const u_char *raw, ngx_snapshot_str_t key);
static const u_char *ngx_snapshot_json_wrong(ngx_snapshot_json_t *r,
    const u_char *p, const char *what);
static void ngx_snapshot_json_report(ngx_snapshot_json_t *r,
    ngx_snapshot_rule_e rule, const u_char *at, const char *what);
static int ngx_snapshot_json_more(ngx_snapshot_json_t *r);
static ngx_snapshot_inline uint64_t ngx_snapshot_json_escaped(uint64_t slash,
    uint64_t *carry);
static ngx_snapshot_inline uint64_t ngx_snapshot_json_inside(uint64_t quote,
    uint64_t quotes);
static size_t ngx_snapshot_json_utf8(ngx_snapshot_json_t *r, size_t from,
    size_t to);
static const u_char *ngx_snapshot_json_padded(ngx_snapshot_json_t *r,
    size_t at);
static uint32_t *ngx_snapshot_json_narrow(ngx_snapshot_json_t *r,
    uint32_t *mark);
static uint32_t *ngx_snapshot_json_block(ngx_snapshot_json_t *r,
    uint32_t *mark);
static ngx_snapshot_inline uint64_t ngx_snapshot_json_word(const u_char *p);
#if NGX_SNAPSHOT_JSON_AVX2
NGX_SNAPSHOT_JSON_TARGET
static uint32_t *ngx_snapshot_json_wide(ngx_snapshot_json_t *r,
    uint32_t *mark);
NGX_SNAPSHOT_JSON_TARGET
static ngx_snapshot_noinline uint32_t *ngx_snapshot_json_others(
    ngx_snapshot_json_t *r, uint32_t *mark);
NGX_SNAPSHOT_JSON_TARGET
static ngx_snapshot_inline uint32_t *ngx_snapshot_json_four(
    ngx_snapshot_json_t *r, uint32_t *mark, size_t at, uint64_t bits);
NGX_SNAPSHOT_JSON_TARGET
static ngx_snapshot_inline __m256i ngx_snapshot_json_bad(const u_char *p);
#endif


/*
 * Of each byte of a word the top bit is set where the byte is less than n (up
 * to 0x80), or is c; the bits are then moved together, the first byte's lowest.
 */

#define ngx_snapshot_json_each(c)  (~(uint64_t) 0 / 255 * (c))

#define ngx_snapshot_json_less(w, n)                                          \
    (~((((w) & ngx_snapshot_json_each(0x7f))                                  \
        + ngx_snapshot_json_each(0x80 - (n))) | (w)))

#define ngx_snapshot_json_is(w, c)                                            \
    ngx_snapshot_json_less((w) ^ ngx_snapshot_json_each((u_char) (c)), 1)

#define ngx_snapshot_json_tops(w)  ((w) & ngx_snapshot_json_each(0x80))

#define ngx_snapshot_json_gather(w)                                           \
    ((ngx_snapshot_json_tops(w) >> 7) * 0x0102040810204080 >> 56)


#define ngx_snapshot_json_is_nested(r, p)                                     \
    ((p) < (r)->last && (*(p) == '{' || *(p) == '['))

#define ngx_snapshot_json_is_digit(c)  ((c) >= '0' && (c) <= '9')

#define ngx_snapshot_json_is_space(c)                                         \
    ((c) <= ' ' && ((c) == ' ' || (c) == '\n' || (c) == '\r' || (c) == '\t'))


/* what a byte behind a backslash stands for, or 0 */

static const u_char  ngx_snapshot_json_short[256] = {
    ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f',
    ['n'] = '\n', ['r'] = '\r', ['t'] = '\t'
};


/* a hex digit, or what makes more of four than 16 bits */

#define NONE  0x10000

static const uint32_t  ngx_snapshot_json_digit[256] = {
    [0x00 ... 0x2f] = NONE,
    ['0'] = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    [0x3a ... 0x40] = NONE,
    ['A'] = 10, 11, 12, 13, 14, 15,
    [0x47 ... 0x60] = NONE,
    ['a'] = 10, 11, 12, 13, 14, 15,
    [0x67 ... 0xff] = NONE
};

#undef NONE


static ngx_snapshot_inline const u_char *
ngx_snapshot_json_space(const ngx_snapshot_json_t *r, const u_char *p)
{
    while (p < r->last && ngx_snapshot_json_is_space(*p)) {
        p++;
    }

    return p;
}


ngx_snapshot_json_t *
ngx_snapshot_json_create(const ngx_snapshot_mem_t *mem, uint64_t seed)
{
    ngx_snapshot_json_t  *r;

    r = mem->alloc(mem->data, sizeof(ngx_snapshot_json_t));
    if (r == NULL) {
        return NULL;
    }

    memset(r, 0, sizeof(ngx_snapshot_json_t));

    r->keys.seed[0] = seed;
    r->keys.seed[1] = (seed ^ seed >> 29) * 0x9e3779b97f4a7c15;

    r->index = ngx_snapshot_json_narrow;

#if NGX_SNAPSHOT_JSON_AVX2

    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi")
        && __builtin_cpu_supports("popcnt"))
    {
        r->index = ngx_snapshot_json_wide;
    }

#endif

    return r;
}


void
ngx_snapshot_json_read(ngx_snapshot_json_t *r, ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t body)
{
    if (body.len == 0) {
        ngx_snapshot_judge_text(j, NGX_SNAPSHOT_RULE_JSON_SYNTAX, "is empty",
                                0, 0);
        return;
    }

    if (!ngx_snapshot_json_begin(r, j, body)) {
        j->failed = 1;
        return;
    }

    if (!ngx_snapshot_json_walk(r)) {
        ngx_snapshot_judge_forget(j);

        if (!j->failed) {
            ngx_snapshot_json_report(r, NGX_SNAPSHOT_RULE_JSON_SYNTAX, r->at,
                                     r->what);
        }

        return;
    }

    if (r->twice == NULL) {
        return;
    }

    ngx_snapshot_judge_forget(j);

    ngx_snapshot_json_report(r, NGX_SNAPSHOT_RULE_JSON_DUPLICATE_KEY, r->twice,
                             "has one again");

    /* where the operator lets it through, all values of the key are judged */

    if (!ngx_snapshot_judge_rejects(j)) {
        (void) ngx_snapshot_json_walk(r);
    }
}


/* a member of a body takes five bytes, so there are more slots than keys */

static int
ngx_snapshot_json_begin(ngx_snapshot_json_t *r, ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t body)
{
    size_t  slots, places;

    if (body.len > NGX_SNAPSHOT_JSON_MAX) {
        return 0;
    }

    r->start = body.data;
    r->last = body.data + body.len;
    r->judge = j;
    r->twice = NULL;

    places = (size_t) 2 << (63 - __builtin_clzll(body.len));
    slots = (places < 256) ? 64 : places / 4;

    r->keys.mask = (uint32_t) (slots - 1);
    r->keys.same = ~(uint64_t) (places - 1);
    r->keys.slots = r->table;

    if (slots > NGX_SNAPSHOT_JSON_SLOTS) {

        r->keys.slots = j->mem->alloc(j->mem->data, slots * sizeof(uint64_t));
        if (r->keys.slots == NULL) {
            return 0;
        }

        memset(r->keys.slots, 0, slots * sizeof(uint64_t));
    }

    return 1;
}


/* over all of the body: 1, or 0 at a mistake, or where memory is short */

static int
ngx_snapshot_json_walk(ngx_snapshot_json_t *r)
{
    const u_char  *p;

    ngx_snapshot_json_restart(r);
    ngx_snapshot_judge_begin(r->judge);

    p = ngx_snapshot_json_space(r, r->start);

    if (p == r->last || *p != '{') {
        return ngx_snapshot_json_wrong(r, p, "has no \"{\"") != NULL;
    }

    p = ngx_snapshot_json_enter(r, p);

    while (r->level) {

        p = ngx_snapshot_json_space(r, p);

        if (p < r->last && *p == ',' && !r->fresh) {
            p++;

        } else if (p < r->last && *p == (r->keys.object ? '}' : ']')) {
            p = ngx_snapshot_json_leave(r, p);
            continue;

        } else if (!r->fresh) {
            return ngx_snapshot_json_wrong(r, p, "is malformed") != NULL;
        }

        r->fresh = 0;

        if (r->keys.object) {
            p = ngx_snapshot_json_member(r, p);

        } else {
            p = ngx_snapshot_json_space(r, p);
            p = ngx_snapshot_json_is_nested(r, p)
                ? ngx_snapshot_json_nested(r, p, NULL)
                : ngx_snapshot_json_value(r, p, NULL);
        }

        if (p == NULL) {
            return 0;
        }
    }

    p = ngx_snapshot_json_space(r, p);

    return p == r->last
           || ngx_snapshot_json_wrong(r, p, "has text behind the object");
}


static void
ngx_snapshot_json_restart(ngx_snapshot_json_t *r)
{
    if (r->objects > UINT32_MAX - NGX_SNAPSHOT_JSON_MAX) {
        memset(r->table, 0, sizeof(r->table));
        r->objects = 0;
    }

    r->keys.first = (uint64_t) (r->objects + 1) << 32;

    r->mark = r->marks;
    r->end = r->marks;
    r->indexed = 0;
    r->stop = r->last - r->start;
    r->quotes = 0;
    r->escaped = 0;
    r->pending = 0;

    r->level = 0;
    r->judged = 1;
}


/* into the object or array that begins at p, which has had no member yet */

static const u_char *
ngx_snapshot_json_enter(ngx_snapshot_json_t *r, const u_char *p)
{
    r->object[++r->level] = (*p == '{') ? ++r->objects : 0;
    r->keys.object = (uint64_t) r->object[r->level] << 32;
    r->fresh = 1;

    return p + 1;
}


static const u_char *
ngx_snapshot_json_leave(ngx_snapshot_json_t *r, const u_char *p)
{
    if (r->level == r->judged) {
        ngx_snapshot_judge_leave(r->judge);
        r->judged--;
    }

    r->keys.object = (uint64_t) r->object[--r->level] << 32;
    r->fresh = 0;

    return p + 1;
}


/* past a member and plain ones behind it, or into its value */

static const u_char *
ngx_snapshot_json_member(ngx_snapshot_json_t *r, const u_char *p)
{
    ngx_snapshot_str_t        key;
    ngx_snapshot_json_raw_t   raw;

    p = ngx_snapshot_json_space(r, p);

    if (r->end - r->mark < 4) {
        (void) ngx_snapshot_json_more(r);
    }

    if (p < r->last && *p == '"' && ngx_snapshot_json_is_plain(r)) {
        return ngx_snapshot_json_plain(r);
    }

    r->used = 0;

    p = ngx_snapshot_json_string(r, p, &raw);

    if (p == NULL || !ngx_snapshot_json_decoded(r, &raw, &key)) {
        return NULL;
    }

    if (ngx_snapshot_json_twice(&r->keys, r->start, raw.data, key)) {
        ngx_snapshot_json_again(r, raw.data);
    }

    p = ngx_snapshot_json_space(r, p);

    if (p == r->last || *p != ':') {
        return ngx_snapshot_json_wrong(r, p, "is malformed");
    }

    p = ngx_snapshot_json_space(r, p + 1);

    return ngx_snapshot_json_is_nested(r, p)
           ? ngx_snapshot_json_nested(r, p, &key)
           : ngx_snapshot_json_value(r, p, &key);
}


/* whether there is "c" between two strings, with a blank behind it or not */

#define ngx_snapshot_json_is_between(p, c)                                    \
    (memcmp(p, "\"" c " \"", 4) == 0 || memcmp(p, "\"" c "\"", 3) == 0)


/*
 * Whether the member at hand is two strings without an escape, four marks that
 * is, as most are.  Three bytes behind the key are looked at.
 */

static ngx_snapshot_inline int
ngx_snapshot_json_is_plain(const ngx_snapshot_json_t *r)
{
    const u_char  *end, *last;

    if (r->end - r->mark < 4) {
        return 0;
    }

    end = r->start + r->mark[1];
    last = r->start + r->mark[3];

    return r->last - end > 3
           && *last == '"'
           && ngx_snapshot_json_is_between(end, ":");
}


/* past that member and as many behind it as are like it, by marks alone */

static ngx_snapshot_noinline const u_char *
ngx_snapshot_json_plain(ngx_snapshot_json_t *r)
{
    uint32_t                  *mark, *stop;
    const u_char              *start, *end, *last, *safe, *behind;
    ngx_snapshot_str_t         key, value;
    ngx_snapshot_judge_t      *j;
    ngx_snapshot_json_keys_t   keys;

    /* so that the compiler knows that these do not change */

    keys = r->keys;
    start = r->start;
    safe = r->last - 4;
    behind = NULL;
    mark = r->mark;
    stop = r->end - 3;
    j = (r->level == r->judged) ? r->judge : NULL;

    do {
        end = start + mark[1];
        last = start + mark[3];

        if (end > safe
            || *last != '"'
            || !ngx_snapshot_json_is_between(end, ":"))
        {
            break;
        }

        key.data = start + mark[0] + 1;
        key.len = end - key.data;
        value.data = start + mark[2] + 1;
        value.len = last - value.data;

        behind = last + 1;
        mark += 4;

        if (ngx_snapshot_json_twice(&keys, start, key.data, key)) {
            ngx_snapshot_json_again(r, key.data);
            keys = r->keys;
        }

        if (j) {
            (void) ngx_snapshot_judge_member(j, key, NGX_SNAPSHOT_TYPE_STRING,
                                             value);
        }

    } while (mark < stop && ngx_snapshot_json_is_between(last, ","));

    r->mark = mark;

    return behind;
}


/* past a value that is not nested; key is that of a member, or NULL */

static const u_char *
ngx_snapshot_json_value(ngx_snapshot_json_t *r, const u_char *p,
    const ngx_snapshot_str_t *key)
{
    const u_char             *end;
    ngx_snapshot_str_t        value;
    ngx_snapshot_type_e       type;
    ngx_snapshot_json_raw_t   raw;

    if (p < r->last && *p == '"') {
        type = NGX_SNAPSHOT_TYPE_STRING;
        end = ngx_snapshot_json_string(r, p, &raw);

    } else {
        end = ngx_snapshot_json_scalar(r, p, &type);

        raw.data = p;
        raw.len = (type == NGX_SNAPSHOT_TYPE_NUMBER) ? end - p : 0;
        raw.more = 0;
    }

    if (end == NULL || key == NULL || r->level != r->judged) {
        return end;
    }

    if (r->judge->entry) {

        /* of what a map has, only the length is looked at */

        value.data = raw.data;
        value.len = raw.len - raw.more;

    } else if (!ngx_snapshot_json_decoded(r, &raw, &value)) {
        return NULL;
    }

    (void) ngx_snapshot_judge_member(r->judge, *key, type, value);

    return end;
}


static const u_char *
ngx_snapshot_json_nested(ngx_snapshot_json_t *r, const u_char *p,
    const ngx_snapshot_str_t *key)
{
    ngx_snapshot_type_e  type;

    static const ngx_snapshot_str_t  none = ngx_snapshot_null;

    if (r->level == NGX_SNAPSHOT_JSON_LEVELS) {
        return ngx_snapshot_json_wrong(r, p, "is nested too deeply");
    }

    if (key && r->level == r->judged) {

        type = (*p == '{') ? NGX_SNAPSHOT_TYPE_OBJECT
                           : NGX_SNAPSHOT_TYPE_ARRAY;

        r->judged += ngx_snapshot_judge_member(r->judge, *key, type, none);
    }

    return ngx_snapshot_json_enter(r, p);
}


/* past what is neither a string nor nested */

static ngx_snapshot_inline const u_char *
ngx_snapshot_json_scalar(ngx_snapshot_json_t *r, const u_char *p,
    ngx_snapshot_type_e *type)
{
    const char  *word;

    switch (p < r->last ? *p : 0) {

    case 't':
        *type = NGX_SNAPSHOT_TYPE_BOOLEAN;
        word = "true";
        break;

    case 'f':
        *type = NGX_SNAPSHOT_TYPE_BOOLEAN;
        word = "false";
        break;

    case 'n':
        *type = NGX_SNAPSHOT_TYPE_NULL;
        word = "null";
        break;

    default:
        *type = NGX_SNAPSHOT_TYPE_NUMBER;
        return ngx_snapshot_json_number(r, p);
    }

    for ( /* void */ ; *word; word++, p++) {
        if (p == r->last || *p != (u_char) *word) {
            return ngx_snapshot_json_wrong(r, p, "is malformed");
        }
    }

    return p;
}


/* of any size: RFC 8259, section 6 */

static ngx_snapshot_inline const u_char *
ngx_snapshot_json_number(ngx_snapshot_json_t *r, const u_char *p)
{
    const u_char  *digits, *last;

    last = r->last;
    digits = p + (p < last && *p == '-');

    if (digits == last || !ngx_snapshot_json_is_digit(*digits)) {
        return ngx_snapshot_json_wrong(r, p, "is malformed");
    }

    /* no digit follows a zero that begins the number */

    p = (*digits == '0') ? digits + 1
                         : ngx_snapshot_json_digits(r, digits + 1);

    if (last - p < 2 || *p == ',' || *p == '}') {
        return p;
    }

    if (*p == '.' && ngx_snapshot_json_is_digit(p[1])) {
        p = ngx_snapshot_json_digits(r, p + 2);
    }

    if (last - p > 1 && (*p | 0x20) == 'e') {

        digits = p + 1 + (p[1] == '+' || p[1] == '-');

        if (digits < last && ngx_snapshot_json_is_digit(*digits)) {
            p = ngx_snapshot_json_digits(r, digits + 1);
        }
    }

    return p;
}


static ngx_snapshot_inline const u_char *
ngx_snapshot_json_digits(const ngx_snapshot_json_t *r, const u_char *p)
{
    while (p < r->last && ngx_snapshot_json_is_digit(*p)) {
        p++;
    }

    return p;
}


/* past a string, from mark to mark: what is between two is as it is */

static ngx_snapshot_inline const u_char *
ngx_snapshot_json_string(ngx_snapshot_json_t *r, const u_char *p,
    ngx_snapshot_json_raw_t *raw)
{
    const u_char  *end;

    raw->data = p + 1;
    raw->len = 0;
    raw->more = 0;

    if (p == r->last || *p != '"') {
        return ngx_snapshot_json_wrong(r, p, "is malformed");
    }

    if (r->end - r->mark > 1) {

        end = r->start + r->mark[1];

        if (*end == '"') {
            r->mark += 2;
            raw->len = end - raw->data;
            return end + 1;
        }
    }

    return ngx_snapshot_json_escapes(r, raw);
}


static ngx_snapshot_noinline const u_char *
ngx_snapshot_json_escapes(ngx_snapshot_json_t *r, ngx_snapshot_json_raw_t *raw)
{
    const u_char  *p;

    /* the mark of the first quote */

    (void) ngx_snapshot_json_next(r);

    for ( ;; ) {

        ngx_snapshot_json_common(r, raw);

        p = ngx_snapshot_json_next(r);

        if (p == r->start + r->stop) {
            break;
        }

        if (*p == '"') {
            raw->len = p - raw->data;
            return p + 1;
        }

        if (p + 1 < r->last && ngx_snapshot_json_short[p[1]]) {
            raw->more++;

        } else if (!ngx_snapshot_json_long(r, p, raw)) {
            return NULL;
        }
    }

    return ngx_snapshot_json_wrong(r, p, (p < r->last && *p < 0x20)
                                         ? "has a control character in a "
                                           "string"
                                         : "has invalid UTF-8");
}


/* past as many escapes as are three bytes of UTF-8, of which there are most */

static ngx_snapshot_inline void
ngx_snapshot_json_common(ngx_snapshot_json_t *r, ngx_snapshot_json_raw_t *raw)
{
    uint32_t      *mark;
    const u_char  *p, *start, *safe;

    start = r->start;
    safe = r->last - sizeof("\\u0000");

    for (mark = r->mark; mark < r->end; mark++) {

        p = start + *mark;

        if (p > safe
            || memcmp(p, "\\u", 2) != 0
            || ngx_snapshot_json_hex(p + 2) - 0x800 >= 0xd000)
        {
            break;
        }

        raw->more += 3;
    }

    r->mark = mark;
}


/* the byte at the next mark, or where there are no more */

static ngx_snapshot_inline const u_char *
ngx_snapshot_json_next(ngx_snapshot_json_t *r)
{
    if (r->mark == r->end && !ngx_snapshot_json_more(r)) {
        return r->start + r->stop;
    }

    return r->start + *r->mark++;
}


/* holds an escape that has four digits, or a pair of these, to the grammar */

static int
ngx_snapshot_json_long(ngx_snapshot_json_t *r, const u_char *start,
    ngx_snapshot_json_raw_t *raw)
{
    unsigned       unit, low;
    const u_char  *p;

    p = start + 1;

    if (p == r->last || *p != 'u') {
        return ngx_snapshot_json_wrong(r, p, "is malformed") != NULL;
    }

    p = ngx_snapshot_json_unit(r, p + 1, &unit);
    if (p == NULL) {
        return 0;
    }

    if (unit == 0) {
        return ngx_snapshot_json_wrong(r, start, "has a NUL") != NULL;
    }

    if (unit < 0xd800 || unit > 0xdfff) {
        raw->more += (unit < 0x80) ? 5 : (unit < 0x800) ? 4 : 3;
        return 1;
    }

    if (unit < 0xdc00 && r->last - p > 1 && p[0] == '\\' && p[1] == 'u') {

        p = ngx_snapshot_json_unit(r, p + 2, &low);
        if (p == NULL) {
            return 0;
        }

        if (low >= 0xdc00 && low <= 0xdfff) {
            (void) ngx_snapshot_json_next(r);
            raw->more += 8;
            return 1;
        }

    } else if (unit < 0xdc00
               && (p == r->last || (*p == '\\' && p + 1 == r->last)))
    {
        start = r->last;
    }

    return ngx_snapshot_json_wrong(r, start, "has half of a surrogate pair")
           != NULL;
}


/* past four hex digits */

static ngx_snapshot_inline const u_char *
ngx_snapshot_json_unit(ngx_snapshot_json_t *r, const u_char *p, unsigned *unit)
{
    unsigned  i;

    if (r->last - p > 3) {

        *unit = ngx_snapshot_json_hex(p);

        if (*unit <= 0xffff) {
            return p + 4;
        }
    }

    for (i = 0; i < 3 && p < r->last; i++, p++) {
        if (!(ngx_snapshot_bytes[*p] & NGX_SNAPSHOT_BYTE_HEX)) {
            break;
        }
    }

    return ngx_snapshot_json_wrong(r, p, "is malformed");
}


/* four hex digits, or more than they can be where one is none */

static ngx_snapshot_inline unsigned
ngx_snapshot_json_hex(const u_char *p)
{
    return ngx_snapshot_json_digit[p[0]] << 12
           | ngx_snapshot_json_digit[p[1]] << 8
           | ngx_snapshot_json_digit[p[2]] << 4
           | ngx_snapshot_json_digit[p[3]];
}


static ngx_snapshot_inline int
ngx_snapshot_json_decoded(ngx_snapshot_json_t *r,
    const ngx_snapshot_json_raw_t *raw, ngx_snapshot_str_t *s)
{
    s->data = raw->data;
    s->len = raw->len - raw->more;

    return raw->more == 0 || ngx_snapshot_json_decode(r, raw, s);
}


/* unescaped, in the scratch memory or where that is short in the request's */

static int
ngx_snapshot_json_decode(ngx_snapshot_json_t *r,
    const ngx_snapshot_json_raw_t *raw, ngx_snapshot_str_t *s)
{
    u_char        *d;
    uint64_t       word;
    const u_char  *p, *last;

    if (sizeof(r->scratch) - r->used >= raw->len) {
        d = r->scratch + r->used;
        r->used += raw->len;

    } else {
        d = r->judge->mem->alloc(r->judge->mem->data, raw->len);
        if (d == NULL) {
            r->judge->failed = 1;
            return 0;
        }
    }

    p = raw->data;
    last = raw->data + raw->len;

    s->data = d;

    while (p < last) {

        if (*p == '\\') {
            d += ngx_snapshot_json_unescape(d, &p);
            continue;
        }

        /* eight bytes at once, where no backslash is among them */

        if (last - p >= 8) {
            memcpy(&word, p, 8);

            if (!ngx_snapshot_json_tops(ngx_snapshot_json_is(word, '\\'))) {
                memcpy(d, &word, 8);
                d += 8;
                p += 8;
                continue;
            }
        }

        *d++ = *p++;
    }

    return 1;
}


/* one escape, which is right, as UTF-8; *p goes past it */

static size_t
ngx_snapshot_json_unescape(u_char *dst, const u_char **p)
{
    size_t         i, n;
    unsigned       unit;
    const u_char  *at;

    at = *p + 1;
    *p += 2;

    if (*at != 'u') {
        dst[0] = ngx_snapshot_json_short[*at];
        return 1;
    }

    unit = ngx_snapshot_json_hex(at + 1);
    *p += 4;

    if (unit < 0x80) {
        dst[0] = (u_char) unit;
        return 1;
    }

    if (unit >= 0xd800 && unit <= 0xdbff) {
        unit = 0x10000 + ((unit - 0xd800) << 10)
               + ngx_snapshot_json_hex(at + 7) - 0xdc00;
        *p += 6;
    }

    n = (unit < 0x800) ? 2 : (unit < 0x10000) ? 3 : 4;

    for (i = n - 1; i; i--) {
        dst[i] = (u_char) (0x80 | (unit & 0x3f));
        unit >>= 6;
    }

    /* as many bits as there are bytes, then a zero */

    dst[0] = (u_char) (0xf00 >> n | unit);

    return n;
}


/* notes a key, which is raw in the body; 1 where its object has it already */

static ngx_snapshot_inline int
ngx_snapshot_json_twice(const ngx_snapshot_json_keys_t *k, const u_char *start,
    const u_char *raw, ngx_snapshot_str_t key)
{
    uint32_t  hash, i;
    uint64_t  slot;

    hash = ngx_snapshot_json_hash(k, key);

    slot = k->object | (hash & k->same);

    for (i = hash & k->mask; k->slots[i] >= k->first; i = (i + 1) & k->mask) {

        if (((k->slots[i] ^ slot) & k->same) == 0
            && ngx_snapshot_json_same(start + (k->slots[i] & ~k->same), key))
        {
            return 1;
        }
    }

    k->slots[i] = slot | (uint64_t) (raw - start);

    return 0;
}


/* the first key that is there twice; from then on each slot is free */

static void
ngx_snapshot_json_again(ngx_snapshot_json_t *r, const u_char *raw)
{
    if (r->twice == NULL) {
        r->twice = raw - 1;
    }

    r->keys.first = UINT64_MAX;
}


/*
 * What collides depends on the seed: both halves of a product are as random as
 * that, and each bit of the key is in one of them.
 */

static ngx_snapshot_inline uint64_t
ngx_snapshot_json_mix(uint64_t a, uint64_t b)
{
#if defined(__SIZEOF_INT128__)

    __extension__ unsigned __int128  n;

    n = (unsigned __int128) a * b;
    a = (uint64_t) n ^ (uint64_t) (n >> 64);

#else

    a = (uint64_t) (uint32_t) a * (a >> 32)
        + (uint64_t) (uint32_t) b * (b >> 32);
    a ^= a >> 32;

#endif

    return a * 0x9e3779b97f4a7c15;
}


/* over the first and the last eight bytes, and those between chained */

static ngx_snapshot_inline uint32_t
ngx_snapshot_json_hash(const ngx_snapshot_json_keys_t *k,
    ngx_snapshot_str_t key)
{
    size_t         len;
    uint32_t       low, high;
    uint64_t       a, b, h;
    const u_char  *p;

    h = k->seed[0];
    p = key.data;
    len = key.len;

    for ( /* void */ ; len > 16; p += 16, len -= 16) {
        memcpy(&a, p, 8);
        memcpy(&b, p + 8, 8);
        h = ngx_snapshot_json_mix(a ^ h, b ^ k->seed[1]);
    }

    b = k->seed[1] ^ k->object ^ key.len;

    if (len >= 8) {
        memcpy(&a, p + len - 8, 8);
        b ^= a;
        memcpy(&a, p, 8);

    } else if (len >= 4) {
        memcpy(&low, p, 4);
        memcpy(&high, p + len - 4, 4);
        a = (uint64_t) high << 32 | low;

    } else {
        a = len ? (uint64_t) p[0] << 16 | p[len / 2] << 8 | p[len - 1] : 0;
    }

    return (uint32_t) (ngx_snapshot_json_mix(a ^ h, b) >> 32);
}


/* whether the string that begins at raw, and is right, is that key */

static int
ngx_snapshot_json_same(const u_char *raw, ngx_snapshot_str_t key)
{
    size_t         n;
    u_char         buf[4];
    const u_char  *last;

    for (last = key.data + key.len; key.data < last; key.data += n) {

        if (*raw == '"') {
            return 0;
        }

        if (*raw == '\\') {
            n = ngx_snapshot_json_unescape(buf, &raw);

        } else {
            n = 1;
            buf[0] = *raw++;
        }

        if ((size_t) (last - key.data) < n || memcmp(key.data, buf, n) != 0) {
            return 0;
        }
    }

    return *raw == '"';
}


/* always NULL: the text is wrong there */

static const u_char *
ngx_snapshot_json_wrong(ngx_snapshot_json_t *r, const u_char *p,
    const char *what)
{
    if (p == r->last) {
        what = "ends too early";

    } else if (*p == '\0') {
        what = "has a NUL";
    }

    r->at = p;
    r->what = what;

    return NULL;
}


/* says what is wrong, and at which line and character of the text */

static void
ngx_snapshot_json_report(ngx_snapshot_json_t *r, ngx_snapshot_rule_e rule,
    const u_char *at, const char *what)
{
    uint64_t       line, column, w;
    const u_char  *p, *end;

    p = r->start;
    line = 1;

    while ((end = memchr(p, '\n', at - p)) != NULL) {
        p = end + 1;
        line++;
    }

    /* bytes that go on with a character are not counted, in whole words */

    column = at - p + 1;

    for ( /* void */ ; at - p >= 8; p += 8) {
        memcpy(&w, p, 8);
        w = ngx_snapshot_json_tops(w & ~(w << 1));
        column -= (w >> 7) * ngx_snapshot_json_each(1) >> 56;
    }

    for ( /* void */ ; p < at; p++) {
        column -= (*p & 0xc0) == 0x80;
    }

    ngx_snapshot_judge_text(r->judge, rule, what, line, column);
}


/* sets marks, before those that are left; 0 where there are no more */

static int
ngx_snapshot_json_more(ngx_snapshot_json_t *r)
{
    size_t  left;

    if (r->indexed >= r->stop) {
        return 0;
    }

    left = r->end - r->mark;

    memmove(r->marks, r->mark, left * sizeof(uint32_t));

    r->mark = r->marks;
    r->end = r->index(r, r->marks + left);

    return r->end != r->marks + left;
}


/*
 * The bytes behind a backslash that is not behind one itself: of a run that
 * begins at an even place these are at odd places, and the other way round.
 * *carry is set where the first byte of a block is one, then of the next block.
 */

static ngx_snapshot_inline uint64_t
ngx_snapshot_json_escaped(uint64_t slash, uint64_t *carry)
{
    uint64_t  behind, odd, even, ends;

    even = ngx_snapshot_json_each(0x55);
    slash &= ~*carry;
    behind = slash << 1 | *carry;
    odd = slash & ~even & ~behind;

    /* a run that begins at an odd place is carried to the bit behind it */

    *carry = __builtin_add_overflow(odd, slash, &ends);

    return (even ^ ends << 1) & behind;
}


/* what is within a string: has an odd number of quotes before it */

static ngx_snapshot_inline uint64_t
ngx_snapshot_json_inside(uint64_t quote, uint64_t quotes)
{
    unsigned  i;

    for (i = 1; i < NGX_SNAPSHOT_JSON_BLOCK; i *= 2) {
        quote ^= quote << i;
    }

    return quote ^ (0 - (quotes & 1));
}


/* the first character there that is no UTF-8, or what it was looked up to */

static size_t
ngx_snapshot_json_utf8(ngx_snapshot_json_t *r, size_t from, size_t to)
{
    size_t         i, n;
    const u_char  *p;

    p = r->start + from;

    /* one that ends there may have begun before */

    for (i = 1; i < 4 && i <= from && p[-(ssize_t) i] >= 0x80; i++) {
        if (p[-(ssize_t) i] >= 0xc0) {
            p -= i;
            break;
        }
    }

    for ( /* void */ ; p < r->start + to; p += n) {

        n = ngx_snapshot_utf8_len(p, r->last);

        if (n == 0) {
            return p - r->start;
        }
    }

    return to;
}


/* a block; where the body begins or ends in it, a copy with blanks around */

static const u_char *
ngx_snapshot_json_padded(ngx_snapshot_json_t *r, size_t at)
{
    size_t   n, before;
    u_char  *p;

    n = r->last - r->start - at;

    if (at && n >= NGX_SNAPSHOT_JSON_BLOCK) {
        return r->start + at;
    }

    n = (n < NGX_SNAPSHOT_JSON_BLOCK) ? n : NGX_SNAPSHOT_JSON_BLOCK;
    before = (at < NGX_SNAPSHOT_JSON_BEFORE) ? at : NGX_SNAPSHOT_JSON_BEFORE;

    p = r->block + NGX_SNAPSHOT_JSON_BEFORE;

    memset(r->block, ' ', sizeof(r->block));
    memcpy(p - before, r->start + at - before, before + n);

    return p;
}


static uint32_t *
ngx_snapshot_json_narrow(ngx_snapshot_json_t *r, uint32_t *mark)
{
    do {
        mark = ngx_snapshot_json_block(r, mark);

    } while (r->indexed < r->stop
             && mark < r->marks + NGX_SNAPSHOT_JSON_MARKS);

    return mark;
}


/*
 * Sets the marks of a block: quotes that are not escaped, and escapes.  Where a
 * byte is no UTF-8, or a control character within a string, marks end.
 */

static uint32_t *
ngx_snapshot_json_block(ngx_snapshot_json_t *r, uint32_t *mark)
{
    size_t         at, to, stop;
    uint64_t       w, quote, slash, control, high, escaped;
    unsigned       i;
    const u_char  *p;

    at = r->indexed;
    p = ngx_snapshot_json_padded(r, at);

    quote = 0;
    slash = 0;
    control = 0;
    high = 0;

    for (i = 0; i < NGX_SNAPSHOT_JSON_BLOCK; i += 8) {

        w = ngx_snapshot_json_word(p + i);

        quote |= ngx_snapshot_json_gather(ngx_snapshot_json_is(w, '"')) << i;
        slash |= ngx_snapshot_json_gather(ngx_snapshot_json_is(w, '\\')) << i;
        control |= ngx_snapshot_json_gather(ngx_snapshot_json_less(w, 0x20))
                   << i;
        high |= ngx_snapshot_json_tops(w);
    }

    if (slash | r->escaped) {
        escaped = ngx_snapshot_json_escaped(slash, &r->escaped);
        slash &= ~escaped;
        quote &= ~escaped;
    }

    to = r->last - r->start;
    to = (to - at < NGX_SNAPSHOT_JSON_BLOCK) ? to
                                             : at + NGX_SNAPSHOT_JSON_BLOCK;

    stop = (high | r->pending) ? ngx_snapshot_json_utf8(r, at, to) : to;

    control &= ngx_snapshot_json_inside(quote, r->quotes);

    if (control && at + __builtin_ctzll(control) < stop) {
        stop = at + __builtin_ctzll(control);
    }

    r->quotes += __builtin_popcountll(quote);
    r->pending = 0;
    r->indexed = at + NGX_SNAPSHOT_JSON_BLOCK;

    slash |= quote;

    if (stop < to) {
        r->stop = stop;
        slash &= (stop > at) ? ((uint64_t) 1 << (stop - at)) - 1 : 0;
    }

    for ( /* void */ ; slash; slash &= slash - 1) {
        *mark++ = (uint32_t) at + __builtin_ctzll(slash);
    }

    return mark;
}


/* the first byte is the lowest one */

static ngx_snapshot_inline uint64_t
ngx_snapshot_json_word(const u_char *p)
{
    uint64_t  w;

    memcpy(&w, p, 8);

#if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
    w = __builtin_bswap64(w);
#endif

    return w;
}


#if NGX_SNAPSHOT_JSON_AVX2

#define ngx_snapshot_json_load(p)                                             \
    _mm256_loadu_si256((const __m256i *) (const void *) (p))

#define ngx_snapshot_json_mask(a, b)                                          \
    ((uint32_t) _mm256_movemask_epi8(a)                                       \
     | (uint64_t) (uint32_t) _mm256_movemask_epi8(b) << 32)

#define ngx_snapshot_json_equal(v, c)                                         \
    _mm256_cmpeq_epi8(v, _mm256_set1_epi8(c))

/* compared with their sign, bytes over 0x7f are less as well */

#define ngx_snapshot_json_under(v, c)                                         \
    _mm256_cmpgt_epi8(_mm256_set1_epi8(c), v)


/*
 * Most blocks have nothing but quotes to see.  A loop for these, and one for
 * the others, mark what is right; the rest is left to the way without vectors.
 */

NGX_SNAPSHOT_JSON_TARGET
static uint32_t *
ngx_snapshot_json_wide(ngx_snapshot_json_t *r, uint32_t *mark)
{
    size_t         at, to;
    __m256i        a, b, others;
    uint32_t      *end;
    uint64_t       bits;
    const u_char  *p;

    end = r->marks + NGX_SNAPSHOT_JSON_MARKS;

    while (r->indexed < r->stop && mark < end) {

        at = r->indexed;
        to = (r->last - r->start) & ~(size_t) (NGX_SNAPSHOT_JSON_BLOCK - 1);
        p = r->start + at;

        if (at == to) {
            p = ngx_snapshot_json_padded(r, at);
            to += NGX_SNAPSHOT_JSON_BLOCK;
        }

        if (r->escaped | r->pending) {
            mark = ngx_snapshot_json_others(r, mark);
            continue;
        }

        for ( /* void */ ; at < to && mark < end;
             at += NGX_SNAPSHOT_JSON_BLOCK, p += NGX_SNAPSHOT_JSON_BLOCK)
        {
            a = ngx_snapshot_json_load(p);
            b = ngx_snapshot_json_load(p + 32);

            others = _mm256_or_si256(
                         _mm256_or_si256(ngx_snapshot_json_equal(a, '\\'),
                                         ngx_snapshot_json_equal(b, '\\')),
                         ngx_snapshot_json_under(_mm256_min_epi8(a, b), 0x20));

            if (!_mm256_testz_si256(others, others)) {
                r->indexed = at;
                mark = ngx_snapshot_json_others(r, mark);
                at = r->indexed;
                break;
            }

            bits = ngx_snapshot_json_mask(ngx_snapshot_json_equal(a, '"'),
                                          ngx_snapshot_json_equal(b, '"'));

            if (bits) {
                mark = ngx_snapshot_json_four(r, mark, at, bits);
            }
        }

        r->indexed = at;
    }

    return mark;
}


/* as long as blocks have more than quotes, one at least */

NGX_SNAPSHOT_JSON_TARGET
static ngx_snapshot_noinline uint32_t *
ngx_snapshot_json_others(ngx_snapshot_json_t *r, uint32_t *mark)
{
    size_t         at, to, len;
    __m256i        a, b, bad, low;
    uint32_t      *end;
    uint64_t       quote, slash, control, high, escaped, carry;
    const u_char  *p;

    at = r->indexed;
    len = r->last - r->start;
    to = len & ~(size_t) (NGX_SNAPSHOT_JSON_BLOCK - 1);
    end = r->marks + NGX_SNAPSHOT_JSON_MARKS;

    p = ngx_snapshot_json_padded(r, at);

    if (at == 0 || at == to) {
        to = at + NGX_SNAPSHOT_JSON_BLOCK;
    }

    do {
        a = ngx_snapshot_json_load(p);
        b = ngx_snapshot_json_load(p + 32);

        high = ngx_snapshot_json_mask(a, b);

        if (high | r->pending) {

            bad = _mm256_or_si256(ngx_snapshot_json_bad(p),
                                  ngx_snapshot_json_bad(p + 32));

            /* a character that the body ends in is as wrong */

            if (!_mm256_testz_si256(bad, bad)
                || (high >> (NGX_SNAPSHOT_JSON_BLOCK - 3)
                    && at + NGX_SNAPSHOT_JSON_BLOCK == len))
            {
                goto wrong;
            }
        }

        quote = ngx_snapshot_json_mask(ngx_snapshot_json_equal(a, '"'),
                                       ngx_snapshot_json_equal(b, '"'));
        slash = 0;
        control = 0;
        carry = r->escaped;

        low = _mm256_min_epu8(a, b);
        low = _mm256_cmpeq_epi8(low, _mm256_min_epu8(low,
                                                     _mm256_set1_epi8(0x1f)));

        bad = _mm256_or_si256(ngx_snapshot_json_equal(a, '\\'),
                              ngx_snapshot_json_equal(b, '\\'));
        bad = _mm256_or_si256(bad, low);

        if (carry || !_mm256_testz_si256(bad, bad)) {

            slash = ngx_snapshot_json_mask(ngx_snapshot_json_equal(a, '\\'),
                                           ngx_snapshot_json_equal(b, '\\'));
            escaped = ngx_snapshot_json_escaped(slash, &carry);
            slash &= ~escaped;
            quote &= ~escaped;

            if (!_mm256_testz_si256(low, low)) {
                control = ngx_snapshot_json_mask(
                              ngx_snapshot_json_under(a, 0x20),
                              ngx_snapshot_json_under(b, 0x20))
                          & ~high;
            }

            if (control
                && (control & ngx_snapshot_json_inside(quote, r->quotes)) != 0)
            {
                goto wrong;
            }
        }

        r->escaped = carry;
        r->pending = high >> (NGX_SNAPSHOT_JSON_BLOCK - 3);

        if (quote | slash) {
            mark = ngx_snapshot_json_four(r, mark, at, quote | slash);
        }

        r->quotes -= __builtin_popcountll(slash);

        at += NGX_SNAPSHOT_JSON_BLOCK;
        p += NGX_SNAPSHOT_JSON_BLOCK;

    } while (at < to && mark < end && (slash | control | high));

    r->indexed = at;

    return mark;

wrong:

    r->indexed = at;

    return ngx_snapshot_json_block(r, mark);
}


NGX_SNAPSHOT_JSON_TARGET
static ngx_snapshot_inline uint32_t *
ngx_snapshot_json_four(ngx_snapshot_json_t *r, uint32_t *mark, size_t at,
    uint64_t bits)
{
    unsigned   n;
    uint32_t  *end;

    n = (unsigned) __builtin_popcountll(bits);
    end = mark + n;
    r->quotes += n;

    for ( /* void */ ; bits; mark += NGX_SNAPSHOT_JSON_FOUR) {

        mark[0] = (uint32_t) (at + _tzcnt_u64(bits));
        bits = _blsr_u64(bits);
        mark[1] = (uint32_t) (at + _tzcnt_u64(bits));
        bits = _blsr_u64(bits);
        mark[2] = (uint32_t) (at + _tzcnt_u64(bits));
        bits = _blsr_u64(bits);
        mark[3] = (uint32_t) (at + _tzcnt_u64(bits));
        bits = _blsr_u64(bits);
    }

    return end;
}


/*
 * UTF-8 by three tables of half bytes, each with a bit for a kind of mistake
 * that two bytes can make: J. Keiser, D. Lemire, "Validating UTF-8 In Less Than
 * One Instruction Per Byte", 2020.  A mistake is a byte other than zero.
 */

NGX_SNAPSHOT_JSON_TARGET
static ngx_snapshot_inline __m256i
ngx_snapshot_json_bad(const u_char *p)
{
    __m256i  v, one, two, three, kinds, more;

#define SHORT    0x01   /* a lead byte, then none that goes on */
#define LONG     0x02   /* ASCII, then one that goes on */
#define OVER3    0x04   /* 0xe0, then less than 0xa0 */
#define SURR     0x10   /* 0xed, then more than 0x9f */
#define OVER2    0x20   /* 0xc0, 0xc1 */
#define GREAT1   0x08   /* 0xf4, then more than 0x8f, or more than 0xf4 */
#define GREAT2   0x40   /* 0xf5 and more, then 0x80 to 0x8f */
#define OVER4    0x40   /* 0xf0, then less than 0x90 */
#define TWO      0x80   /* two that go on */
#define CARRY    (SHORT|LONG|TWO)

#define ngx_snapshot_json_table(...)                                          \
    _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)

    const __m256i  half = _mm256_set1_epi8(0x0f);

    v = ngx_snapshot_json_load(p);
    one = ngx_snapshot_json_load(p - 1);
    two = ngx_snapshot_json_load(p - 2);
    three = ngx_snapshot_json_load(p - 3);

    kinds = _mm256_shuffle_epi8(
        ngx_snapshot_json_table(
            LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG,
            (char) TWO, (char) TWO, (char) TWO, (char) TWO,
            SHORT|OVER2, SHORT, SHORT|OVER3|SURR,
            SHORT|GREAT1|GREAT2|OVER4),
        _mm256_and_si256(_mm256_srli_epi16(one, 4), half));

    kinds = _mm256_and_si256(kinds, _mm256_shuffle_epi8(
        ngx_snapshot_json_table(
            (char) (CARRY|OVER3|OVER2|OVER4), (char) (CARRY|OVER2),
            (char) CARRY, (char) CARRY,
            (char) (CARRY|GREAT1),
            (char) (CARRY|GREAT1|GREAT2), (char) (CARRY|GREAT1|GREAT2),
            (char) (CARRY|GREAT1|GREAT2), (char) (CARRY|GREAT1|GREAT2),
            (char) (CARRY|GREAT1|GREAT2), (char) (CARRY|GREAT1|GREAT2),
            (char) (CARRY|GREAT1|GREAT2), (char) (CARRY|GREAT1|GREAT2),
            (char) (CARRY|GREAT1|GREAT2|SURR),
            (char) (CARRY|GREAT1|GREAT2), (char) (CARRY|GREAT1|GREAT2)),
        _mm256_and_si256(one, half)));

    kinds = _mm256_and_si256(kinds, _mm256_shuffle_epi8(
        ngx_snapshot_json_table(
            SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT,
            (char) (LONG|OVER2|TWO|OVER3|GREAT2|OVER4),
            (char) (LONG|OVER2|TWO|OVER3|GREAT1),
            (char) (LONG|OVER2|TWO|SURR|GREAT1),
            (char) (LONG|OVER2|TWO|SURR|GREAT1),
            SHORT, SHORT, SHORT, SHORT),
        _mm256_and_si256(_mm256_srli_epi16(v, 4), half)));

    /* where a third or a fourth byte is due, two that go on are right */

    more = _mm256_or_si256(
               _mm256_subs_epu8(two, _mm256_set1_epi8((char) (0xe0 - 0x80))),
               _mm256_subs_epu8(three, _mm256_set1_epi8((char) (0xf0 - 0x80))));

    return _mm256_xor_si256(kinds,
                            _mm256_and_si256(more,
                                             _mm256_set1_epi8((char) 0x80)));
}

#endif
