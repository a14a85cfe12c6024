/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "check.h"
#include "read/text.h"


static struct pw_number parsed(const char *word) {
    struct pw_number number = {0};
    assert_true(pw_parse_number(pw_slice_of(word), &number));
    return number;
}


static void numbers_over_int64_are_clamped_and_say_so(void **state) {
    (void)state;
    struct pw_number largest = parsed("9223372036854775807");
    assert_int_equal(largest.value, INT64_MAX);
    assert_false(largest.clamped);

    struct pw_number beyond = parsed("18446744073709551615");
    assert_int_equal(beyond.value, INT64_MAX);
    assert_true(beyond.clamped);
    assert_true(parsed("99999999999999999999999999").clamped);
}


static void negative_numbers_reach_int64_min(void **state) {
    (void)state;
    assert_int_equal(parsed("-9223372036854775808").value, INT64_MIN);
    assert_false(parsed("-9223372036854775808").clamped);
    assert_true(parsed("-9223372036854775809").clamped);
    assert_int_equal(parsed("-1").value, -1);
}


static void max_is_unlimited(void **state) {
    (void)state;
    assert_true(parsed("max").unlimited);
}


static void what_is_not_a_whole_number_is_refused(void **state) {
    (void)state;
    struct pw_number number;
    const char *const words[] = {"", "-", "1234.0", "sixtynine", "12a", " 1", "+1", "maximum"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        assert_false(pw_parse_number(pw_slice_of(words[i]), &number));
    }
}


static void scaling_stops_at_the_ends(void **state) {
    (void)state;
    struct pw_number wsl = parsed("18014398503714728");
    pw_scale_number(&wsl, 1024);
    assert_int_equal(wsl.value, INT64_MAX);
    assert_true(wsl.clamped);
}


static void the_last_line_needs_no_newline(void **state) {
    (void)state;
    struct pw_slice rest = pw_slice_of("one\n\ntwo"), line;
    assert_true(pw_take_line(&rest, &line));
    assert_true(pw_slice_is(line, "one"));
    assert_true(pw_take_line(&rest, &line));
    assert_int_equal(line.size, 0);
    assert_true(pw_take_line(&rest, &line));
    assert_true(pw_slice_is(line, "two"));
    assert_false(pw_take_line(&rest, &line));
}


static void maps_escapes_newline_but_not_backslash(void **state) {
    (void)state;
    char out[32];
    size_t size = pw_unescape_octal(pw_slice_of("a\\012b\\040c\\9"), "\n", out, sizeof out);
    assert_true(pw_slice_is((struct pw_slice){out, size}, "a\nb\\040c\\9"));
}


static void escaping_ends_before_what_has_no_room(void **state) {
    (void)state;
    char out[16];
    size_t size = pw_escape_octal(pw_slice_of("a b\n\\"), " \n\\", out, sizeof out);
    assert_true(pw_slice_is((struct pw_slice){out, size}, "a\\040b\\012\\134"));
    memset(out, '-', sizeof out);
    assert_int_equal(pw_escape_octal(pw_slice_of("ab "), " ", out, 5), 6);
    assert_memory_equal(out, "ab---", 5);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_over_int64_are_clamped_and_say_so),
        cmocka_unit_test(negative_numbers_reach_int64_min),
        cmocka_unit_test(max_is_unlimited),
        cmocka_unit_test(what_is_not_a_whole_number_is_refused),
        cmocka_unit_test(scaling_stops_at_the_ends),
        cmocka_unit_test(the_last_line_needs_no_newline),
        cmocka_unit_test(maps_escapes_newline_but_not_backslash),
        cmocka_unit_test(escaping_ends_before_what_has_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
