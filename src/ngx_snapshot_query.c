
#include "ngx_snapshot_query.h"


static void ngx_snapshot_query_param(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t piece);
static void ngx_snapshot_query_override(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t query);
static ngx_snapshot_str_t ngx_snapshot_query_piece(ngx_snapshot_str_t *rest,
    const char *separators);
static ngx_snapshot_str_t ngx_snapshot_query_name(ngx_snapshot_str_t *piece);
static int ngx_snapshot_query_decode(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t *s, int *whole);


void
ngx_snapshot_query_read(ngx_snapshot_judge_t *j, ngx_snapshot_str_t query)
{
    ngx_snapshot_str_t  piece, rest;

    if (query.len == 0) {
        return;
    }

    ngx_snapshot_query_override(j, query);

    if (j->operation->query == NULL) {
        return;
    }

    if (memchr(query.data, ';', query.len)) {
        ngx_snapshot_judge_separator(j);
    }

    ngx_snapshot_judge_params(j);

    while (query.len) {

        piece = ngx_snapshot_query_piece(&query, "&");

        ngx_snapshot_query_param(j, piece);

        /* where ";" is let through, what stands behind it may be another */

        rest = piece;
        (void) ngx_snapshot_query_piece(&rest, ";");

        while (rest.len && !ngx_snapshot_judge_rejects(j)) {
            ngx_snapshot_query_param(j, ngx_snapshot_query_piece(&rest, ";"));
        }
    }
}


static void
ngx_snapshot_query_param(ngx_snapshot_judge_t *j, ngx_snapshot_str_t piece)
{
    int                 whole;
    ngx_snapshot_str_t  name;

    if (piece.len == 0) {
        return;
    }

    whole = 1;
    name = ngx_snapshot_query_name(&piece);

    if (ngx_snapshot_query_decode(j, &name, &whole) == NGX_SNAPSHOT_OK
        && ngx_snapshot_query_decode(j, &piece, &whole) == NGX_SNAPSHOT_OK)
    {
        ngx_snapshot_judge_param(j, name, piece, whole);
    }
}


/* some servers take ";" for "&", so the name may stand behind either */

static void
ngx_snapshot_query_override(ngx_snapshot_judge_t *j, ngx_snapshot_str_t query)
{
    ngx_snapshot_str_t  piece, name;

    while (query.len) {

        piece = ngx_snapshot_query_piece(&query, "&;");
        name = ngx_snapshot_query_name(&piece);

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


/* takes what stands before the next separator off the rest, and that as well */

static ngx_snapshot_str_t
ngx_snapshot_query_piece(ngx_snapshot_str_t *rest, const char *separators)
{
    size_t              i;
    ngx_snapshot_str_t  piece;

    for (i = 0; i < rest->len; i++) {
        if (rest->data[i] == separators[0]
            || (separators[1] && rest->data[i] == separators[1]))
        {
            break;
        }
    }

    piece.data = rest->data;
    piece.len = i;

    if (i < rest->len) {
        i++;
    }

    rest->data += i;
    rest->len -= i;

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
