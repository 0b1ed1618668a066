
/*
 * Lets nginx be without memory once: of the allocations from now on, the one
 * fails whose number is in the file that NOMEMORY names.  The number is counted
 * down there, so that 0 says that it has failed.  For LD_PRELOAD.
 */


#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>


extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);


static volatile int  *left;


static void __attribute__((constructor))
nomemory(void)
{
    int    fd;
    void  *p;

    fd = open(getenv("NOMEMORY"), O_RDWR);
    p = mmap(NULL, sizeof(int), PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0);

    if (p == MAP_FAILED) {
        abort();
    }

    left = p;
}


static int
none(void)
{
    return left && *left > 0 && --*left == 0;
}


void *
malloc(size_t size)
{
    if (none()) {
        errno = ENOMEM;
        return NULL;
    }

    return __libc_malloc(size);
}


void *
calloc(size_t n, size_t size)
{
    if (none()) {
        errno = ENOMEM;
        return NULL;
    }

    return __libc_calloc(n, size);
}


void *
realloc(void *p, size_t size)
{
    if (none()) {
        errno = ENOMEM;
        return NULL;
    }

    return __libc_realloc(p, size);
}


int
posix_memalign(void **p, size_t alignment, size_t size)
{
    if (none()) {
        return ENOMEM;
    }

    *p = __libc_memalign(alignment, size);

    return *p ? 0 : ENOMEM;
}
