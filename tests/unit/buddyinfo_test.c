/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "read/buddyinfo.h"


static void each_zone_has_its_own_number_of_orders(void **state) {
    (void)state;
    struct pw_slice rest = pw_slice_of("Node 0, zone      DMA      1      0      3\n"
                                       "Node 1, zone   Normal   4381   1093\n");
    struct pw_free_blocks blocks;
    struct pw_flaws flaws = {0};
    assert_true(pw_next_buddy(&rest, &blocks, &flaws));
    assert_true(pw_slice_is(blocks.zone, "DMA"));
    assert_int_equal(blocks.orders, 3);
    assert_int_equal(blocks.free[2], 3);
    assert_true(pw_next_buddy(&rest, &blocks, &flaws));
    assert_int_equal(blocks.node, 1);
    assert_int_equal(blocks.orders, 2);
    assert_false(pw_next_buddy(&rest, &blocks, &flaws));
    assert_int_equal(flaws.skipped, 0);
}


static void a_line_without_zone_or_counts_is_skipped(void **state) {
    (void)state;
    struct pw_slice rest = pw_slice_of("Node 0, zone\nNode 0, zone DMA\nNode 0, zone DMA 1 x 3\n"
                                       "Node x, zone DMA 1\n\n");
    struct pw_free_blocks blocks;
    struct pw_flaws flaws = {0};
    assert_false(pw_next_buddy(&rest, &blocks, &flaws));
    assert_int_equal(flaws.skipped, 5);
}


static void more_than_100000_blocks_are_capped(void **state) {
    (void)state;
    struct pw_slice rest =
        pw_slice_of("Page block order: 9\nPages per block:  512\n\n"
                    "Free pages count per migrate type at order       0      1 \n"
                    "Node    0, zone   Normal, type    Unmovable >100000      2 \n"
                    "Node    0, zone   Normal, type      Movable      x      2 \n"
                    "Node    0, zone   Normal, type   HighAtomic      0      0 \n\n"
                    "Number of blocks type     Unmovable      Movable \n"
                    "Node 0, zone   Normal           44          425 \n");
    struct pw_free_blocks blocks;
    struct pw_flaws flaws = {0};
    assert_true(pw_next_page_type(&rest, &blocks, &flaws));
    assert_true(pw_slice_is(blocks.zone, "Normal"));
    assert_true(pw_slice_is(blocks.type, "Unmovable"));
    assert_int_equal(blocks.free[0], 100000);
    assert_true(blocks.capped);
    assert_true(pw_next_page_type(&rest, &blocks, &flaws));
    assert_true(pw_slice_is(blocks.type, "HighAtomic"));
    assert_false(blocks.capped);
    assert_false(pw_next_page_type(&rest, &blocks, &flaws));
    assert_int_equal(flaws.skipped, 1);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_zone_has_its_own_number_of_orders),
        cmocka_unit_test(a_line_without_zone_or_counts_is_skipped),
        cmocka_unit_test(more_than_100000_blocks_are_capped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
