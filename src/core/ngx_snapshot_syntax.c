
#include "ngx_snapshot_syntax.h"
#include "ngx_snapshot_text.h"


/* so many objects and arrays may be within each other, CONTRACT section 2 */

#define NGX_SNAPSHOT_SYNTAX_LEVELS  512


/* ends has the bytes that end the objects and arrays in hand */

typedef struct {
    const u_char  *p;
    const u_char  *last;
    const char    *what;
    unsigned       level;
    u_char         ends[NGX_SNAPSHOT_SYNTAX_LEVELS];
} ngx_snapshot_syntax_t;


static int ngx_snapshot_syntax_value(ngx_snapshot_syntax_t *s);
static int ngx_snapshot_syntax_behind(ngx_snapshot_syntax_t *s);
static int ngx_snapshot_syntax_key(ngx_snapshot_syntax_t *s);
static int ngx_snapshot_syntax_scalar(ngx_snapshot_syntax_t *s);
static int ngx_snapshot_syntax_word(ngx_snapshot_syntax_t *s,
    const char *word);
static int ngx_snapshot_syntax_number(ngx_snapshot_syntax_t *s);
static int ngx_snapshot_syntax_string(ngx_snapshot_syntax_t *s);
static int ngx_snapshot_syntax_escape(ngx_snapshot_syntax_t *s);
static int ngx_snapshot_syntax_unit(ngx_snapshot_syntax_t *s, unsigned *unit);
static int ngx_snapshot_syntax_space(ngx_snapshot_syntax_t *s);
static int ngx_snapshot_syntax_take(ngx_snapshot_syntax_t *s, int c);
static int ngx_snapshot_syntax_wrong(ngx_snapshot_syntax_t *s,
    const char *what);


/* the byte in hand, or -1 at the end */

#define ngx_snapshot_syntax_next(s)  ((s)->p < (s)->last ? *(s)->p : -1)


const u_char *
ngx_snapshot_syntax(ngx_snapshot_str_t body, const char **what)
{
    ngx_snapshot_syntax_t  s;

    s.p = body.data;
    s.last = body.data + body.len;
    s.level = 0;
    s.what = NULL;

    if (ngx_snapshot_syntax_space(&s) != '{') {
        (void) ngx_snapshot_syntax_wrong(&s, "has no \"{\"");
    }

    while (s.what == NULL
           && ngx_snapshot_syntax_value(&s)
           && ngx_snapshot_syntax_behind(&s))
    {
        /* void */
    }

    if (s.what == NULL && ngx_snapshot_syntax_space(&s) != -1) {
        (void) ngx_snapshot_syntax_wrong(&s, "has text behind the object");
    }

    *what = s.what;

    return s.what ? s.p : NULL;
}


/* past a scalar, or into objects and arrays up to one, or to an empty end */

static int
ngx_snapshot_syntax_value(ngx_snapshot_syntax_t *s)
{
    int     c;
    u_char  end;

    for ( ;; ) {

        c = ngx_snapshot_syntax_space(s);

        if (c != '{' && c != '[') {
            return ngx_snapshot_syntax_scalar(s);
        }

        if (s->level == NGX_SNAPSHOT_SYNTAX_LEVELS) {
            return ngx_snapshot_syntax_wrong(s, "is nested too deeply");
        }

        end = (c == '{') ? '}' : ']';

        s->ends[s->level++] = end;
        s->p++;

        if (ngx_snapshot_syntax_space(s) == end) {
            return 1;
        }

        if (end == '}' && !ngx_snapshot_syntax_key(s)) {
            return 0;
        }
    }
}


/* past what is behind a value: 1 where another one comes, 0 at the end */

static int
ngx_snapshot_syntax_behind(ngx_snapshot_syntax_t *s)
{
    u_char  end;

    while (s->level) {

        end = s->ends[s->level - 1];

        (void) ngx_snapshot_syntax_space(s);

        if (ngx_snapshot_syntax_take(s, ',')) {
            return end == ']' || ngx_snapshot_syntax_key(s);
        }

        if (!ngx_snapshot_syntax_take(s, end)) {
            return ngx_snapshot_syntax_wrong(s, "is malformed");
        }

        s->level--;
    }

    return 0;
}


static int
ngx_snapshot_syntax_key(ngx_snapshot_syntax_t *s)
{
    (void) ngx_snapshot_syntax_space(s);

    if (!ngx_snapshot_syntax_string(s)) {
        return 0;
    }

    (void) ngx_snapshot_syntax_space(s);

    return ngx_snapshot_syntax_take(s, ':')
           || ngx_snapshot_syntax_wrong(s, "is malformed");
}


