
/* What the gateway's own reader says of a path, for each method. */


#ifndef _SERVERS_GATEWAY_H_INCLUDED_
#define _SERVERS_GATEWAY_H_INCLUDED_


#include "ngx_snapshot_route.h"

#include "proof.h"


#define GATEWAY_MEMORY  (4 * STEPS_PATH_MAX)


/* memory for one reading, each as long as it is */

typedef struct {
    void      *block[4];
    unsigned   blocks;
} gateway_memory_t;


static inline void *
gateway_alloc(void *data, size_t size)
{
    gateway_memory_t  *m = data;

    if (m->blocks == table_array(m->block)) {
        fprintf(stderr, "a path takes memory more than once\n");
        abort();
    }

    m->block[m->blocks] = malloc(size);

    return m->block[m->blocks++];
}


static inline void
gateway_free(gateway_memory_t *m)
{
    while (m->blocks) {
        free(m->block[--m->blocks]);
    }
}


static inline void *
gateway_keep(void *data, size_t size)
{
    (void) data;

    return malloc(size);
}


/* the router lives as long as the process */

static inline const ngx_snapshot_router_t *
gateway_router(void)
{
    static const ngx_snapshot_router_t  *router;
    static const ngx_snapshot_mem_t      mem = { gateway_keep, NULL };

    if (router == NULL) {
        router = ngx_snapshot_router(&mem);
    }

    return router;
}


/* those of the first table are judged by their body or query */

static inline int
gateway_is_judged(const ngx_snapshot_operation_t *op)
{
    return op && (op->body || op->query);
}


/* the operation's name ends with a NUL, as each string literal */

static inline ngx_snapshot_route_t
gateway_route(const proof_t *t, const char *method, gateway_memory_t *m)
{
    ngx_snapshot_mem_t    mem;
    ngx_snapshot_str_t    name;
    ngx_snapshot_route_t  route;

    mem.alloc = gateway_alloc;
    mem.data = m;

    name.data = (const u_char *) method;
    name.len = strlen(method);

    if (ngx_snapshot_route(&route, gateway_router(), &mem, name, t->path,
                           t->prefix, 0)
        != NGX_SNAPSHOT_OK)
    {
        fprintf(stderr, "memory is not short\n");
        abort();
    }

    return route;
}


/* fills in what is said of t->path */

static inline void
gateway_says(proof_t *t)
{
    size_t                 i;
    gateway_memory_t       m;
    ngx_snapshot_route_t   route;

    m.blocks = 0;

    for (i = 0; i < table_array(table_methods); i++) {

        route = gateway_route(t, table_methods[i].name, &m);

        t->said[i].method = table_methods[i].method;
        t->said[i].odd = route.operation && route.odd;
        t->said[i].operation = route.operation
                               ? (const char *) route.operation->name.data
                               : NULL;
        t->said[i].found = gateway_is_judged(route.operation)
                           ? t->said[i].operation : NULL;

        gateway_free(&m);
    }
}


#endif /* _SERVERS_GATEWAY_H_INCLUDED_ */
