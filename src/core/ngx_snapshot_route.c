
/* Segments of a plain path against the rows.  It knows no server. */

#include "ngx_snapshot_route.h"
#include "ngx_snapshot_check.h"
#include "ngx_snapshot_text.h"


/* a method has so many paths at most: all of them */

#define NGX_SNAPSHOT_ROWS  (NGX_SNAPSHOT_OPERATIONS * NGX_SNAPSHOT_TARGETS)

/* the places of the words, and of what may be missing, in each row */

#define NGX_SNAPSHOT_AT_VERSION     0
#define NGX_SNAPSHOT_AT_PROJECT     1
#define NGX_SNAPSHOT_AT_COLLECTION  2
#define NGX_SNAPSHOT_AT_MEMBER      3


/*
 * version: its number; next: the next row, counted from 1, of the same version
 * and length, or 0; a segment without a length stands for any one, which is a
 * parameter's whose place at has; params: a bit for each
 */

typedef struct {
    const ngx_snapshot_operation_t  *operation;
    unsigned                         version;
    unsigned                         next;
    unsigned                         params;
    unsigned                         at[NGX_SNAPSHOT_PARAMS];
    unsigned                         segments;
    ngx_snapshot_str_t               segment[NGX_SNAPSHOT_SEGMENTS];
} ngx_snapshot_row_t;


/* the rows of a method, the first of each kind, and how it uses paths */

typedef struct {
    ngx_snapshot_str_t               name;
    unsigned                         use;
    unsigned                         rows;
    unsigned                         first[NGX_SNAPSHOT_VERSIONS]
                                          [NGX_SNAPSHOT_SEGMENTS + 1];
    ngx_snapshot_row_t               row[NGX_SNAPSHOT_ROWS];
} ngx_snapshot_rows_t;


struct ngx_snapshot_router_s {
    ngx_snapshot_path_words_t        words;
    ngx_snapshot_family_e            family[NGX_SNAPSHOT_VERSIONS];
    ngx_snapshot_rows_t              method[NGX_SNAPSHOT_METHODS];
};


static void ngx_snapshot_router_add(ngx_snapshot_router_t *router,
    const ngx_snapshot_operation_t *operation,
    const ngx_snapshot_target_t *target);
static void ngx_snapshot_router_cut(ngx_snapshot_row_t *row, const char *path);
static void ngx_snapshot_router_param(ngx_snapshot_row_t *row,
    ngx_snapshot_str_t segment);
static void ngx_snapshot_router_words(ngx_snapshot_router_t *router,
    ngx_snapshot_row_t *row);
static unsigned ngx_snapshot_router_use(const ngx_snapshot_row_t *row,
    const ngx_snapshot_path_words_t *words);
static void ngx_snapshot_route_other(ngx_snapshot_route_t *route,
    const ngx_snapshot_router_t *router, const ngx_snapshot_rows_t *rows,
    ngx_snapshot_path_t *p);
static const ngx_snapshot_rows_t *ngx_snapshot_route_method(
    const ngx_snapshot_router_t *router,
    ngx_snapshot_str_t method);
static void ngx_snapshot_route_plain(ngx_snapshot_route_t *route,
    const ngx_snapshot_router_t *router, const ngx_snapshot_rows_t *rows,
    ngx_snapshot_path_t *p);
static int ngx_snapshot_route_is_word(const ngx_snapshot_route_t *route,
    const ngx_snapshot_path_words_t *words);
static void ngx_snapshot_route_suffix(ngx_snapshot_route_t *route,
    const ngx_snapshot_router_t *router, const ngx_snapshot_rows_t *rows,
    ngx_snapshot_path_t *p, int judged);
static void ngx_snapshot_route_unknown(ngx_snapshot_route_t *route,
    const ngx_snapshot_router_t *router, const ngx_snapshot_path_t *p);
static int ngx_snapshot_route_is_sound(const ngx_snapshot_route_t *route);
static int ngx_snapshot_route_find(ngx_snapshot_route_t *route,
    const ngx_snapshot_router_t *router, const ngx_snapshot_rows_t *rows,
    const ngx_snapshot_path_t *p, int nocase, int judged);
static int ngx_snapshot_route_fits(const ngx_snapshot_row_t *row,
    const ngx_snapshot_str_t *segment, int nocase);
