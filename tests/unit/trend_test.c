/* SPDX-License-Identifier: MIT
 *
 * The statistics against values worked out by hand.
 */
#include "check.h"

#include <math.h>

#include "trend/theil_sen.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const double seconds[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};


static void near(double expected, double found) {
    assert_float_equal(expected, found, 1e-6);
}


static struct pw_mann_kendall tested(const double *values, size_t count) {
    struct pw_mann_kendall test;
    assert_true(pw_mann_kendall(values, count, &test));
    return test;
}


static struct pw_line laid(const double *values, size_t count) {
    struct pw_line line;
    assert_true(pw_theil_sen(seconds, values, count, &line));
    return line;
}


/* 10 rising pairs; 5*4*15/18; (10-1)/sqrt(16.667); the upper tail of the normal distribution. */
static void five_rising_values_give_the_textbook_figures(void **state) {
    (void)state;
    struct pw_mann_kendall test = tested((double[]){1, 2, 3, 4, 5}, 5);
    assert_int_equal(test.s, 10);
    near(300.0 / 18, test.variance);
    near(2.204541, test.z);
    near(0.013743, test.p);
}


/* Groups of 2 and 3: 5*4*15 - 2*1*9 - 3*2*11 = 216, over 18; six pairs rise, none falls. */
static void ties_lower_the_variance(void **state) {
    (void)state;
    struct pw_mann_kendall test = tested((double[]){1, 1, 2, 2, 2}, 5);
    assert_int_equal(test.s, 6);
    near(12, test.variance);
    near(5 / sqrt(12), test.z);
}


static void a_falling_series_is_no_upward_trend(void **state) {
    (void)state;
    struct pw_mann_kendall test = tested((double[]){5, 4, 3, 2, 1}, 5);
    assert_int_equal(test.s, -10);
    near(1 - 0.013743, test.p);
}


static void a_constant_series_proves_nothing(void **state) {
    (void)state;
    const double values[] = {7, 7, 7, 7, 7, 7};
    struct pw_mann_kendall test = tested(values, COUNT(values));
    assert_int_equal(test.s, 0);
    near(0, test.variance);
    near(0, test.z);
    near(0.5, test.p);

    struct pw_line line = laid(values, COUNT(values));
    near(0, line.slope);
    near(7, line.intercept);
    near(0, line.low);
    near(0, line.high);
}


static void a_straight_line_is_found_exactly(void **state) {
    (void)state;
    struct pw_line line = laid((double[]){10, 13, 16, 19, 22, 25, 28}, 7);
    near(3, line.slope);
    near(10, line.intercept);
    near(3, line.low);
    near(3, line.high);
}


static void one_spike_does_not_move_the_slope(void **state) {
    (void)state;
    struct pw_line line = laid((double[]){0, 2, 4, 6, 1e12, 10, 12, 14, 16, 18}, 10);
    near(2, line.slope);
    near(0, line.intercept);
}


/* The six slopes of 0 1 2 4 are 1 1 1 4/3 3/2 2. */
static void the_median_of_an_even_number_of_slopes_is_their_middle(void **state) {
    (void)state;
    near((1 + 4.0 / 3) / 2, laid((double[]){0, 1, 2, 4}, 4).slope);
}


/* The slope between i*i and j*j is i+j: 45 of them, from 1 to 17. The variance is 125, so chance
 * strays by 1.96 * 11.18 = 21.9 of them, and the interval ends at the 11th and the 35th. */
static void the_interval_ends_at_sens_ranks(void **state) {
    (void)state;
    struct pw_line line = laid((double[]){0, 1, 4, 9, 16, 25, 36, 49, 64, 81}, 10);
    near(9, line.slope);
    near(6, line.low);
    near(12, line.high);
}


static void points_may_come_in_any_order_and_times_repeat(void **state) {
    (void)state;
    struct pw_line line;
    assert_true(pw_theil_sen((double[]){3, 1, 1, 2}, (double[]){6, 2, 2, 4}, 4, &line));
    near(2, line.slope);
    near(0, line.intercept);
}


static void too_little_and_too_much_are_refused(void **state) {
    (void)state;
    double many[PW_MOST_POINTS + 1] = {0};
    struct pw_mann_kendall test;
    struct pw_line line;
    assert_false(pw_mann_kendall(many, 0, &test));
    assert_false(pw_mann_kendall(many, 1, &test));
    assert_true(pw_mann_kendall(many, PW_MOST_POINTS, &test));
    assert_false(pw_mann_kendall(many, PW_MOST_POINTS + 1, &test));
    assert_false(pw_theil_sen(seconds, many, 1, &line));
    assert_false(pw_theil_sen((double[]){4, 4}, (double[]){1, 2}, 2, &line));
}


static void nan_and_infinity_are_refused(void **state) {
    (void)state;
    struct pw_mann_kendall test;
    struct pw_line line;
    assert_false(pw_mann_kendall((double[]){1, NAN, 3}, 3, &test));
    assert_false(pw_mann_kendall((double[]){1, INFINITY, 3}, 3, &test));
    assert_false(pw_theil_sen((double[]){0, NAN, 2}, (double[]){1, 2, 3}, 3, &line));
    assert_false(pw_theil_sen(seconds, (double[]){1, 2, -INFINITY}, 3, &line));
}


static void the_longest_series_has_its_median_slope(void **state) {
    (void)state;
    double times[PW_MOST_POINTS], values[PW_MOST_POINTS];
    for (int i = 0; i < PW_MOST_POINTS; i++) {
        times[i] = i;
        values[i] = (double)i * i;
    }
    struct pw_line line;
    assert_true(pw_theil_sen(times, values, PW_MOST_POINTS, &line));
    near(PW_MOST_POINTS - 1, line.slope);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_rising_values_give_the_textbook_figures),
        cmocka_unit_test(ties_lower_the_variance),
        cmocka_unit_test(a_falling_series_is_no_upward_trend),
        cmocka_unit_test(a_constant_series_proves_nothing),
        cmocka_unit_test(a_straight_line_is_found_exactly),
        cmocka_unit_test(one_spike_does_not_move_the_slope),
        cmocka_unit_test(the_median_of_an_even_number_of_slopes_is_their_middle),
        cmocka_unit_test(the_interval_ends_at_sens_ranks),
        cmocka_unit_test(points_may_come_in_any_order_and_times_repeat),
        cmocka_unit_test(too_little_and_too_much_are_refused),
        cmocka_unit_test(nan_and_infinity_are_refused),
        cmocka_unit_test(the_longest_series_has_its_median_slope),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