static int
ngx_snapshot_syntax_scalar(ngx_snapshot_syntax_t *s)
{
    switch (ngx_snapshot_syntax_next(s)) {

    case '"':
        return ngx_snapshot_syntax_string(s);

    case 't':
        return ngx_snapshot_syntax_word(s, "true");

    case 'f':
        return ngx_snapshot_syntax_word(s, "false");

    case 'n':
        return ngx_snapshot_syntax_word(s, "null");

    default:
        return ngx_snapshot_syntax_number(s);
    }
}


static int
ngx_snapshot_syntax_word(ngx_snapshot_syntax_t *s, const char *word)
{
    for ( /* void */ ; *word; word++) {
        if (!ngx_snapshot_syntax_take(s, *word)) {
            return ngx_snapshot_syntax_wrong(s, "is malformed");
        }
    }

    return 1;
}


/* the byte behind it is looked at by the caller, who takes no digit there */

static int
ngx_snapshot_syntax_number(ngx_snapshot_syntax_t *s)
{
    size_t  n;

    n = ngx_snapshot_number_len(s->p, s->last);
    s->p += n;

    return n || ngx_snapshot_syntax_wrong(s, "is malformed");
}


static int
ngx_snapshot_syntax_string(ngx_snapshot_syntax_t *s)
{
    size_t  n;

    if (!ngx_snapshot_syntax_take(s, '"')) {
        return ngx_snapshot_syntax_wrong(s, "is malformed");
    }

    for ( ;; ) {

        s->p = ngx_snapshot_skip(s->p, s->last, NGX_SNAPSHOT_BYTE_PLAIN);

        if (ngx_snapshot_syntax_take(s, '"')) {
            return 1;
        }

        if (s->p == s->last || *s->p < 0x20) {
            return ngx_snapshot_syntax_wrong(s, "has a control character in a "
                                                "string");
        }

        if (*s->p == '\\') {

            if (!ngx_snapshot_syntax_escape(s)) {
                return 0;
            }

            continue;
        }

        n = ngx_snapshot_utf8_len(s->p, s->last);

        if (n == 0) {
            return ngx_snapshot_syntax_wrong(s, "has invalid UTF-8");
        }

        s->p += n;
    }
}


static int
ngx_snapshot_syntax_escape(ngx_snapshot_syntax_t *s)
{
    unsigned       unit, low;
    const u_char  *start;

    start = s->p++;

    if (s->p < s->last && *s->p && strchr("\"\\/bfnrt", *s->p)) {
        s->p++;
        return 1;
    }

    if (!ngx_snapshot_syntax_take(s, 'u')) {
        return ngx_snapshot_syntax_wrong(s, "is malformed");
    }

    if (!ngx_snapshot_syntax_unit(s, &unit)) {
        return 0;
    }

    if (unit == 0) {
        s->p = start;
        return ngx_snapshot_syntax_wrong(s, "has a NUL");
    }

    if (unit < 0xd800 || unit > 0xdfff) {
        return 1;
    }

    if (unit < 0xdc00
        && ngx_snapshot_syntax_take(s, '\\')
        && ngx_snapshot_syntax_take(s, 'u'))
    {
        if (!ngx_snapshot_syntax_unit(s, &low)) {
            return 0;
        }

        if (low >= 0xdc00 && low <= 0xdfff) {
            return 1;
        }
    }

    if (s->p != s->last) {
        s->p = start;
    }

    return ngx_snapshot_syntax_wrong(s, "has half of a surrogate pair");
}


static int
ngx_snapshot_syntax_unit(ngx_snapshot_syntax_t *s, unsigned *unit)
{
    int       c;
    unsigned  i;

    *unit = 0;

    for (i = 0; i < 4; i++) {

        c = ngx_snapshot_syntax_next(s);

        if (c == -1 || !(ngx_snapshot_bytes[c] & NGX_SNAPSHOT_BYTE_HEX)) {
            return ngx_snapshot_syntax_wrong(s, "is malformed");
        }

        *unit = *unit * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        s->p++;
    }

    return 1;
}


/* past white space; returns the byte behind it, or -1 */

static int
ngx_snapshot_syntax_space(ngx_snapshot_syntax_t *s)
{
    while (s->p < s->last
           && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r'
               || *s->p == '\t'))
    {
        s->p++;
    }

    return ngx_snapshot_syntax_next(s);
}


static int
ngx_snapshot_syntax_take(ngx_snapshot_syntax_t *s, int c)
{
    if (ngx_snapshot_syntax_next(s) != c) {
        return 0;
    }

    s->p++;

    return 1;
}


/* always 0 */

static int
ngx_snapshot_syntax_wrong(ngx_snapshot_syntax_t *s, const char *what)
{
    if (s->p == s->last) {
        what = "ends too early";

    } else if (*s->p == '\0') {
        what = "has a NUL";
    }

    s->what = what;

    return 0;
}
