/* SPDX-License-Identifier: MIT */
#include "read/kernel_version.h"

#include "check.h"


static int64_t parse(const char *text) {
    return pw_parse_kernel_version(pw_slice_of(text));
}


static void a_release_is_three_numbers_and_whatever_follows(void **state) {
    (void)state;
    assert_int_equal(parse("6.1.0-18-amd64\n"), PW_LINUX(6, 1, 0));
    assert_int_equal(parse("2.6.32-754.el6.x86_64\n"), PW_LINUX(2, 6, 32));
    assert_int_equal(parse("4.9.337"), PW_LINUX(4, 9, 337));
    assert_int_equal(parse("6.13-rc2\n"), PW_LINUX(6, 13, 0));
    assert_int_equal(parse("6.12+deb13-cloud-amd64"), PW_LINUX(6, 12, 0));
}


static void the_line_of_proc_version_holds_one(void **state) {
    (void)state;
    assert_int_equal(parse("Linux version 3.2.0-4-amd64 (debian-kernel@lists.debian.org) (gcc "
                           "version 4.6.3) #1 SMP Debian 3.2.65-1\n"),
                     PW_LINUX(3, 2, 0));
}


static void versions_compare_as_numbers(void **state) {
    (void)state;
    assert_true(parse("5.10.1") > parse("5.9.16"));
    assert_true(parse("3.0.0") > parse("2.6.39"));
}


static void what_names_no_version_is_none(void **state) {
    (void)state;
    assert_int_equal(parse(""), 0);
    assert_int_equal(parse("Linux version\n6.1.0\n"), 0);
    assert_int_equal(parse("99999999999999999999.1"), PW_LINUX(65535, 1, 0));
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_release_is_three_numbers_and_whatever_follows),
        cmocka_unit_test(the_line_of_proc_version_holds_one),
        cmocka_unit_test(versions_compare_as_numbers),
        cmocka_unit_test(what_names_no_version_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
