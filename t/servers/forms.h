
/*
 * CONTRACT section 1 once more, of a path that is not plain: the forms of it
 * that all servers' readings are made of, and what may not be found there.
 */


#ifndef _SERVERS_FORMS_H_INCLUDED_
#define _SERVERS_FORMS_H_INCLUDED_


#include "steps.h"

#include <strings.h>


/* decoded until nothing changes; the same without the "%" that are left */

#define FORMS  2


/* the bytes that words are made of */

static inline int
form_is_letter(u_char c)
{
    c = table_lower(c);

    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
           || c == '_' || c == '-';
}


static inline int
form_is_plain(u_char c)
{
    return form_is_letter(c)
           || (c != '\0' && strchr(".~!$&'()*+,=:@", c) != NULL);
}


static inline int
form_is_kept(u_char c)
{
    return (c == '\0' || strchr("/\\.;#?%", c) == NULL)
           && !step_is(c, STEPS_BLANK|STEPS_CONTROL);
}


static inline int
form_has_word(const u_char *p, size_t i, size_t len, const char *word)
{
    size_t  n;

    n = strlen(word);

    return len - i >= n
           && strncasecmp((const char *) p + i, word, n) == 0
           && (i == 0 || !form_is_letter(p[i - 1]))
           && (i + n == len || !form_is_letter(p[i + n]));
}


/* two of its letters are an escape's digits, so 0xde stands for them */

static inline int
form_has_detail(const u_char *p, size_t i, size_t len)
{
    return form_has_word(p, i, len, "detail")
           || (i < len && p[i] == 0xde && form_has_word(p, i + 1, len, "tail"));
}


/* 1 where a plain path is meant: bytes, and no empty or dot segment */

static inline int
form_plain(const u_char *p, size_t len)
{
    size_t  i, n;

    if (len == 0) {
        return 0;
    }

    for (i = 0; i < len; i += n + 1) {

        n = step_segment(p, i + 1, len);

        if (p[i] != '/'
            || n == 0
            || (n == 1 && p[i + 1] == '.')
            || (n == 2 && p[i + 1] == '.' && p[i + 2] == '.'))
        {
            return 0;
        }
    }

    for (i = 0; i < len; i++) {
        if (p[i] != '/' && !form_is_plain(p[i])) {
            return 0;
        }
    }

    return 1;
}


/* in lower case, a backslash a slash; out has room for as much as there is */

static inline size_t
form_make(u_char *out, const u_char *p, size_t len, unsigned form)
{
    size_t  i, n;

    memcpy(out, p, len);

    len = step_decode_all(out, len, STEPS_ANY);
    len = step_lower(out, step_backslash(out, len, 0), 0);

    for (i = 0, n = 0; i < len; i++) {
        if (form == 0 || out[i] != '%') {
            out[n++] = out[i];
        }
    }

    return n;
}


/* a piece that is a dot segment to somebody */

static inline int
form_has_dots(const u_char *p, size_t len)
{
    size_t  i, n;

#define form_ends(c)                                                          \
    ((c) == '/' || (c) == ';' || (c) == '#' || (c) == '?' || (c) == '%'       \
     || step_is(c, STEPS_BLANK|STEPS_CONTROL))

    for (i = 0; i < len; i += n + 1) {

        for (n = 0; i + n < len && !form_ends(p[i + n]); n++) { /* void */ }

        if (n == 2 && p[i] == '.' && p[i + 1] == '.') {
            return 1;
        }
    }

    return 0;
}


/*
 * 1 where a look-up by name has nothing that a server that cuts its first byte
 * away takes for another operation than the list.
 */

static inline int
form_is_lookup(const u_char *p, size_t len, int project)
{
    size_t  i, n;

    for (i = 0; i < len; i++) {

        if (p[i] != '/') {
            continue;
        }

        for (n = i + 1; n < len && step_is(p[n], STEPS_BLANK); n++) {
            /* void */
        }

        if (form_has_detail(p, n, len)
            || (!project && form_has_word(p, n, len, "snapshots")))
        {
            return 0;
        }
    }

    return 1;
}


/* the first byte of the rest, and the words that it must not begin with */

static inline int
form_begins(const u_char *p, size_t len, unsigned method, int escaped,
    int project)
{
    if (len == 0 || (!project && form_has_word(p, 0, len, "snapshots"))) {
        return 0;
    }

    if (!(method & TABLE_NAMES)) {
        return form_is_kept(p[0]);
    }

    if (form_has_detail(p, 0, len)) {
        return 0;
    }

    if (p[0] == '#' || p[0] == '?') {
        return escaped && form_is_lookup(p, len, project);
    }

    return form_is_kept(p[0])
           || (p[0] == '.' && len > 1 && form_is_kept(p[1]));
}


/*
 * The length of the plain segment and the slash that the rest begins with, or 0
 * where it does not.
 */

static inline size_t
form_deeper(const u_char *p, size_t len)
{
    u_char  segment[STEPS_PATH_MAX + 1];
    size_t  n;

    n = step_segment(p, 0, len);

    segment[0] = '/';
    memcpy(segment + 1, p, n);

    return (n < len && form_plain(segment, n + 1)) ? n + 1 : 0;
}


/* 1 where the rest behind a plain head cannot take it away, in any form */

static inline int
form_rest(const u_char *p, size_t len, unsigned method, int project)
{
    u_char    out[STEPS_PATH_MAX + 1];
    size_t    n, deeper;
    unsigned  form;

    deeper = form_deeper(p, len);

    if (deeper == 0 && method == TABLE_PUT) {
        return 0;
    }

    for (form = 0; form < FORMS; form++) {

        n = form_make(out, p, len, form);

        if (!form_begins(out, n, method, len && *p == '%', project)
            || form_has_dots(out, n)
            || (method == TABLE_PUT
                && (deeper >= n || !form_is_kept(out[deeper]))))
        {
            return 0;
        }
    }

    return 1;
}


/* 1 where the word is there in a form, and where a version is before it */

static inline void
form_words(ngx_snapshot_str_t path, int *scope, int *version)
{
    u_char    out[STEPS_PATH_MAX + 1];
    size_t    i, n, len, word, first;
    unsigned  form;

    *scope = 0;
    *version = 0;

    for (form = 0; form < FORMS; form++) {

        len = form_make(out, path.data, path.len, form);
        first = len;
        word = len;

        for (i = 0; i < len; i++) {

            if (form_has_word(out, i, len, "snapshots")) {
                word = i;
            }

            for (n = 0; n < table_array(table_versions) && first == len; n++) {
                if (form_has_word(out, i, len, table_versions[n])) {
                    first = i;
                }
            }
        }

        *scope |= (word < len);
        *version |= (word < len && first < word);
    }
}


#endif /* _SERVERS_FORMS_H_INCLUDED_ */
