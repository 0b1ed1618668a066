
/*
 * What servers do to a path before they look for it, in elementary steps: any
 * mixture of these, in any order and any number of times, is what CONTRACT
 * section 1 calls lenient.  Each step is written down as simply as it can be,
 * in place; a path may become a byte longer.
 */


#ifndef _SERVERS_STEPS_H_INCLUDED_
#define _SERVERS_STEPS_H_INCLUDED_


#include "escapes.h"


/* paths that are longer are slow to be read in every way, and say no more */

#define STEPS_PATH_MAX  600


/* arg: which bytes, or which escapes, a step is about */

typedef size_t (*step_pt)(u_char *p, size_t len, unsigned arg);

/* a step changes nothing where no byte is that which it is about */

#define STEPS_ABOUT_ALL       0
#define STEPS_ABOUT_BLANKS    1
#define STEPS_ABOUT_CAPITALS  2

typedef struct {
    u_char       key;
    u_char       about;
    step_pt      step;
    unsigned     arg;
    const char  *says;
} step_t;


static inline size_t
step_backslash(u_char *p, size_t len, unsigned arg)
{
    size_t  i;

    (void) arg;

    for (i = 0; i < len; i++) {
        p[i] = (p[i] == '\\') ? '/' : p[i];
    }

    return len;
}


static inline size_t
step_merge(u_char *p, size_t len, unsigned arg)
{
    size_t  i, n;

    (void) arg;

    n = 0;

    for (i = 0; i < len; i++) {
        if (p[i] != '/' || n == 0 || p[n - 1] != '/') {
            p[n++] = p[i];
        }
    }

    return n;
}


/* the length of a segment that begins at i */

static inline size_t
step_segment(const u_char *p, size_t i, size_t len)
{
    size_t  n;

    for (n = i; n < len && p[n] != '/'; n++) { /* void */ }

    return n - i;
}


/* RFC 3986, section 5.2.4, of a path that begins with a slash */

static inline size_t
step_dots(u_char *p, size_t len, unsigned arg)
{
    int     slash;
    size_t  i, n, size;

    (void) arg;

    if (len == 0 || p[0] != '/') {
        return len;
    }

    n = 0;

    for (i = 0; i < len; i += size) {

        size = 1 + step_segment(p, i + 1, len);
        slash = (i + size == len);

        if (size == 2 && p[i + 1] == '.') {
            /* nothing */

        } else if (size == 3 && p[i + 1] == '.' && p[i + 2] == '.') {

            while (n && p[--n] != '/') { /* void */ }

        } else {
            memmove(p + n, p + i, size);
            n += size;
            slash = 0;
        }

        if (slash) {
            p[n++] = '/';
        }
    }

    return n;
}


static inline size_t
step_trailing_slash(u_char *p, size_t len, unsigned arg)
{
    (void) arg;

    while (len > 1 && p[len - 1] == '/') {
        len--;
    }

    return len;
}


static inline size_t
step_leading_slash(u_char *p, size_t len, unsigned arg)
{
    (void) arg;

    if (len && p[0] == '/') {
        return len;
    }

    memmove(p + 1, p, len);
    p[0] = '/';

    return len + 1;
}


/* empty segments count for nothing where dots are resolved, as in path.Clean */

static inline size_t
step_clean(u_char *p, size_t len, unsigned arg)
{
    len = step_dots(p, step_merge(p, len, arg), arg);

    return step_trailing_slash(p, len, arg);
}


/* cuts each segment, or the whole, at the first byte of the set */

static inline size_t
step_cut(u_char *p, size_t len, unsigned set)
{
    int     cut;
    size_t  i, n;

    n = 0;
    cut = 0;

    for (i = 0; i < len; i++) {

        if (p[i] == '/' && !(set & STEPS_WHOLE)) {
            cut = 0;

        } else if (step_is(p[i], set)) {
            cut = 1;
        }

        if (!cut) {
            p[n++] = p[i];
        }
    }

    return n;
}


/* takes blanks off the end of each segment, with STEPS_WHOLE off both */

static inline size_t
step_trim(u_char *p, size_t len, unsigned set)
{
    size_t  i, n, size, whole, skip;

    n = 0;

    for (i = 0; i < len; i += whole) {

        if (p[i] == '/') {
            p[n++] = '/';
            whole = 1;
            continue;
        }

        whole = step_segment(p, i, len);
        skip = 0;

        for (size = whole; size && step_is(p[i + size - 1], STEPS_BLANK);
             size--)
        {
            /* void */
        }

        while (set & STEPS_WHOLE && skip < size
               && step_is(p[i + skip], STEPS_BLANK))
        {
            skip++;
        }

        memmove(p + n, p + i + skip, size - skip);
        n += size - skip;
    }

    return n;
}


/* drops a "%" that begins no escape */

static inline size_t
step_percent(u_char *p, size_t len, unsigned arg)
{
    size_t  i, n;

    (void) arg;

    n = 0;

    for (i = 0; i < len; i++) {
        if (p[i] != '%' || step_escape(p + i, len - i) >= 0) {
            p[n++] = p[i];
        }
    }

    return n;
}


/* where the last segment begins */

