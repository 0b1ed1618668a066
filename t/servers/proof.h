
/*
 * What the gateway says of a path, held against what servers may find in it.
 * Where one of them finds an operation of the first table, the gateway has to
 * call the path odd, or plain and that very operation.
 */


#ifndef _SERVERS_PROOF_H_INCLUDED_
#define _SERVERS_PROOF_H_INCLUDED_


#include "models.h"
#include "old.h"
#include "pieces.h"


/*
 * What the gateway made of a path: operation is NULL for one that is not in
 * scope, found the same where it is of the first table, or NULL.
 */

typedef struct {
    unsigned     method;
    int          odd;
    const char  *operation;
    const char  *found;
} proof_said_t;


typedef struct {
    ngx_snapshot_str_t   path;
    ngx_snapshot_str_t   prefix;
    proof_said_t         said[table_array(table_methods)];
} proof_t;


/* instead of the chain of a server */

#define PROOF_OLD  "o"


/* what a server found that the gateway did not */

typedef struct {
    const proof_said_t  *said;
    const table_row_t   *row;
    char                 chain[64];
} proof_gap_t;


/*
 * Look-ups of names that begin with an escaped "#" or "?" are let through on
 * purpose, though a server that cuts there lists snapshots: row is that list.
 */

static inline int
proof_is_lookup(const proof_t *t, const table_row_t *row)
{
    size_t         i;
    u_char         rest[STEPS_PATH_MAX];
    const u_char  *p, *last;

    if (!table_prefixed(t->path, t->prefix, 0)) {
        return 0;
    }

    last = t->path.data + t->path.len;

    for (i = 0; i < table_array(table_rows); i++) {

        if (strstr(row->name, "_list") == NULL
            || strcmp(table_rows[i].name, row->name) != 0)
        {
            continue;
        }

        p = table_behind(table_rows[i].path, t->path.data + t->prefix.len,
                         last, 0);

        if (p == NULL || last - p < 2 || p[0] != '/' || p[1] != '%') {
            continue;
        }

        memcpy(rest, p + 1, last - p - 1);
        (void) step_decode_all(rest, last - p - 1, STEPS_ANY);

        if (rest[0] == '#' || rest[0] == '?') {
            return 1;
        }
    }

    return 0;
}


/*
 * 1 where a server that made this form of the path finds something in it with
 * one of these methods
 */

static inline int
proof_form(proof_gap_t *gap, const proof_t *t, unsigned methods,
    const u_char *p, size_t len)
{
    size_t               i;
    ngx_snapshot_str_t   form;
    const table_row_t   *row;
    const proof_said_t  *said;

    form.data = p;
    form.len = len;

    if (table_find(form, t->prefix, methods, 0) == NULL) {
        return 0;
    }

    for (i = 0; i < table_array(table_methods); i++) {

        said = &t->said[i];

        if (said->odd || !(said->method & methods)) {
            continue;
        }

        row = table_find(form, t->prefix, said->method, 0);

        if (row == NULL
            || (said->found && strcmp(said->found, row->name) == 0)
            || proof_is_lookup(t, row))
        {
            continue;
        }

        gap->said = said;
        gap->row = row;

        return 1;
    }

    return 0;
}


/*
 * All that any chain of steps makes of the path, up to so many forms; all is
 * cleared where there are more.  A suffix that is all of a segment counts for
 * POST and PUT alone: names that are looked up may begin with a dot.
 */

static inline int
proof_walk(proof_gap_t *gap, const proof_t *t, walk_t *w, unsigned methods,
    unsigned most, int *all)
{
    u_char    but;
    unsigned  n;

    but = (methods & TABLE_NAMES) ? STEPS_BARE_SUFFIX : '\0';
    walk_begin(w, t->path);

    for (n = 0; n < w->forms; n++) {

        if (proof_form(gap, t, methods, w->bytes + w->form[n].at,
                       w->form[n].len))
        {
            walk_chain(w, n, gap->chain, sizeof(gap->chain));
            return 1;
        }

        if (w->forms >= most || !walk_on(w, n, but)) {
            *all = 0;
        }
    }

    return 0;
}


