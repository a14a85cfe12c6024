/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "read/knob.h"


static struct pw_knob parsed(const char *text) {
    return pw_parse_knob(pw_slice_of(text));
}


static void numbers_are_decimal_or_a_mask(void **state) {
    (void)state;
    assert_int_equal(parsed("100\n").kind, PW_KNOB_NUMBER);
    assert_int_equal(parsed("100\n").number.value, 100);
    assert_int_equal(parsed("0x0007\n").number.value, 7); /* lru_gen/enabled */
    assert_true(parsed("0xffffffffffffffff").number.clamped);
    assert_true(parsed("max\n").number.unlimited);
}


static void truths_come_in_two_spellings(void **state) {
    (void)state;
    assert_int_equal(parsed("Y\n").kind, PW_KNOB_BOOLEAN); /* module parameters */
    assert_true(parsed("true\n").boolean);                 /* vma_ra_enabled */
    assert_int_equal(parsed("N\n").kind, PW_KNOB_BOOLEAN);
    assert_false(parsed("false").boolean);
}


static void the_chosen_word_stands_in_brackets(void **state) {
    (void)state;
    struct pw_knob knob = parsed("always [madvise] never\n");
    assert_int_equal(knob.kind, PW_KNOB_CHOICE);
    assert_true(pw_slice_is(knob.text, "madvise"));
    assert_true(pw_slice_is(knob.choice, "always [madvise] never"));
}


static void anything_else_is_text(void **state) {
    (void)state;
    assert_true(pw_slice_is(parsed("zstd\n\n").text, "zstd"));
    assert_true(pw_slice_is(parsed("always madvise").text, "always madvise"));
    assert_int_equal(parsed("\n").kind, PW_KNOB_TEXT);
    assert_int_equal(parsed("").text.size, 0);
    assert_int_equal(parsed("0xzz").kind, PW_KNOB_TEXT);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_decimal_or_a_mask),
        cmocka_unit_test(truths_come_in_two_spellings),
        cmocka_unit_test(the_chosen_word_stands_in_brackets),
        cmocka_unit_test(anything_else_is_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
