/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "read/maps.h"
#include "read/rollup.h"

static struct pw_flaws flaws;


static int forget_flaws(void **state) {
    (void)state;
    flaws = (struct pw_flaws){0};
    return 0;
}


static struct pw_mapping mapping(const char *text) {
    struct pw_slice rest = pw_slice_of(text);
    struct pw_smaps_line line;
    assert_true(pw_next_smaps_line(&rest, &line, &flaws));
    assert_int_equal(line.kind, PW_SMAPS_MAPPING);
    return line.mapping;
}


static void a_mapping_has_addresses_permissions_and_a_file(void **state) {
    (void)state;
    struct pw_mapping file = mapping("55680ae29000-55680ae2a000 rwxs 0000a000 fd:01 47316994"
                                     "                   /bin/cat\n");
    assert_int_equal(file.start, 0x55680ae29000);
    assert_int_equal(file.end, 0x55680ae2a000);
    assert_int_equal(file.offset_bytes, 0xa000);
    assert_int_equal(file.device_major, 0xfd);
    assert_int_equal(file.device_minor, 1);
    assert_int_equal(file.inode, 47316994);
    assert_true(pw_slice_is(file.permissions, "rwxs"));
    assert_true(pw_slice_is(file.path, "/bin/cat"));
    assert_false(file.deleted);
    assert_int_equal(mapping("0808c000-08146000 rwxp 00000000 00:00 0\n").path.size, 0);
    assert_int_equal(
        mapping("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]").start,
        0xffffffffff600000);
}


static void a_path_unescapes_newline_only_and_stays_available_raw(void **state) {
    (void)state;
    struct pw_mapping hostile =
        mapping("1000-2000 r--p 0 00:01 7    /tmp/a\\012b\\c\\040 \t\xff (deleted)\n");
    char out[64];
    size_t size = pw_mapping_path(&hostile, out, sizeof out);
    assert_true(pw_slice_is((struct pw_slice){out, size}, "/tmp/a\nb\\c\\040 \t\xff (deleted)"));
    assert_true(pw_slice_is(hostile.path, "/tmp/a\\012b\\c\\040 \t\xff (deleted)"));
    assert_true(hostile.deleted);
}


static void a_file_named_like_a_field_is_no_field(void **state) {
    (void)state;
    struct pw_rollup rollup;
    pw_parse_rollup(
        pw_slice_of("1000-2000 r--p 0 00:01 7 Pss: 99 kB\nPss:   1 kB\nSwapPss: 5 kB\n"), &rollup,
        &flaws);
    int64_t bytes;
    assert_true(pw_rollup_value(&rollup, "Pss", &bytes));
    assert_int_equal(bytes, 1024);
}


static void a_bad_line_is_skipped_and_counted(void **state) {
    (void)state;
    struct pw_slice rest = pw_slice_of("1000-zz r--p 0 0:1 7\n\n1000-2000 r--p\nRss: x kB\n"
                                       "nonsense\nRss: 4 kB");
    struct pw_smaps_line line;
    assert_true(pw_next_smaps_line(&rest, &line, &flaws));
    assert_int_equal(line.field.number.value, 4096);
    assert_int_equal(flaws.skipped, 5);
    assert_false(pw_next_smaps_line(&rest, &line, &flaws));
}


static const char two_mappings[] =
    "1000-2000 r--p 0 00:01 7 /a\nSize: 4 kB\nKernelPageSize: 4 kB\nRss: 4 kB\nPss: 2 kB\n"
    "Private_Dirty: 1 kB\nPrivate_Hugetlb: 2048 kB\nVmFlags: rd mr \nTHPeligible: 1\n"
    "2000-3000 rw-p 0 00:00 0\nSize: 4 kB\nRss: 3 kB\nPss: 3 kB\nPrivate_Clean: 8 kB\n"
    "Private_Dirty: 2 kB\n";


static void smaps_adds_up_to_a_rollup(void **state) {
    (void)state;
    struct pw_rollup rollup;
    pw_parse_rollup(pw_slice_of(two_mappings), &rollup, &flaws);
    int64_t bytes;
    assert_true(pw_rollup_value(&rollup, "Rss", &bytes));
    assert_int_equal(bytes, 7 * 1024);
    assert_true(pw_rollup_uss(&rollup, &bytes));
    assert_int_equal(bytes, (8 + 3 + 2048) * 1024);
    assert_false(pw_rollup_value(&rollup, "Size", &bytes));
    assert_false(pw_rollup_value(&rollup, "THPeligible", &bytes));
    assert_int_equal(flaws.skipped, 0);
}


static void a_rollup_of_nothing_has_no_values(void **state) {
    (void)state;
    struct pw_rollup rollup;
    int64_t bytes;
    pw_parse_rollup(pw_slice_of(""), &rollup, &flaws); /* a kernel thread's smaps */
    assert_int_equal(rollup.count, 0);
    assert_false(pw_rollup_uss(&rollup, &bytes));
}


static void sums_stop_at_the_end_of_int64(void **state) {
    (void)state;
    struct pw_rollup rollup;
    int64_t bytes;
    pw_parse_rollup(pw_slice_of("Rss: 18014398503714728 kB\nRss: 1 kB\n"), &rollup, &flaws);
    assert_true(pw_rollup_value(&rollup, "Rss", &bytes));
    assert_int_equal(bytes, INT64_MAX);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_mapping_has_addresses_permissions_and_a_file, forget_flaws),
        cmocka_unit_test_setup(a_path_unescapes_newline_only_and_stays_available_raw, forget_flaws),
        cmocka_unit_test_setup(a_file_named_like_a_field_is_no_field, forget_flaws),
        cmocka_unit_test_setup(a_bad_line_is_skipped_and_counted, forget_flaws),
        cmocka_unit_test_setup(smaps_adds_up_to_a_rollup, forget_flaws),
        cmocka_unit_test_setup(a_rollup_of_nothing_has_no_values, forget_flaws),
        cmocka_unit_test_setup(sums_stop_at_the_end_of_int64, forget_flaws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
