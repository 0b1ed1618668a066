
/*
 * CONTRACT section 1 once more, sentence by sentence and as simply as can be,
 * whatever time it takes: which kind of path it is, and what it leads to.
 */


#ifndef _SERVERS_READING_H_INCLUDED_
#define _SERVERS_READING_H_INCLUDED_


#include "forms.h"
#include "models.h"


typedef enum {
    READING_PLAIN = 0,
    READING_HARMLESS,
    READING_ODD
} reading_e;


/* operation: of either table, "unknown", or NULL where it is not in scope */

typedef struct {
    reading_e    kind;
    const char  *operation;
} reading_t;


/* a path in hand, and the method's bit */

typedef struct {
    ngx_snapshot_str_t  path;
    ngx_snapshot_str_t  prefix;
    unsigned            method;
} reading_asked_t;


/* with a project id, which comes first, or without */

static inline const char *
reading_sibling(const reading_asked_t *asked, ngx_snapshot_str_t path, int fold)
{
    size_t               i;
    const u_char        *last;
    const table_row_t   *row;

    if (!table_prefixed(path, asked->prefix, fold)) {
        return NULL;
    }

    last = path.data + path.len;

    for (i = 0; i < table_array(table_siblings); i++) {

        row = &table_siblings[i];

        if (row->methods & asked->method
            && table_behind(row->path, path.data + asked->prefix.len, last,
                            fold)
               == last)
        {
            return row->name;
        }
    }

    return NULL;
}


static inline const char *
reading_operation(const reading_asked_t *asked, ngx_snapshot_str_t path,
    int fold)
{
    const table_row_t  *row;

    row = table_find(path, asked->prefix, asked->method, fold);

    return row ? row->name : reading_sibling(asked, path, fold);
}


/* a segment that begins with a dot has no suffix, or is nothing else */

static inline size_t
reading_suffix(const u_char *p, size_t len)
{
    size_t  last;

    last = step_last(p, len);

    return (last == len || p[last] == '.')
           ? len : step_suffix((u_char *) p, len, 0);
}


/* 1 for a word in other letters, as the id of an update */

static inline int
reading_is_other_word(const u_char *p, size_t len, unsigned method)
{
    size_t  i, n, at;

    static const char *const  words[] = { "detail", "snapshots" };

    at = step_last(p, len);

    for (i = 0; i < table_array(words); i++) {

        n = strlen(words[i]);

        if (method == TABLE_PUT && len - at == n
            && strncasecmp((const char *) p + at, words[i], n) == 0
            && memcmp(p + at, words[i], n) != 0)
        {
            return 1;
        }
    }

    return 0;
}


/*
 * The row of the first table that a plain path is in other letters, or without
 * its suffix, or NULL: then the path is odd.
 */

static inline const table_row_t *
reading_other_spelling(const reading_asked_t *asked)
{
    size_t               n;
    ngx_snapshot_str_t   path;
    const table_row_t   *row;

    path = asked->path;

    for ( ;; ) {

        n = path.len;
        row = table_find(path, asked->prefix, asked->method, 1);

        if (row
            && (n != asked->path.len
                || !table_find(path, asked->prefix, asked->method, 0)
                || reading_is_other_word(path.data, n, asked->method)))
        {
            return row;
        }

        path.len = reading_suffix(path.data, n);
        row = table_find(path, asked->prefix, asked->method, 1);

        if (row && path.len != n) {
            return row;
        }

        path.len = step_bare_suffix((u_char *) path.data, n, 0);

        if (path.len == n || !(asked->method & (TABLE_POST|TABLE_PUT))) {
            return NULL;
        }
    }
}


static inline reading_t
reading_plain(const reading_asked_t *asked, int scope)
{
    reading_t           r;
    const table_row_t  *row;

    row = reading_other_spelling(asked);

    if (row) {
        r.kind = READING_ODD;
        r.operation = row->name;
        return r;
    }

    r.kind = READING_PLAIN;
    r.operation = scope ? reading_operation(asked, asked->path, 0) : NULL;

    return r;
}


/* the prefix and the project id may be missing in a head */

static inline int
reading_has_head(const reading_asked_t *asked)
{
    int            prefix, project;
    char           head[64];
    size_t         i;
    const u_char  *p, *start, *last;

    last = asked->path.data + asked->path.len;

    for (prefix = table_prefixed(asked->path, asked->prefix, 0); prefix >= 0;
         prefix--)
    {
        start = asked->path.data + (prefix ? asked->prefix.len : 0);

        for (i = 0; i < 2 * table_array(table_versions); i++) {

            project = i < table_array(table_versions);

            snprintf(head, sizeof(head), "/%s%s/snapshots/",
                     table_versions[i % table_array(table_versions)],
                     project ? "/{}" : "");

            p = table_behind(head, start, last, 0);

            if (p && form_plain(asked->path.data, p - 1 - asked->path.data)
                && form_rest(p, last - p, asked->method, project))
            {
                return 1;
            }
        }
    }

    return 0;
}


/* what the normal form leads to */

static inline const char *
reading_normal(const reading_asked_t *asked)
{
    size_t               len;
    u_char               p[STEPS_PATH_MAX + 2];
    const char          *name;
    ngx_snapshot_str_t   path;

    memcpy(p, asked->path.data, asked->path.len);

    path.data = p;
    len = model_run("DbprlC", p, asked->path.len);

    for ( ;; ) {

        path.len = reading_suffix(p, len);
        name = reading_operation(asked, path, 1);

        if (name || !(asked->method & (TABLE_POST|TABLE_PUT))) {
            return name;
        }

        path.len = step_bare_suffix(p, len, 0);

        if (path.len == len) {
            return NULL;
        }

        len = path.len;
    }
}


static inline reading_t
reading(ngx_snapshot_str_t path, ngx_snapshot_str_t prefix, unsigned method)
{
    int              scope, version;
    reading_t        r;
    reading_asked_t  asked;

    asked.path = path;
    asked.prefix = prefix;
    asked.method = method;

    form_words(path, &scope, &version);

    if (form_plain(path.data, path.len)) {
        r = reading_plain(&asked, scope);

    } else if (!scope || !(method & ~TABLE_DELETE) || !version
               || reading_has_head(&asked))
    {
        r.kind = READING_HARMLESS;
        r.operation = NULL;

    } else {
        r.kind = READING_ODD;
        r.operation = reading_normal(&asked);
    }

    if (scope && r.operation == NULL) {
        r.operation = "unknown";
    }

    return r;
}


#endif /* _SERVERS_READING_H_INCLUDED_ */
