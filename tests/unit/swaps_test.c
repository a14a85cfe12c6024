/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "read/swaps.h"

static struct pw_swap_area area;
static struct pw_flaws flaws;


static bool parse(const char *text) {
    struct pw_slice rest = pw_slice_of(text);
    flaws = (struct pw_flaws){0};
    return pw_next_swap_area(&rest, &area, &flaws);
}


static void sizes_are_bytes_and_priorities_signed(void **state) {
    (void)state;
    assert_true(parse("Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n"
                      "/dev/dm-2                               partition\t131068\t176\t-2\n"));
    assert_true(pw_slice_is(area.filename, "/dev/dm-2"));
    assert_true(pw_slice_is(area.type, "partition"));
    assert_int_equal(area.size_bytes, 131068 * 1024);
    assert_int_equal(area.used_bytes, 176 * 1024);
    assert_int_equal(area.priority, -2);
    assert_int_equal(flaws.skipped, 0);
}


static void expect_name(const char *text, const char *name, bool deleted) {
    char out[32];
    assert_true(parse(text));
    size_t size = pw_swap_filename(&area, out, sizeof out);
    assert_true(pw_slice_is((struct pw_slice){out, size}, name));
    assert_int_equal(area.deleted, deleted);
}


static void names_are_unescaped(void **state) {
    (void)state;
    expect_name("/a\\040b\\011c\\012d\\134e file 2 1 -3\n", "/a b\tc\nd\\e", false);
    expect_name("/swapfile\\040(deleted) file 2 1 -3\n", "/swapfile", true);
}


static void a_missing_heading_or_no_areas_are_no_flaw(void **state) {
    (void)state;
    assert_true(parse("/swapfile file 2 1 -3"));
    assert_int_equal(flaws.skipped, 0);
    assert_false(parse("Filename Type Size Used Priority\n"));
    assert_int_equal(flaws.skipped, 0);
    assert_false(parse(""));
}


static void a_line_that_is_no_area_is_skipped(void **state) {
    (void)state;
    assert_false(parse("INVALID Type Size Used Priority\n/dev/dm-2 partition 131068\n"
                       "/dev/dm-2 partition hello world -2\n/dev/dm-2 131068 176 -2\n"));
    assert_int_equal(flaws.skipped, 4);
}


static const char several[] = "Filename Type Size Used Priority\n"
                              "/pagewarden-1 file 40 1 -2\n"
                              "/var/pagewarden-1\\040(deleted) file 90 2 -3\n"
                              "/srv/pagewarden-1 file 60 3 -4\n"
                              "/dev/pagewarden-1 partition 70 4 -5\n"
                              "/pagewarden-10 file 70 5 -6\n";


static void an_area_is_found_by_its_path(void **state) {
    (void)state;
    assert_true(pw_find_swap_area(pw_slice_of(several), "/srv/pagewarden-1", &area));
    assert_int_equal(area.priority, -4);
    assert_false(pw_find_swap_area(pw_slice_of(several), "/var/pagewarden-1", &area));
    assert_false(pw_find_swap_area(pw_slice_of(several), "pagewarden-1", &area));
}


static bool is_below(const char *last, int64_t kib) {
    return pw_find_swap_area_below(pw_slice_of(several), last, kib * 1024, &area);
}


static void of_files_of_a_name_the_largest_that_fits_is_found(void **state) {
    (void)state;
    assert_true(is_below("pagewarden-1", 1000));
    assert_int_equal(area.priority, -4);
    assert_true(is_below("pagewarden-1", 60));
    assert_int_equal(area.priority, -2);
    assert_false(is_below("pagewarden-1", 40));
    assert_false(is_below("pagewarden-2", 1000));
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_bytes_and_priorities_signed),
        cmocka_unit_test(names_are_unescaped),
        cmocka_unit_test(a_missing_heading_or_no_areas_are_no_flaw),
        cmocka_unit_test(a_line_that_is_no_area_is_skipped),
        cmocka_unit_test(an_area_is_found_by_its_path),
        cmocka_unit_test(of_files_of_a_name_the_largest_that_fits_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
