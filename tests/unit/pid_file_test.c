/* SPDX-License-Identifier: MIT */
#include "read/pid_file.h"

#include "check.h"


static int64_t parse(const char *text) {
    return pw_parse_pid_file(pw_slice_of(text));
}


static void the_first_line_is_a_pid(void **state) {
    (void)state;
    assert_int_equal(parse("812\n"), 812);
    assert_int_equal(parse("812"), 812);
    assert_int_equal(parse("       812\n"), 812); /* as uucp's lock files have it */
    assert_int_equal(parse("812\n/var/lib/postgresql/15/main\n1700000000\n5432\n"), 812);
}


static void anything_else_is_none(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",          "\n",      "\n812\n", "0\n",   "-1\n",    "-812\n",
        "x",         "812 x\n", "812.5\n", "max\n", "0x32c\n", "99999999999999999999\n",
        "4194305\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(parse(texts[i]), 0);
    }
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_line_is_a_pid),
        cmocka_unit_test(anything_else_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
