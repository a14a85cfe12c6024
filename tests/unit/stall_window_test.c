/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "host/stall_window.h"

#define WIDTH INT64_C(2000)

static struct pw_stall_window window;


static int start(void **state) {
    (void)state;
    pw_stall_window_start(&window, WIDTH, 10000, 500);
    return 0;
}


static void what_was_lost_before_does_not_count(void **state) {
    (void)state;
    assert_int_equal(pw_stall_window_add(&window, 10500, 500), 0);
    assert_int_equal(pw_stall_window_add(&window, 11000, 620), 120);
}


static void the_last_window_counts_by_how_much_of_it_is_still_in_view(void **state) {
    (void)state;
    assert_int_equal(pw_stall_window_add(&window, 12000, 900), 400);
    assert_int_equal(pw_stall_window_add(&window, 12500, 900), 300);
    assert_int_equal(pw_stall_window_add(&window, 13500, 1000), 200);
    assert_int_equal(pw_stall_window_add(&window, 14000, 1000), 100);
}


static void small_stalls_in_a_long_gap_do_not_add_up(void **state) {
    (void)state;
    assert_int_equal(pw_stall_window_add(&window, 30000, 1500), 100);
}


static void amounts_of_years_do_not_overflow(void **state) {
    (void)state;
    int64_t year_ns = INT64_C(31536000) * 1000000000, year_us = year_ns / 1000;
    pw_stall_window_start(&window, 10000000000, 0, 0);
    assert_int_equal(pw_stall_window_add(&window, 100 * year_ns, 100 * year_us), 10000000);
}


#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(what_was_lost_before_does_not_count),
        TEST(the_last_window_counts_by_how_much_of_it_is_still_in_view),
        TEST(small_stalls_in_a_long_gap_do_not_add_up),
        TEST(amounts_of_years_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
