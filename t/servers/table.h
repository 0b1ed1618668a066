
/*
 * The tables of CONTRACT section 1, as t/data/contract.json has them, and what
 * a server finds in the first: a path letter for letter, "{}" any one segment.
 */


#ifndef _SERVERS_TABLE_H_INCLUDED_
#define _SERVERS_TABLE_H_INCLUDED_


#include "ngx_snapshot_core.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>


#define table_array(a)  (sizeof(a) / sizeof((a)[0]))


typedef enum {
    TABLE_GET = 0x01,
    TABLE_HEAD = 0x02,
    TABLE_POST = 0x04,
    TABLE_PUT = 0x08,
    TABLE_DELETE = 0x10
} table_method_e;

#define TABLE_NAMES  (TABLE_GET|TABLE_HEAD)


typedef struct {
    unsigned     methods;
    const char  *path;
    const char  *name;
} table_row_t;


static const struct {
    unsigned     method;
    const char  *name;
} table_methods[] = {
    { TABLE_GET, "GET" },
    { TABLE_HEAD, "HEAD" },
    { TABLE_POST, "POST" },
    { TABLE_PUT, "PUT" },
    { TABLE_DELETE, "DELETE" }
};


/* with the project id, which comes first, and without; and the versions */

#include "table-data.h"


static inline u_char
table_lower(u_char c)
{
    return (c >= 'A' && c <= 'Z') ? c | 0x20 : c;
}


/*
 * Where the path is behind the pattern, or NULL where it does not begin with
 * it; fold takes letters of any case.
 */

static inline const u_char *
table_behind(const char *pattern, const u_char *p, const u_char *last, int fold)
{
    const u_char  *start;

    for ( /* void */ ; *pattern; pattern++) {

        if (*pattern != '{') {

            if (p == last
                || (fold ? table_lower(*p) : *p) != (u_char) *pattern)
            {
                return NULL;
            }

            p++;
            continue;
        }

        for (start = p; p < last && *p != '/'; p++) { /* void */ }

        if (p == start) {
            return NULL;
        }

        pattern++;
    }

    return p;
}


/* 1 where the path begins with the prefix, in any letters where fold is set */

static inline int
table_prefixed(ngx_snapshot_str_t path, ngx_snapshot_str_t prefix, int fold)
{
    size_t  i;

    if (path.len < prefix.len) {
        return 0;
    }

    for (i = 0; i < prefix.len; i++) {
        if (path.data[i] != prefix.data[i]
            && (!fold
                || table_lower(path.data[i]) != table_lower(prefix.data[i])))
        {
            return 0;
        }
    }

    return 1;
}


/* the row that a path means with one of these methods, or NULL */

static inline const table_row_t *
table_find(ngx_snapshot_str_t path, ngx_snapshot_str_t prefix,
    unsigned methods, int fold)
{
    size_t         i;
    const u_char  *p, *last;

    if (!table_prefixed(path, prefix, fold)) {
        return NULL;
    }

    p = path.data + prefix.len;
    last = path.data + path.len;

    if (last - p < (ptrdiff_t) sizeof("/v3/snapshots") - 1
        || p[0] != '/' || table_lower(p[1]) != 'v')
    {
        return NULL;
    }

    for (i = 0; i < table_array(table_rows); i++) {
        if (table_rows[i].methods & methods
            && table_behind(table_rows[i].path, p, last, fold) == last)
        {
            return &table_rows[i];
        }
    }

    return NULL;
}


/* one of TABLE_..., or 0 where no row has the method */

static inline unsigned
table_method(ngx_snapshot_str_t method)
{
    size_t  i;

    for (i = 0; i < table_array(table_methods); i++) {
        if (strlen(table_methods[i].name) == method.len
            && memcmp(table_methods[i].name, method.data, method.len) == 0)
        {
            return table_methods[i].method;
        }
    }

    return 0;
}


#endif /* _SERVERS_TABLE_H_INCLUDED_ */
