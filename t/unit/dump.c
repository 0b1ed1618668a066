
/* Without memory there are no tables, not half, no crash and no leak. */


#include "ngx_snapshot_dump.h"
#include "unit.h"
#include "heap.h"


static json_t *
dump(unsigned fail)
{
    heap.n = 0;
    heap.fail = fail;

    return ngx_snapshot_dump();
}


static void
without_memory_there_are_no_tables(void **state)
{
    json_t    *all;
    unsigned   i, n;

    (void) state;

    json_set_alloc_funcs(heap_alloc, heap_free);

    all = dump(0);
    assert_non_null(all);
    json_decref(all);
    assert_int_equal(heap.live, 0);

    n = heap.n;

    for (i = 1; i <= n; i++) {
        all = dump(i);
        assert_null(all);
        assert_int_equal(heap.live, 0);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(without_memory_there_are_no_tables)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