static void ngx_snapshot_route_set(ngx_snapshot_route_t *route,
    const ngx_snapshot_row_t *row, const ngx_snapshot_path_t *p, unsigned at);
static unsigned ngx_snapshot_route_version(const ngx_snapshot_router_t *router,
    ngx_snapshot_str_t segment, int nocase);
static ngx_snapshot_inline int ngx_snapshot_route_same(ngx_snapshot_str_t a,
    ngx_snapshot_str_t b, int nocase);


static const ngx_snapshot_rows_t  ngx_snapshot_no_rows;
static const ngx_snapshot_str_t   ngx_snapshot_none = ngx_snapshot_null;


ngx_snapshot_router_t *
ngx_snapshot_router(const ngx_snapshot_mem_t *mem)
{
    unsigned                         i;
    ngx_snapshot_router_t           *router;
    const ngx_snapshot_target_t     *target;
    const ngx_snapshot_operation_t  *op;

    router = mem->alloc(mem->data, sizeof(ngx_snapshot_router_t));
    if (router == NULL) {
        return NULL;
    }

    memset(router, 0, sizeof(ngx_snapshot_router_t));

    for (i = 0; i < NGX_SNAPSHOT_METHODS; i++) {
        router->method[i].name = ngx_snapshot_methods[i];
    }

    for (op = ngx_snapshot_operations; op->name.len; op++) {
        for (target = op->targets; target->methods; target++) {
            ngx_snapshot_router_add(router, op, target);
        }
    }

    return router;
}


static void
ngx_snapshot_router_add(ngx_snapshot_router_t *router,
    const ngx_snapshot_operation_t *operation,
    const ngx_snapshot_target_t *target)
{
    unsigned              i, *link;
    ngx_snapshot_row_t    row;
    ngx_snapshot_rows_t  *rows;

    row.operation = operation;
    row.next = 0;

    ngx_snapshot_router_cut(&row, target->path);
    ngx_snapshot_router_words(router, &row);

    for (i = 0; i < NGX_SNAPSHOT_METHODS; i++) {

        if (!(target->methods & 1U << i)) {
            continue;
        }

        rows = &router->method[i];

        link = &rows->first[row.version][row.segments];

        while (*link) {
            link = &rows->row[*link - 1].next;
        }

        rows->row[rows->rows] = row;
        *link = ++rows->rows;

        rows->use |= ngx_snapshot_router_use(&row, &router->words);
    }
}


static void
ngx_snapshot_router_cut(ngx_snapshot_row_t *row, const char *path)
{
    ngx_snapshot_str_t  segment;

    row->params = 0;

    memset(row->at, 0, sizeof(row->at));
    memset(row->segment, 0, sizeof(row->segment));

    for (row->segments = 0; *path == '/'; row->segments++) {

        segment.data = (const u_char *) ++path;
        segment.len = strcspn(path, "/");

        if (*path == '{') {
            ngx_snapshot_router_param(row, segment);

        } else {
            row->segment[row->segments] = segment;
        }

        path += segment.len;
    }
}


/* where a parameter is that has a rule; other ones are only passed by */

static void
ngx_snapshot_router_param(ngx_snapshot_row_t *row, ngx_snapshot_str_t segment)
{
    unsigned  i;

    /* without its braces */

    segment.data++;
    segment.len -= 2;

    for (i = 0; i < NGX_SNAPSHOT_PARAMS; i++) {
        if (ngx_snapshot_eq(segment, ngx_snapshot_path_params[i].name)) {
            row->at[i] = row->segments;
            row->params |= 1U << i;
        }
    }
}


/* what paths have to be searched for; the literal is one of the judged rows */

static void
ngx_snapshot_router_words(ngx_snapshot_router_t *router,
    ngx_snapshot_row_t *row)
{
    ngx_snapshot_str_t          version;
    ngx_snapshot_path_words_t  *words;

    words = &router->words;
    words->collection = row->segment[NGX_SNAPSHOT_AT_COLLECTION];

    if (ngx_snapshot_has_rules(row->operation)
        && row->segment[NGX_SNAPSHOT_AT_MEMBER].len
        && words->literal.len == 0)
    {
        words->literal = row->segment[NGX_SNAPSHOT_AT_MEMBER];
    }

    version = row->segment[NGX_SNAPSHOT_AT_VERSION];

    row->version = ngx_snapshot_route_version(router, version, 0);

    if (row->version == words->versions) {
        router->family[row->version] = row->operation->family;
        words->version[words->versions++] = version;
    }
}