static inline int
proof_chain(proof_gap_t *gap, const proof_t *t, const char *chain)
{
    u_char    p[STEPS_PATH_MAX + 2];
    size_t    len;
    unsigned  methods;

    methods = strchr(chain, STEPS_BARE_SUFFIX) ? ~(unsigned) TABLE_NAMES : ~0u;

    memcpy(p, t->path.data, t->path.len);
    len = model_run(chain, p, t->path.len);

    if (!proof_form(gap, t, methods, p, len)) {
        return 0;
    }

    snprintf(gap->chain, sizeof(gap->chain), "%s", chain);

    return 1;
}


/* a random chain of up to six steps, of which each escape may be decoded */

static inline int
proof_random(proof_gap_t *gap, const proof_t *t, uint64_t *seed)
{
    u_char         p[STEPS_PATH_MAX + 8];
    size_t         i, n, len;
    unsigned       methods;
    const step_t  *s;

    len = t->path.len;
    memcpy(p, t->path.data, len);

    n = 1 + pieces_random(seed) % 6;
    methods = ~0u;

    for (i = 0; i < n; i++) {

        s = &steps[pieces_random(seed) % STEPS];
        gap->chain[i] = (char) s->key;

        if (s->key == 'd') {
            len = step_decode_some(p, len, (unsigned) pieces_random(seed));

        } else {
            len = s->step(p, len, s->arg);
        }

        if (s->key == STEPS_BARE_SUFFIX) {
            methods = ~(unsigned) TABLE_NAMES;
        }
    }

    gap->chain[n] = '\0';

    return proof_form(gap, t, methods, p, len);
}


/* every server, and every two of them in a row */

static inline int
proof_models(proof_gap_t *gap, const proof_t *t)
{
    char    chain[64];
    size_t  i, j;

    for (i = 0; i < MODELS; i++) {
        for (j = 0; j < MODELS; j++) {

            sprintf(chain, "%s%s", models[i].steps, models[j].steps);

            if (proof_chain(gap, t, chain)) {
                return 1;
            }
        }
    }

    return 0;
}


/* the reader that there was before */

static inline int
proof_old(proof_gap_t *gap, const proof_t *t)
{
    size_t               i;
    const table_row_t   *row;
    const proof_said_t  *said;

    for (i = 0; i < table_array(table_methods); i++) {

        said = &t->said[i];

        if (said->odd) {
            continue;
        }

        row = old_reads(t->path, t->prefix, said->method);

        if (row && (said->found == NULL || strcmp(said->found, row->name))) {
            gap->said = said;
            gap->row = row;
            strcpy(gap->chain, PROOF_OLD);
            return 1;
        }
    }

    return 0;
}


/* what the server does that has found something */

static inline void
proof_says(const proof_gap_t *gap, char *p, size_t size)
{
    if (strcmp(gap->chain, PROOF_OLD) == 0) {
        snprintf(p, size, "is the reader before");
        return;
    }

    model_says(gap->chain, p, size);
}


/* the methods that are let through, of those that operations have */

static inline unsigned
proof_open(const proof_t *t)
{
    size_t    i;
    unsigned  methods;

    methods = 0;

    for (i = 0; i < table_array(table_methods); i++) {
        methods |= t->said[i].odd ? 0 : t->said[i].method;
    }

    return methods & ~TABLE_DELETE;
}


/*
 * 1 where all holds of the path, as far as so many forms of it tell; where
 * there are more, and pairs is set, every two servers in a row are tried, too.
 */

static inline int
proof_holds(proof_gap_t *gap, const proof_t *t, walk_t *w, unsigned most,
    int pairs)
{
    int       all;
    unsigned  open;

    open = proof_open(t);
    all = 1;

    if (open == 0) {
        return 1;
    }

    if (proof_old(gap, t)) {
        return 0;
    }

    if (open & TABLE_NAMES
        && proof_walk(gap, t, w, open & TABLE_NAMES, most, &all))
    {
        return 0;
    }

    if (open & ~TABLE_NAMES
        && proof_walk(gap, t, w, open & ~TABLE_NAMES, most, &all))
    {
        return 0;
    }

    return all || !pairs || !proof_models(gap, t);
}


#endif /* _SERVERS_PROOF_H_INCLUDED_ */
