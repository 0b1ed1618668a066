
/* Memory: one arena a record, and buffers that are used again. */


#include "check.h"

#include <stdalign.h>
#include <stdlib.h>


#define CHECK_BLOCK  ((size_t) 64 * 1024)


static void *check_mem_alloc(void *data, size_t size);


void *
check_alloc(size_t size)
{
    void  *p;

    p = calloc(1, size);

    if (p == NULL) {
        check_no_memory();
    }

    return p;
}


_Noreturn void
check_no_memory(void)
{
    fprintf(stderr, "snapshot-check: no memory\n");
    exit(CHECK_EXIT_ERROR);
}


void
check_arena_init(check_arena_t *a)
{
    a->first = NULL;
    a->mem.alloc = check_mem_alloc;
    a->mem.data = a;
}


static void *
check_mem_alloc(void *data, size_t size)
{
    return check_arena_alloc(data, size);
}


void *
check_arena_alloc(check_arena_t *a, size_t size)
{
    size_t          room;
    u_char         *p;
    check_block_t  *b;

    b = a->first;

    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);

    if (b == NULL || b->size - b->used < size) {

        room = size > CHECK_BLOCK ? size : CHECK_BLOCK;

        b = malloc(sizeof(check_block_t) + alignof(max_align_t) + room);

        if (b == NULL) {
            check_no_memory();
        }

        b->next = a->first;
        b->size = room;
        b->used = 0;

        a->first = b;
    }

    p = (u_char *) (b + 1);
    p += -(uintptr_t) p & (alignof(max_align_t) - 1);
    p += b->used;

    b->used += size;

    return p;
}


void
check_arena_reset(check_arena_t *a)
{
    check_block_t  *b;

    while (a->first && a->first->next) {
        b = a->first;
        a->first = b->next;
        free(b);
    }

    if (a->first) {
        a->first->used = 0;
    }
}


void
check_buffer_add(check_buffer_t *b, const void *data, size_t len)
{
    u_char  *p;
    size_t   size;

    if (b->size - b->len < len) {

        for (size = b->size ? b->size : 256; size - b->len < len; size *= 2) {
            /* void */
        }

        p = realloc(b->data, size);

        if (p == NULL) {
            check_no_memory();
        }

        b->data = p;
        b->size = size;
    }

    if (len) {
        memcpy(b->data + b->len, data, len);
        b->len += len;
    }
}


ngx_snapshot_str_t
check_str(const char *s)
{
    ngx_snapshot_str_t  str;

    str.data = (const u_char *) s;
    str.len = strlen(s);

    return str;
}


int
check_begins(const u_char *p, const u_char *last, const char *word)
{
    size_t  len;

    len = strlen(word);

    return (size_t) (last - p) >= len && memcmp(p, word, len) == 0;
}
