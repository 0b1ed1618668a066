
/*
 * Allocations of jansson that a unit test counts, and of which it lets one
 * fail.
 */


#ifndef _HEAP_H_INCLUDED_
#define _HEAP_H_INCLUDED_


#include <stdlib.h>


/* how many there were, how many are live, and which one fails */

static struct {
    unsigned  n;
    unsigned  live;
    unsigned  fail;
} heap;


static void *
heap_alloc(size_t size)
{
    if (++heap.n == heap.fail) {
        return NULL;
    }

    heap.live++;

    return malloc(size);
}


static void
heap_free(void *p)
{
    heap.live -= (p != NULL);
    free(p);
}


#endif /* _HEAP_H_INCLUDED_ */
