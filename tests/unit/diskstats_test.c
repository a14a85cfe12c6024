/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "read/diskstats.h"


static void columns_that_a_kernel_lacks_are_absent(void **state) {
    (void)state;
    struct pw_slice rest =
        pw_slice_of("   8       0 sda 1 2 3 4 5 6 7 8 9 10 11\n"
                    " 252       1 vda1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18\n");
    struct pw_disk disk;
    struct pw_flaws flaws = {0};
    assert_true(pw_next_disk(&rest, &disk, &flaws));
    assert_true(pw_slice_is(disk.name, "sda"));
    assert_int_equal(disk.device_major, 8);
    assert_int_equal(disk.present, 0x7ff);
    assert_true(pw_next_disk(&rest, &disk, &flaws));
    assert_int_equal(disk.device_minor, 1);
    assert_string_equal(pw_disk_names[16], "flush_ms");
    assert_int_equal(disk.numbers[16], 17);
    assert_false(pw_next_disk(&rest, &disk, &flaws));
    assert_int_equal(flaws.skipped, 0);
}


static void a_line_that_is_no_disk_is_skipped(void **state) {
    (void)state;
    struct pw_slice rest = pw_slice_of("8 0\n8 x sda 1 2\n8 1 sda1 1 2 3 4\n\n");
    struct pw_disk disk;
    struct pw_flaws flaws = {0};
    assert_false(pw_next_disk(&rest, &disk, &flaws));
    assert_int_equal(flaws.skipped, 4);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_that_a_kernel_lacks_are_absent),
        cmocka_unit_test(a_line_that_is_no_disk_is_skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
