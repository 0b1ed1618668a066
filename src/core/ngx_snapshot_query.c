
#include "ngx_snapshot_query.h"


static int ngx_snapshot_query_overrides(ngx_snapshot_str_t query);
static void ngx_snapshot_query_override(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t query);
static void ngx_snapshot_query_param(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t piece, int escaped);
static ngx_snapshot_str_t ngx_snapshot_query_piece(ngx_snapshot_str_t *rest,
    int separator);
static ngx_snapshot_str_t ngx_snapshot_query_name(ngx_snapshot_str_t *piece);
static int ngx_snapshot_query_decode(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t *s, int *whole);


#define ngx_snapshot_query_has(query, c)                                      \
    (memchr((query).data, c, (query).len) != NULL)


void
ngx_snapshot_query_read(ngx_snapshot_judge_t *j, ngx_snapshot_str_t query)
{
    int                 escaped, separator;
    ngx_snapshot_str_t  piece, rest;

    if (query.len == 0) {
        return;
    }

    if (ngx_snapshot_query_overrides(query)) {
        ngx_snapshot_query_override(j, query);
    }

    if (j->operation->query == NULL) {
        return;
    }

    escaped = ngx_snapshot_query_has(query, '%')
              || ngx_snapshot_query_has(query, '+');

    separator = ngx_snapshot_query_has(query, ';');

    if (separator) {
        ngx_snapshot_judge_separator(j);
    }

    ngx_snapshot_judge_params(j);

    while (query.len) {

        piece = ngx_snapshot_query_piece(&query, '&');

        ngx_snapshot_query_param(j, piece, escaped);

        if (!separator) {
            continue;
        }

        /* where ";" is let through, what stands behind it may be another */

        rest = piece;
        (void) ngx_snapshot_query_piece(&rest, ';');

        while (rest.len && !ngx_snapshot_judge_rejects(j)) {
            ngx_snapshot_query_param(j, ngx_snapshot_query_piece(&rest, ';'),
                                     escaped);
        }
    }
}


/* 0 where no name can be that of the method */

static int
ngx_snapshot_query_overrides(ngx_snapshot_str_t query)
{
    const u_char  *p, *last;

    if (ngx_snapshot_query_has(query, '%')) {
        return 1;
    }

    p = query.data;
    last = p + query.len;

    while ((size_t) (last - p) >= ngx_snapshot_method_param.len) {

        p = memchr(p, ngx_snapshot_method_param.data[0], last - p);

        if (p == NULL
            || (size_t) (last - p) < ngx_snapshot_method_param.len)
        {
            return 0;
        }

        if (memcmp(p, ngx_snapshot_method_param.data,
                   ngx_snapshot_method_param.len) == 0)
        {
            return 1;
        }

        p++;
    }

    return 0;
}


/* some servers take ";" for "&", so the name may stand behind either */

static void
ngx_snapshot_query_override(ngx_snapshot_judge_t *j, ngx_snapshot_str_t query)
{
    ngx_snapshot_str_t  piece, part, name;

    while (query.len) {

        piece = ngx_snapshot_query_piece(&query, '&');

        while (piece.len) {

            part = ngx_snapshot_query_piece(&piece, ';');
            name = ngx_snapshot_query_name(&part);

            /* decoding makes a name shorter, never longer */

            if (name.len < ngx_snapshot_method_param.len) {
                continue;
            }

            if (ngx_snapshot_query_decode(j, &name, NULL) != NGX_SNAPSHOT_OK) {
                return;
            }

            if (ngx_snapshot_eq(name, ngx_snapshot_method_param)) {
                ngx_snapshot_judge_override(j);
                return;
            }
        }
    }
}


static void
ngx_snapshot_query_param(ngx_snapshot_judge_t *j, ngx_snapshot_str_t piece,
    int escaped)
{
    int                 whole;
    ngx_snapshot_str_t  name;

    if (piece.len == 0) {
        return;
    }

    whole = 1;
    name = ngx_snapshot_query_name(&piece);

    if (escaped
        && (ngx_snapshot_query_decode(j, &name, &whole) != NGX_SNAPSHOT_OK
            || ngx_snapshot_query_decode(j, &piece, &whole)
               != NGX_SNAPSHOT_OK))
    {
        return;
    }

    ngx_snapshot_judge_param(j, name, piece, whole);
}


/* takes what stands before the next separator off the rest, and that as well */

static ngx_snapshot_str_t
ngx_snapshot_query_piece(ngx_snapshot_str_t *rest, int separator)
{
    const u_char        *p;
    ngx_snapshot_str_t   piece;

    piece = *rest;

    p = piece.len ? memchr(piece.data, separator, piece.len) : NULL;

    if (p == NULL) {
        rest->data += rest->len;
        rest->len = 0;

        return piece;
    }

    piece.len = p - piece.data;

    rest->data += piece.len + 1;
    rest->len -= piece.len + 1;

    return piece;
}


/* takes the name off a piece; what is left is the value */

static ngx_snapshot_str_t
ngx_snapshot_query_name(ngx_snapshot_str_t *piece)
{
    const u_char        *equals;
    ngx_snapshot_str_t   name;

    name = *piece;

    equals = name.len ? memchr(name.data, '=', name.len) : NULL;

    if (equals) {
        name.len = equals - name.data;
    }

    piece->data += name.len + (equals != NULL);
    piece->len -= name.len + (equals != NULL);

    return name;
}


static int
ngx_snapshot_query_decode(ngx_snapshot_judge_t *j, ngx_snapshot_str_t *s,
    int *whole)
{
    u_char  *p;

    if (s->len == 0
        || (!memchr(s->data, '%', s->len) && !memchr(s->data, '+', s->len)))
    {
        return NGX_SNAPSHOT_OK;
    }

    p = j->mem->alloc(j->mem->data, s->len);
    if (p == NULL) {
        j->failed = 1;
        return NGX_SNAPSHOT_ERROR;
    }

    s->len = ngx_snapshot_percent_decode(p, *s, 1, whole);
    s->data = p;

    return NGX_SNAPSHOT_OK;
}
