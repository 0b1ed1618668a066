
/*
 * Names of snapshots and keys of metadata, escaped as clients do it, must pass:
 * CONTRACT section 1, "What must therefore pass".
 */


#ifndef _SERVERS_NAMES_H_INCLUDED_
#define _SERVERS_NAMES_H_INCLUDED_


#include "forms.h"
#include "pieces.h"


#define NAMES_MAX  120


/* what a client leaves as it is, beside letters and digits */

static const struct {
    const char  *client;
    const char  *kept;
} names_clients[] = {
    { "Python's quote", "_.-~/" },
    { "Python's quote, safe=''", "_.-~" },
    { "Go's url.PathEscape", "-_.~$&+=:@" },
    { "JavaScript's encodeURIComponent", "-_.!~*'()" }
};

#define NAMES_CLIENTS  table_array(names_clients)


/*
 * 1 for a name that may be refused: it begins with a byte that somebody cuts
 * at, or with the word "detail", or a dot segment is in it.
 */

static inline int
names_is_refused(const u_char *name, size_t len)
{
    u_char    p[NAMES_MAX];
    size_t    n;
    unsigned  form;

    for (form = 0; form < FORMS; form++) {

        n = form_make(p, name, len, form);

        if (form_has_dots(p, n) || !form_begins(p, n, TABLE_GET, 1, 1)) {
            return 1;
        }
    }

    return 0;
}


/* escapes a name; p has room for three times as many bytes */

static inline size_t
names_escape(u_char *p, const u_char *name, size_t len, const char *kept)
{
    size_t  i, n;
    u_char  c;

    n = 0;

    for (i = 0; i < len; i++) {

        c = name[i];

        if ((table_lower(c) >= 'a' && table_lower(c) <= 'z')
            || (c >= '0' && c <= '9')
            || (c != '\0' && strchr(kept, c) != NULL))
        {
            p[n++] = c;

        } else {
            p[n++] = '%';
            p[n++] = (u_char) "0123456789ABCDEF"[c >> 4];
            p[n++] = (u_char) "0123456789ABCDEF"[c & 15];
        }
    }

    return n;
}


/* a code point in UTF-8 */

static inline size_t
names_utf8(u_char *p, unsigned c)
{
    if (c < 0x80) {
        p[0] = (u_char) c;
        return 1;
    }

    if (c < 0x800) {
        p[0] = (u_char) (0xc0 | c >> 6);
        p[1] = (u_char) (0x80 | (c & 0x3f));
        return 2;
    }

    if (c < 0x10000) {
        p[0] = (u_char) (0xe0 | c >> 12);
        p[1] = (u_char) (0x80 | (c >> 6 & 0x3f));
        p[2] = (u_char) (0x80 | (c & 0x3f));
        return 3;
    }

    p[0] = (u_char) (0xf0 | c >> 18);
    p[1] = (u_char) (0x80 | (c >> 12 & 0x3f));
    p[2] = (u_char) (0x80 | (c >> 6 & 0x3f));
    p[3] = (u_char) (0x80 | (c & 0x3f));

    return 4;
}


/*
 * A name of any script, with any punctuation, whole words that could be taken
 * for something else among them: from random numbers, at most NAMES_MAX bytes.
 */

static inline size_t
names_random(u_char *p, uint64_t *seed)
{
    size_t    n, len;
    unsigned  c;
    uint64_t  r;

    static const char *const  words[] = {
        "snapshots", "detail", "Details", "v3", "..", ".json", "a/b", "50%",
        "%2f", "v1.0", "metadata", "#1", "?", "; ", "\\", "e.g."
    };

    len = 0;

    for (n = 1 + pieces_random(seed) % 12; n && len + 12 < NAMES_MAX; n--) {

        r = pieces_random(seed);

        switch (r & 7) {

        case 0:
            c = r >> 3 & 15;
            memcpy(p + len, words[c], strlen(words[c]));
            len += strlen(words[c]);
            break;

        case 1:
            c = (r >> 3) % 0x110000;
            len += names_utf8(p + len, (c >> 11 == 0x1b) ? 0xe9 : c);
            break;

        case 2:
            c = (r >> 3) % 0xd800;
            len += names_utf8(p + len, c);
            break;

        default:
            p[len++] = (u_char) (0x20 + (r >> 3) % 0x5f);
        }
    }

    return len;
}


#endif /* _SERVERS_NAMES_H_INCLUDED_ */