static unsigned
ngx_snapshot_router_use(const ngx_snapshot_row_t *row,
    const ngx_snapshot_path_words_t *words)
{
    unsigned            use;
    ngx_snapshot_str_t  member;

    if (!ngx_snapshot_has_rules(row->operation)) {
        return 0;
    }

    use = NGX_SNAPSHOT_USE_JUDGED;
    member = row->segment[NGX_SNAPSHOT_AT_MEMBER];

    if (row->operation->query) {
        use |= NGX_SNAPSHOT_USE_NAMES;
    }

    if (row->segments == NGX_SNAPSHOT_AT_MEMBER + 1 && member.len == 0) {
        use |= NGX_SNAPSHOT_USE_MEMBER;
    }

    /* what is looked for behind the collection is one segment, or one word */

    if (row->segments > NGX_SNAPSHOT_AT_MEMBER + 1
        || (member.len && !ngx_snapshot_eq(member, words->literal)))
    {
        use |= NGX_SNAPSHOT_USE_DEEP;
    }

    return use;
}


unsigned
ngx_snapshot_route_has(const ngx_snapshot_router_t *router,
    ngx_snapshot_str_t path)
{
    return ngx_snapshot_path_has(path, router->words.collection);
}


int
ngx_snapshot_route_read(ngx_snapshot_route_t *route,
    const ngx_snapshot_router_t *router, const ngx_snapshot_mem_t *mem,
    ngx_snapshot_str_t method, ngx_snapshot_str_t path,
    ngx_snapshot_str_t prefix, int anywhere, unsigned has)
{
    unsigned                    use;
    ngx_snapshot_path_t         p;
    const ngx_snapshot_rows_t  *rows;

    route->operation = NULL;

    rows = ngx_snapshot_route_method(router, method);

    use = rows->use | (anywhere ? NGX_SNAPSHOT_USE_ANYWHERE : 0);

    if (ngx_snapshot_path_read(&p, mem, path, prefix, &router->words, use,
                               has)
        != NGX_SNAPSHOT_OK)
    {
        return NGX_SNAPSHOT_ERROR;
    }

    if (!p.scope) {
        return NGX_SNAPSHOT_OK;
    }

    memset(route->param, 0, sizeof(route->param));

    route->operation = &ngx_snapshot_unknown;
    route->family = ngx_snapshot_unknown.family;
    route->params = 0;
    route->methods = 0;
    route->odd = p.odd;

    if (p.kind != NGX_SNAPSHOT_PATH_PLAIN) {
        ngx_snapshot_route_other(route, router, rows, &p);

    } else if (!p.foreign) {
        ngx_snapshot_route_plain(route, router, rows, &p);
    }

    if (p.kind == NGX_SNAPSHOT_PATH_PLAIN
        && route->operation == &ngx_snapshot_unknown
        && !ngx_snapshot_path_has_word(path, router->words.collection))
    {
        route->operation = NULL;
    }

    return NGX_SNAPSHOT_OK;
}


/* a path that is not plain is what its normal form means, or unknown */

static void
ngx_snapshot_route_other(ngx_snapshot_route_t *route,
    const ngx_snapshot_router_t *router, const ngx_snapshot_rows_t *rows,
    ngx_snapshot_path_t *p)
{
    ngx_snapshot_family_e  family;

    route->param[NGX_SNAPSHOT_PARAM_PROJECT_ID] = p->project;

    family = (p->version < router->words.versions)
             ? router->family[p->version] : ngx_snapshot_unknown.family;

    if (p->kind == NGX_SNAPSHOT_PATH_ODD && !p->foreign && p->segments) {
        (void) ngx_snapshot_route_find(route, router, rows, p, 1, 0);
        ngx_snapshot_route_suffix(route, router, rows, p, 0);
    }

    /* the code of an odd path goes by the first version in it */

    route->family = family;
}


static const ngx_snapshot_rows_t *
ngx_snapshot_route_method(const ngx_snapshot_router_t *router,
    ngx_snapshot_str_t method)
{
    unsigned  i;

    for (i = 0; i < NGX_SNAPSHOT_METHODS; i++) {
        if (ngx_snapshot_route_same(method, router->method[i].name, 0)) {
            return &router->method[i];
        }
    }

    return &ngx_snapshot_no_rows;
}


