
/*
 * A second reader of JSON, by the grammar of RFC 8259 and the rule
 * "json-syntax" alone.  It says whether a body is one text, or may begin one,
 * and nothing of what is in it.
 */


#ifndef _TEXT_H_INCLUDED_
#define _TEXT_H_INCLUDED_


#include "fuzz.h"


/* so many objects and arrays within each other */

#define TEXT_DEPTH  512


typedef struct {
    const u_char  *p;
    const u_char  *last;
    unsigned       depth;
} text_t;


static inline int text_value(text_t *t);


static inline int
text_next(text_t *t)
{
    return t->p < t->last ? *t->p : -1;
}


static inline int
text_take(text_t *t, int c)
{
    if (text_next(t) != c) {
        return 0;
    }

    t->p++;

    return 1;
}


static inline int
text_word(text_t *t, const char *word)
{
    for ( /* void */ ; *word; word++) {
        if (!text_take(t, *word)) {
            return 0;
        }
    }

    return 1;
}


static inline void
text_space(text_t *t)
{
    while (text_take(t, ' ') || text_take(t, '\t') || text_take(t, '\n')
           || text_take(t, '\r'))
    {
        /* void */
    }
}


static inline int
text_digits(text_t *t)
{
    if (text_next(t) < '0' || text_next(t) > '9') {
        return 0;
    }

    while (text_next(t) >= '0' && text_next(t) <= '9') {
        t->p++;
    }

    return 1;
}


static inline int
text_number(text_t *t)
{
    text_take(t, '-');

    if (!text_take(t, '0') && !text_digits(t)) {
        return 0;
    }

    if (text_take(t, '.') && !text_digits(t)) {
        return 0;
    }

    if (text_take(t, 'e') || text_take(t, 'E')) {

        if (!text_take(t, '+')) {
            text_take(t, '-');
        }

        if (!text_digits(t)) {
            return 0;
        }
    }

    return 1;
}


/* four hexadecimal digits, -1 where there are not as many */

static inline long
text_unit(text_t *t)
{
    int   i, c;
    long  unit;

    unit = 0;

    for (i = 0; i < 4; i++) {

        c = text_next(t);

        if (c >= '0' && c <= '9') {
            unit = unit * 16 + c - '0';

        } else if (c >= 'a' && c <= 'f') {
            unit = unit * 16 + c - 'a' + 10;

        } else if (c >= 'A' && c <= 'F') {
            unit = unit * 16 + c - 'A' + 10;

        } else {
            return -1;
        }

        t->p++;
    }

    return unit;
}


static inline int
text_escape(text_t *t)
{
    long  unit;

    if (t->p < t->last && *t->p != 0 && strchr("\"\\/bfnrt", *t->p)) {
        t->p++;
        return 1;
    }

    if (!text_take(t, 'u')) {
        return 0;
    }

    unit = text_unit(t);

    if (unit < 0xd800 || unit > 0xdfff) {
        return unit > 0;
    }

    if (unit > 0xdbff || !text_word(t, "\\u")) {
        return 0;
    }

    unit = text_unit(t);

    return unit >= 0xdc00 && unit <= 0xdfff;
}


/* a character of UTF-8 that is not one byte, RFC 3629, section 4 */

static inline int
text_wide(text_t *t)
{
    int  c, n, low, high;

    c = *t->p++;
    low = 0x80;
    high = 0xbf;

    if (c >= 0xc2 && c <= 0xdf) {
        n = 1;

    } else if (c >= 0xe0 && c <= 0xef) {
        n = 2;
        low = (c == 0xe0) ? 0xa0 : low;
        high = (c == 0xed) ? 0x9f : high;

    } else if (c >= 0xf0 && c <= 0xf4) {
        n = 3;
        low = (c == 0xf0) ? 0x90 : low;
        high = (c == 0xf4) ? 0x8f : high;

    } else {
        return 0;
    }

    for ( /* void */ ; n; n--) {

        if (text_next(t) < low || text_next(t) > high) {
            return 0;
        }

        t->p++;
        low = 0x80;
        high = 0xbf;
    }

    return 1;
}


static inline int
text_string(text_t *t)
{
    if (!text_take(t, '"')) {
        return 0;
    }

    while (!text_take(t, '"')) {

        if (text_take(t, '\\')) {
            if (!text_escape(t)) {
                return 0;
            }

        } else if (text_next(t) >= 0x80) {
            if (!text_wide(t)) {
                return 0;
            }

        } else if (text_next(t) >= 0x20) {
            t->p++;

        } else {
            return 0;
        }
    }

    return 1;
}


static inline int
text_list(text_t *t, int end)
{
    if (++t->depth > TEXT_DEPTH) {
        t->p--;
        return 0;
    }

    text_space(t);

    if (text_take(t, end)) {
        t->depth--;
        return 1;
    }

    do {
        if (end == '}') {
            text_space(t);

            if (!text_string(t)) {
                return 0;
            }

            text_space(t);

            if (!text_take(t, ':')) {
                return 0;
            }
        }

        if (!text_value(t)) {
            return 0;
        }

    } while (text_take(t, ','));

    t->depth--;

    return text_take(t, end);
}


static inline int
text_value(text_t *t)
{
    int  right;

    text_space(t);

    switch (text_next(t)) {

    case '{':
        t->p++;
        right = text_list(t, '}');
        break;

    case '[':
        t->p++;
        right = text_list(t, ']');
        break;

    case '"':
        right = text_string(t);
        break;

    case 't':
        right = text_word(t, "true");
        break;

    case 'f':
        right = text_word(t, "false");
        break;

    case 'n':
        right = text_word(t, "null");
        break;

    default:
        right = text_number(t);
    }

    if (right) {
        text_space(t);
    }

    return right;
}


/* reads the body; 1 where it is one object, and nothing else */

static inline int
text_read(text_t *t, ngx_snapshot_str_t body)
{
    t->p = body.data;
    t->last = body.data + body.len;
    t->depth = 0;

    text_space(t);

    return text_next(t) == '{' && text_value(t) && t->p == t->last;
}


static inline int
text_is_object(ngx_snapshot_str_t body)
{
    text_t  t;

    return text_read(&t, body);
}


/* 1 where the bytes are one object, or all that they lack is an end */

static inline int
text_may_begin(ngx_snapshot_str_t bytes)
{
    text_t  t;

    return text_read(&t, bytes) || t.p == t.last;
}


#endif /* _TEXT_H_INCLUDED_ */
