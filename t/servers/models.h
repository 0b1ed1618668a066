
/*
 * Servers as chains of steps, each from its documentation, what two of them in
 * a row make of a path, what a random chain makes of it, and a walk through
 * all that any chain at all can make of it.
 */


#ifndef _SERVERS_MODELS_H_INCLUDED_
#define _SERVERS_MODELS_H_INCLUDED_


#include "steps.h"


typedef struct {
    const char  *name;
    const char  *steps;
} model_t;


static const model_t  models[] = {
    { "as it is", "" },
    { "nginx", "Fdm." },
    { "nginx, merge_slashes off", "Fd." },
    { "nginx, rewritten and decoded again", "Fdm.d" },
    { "HAProxy, normalize-uri", "uFm." },
    { "Envoy, escaped slashes decoded", "zeb.m" },
    { "Apache, AllowEncodedSlashes On", "Fum.d" },
    { "Apache, AllowEncodedSlashes On, MergeSlashes Off", "Fu.d" },
    { "Apache, AllowEncodedSlashes NoDecode", "Fum.k" },
    { "Node's URL", "RhbFQe." },
    { "Node's URL, decoded", "RhbFQe.d" },
    { "decoded, then Node's URL", "dRhbFQe." },
    { "Python's urlparse, unquoted", "aPFQd" },
    { "Python's urlparse of what was unquoted", "daPFQ" },
    { "Cinder: eventlet, paste, Routes", "WQdtSd" },
    { "Go's ServeMux", "dC" },
    { "Go's url.Parse with a host", "aFQdC" },
    { "Tomcat", "pdm." },
    { "Tomcat, backslashes allowed", "pdbm." },
    { "Tomcat, escaped slashes passed through", "pkbm." },
    { "Jetty", "pd.m" },
    { "Kestrel", "k." },
    { "http.sys and IIS", "dbm.dr" },
    { "Shiro", "dPbm.t" },
    { "Spring, suffixes and trailing slashes matched", "pdmst" },
    { "Rails", "mtdS" },
    { "Django, no slash needed", "dlt" },
    { "PHP's parse_url, decoded", "aFQd" },
    { "decodes until nothing changes", "Dbm." },
    { "the contract's normal form", "Dbprm.stL" },
    { "any case", "dCL" },
    { "drops what is no escape", "%d." },
    { "trims", "dRt" },
    { "a bare suffix", "djt" }
};

#define MODELS  table_array(models)

/* the walk of one path ends at so many forms of it */

#define WALK_FORMS  4096
#define WALK_HASH   16384


/* a chain of so many steps was applied to get here, the last one is step */

typedef struct {
    unsigned     at;
    unsigned     len;
    unsigned     from;
    u_char       step;
} walk_form_t;


typedef struct {
    unsigned     forms;
    unsigned     used;
    walk_form_t  form[WALK_FORMS];
    unsigned     hash[WALK_HASH];
    u_char       bytes[WALK_FORMS * 64 + STEPS_PATH_MAX];
} walk_t;


static inline const step_t *
model_step(u_char key)
{
    size_t  i;

    for (i = 0; i < STEPS; i++) {
        if (steps[i].key == key) {
            return &steps[i];
        }
    }

    fprintf(stderr, "no step is called %c\n", key);
    abort();
}


/* the chain in words, for who reads a failure; an escape alone is a number */

static inline void
model_says(const char *chain, char *p, size_t size)
{
    size_t  n;

    for (n = 0; *chain && n < size; chain++) {

        if (*chain >= '0' && *chain <= '?') {
            n += snprintf(p + n, size - n, "decodes escape %d", *chain - '/');

        } else {
            n += snprintf(p + n, size - n, "%s",
                          model_step((u_char) *chain)->says);
        }

        if (chain[1] && n < size) {
            n += snprintf(p + n, size - n, ", ");
        }
    }
}


/* applies a chain in place; path has room for a byte more */

static inline size_t
model_run(const char *chain, u_char *p, size_t len)
{
    const step_t  *s;

    for ( /* void */ ; *chain; chain++) {
        s = model_step((u_char) *chain);
        len = s->step(p, len, s->arg);
    }

    return len;
}