/*
 * A plain path is odd where only its letters, or a suffix, keep it from being
 * an operation that is judged: lenient servers take it for that one.
 */

static void
ngx_snapshot_route_plain(ngx_snapshot_route_t *route,
    const ngx_snapshot_router_t *router, const ngx_snapshot_rows_t *rows,
    ngx_snapshot_path_t *p)
{
    unsigned  known;

    known = !p->capitals
            && ngx_snapshot_route_find(route, router, rows, p, 0, 0);

    if (!known) {
        ngx_snapshot_route_unknown(route, router, p);
    }

    if ((!known || ngx_snapshot_route_is_word(route, &router->words))
        && ngx_snapshot_route_find(route, router, rows, p, 1, 1))
    {
        route->odd |= NGX_SNAPSHOT_ODD_LETTERS;
    }

    if (p->dots) {
        ngx_snapshot_route_suffix(route, router, rows, p, 1);
    }
}


/* 1 where a snapshot id is a word of the table, but in other letters */

static int
ngx_snapshot_route_is_word(const ngx_snapshot_route_t *route,
    const ngx_snapshot_path_words_t *words)
{
    ngx_snapshot_str_t         id;
    const ngx_snapshot_str_t  *word;

    if (!(route->params & 1U << NGX_SNAPSHOT_PARAM_SNAPSHOT_ID)) {
        return 0;
    }

    id = route->param[NGX_SNAPSHOT_PARAM_SNAPSHOT_ID];
    word = (id.len == words->literal.len) ? &words->literal
                                          : &words->collection;

    return id.len == word->len && ngx_snapshot_caseeq(id, *word)
           && !ngx_snapshot_eq(id, *word);
}


/*
 * Tries the path without the suffix of its last segment, and, where a body
 * tells what is meant, without last segments that are nothing but a suffix.
 */

static void
ngx_snapshot_route_suffix(ngx_snapshot_route_t *route,
    const ngx_snapshot_router_t *router, const ngx_snapshot_rows_t *rows,
    ngx_snapshot_path_t *p, int judged)
{
    unsigned               bare;
    const u_char          *dot;
    ngx_snapshot_str_t    *last;
    ngx_snapshot_route_t  *to, other;

    bare = 0;
    to = route;

    for ( ;; ) {

        if (p->segments <= NGX_SNAPSHOT_SEGMENTS) {

            last = &p->segment[p->segments - 1];
            dot = memchr(last->data, '.', last->len);

            if (dot > last->data) {
                last->len = dot - last->data;
            }

            if ((bare || dot > last->data)
                && ngx_snapshot_route_find(to, router, rows, p, 1, judged))
            {
                route->odd |= NGX_SNAPSHOT_ODD_SUFFIX;
                return;
            }
        }

        if (rows->use & NGX_SNAPSHOT_USE_NAMES || bare == p->dotted
            || p->segments == 1
            || (!judged && route->operation != &ngx_snapshot_unknown))
        {
            return;
        }

        /* what is an operation with its last segment stays that one */

        if (route->operation != &ngx_snapshot_unknown) {
            to = &other;
        }

        bare++;
        p->segments--;
    }
}


/* what is known of a path that no operation has: family, project, methods */

static void
ngx_snapshot_route_unknown(ngx_snapshot_route_t *route,
    const ngx_snapshot_router_t *router, const ngx_snapshot_path_t *p)
{
    unsigned              i;
    ngx_snapshot_route_t  other;

    i = ngx_snapshot_route_version(router, p->segment[0], 0);

    if (i == router->words.versions) {
        return;
    }

    route->family = router->family[i];

    if (p->segments <= NGX_SNAPSHOT_AT_COLLECTION
        || !ngx_snapshot_eq(p->segment[NGX_SNAPSHOT_AT_COLLECTION],
                            router->words.collection))
    {
        return;
    }

    route->param[NGX_SNAPSHOT_PARAM_PROJECT_ID] =
                                         p->segment[NGX_SNAPSHOT_AT_PROJECT];

    for (i = 0; i < NGX_SNAPSHOT_METHODS; i++) {

        if (ngx_snapshot_route_find(&other, router, &router->method[i], p, 0, 0)
            && ngx_snapshot_route_is_sound(&other))
        {
            route->methods |= 1U << i;
        }
    }
}


