
/* Sets of bytes that matter in paths, and the decoding of escapes. */


#ifndef _SERVERS_ESCAPES_H_INCLUDED_
#define _SERVERS_ESCAPES_H_INCLUDED_


#include "table.h"


/* sets of bytes */

#define STEPS_SEMICOLON  0x01
#define STEPS_FRAGMENT   0x02
#define STEPS_QUERY      0x04
#define STEPS_BLANK      0x08
#define STEPS_CONTROL    0x10
#define STEPS_WHOLE      0x80

/* which escapes are decoded, by what they stand for */

#define STEPS_ANY         0
#define STEPS_NO_SLASH    1
#define STEPS_DOT         2
#define STEPS_UNRESERVED  3
#define STEPS_SLASHES     4


static inline int
step_is(u_char c, unsigned set)
{
    return (set & STEPS_SEMICOLON && c == ';')
           || (set & STEPS_FRAGMENT && c == '#')
           || (set & STEPS_QUERY && c == '?')
           || (set & STEPS_BLANK && (c <= 0x20 || c == 0x85 || c == 0xa0))
           || (set & STEPS_CONTROL && (c < 0x20 || c == 0x7f));
}


static inline int
step_hex(u_char c)
{
    c = table_lower(c);

    return (c >= '0' && c <= '9') ? c - '0'
           : (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}


/* the byte that an escape at p stands for, or -1 where there is none */

static inline int
step_escape(const u_char *p, size_t len)
{
    return (len >= 3 && p[0] == '%' && step_hex(p[1]) >= 0
            && step_hex(p[2]) >= 0)
           ? step_hex(p[1]) << 4 | step_hex(p[2]) : -1;
}


static inline int
step_decodes(int c, unsigned which)
{
    switch (which) {

    case STEPS_NO_SLASH:
        return c != '/';

    case STEPS_DOT:
        return c == '.';

    case STEPS_SLASHES:
        return c == '/' || c == '\\';

    case STEPS_UNRESERVED:
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
               || (c >= 'A' && c <= 'Z')
               || c == '-' || c == '.' || c == '_' || c == '~';

    default:
        return 1;
    }
}


/* each escape once, from left to right */

static inline size_t
step_decode(u_char *p, size_t len, unsigned which)
{
    int     c;
    size_t  i, n;

    n = 0;

    for (i = 0; i < len; i++) {

        c = step_escape(p + i, len - i);

        if (c >= 0 && step_decodes(c, which)) {
            p[n++] = (u_char) c;
            i += 2;

        } else {
            p[n++] = p[i];
        }
    }

    return n;
}


static inline size_t
step_decode_all(u_char *p, size_t len, unsigned which)
{
    size_t  n;

    do {
        n = len;
        len = step_decode(p, len, which);
    } while (len != n);

    return len;
}


/* the escapes whose bits are set, the first escape's is the lowest */

static inline size_t
step_decode_some(u_char *p, size_t len, unsigned mask)
{
    int       c;
    size_t    i, n;
    unsigned  at;

    n = 0;
    at = 0;

    for (i = 0; i < len; i++) {

        c = step_escape(p + i, len - i);

        if (c >= 0 && mask >> (at++ % 16) & 1) {
            p[n++] = (u_char) c;
            i += 2;

        } else {
            p[n++] = p[i];
        }
    }

    return n;
}


#endif /* _SERVERS_ESCAPES_H_INCLUDED_ */
