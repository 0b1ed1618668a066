
/*
 * "Who would break": a bounded table of projects in the zone, the oldest of
 * which makes room for a new one.  It knows neither requests nor rules' names.
 */


#include "ngx_http_snapshot_zone.h"


static ngx_http_snapshot_project_t *ngx_http_snapshot_projects_find(
    ngx_http_snapshot_projects_t *p, ngx_http_snapshot_project_t *key);
static ngx_http_snapshot_project_t *ngx_http_snapshot_projects_take(
    ngx_http_snapshot_projects_t *p);
static ngx_int_t ngx_http_snapshot_projects_cmp(
    ngx_http_snapshot_project_t *a, ngx_http_snapshot_project_t *b);
static void ngx_http_snapshot_projects_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel);


#define ngx_http_snapshot_project(q)                                          \
    ngx_queue_data(q, ngx_http_snapshot_project_t, queue)


void
ngx_http_snapshot_projects_init(ngx_http_snapshot_projects_t *p,
    ngx_http_snapshot_project_t *rows, ngx_uint_t size)
{
    ngx_rbtree_init(&p->rbtree, &p->sentinel,
                    ngx_http_snapshot_projects_insert);
    ngx_queue_init(&p->queue);

    p->rows = rows;
    p->size = size;
    p->used = 0;
    p->busy = 0;
}


ngx_int_t
ngx_http_snapshot_projects_repair(ngx_http_snapshot_projects_t *p)
{
    if (!p->busy) {
        return 0;
    }

    p->dropped += p->used;

    ngx_http_snapshot_projects_init(p, p->rows, p->size);

    return 1;
}


void
ngx_http_snapshot_projects_add(ngx_http_snapshot_projects_t *p,
    ngx_snapshot_str_t project, ngx_uint_t operation, ngx_uint_t rule,
    ngx_uint_t severity, ngx_uint_t n, time_t now)
{
    ngx_http_snapshot_project_t  key, *row;

    key.len = ngx_min(project.len, NGX_SNAPSHOT_PROJECT_ID_MAX);

    if (key.len) {
        ngx_memcpy(key.project, project.data, key.len);
    }

    key.operation = operation;
    key.rule = rule;
    key.severity = severity;
    key.node.key = ngx_murmur_hash2(key.project, key.len);

    row = ngx_http_snapshot_projects_find(p, &key);

    p->busy = 1;
    ngx_memory_barrier();

    if (row) {
        ngx_queue_remove(&row->queue);

    } else {
        row = ngx_http_snapshot_projects_take(p);

        *row = key;
        row->count = 0;
        row->first = now;

        ngx_rbtree_insert(&p->rbtree, &row->node);
    }

    row->count += n;
    row->last = now;

    ngx_queue_insert_head(&p->queue, &row->queue);

    ngx_memory_barrier();
    p->busy = 0;
}


ngx_uint_t
ngx_http_snapshot_projects_copy(ngx_http_snapshot_projects_t *p,
    ngx_http_snapshot_project_t *rows)
{
    ngx_uint_t    n;
    ngx_queue_t  *q;

    n = 0;

    for (q = ngx_queue_head(&p->queue);
         q != ngx_queue_sentinel(&p->queue);
         q = ngx_queue_next(q))
    {
        rows[n++] = *ngx_http_snapshot_project(q);
    }

    return n;
}


static ngx_http_snapshot_project_t *
ngx_http_snapshot_projects_find(ngx_http_snapshot_projects_t *p,
    ngx_http_snapshot_project_t *key)
{
    ngx_int_t                     rc;
    ngx_rbtree_node_t            *node;
    ngx_http_snapshot_project_t  *row;

    node = p->rbtree.root;

    while (node != p->rbtree.sentinel) {

        row = (ngx_http_snapshot_project_t *) node;
        rc = ngx_http_snapshot_projects_cmp(key, row);

        if (rc == 0) {
            return row;
        }

        node = (rc < 0) ? node->left : node->right;
    }

    return NULL;
}


/* a row that was never used, or the one that was not seen for longest */

static ngx_http_snapshot_project_t *
ngx_http_snapshot_projects_take(ngx_http_snapshot_projects_t *p)
{
    ngx_queue_t                  *q;
    ngx_http_snapshot_project_t  *row;

    if (p->used < p->size) {
        return &p->rows[p->used++];
    }

    q = ngx_queue_last(&p->queue);
    row = ngx_http_snapshot_project(q);

    ngx_queue_remove(q);
    ngx_rbtree_delete(&p->rbtree, &row->node);

    p->dropped++;

    return row;
}


static ngx_int_t
ngx_http_snapshot_projects_cmp(ngx_http_snapshot_project_t *a,
    ngx_http_snapshot_project_t *b)
{
    if (a->node.key != b->node.key) {
        return (a->node.key < b->node.key) ? -1 : 1;
    }

    if (a->operation != b->operation) {
        return (ngx_int_t) a->operation - b->operation;
    }

    if (a->rule != b->rule) {
        return (ngx_int_t) a->rule - b->rule;
    }

    if (a->severity != b->severity) {
        return (ngx_int_t) a->severity - b->severity;
    }

    return ngx_memn2cmp(a->project, b->project, a->len, b->len);
}


static void
ngx_http_snapshot_projects_insert(ngx_rbtree_node_t *temp,
    ngx_rbtree_node_t *node, ngx_rbtree_node_t *sentinel)
{
    ngx_rbtree_node_t  **p;

    for ( ;; ) {

        p = (ngx_http_snapshot_projects_cmp(
                                       (ngx_http_snapshot_project_t *) node,
                                       (ngx_http_snapshot_project_t *) temp)
             < 0)
            ? &temp->left : &temp->right;

        if (*p == sentinel) {
            break;
        }

        temp = *p;
    }

    *p = node;
    node->parent = temp;
    node->left = sentinel;
    node->right = sentinel;
    ngx_rbt_red(node);
}