static inline size_t
step_last(const u_char *p, size_t len)
{
    while (len && p[len - 1] != '/') {
        len--;
    }

    return len;
}


/* 1 where p ends in a dot, escaped or not */

static inline int
step_ends_in_dot(const u_char *p, size_t len)
{
    u_char  out[STEPS_PATH_MAX + 1];

    if (len && (p[len - 1] | 0x20) == 'e') {
        memcpy(out, p, len);
        len = step_decode_all(out, len, STEPS_ANY);
        p = out;
    }

    return len && p[len - 1] == '.';
}


/*
 * From the first or the last dot of the last segment on, but not from its first
 * byte, nor from a dot behind a dot: no server makes dots of a suffix.
 */

static inline size_t
step_suffix(u_char *p, size_t len, unsigned last)
{
    size_t  i, end, begin;

    end = len;
    begin = step_last(p, len);

    for (i = begin + 1; i < len; i++) {
        if (p[i] == '.' && (end == len || last)
            && !step_ends_in_dot(p + begin, i - begin))
        {
            end = i;
        }
    }

    return end;
}


/* a last segment that is nothing but a suffix */

static inline size_t
step_bare_suffix(u_char *p, size_t len, unsigned arg)
{
    size_t  i;

    (void) arg;

    i = step_last(p, len);

    return (i && i < len && p[i] == '.') ? i - 1 : len;
}


/* "//host/path" becomes "/path"; browsers take any slashes of any kind */

static inline size_t
step_host(u_char *p, size_t len, unsigned browser)
{
    size_t  i;

#define step_is_slash(c)  ((c) == '/' || (browser && (c) == '\\'))

    if (len < 2 || !step_is_slash(p[0]) || !step_is_slash(p[1])) {
        return len;
    }

    i = 2;

    while (browser && i < len && step_is_slash(p[i])) {
        i++;
    }

    while (i < len && !step_is_slash(p[i])) {
        i++;
    }

    memmove(p, p + i, len - i);

    return len - i;
}


static inline size_t
step_lower(u_char *p, size_t len, unsigned arg)
{
    size_t  i;

    (void) arg;

    for (i = 0; i < len; i++) {
        p[i] = table_lower(p[i]);
    }

    return len;
}


#define STEPS_BARE_SUFFIX  'j'


/* most often of use first */

static const step_t  steps[] = {
    { 'd', '%', step_decode, STEPS_ANY, "decodes once" },
    { 'D', '%', step_decode_all, STEPS_ANY, "decodes until nothing changes" },
    { '.', '.', step_dots, 0, "resolves dot segments" },
    { 'm', '/', step_merge, 0, "merges slashes" },
    { 'C', '/', step_clean, 0, "cleans the path" },
    { 'b', '\\', step_backslash, 0, "takes a backslash for a slash" },
    { '%', '%', step_percent, 0, "drops a % that begins no escape" },
    { 'k', '%', step_decode, STEPS_NO_SLASH, "decodes all but slashes" },
    { 'e', '%', step_decode, STEPS_DOT, "decodes dots" },
    { 'u', '%', step_decode, STEPS_UNRESERVED, "decodes what needs no escape" },
    { 'z', '%', step_decode, STEPS_SLASHES, "decodes slashes" },
    { 'p', ';', step_cut, STEPS_SEMICOLON, "cuts segments at ;" },
    { 'f', '#', step_cut, STEPS_FRAGMENT, "cuts segments at #" },
    { 'q', '?', step_cut, STEPS_QUERY, "cuts segments at ?" },
    { 'w', STEPS_ABOUT_BLANKS, step_cut, STEPS_BLANK|STEPS_CONTROL,
      "cuts segments at blanks" },
    { 'P', ';', step_cut, STEPS_SEMICOLON|STEPS_WHOLE, "cuts all at ;" },
    { 'F', '#', step_cut, STEPS_FRAGMENT|STEPS_WHOLE, "cuts all at #" },
    { 'Q', '?', step_cut, STEPS_QUERY|STEPS_WHOLE, "cuts all at ?" },
    { 'W', STEPS_ABOUT_BLANKS, step_cut, STEPS_BLANK|STEPS_CONTROL|STEPS_WHOLE,
      "cuts all at a blank" },
    { 'r', STEPS_ABOUT_BLANKS, step_trim, 0, "trims segments" },
    { 'R', STEPS_ABOUT_BLANKS, step_trim, STEPS_WHOLE,
      "trims segments on both sides" },
    { 's', '.', step_suffix, 0, "takes all suffixes off" },
    { 'S', '.', step_suffix, 1, "takes the last suffix off" },
    { STEPS_BARE_SUFFIX, '.', step_bare_suffix, 0, "takes a bare suffix off" },
    { 't', '/', step_trailing_slash, 0, "takes slashes off the end" },
    { 'l', STEPS_ABOUT_ALL, step_leading_slash, 0,
      "puts a slash before the path" },
    { 'a', '/', step_host, 0, "takes a host off" },
    { 'h', STEPS_ABOUT_ALL, step_host, 1, "takes a host off as browsers do" },
    { 'L', STEPS_ABOUT_CAPITALS, step_lower, 0, "ignores case" }
};

#define STEPS  table_array(steps)


#endif /* _SERVERS_STEPS_H_INCLUDED_ */
