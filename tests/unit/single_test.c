/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "read/row.h"
#include "read/single.h"
#include "read/zram.h"


static struct pw_slice bytes(const char *data, size_t size) {
    return (struct pw_slice){data, size};
}


static void a_file_of_one_number(void **state) {
    (void)state;
    struct pw_flaws flaws = {0};
    struct pw_number number;
    assert_true(pw_parse_single(pw_slice_of("9223372036854771712\n"), &number, &flaws));
    assert_int_equal(number.value, 9223372036854771712);
    assert_true(pw_parse_single(pw_slice_of("-17"), &number, &flaws));
    assert_int_equal(number.value, -17);
    assert_true(pw_parse_single(pw_slice_of("max\n"), &number, &flaws));
    assert_true(number.unlimited);
    assert_int_equal(flaws.skipped, 0);
    assert_true(pw_parse_single(pw_slice_of("0\n-1\n2\n"), &number, &flaws));
    assert_int_equal(number.value, 0);
    assert_int_equal(flaws.skipped, 2);
}


static void no_number_is_invented(void **state) {
    (void)state;
    struct pw_number number;
    static const char *const texts[] = {"", "\n", "1234.0", "12-781", "1 2", "sixtynine\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct pw_flaws flaws = {0};
        assert_false(pw_parse_single(pw_slice_of(texts[i]), &number, &flaws));
        assert_int_equal(flaws.skipped, 1);
    }
}


static void uptime_is_the_first_of_two(void **state) {
    (void)state;
    double seconds;
    assert_true(pw_parse_single_decimal(pw_slice_of("350735.47 234388.90\n"), &seconds));
    assert_true(seconds > 350735.46 && seconds < 350735.48);
    assert_false(pw_parse_single_decimal(pw_slice_of(""), &seconds));
}


static void the_chosen_word_is_in_brackets(void **state) {
    (void)state;
    struct pw_slice rest = pw_slice_of("always [madvise] never\n");
    struct pw_choice choice;
    assert_true(pw_next_choice(&rest, &choice));
    assert_true(pw_slice_is(choice.word, "always") && !choice.chosen);
    assert_true(pw_next_choice(&rest, &choice));
    assert_true(pw_slice_is(choice.word, "madvise") && choice.chosen);
    assert_true(pw_next_choice(&rest, &choice));
    assert_false(pw_next_choice(&rest, &choice));
}


static void arguments_end_with_nuls_and_may_be_empty(void **state) {
    (void)state;
    struct pw_slice rest = bytes("sh\0-c\0\0a\nb", 10), argument;
    assert_true(pw_next_argument(&rest, &argument) && pw_slice_is(argument, "sh"));
    assert_true(pw_next_argument(&rest, &argument) && pw_slice_is(argument, "-c"));
    assert_true(pw_next_argument(&rest, &argument) && pw_slice_is(argument, ""));
    assert_true(pw_next_argument(&rest, &argument) && pw_slice_is(argument, "a\nb"));
    assert_false(pw_next_argument(&rest, &argument));
}


static void a_row_has_the_columns_this_kernel_prints(void **state) {
    (void)state;
    struct pw_flaws flaws = {0};
    struct pw_slice line =
        pw_slice_of("      4096       74    12288        0    12288        0  0\n");
    int64_t numbers[PW_ZRAM_MM_STAT];
    uint64_t present = pw_parse_row(&line, numbers, PW_ZRAM_MM_STAT, &flaws);
    assert_int_equal(present, 0x7f);
    assert_string_equal(pw_zram_mm_stat_names[2], "mem_used_total");
    assert_int_equal(numbers[2], 12288);
    assert_int_equal(numbers[8], 0);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_one_number),
        cmocka_unit_test(no_number_is_invented),
        cmocka_unit_test(uptime_is_the_first_of_two),
        cmocka_unit_test(the_chosen_word_is_in_brackets),
        cmocka_unit_test(arguments_end_with_nuls_and_may_be_empty),
        cmocka_unit_test(a_row_has_the_columns_this_kernel_prints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