static inline unsigned
walk_hash(const u_char *p, size_t len)
{
    unsigned  h;

    for (h = 2166136261u; len; len--) {
        h = (h ^ *p++) * 16777619u;
    }

    return h ^ h >> 15;
}


/* adds a form that is new; 0 where there is no room */

static inline int
walk_add(walk_t *w, const u_char *p, size_t len, unsigned from, u_char step)
{
    unsigned      i;
    walk_form_t  *f;

    for (i = walk_hash(p, len); w->hash[i % WALK_HASH]; i++) {

        f = &w->form[w->hash[i % WALK_HASH] - 1];

        if (f->len == len && memcmp(w->bytes + f->at, p, len) == 0) {
            return 1;
        }
    }

    if (w->forms == WALK_FORMS || w->used + len > sizeof(w->bytes)) {
        return 0;
    }

    f = &w->form[w->forms++];
    f->at = w->used;
    f->len = len;
    f->from = from;
    f->step = step;

    memcpy(w->bytes + w->used, p, len);
    w->used += len;
    w->hash[i % WALK_HASH] = w->forms;

    return 1;
}


static inline void
walk_begin(walk_t *w, ngx_snapshot_str_t path)
{
    memset(w->hash, 0, sizeof(w->hash));
    w->forms = 0;
    w->used = 0;

    (void) walk_add(w, path.data, path.len, 0, 0);
}


/* which bytes there are, and kinds of them, as steps are about them */

static inline void
walk_bytes(u_char *seen, const u_char *p, size_t len)
{
    int     blanks, capitals;
    size_t  i;

    memset(seen, 0, 256);
    blanks = 0;
    capitals = 0;

    for (i = 0; i < len; i++) {
        seen[p[i]] = 1;
        blanks |= step_is(p[i], STEPS_BLANK|STEPS_CONTROL);
        capitals |= (p[i] >= 'A' && p[i] <= 'Z');
    }

    seen[STEPS_ABOUT_ALL] = 1;
    seen[STEPS_ABOUT_BLANKS] = (u_char) blanks;
    seen[STEPS_ABOUT_CAPITALS] = (u_char) capitals;
}


/*
 * Adds what each step but one makes of form n, and the decoding of each escape
 * alone, from which all mixtures of decoded and escaped bytes follow.  0 where
 * there is no room for all.
 */

static inline int
walk_on(walk_t *w, unsigned n, u_char but)
{
    int      all;
    size_t   i, len, size, escapes;
    u_char   p[STEPS_PATH_MAX + 2], seen[256];
    u_char  *start;

    start = w->bytes + w->form[n].at;
    len = w->form[n].len;
    all = 1;
    escapes = 0;

    walk_bytes(seen, start, len);

    for (i = 0; i < STEPS; i++) {

        if (steps[i].key == but || !seen[steps[i].about]) {
            continue;
        }

        memcpy(p, start, len);
        size = steps[i].step(p, len, steps[i].arg);
        all &= walk_add(w, p, size, n, steps[i].key);
    }

    for (i = 0; i < len; i++) {
        escapes += step_escape(start + i, len - i) >= 0;
    }

    for (i = 0; escapes > 1 && i < escapes && i < 16; i++) {
        memcpy(p, start, len);
        size = step_decode_some(p, len, 1u << i);
        all &= walk_add(w, p, size, n, (u_char) ('0' + i));
    }

    return all;
}


/* the chain that led to form n, first step first */

static inline void
walk_chain(const walk_t *w, unsigned n, char *chain, size_t size)
{
    size_t    i, len;
    unsigned  at;

    len = 0;

    for (at = n; at; at = w->form[at].from) {
        len++;
    }

    i = (len < size - 1) ? len : size - 1;
    chain[i] = '\0';

    for (at = n; at; at = w->form[at].from) {
        if (--len < size - 1) {
            chain[len] = (char) w->form[at].step;
        }
    }
}


#endif /* _SERVERS_MODELS_H_INCLUDED_ */