/* 1 where the parameters are well-formed; a sibling takes any but a project */

static int
ngx_snapshot_route_is_sound(const ngx_snapshot_route_t *route)
{
    unsigned  i, params;

    params = route->params;

    if (!ngx_snapshot_has_rules(route->operation)) {
        params &= 1U << NGX_SNAPSHOT_PARAM_PROJECT_ID;
    }

    for (i = 0; i < NGX_SNAPSHOT_PARAMS; i++) {
        if (params & 1U << i
            && ngx_snapshot_check_param((ngx_snapshot_param_e) i,
                                        route->param[i])
               != 1)
        {
            return 0;
        }
    }

    return 1;
}


/* 1 where the segments are those of an operation, which is then set */

static int
ngx_snapshot_route_find(ngx_snapshot_route_t *route,
    const ngx_snapshot_router_t *router, const ngx_snapshot_rows_t *rows,
    const ngx_snapshot_path_t *p, int nocase, int judged)
{
    unsigned                   i, at, n, version;
    const ngx_snapshot_row_t  *row;

    version = ngx_snapshot_route_version(router, p->segment[0], nocase);

    if (version == router->words.versions) {
        return 0;
    }

    /* with a project id, then without one; at: the place of the collection */

    for (at = NGX_SNAPSHOT_AT_COLLECTION; at >= NGX_SNAPSHOT_AT_PROJECT; at--) {

        n = p->segments + NGX_SNAPSHOT_AT_COLLECTION - at;

        if (p->segments <= at || n > NGX_SNAPSHOT_SEGMENTS
            || !ngx_snapshot_route_same(p->segment[at],
                                        router->words.collection, nocase))
        {
            continue;
        }

        for (i = rows->first[version][n]; i; i = row->next) {

            row = &rows->row[i - 1];

            if ((!judged || ngx_snapshot_has_rules(row->operation))
                && ngx_snapshot_route_fits(row, &p->segment[at + 1], nocase))
            {
                ngx_snapshot_route_set(route, row, p, at);
                return 1;
            }
        }
    }

    return 0;
}


/* 1 where the segments behind the collection are those of the row */

static int
ngx_snapshot_route_fits(const ngx_snapshot_row_t *row,
    const ngx_snapshot_str_t *segment, int nocase)
{
    unsigned  i;

    for (i = NGX_SNAPSHOT_AT_MEMBER; i < row->segments; i++, segment++) {

        if (row->segment[i].len
            && !ngx_snapshot_route_same(*segment, row->segment[i], nocase))
        {
            return 0;
        }
    }

    return 1;
}


/* at: the place of the collection, before which the project may be missing */

static void
ngx_snapshot_route_set(ngx_snapshot_route_t *route,
    const ngx_snapshot_row_t *row, const ngx_snapshot_path_t *p, unsigned at)
{
    unsigned  i, missing;

    missing = NGX_SNAPSHOT_AT_COLLECTION - at;

    route->operation = row->operation;
    route->family = row->operation->family;
    route->params = row->params;

    for (i = 0; i < NGX_SNAPSHOT_PARAMS; i++) {

        route->param[i] = (row->at[i] > NGX_SNAPSHOT_AT_PROJECT
                           || (row->at[i] && !missing))
                          ? p->segment[row->at[i] - missing]
                          : ngx_snapshot_none;
    }
}


/* the number of a version, or as many as there are */

static unsigned
ngx_snapshot_route_version(const ngx_snapshot_router_t *router,
    ngx_snapshot_str_t segment, int nocase)
{
    unsigned  i;

    for (i = 0; i < router->words.versions; i++) {
        if (ngx_snapshot_route_same(segment, router->words.version[i], nocase))
        {
            break;
        }
    }

    return i;
}


/* most differ in length, or in their last letter */

static ngx_snapshot_inline int
ngx_snapshot_route_same(ngx_snapshot_str_t a, ngx_snapshot_str_t b, int nocase)
{
    if (a.len != b.len) {
        return 0;
    }

    if (nocase || a.len >= sizeof(uint64_t)) {
        return nocase ? ngx_snapshot_caseeq(a, b)
                      : memcmp(a.data, b.data, a.len) == 0;
    }

    while (a.len && a.data[a.len - 1] == b.data[a.len - 1]) {
        a.len--;
    }

    return a.len == 0;
}
