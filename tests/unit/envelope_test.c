/* SPDX-License-Identifier: MIT
 *
 * What an envelope keeps of a series, and what it says about its growth.
 */
#include "check.h"

#include <math.h>
#include <stdlib.h>

#include "trend/growth.h"

struct points {
    double times[PW_MOST_POINTS];
    double values[PW_MOST_POINTS];
    size_t count;
};


static struct pw_envelope *envelope_of(double bucket, double window, uint32_t buckets) {
    struct pw_envelope_shape shape = {bucket, window, buckets};
    assert_true(pw_envelope_shape_is_valid(&shape));
    struct pw_envelope *envelope = malloc(pw_envelope_bytes(&shape));
    assert_non_null(envelope);
    pw_envelope_init(envelope, &shape);
    return envelope;
}


static struct points points_of(const struct pw_envelope *envelope) {
    struct points points;
    points.count = pw_envelope_points(envelope, points.times, points.values);
    return points;
}


static void a_bucket_keeps_the_least_of_its_samples(void **state) {
    (void)state;
    struct pw_envelope *envelope = envelope_of(10, 0, 8);
    pw_envelope_add(envelope, 100, 7);
    pw_envelope_add(envelope, 104, 5);
    pw_envelope_add(envelope, 109, 9);
    pw_envelope_add(envelope, 110, 6);
    pw_envelope_add(envelope, 120, 6);
    struct points points = points_of(envelope);
    assert_int_equal(points.count, 2);
    assert_float_equal(points.times[0], 105, 0);
    assert_float_equal(points.values[0], 5, 0);
    assert_float_equal(points.values[1], 6, 0);
    free(envelope);
}


static void the_newest_bucket_is_not_counted_before_it_is_full(void **state) {
    (void)state;
    struct pw_envelope *envelope = envelope_of(10, 0, 8);
    assert_int_equal(points_of(envelope).count, 0);
    pw_envelope_add(envelope, 0, 1);
    assert_int_equal(points_of(envelope).count, 0);
    assert_float_equal(pw_envelope_rise(envelope), 0, 0);
    pw_envelope_add(envelope, 10, 1000);
    assert_int_equal(points_of(envelope).count, 1);
    assert_float_equal(pw_envelope_rise(envelope), 0, 0);
    free(envelope);
}


static void missing_samples_leave_a_gap(void **state) {
    (void)state;
    struct pw_envelope *envelope = envelope_of(1, 0, 8);
    pw_envelope_add(envelope, 0, 10);
    pw_envelope_add(envelope, 3, 13);
    pw_envelope_add(envelope, 4, 14);
    struct points points = points_of(envelope);
    assert_int_equal(points.count, 2);
    assert_float_equal(points.times[1], 3.5, 0);
    assert_float_equal(points.values[1], 13, 0);
    free(envelope);
}


static void a_full_ring_merges_pairs_until_it_spans_the_window(void **state) {
    (void)state;
    struct pw_envelope *envelope = envelope_of(1, 8, 4);
    for (int i = 0; i < 4; i++) {
        pw_envelope_add(envelope, i, 10 + i);
    }
    assert_float_equal(envelope->width_seconds, 1, 0);
    pw_envelope_add(envelope, 4, 14);
    assert_float_equal(envelope->width_seconds, 2, 0);
    struct points points = points_of(envelope);
    assert_int_equal(points.count, 2);
    assert_float_equal(points.values[0], 10, 0);
    assert_float_equal(points.values[1], 12, 0);
    free(envelope);
}


static void a_ring_that_spans_the_window_drops_the_oldest(void **state) {
    (void)state;
    struct pw_envelope *envelope = envelope_of(1, 8, 4);
    for (int i = 0; i < 1000; i++) {
        pw_envelope_add(envelope, i, i);
    }
    assert_float_equal(envelope->width_seconds, 2, 0);
    struct points points = points_of(envelope);
    assert_int_equal(points.count, 3);
    assert_float_equal(points.values[0], 992, 0);
    assert_float_equal(points.values[2], 996, 0);
    assert_float_equal(pw_envelope_rise(envelope), 4, 0);
    free(envelope);
}


static void a_gap_longer_than_the_ring_starts_anew(void **state) {
    (void)state;
    struct pw_envelope *envelope = envelope_of(1, 0, 4);
    pw_envelope_add(envelope, 0, 1);
    pw_envelope_add(envelope, 1, 2);
    pw_envelope_add(envelope, 1e15, 50);
    pw_envelope_add(envelope, 1e15 + 1, 51);
    struct points points = points_of(envelope);
    assert_int_equal(points.count, 1);
    assert_float_equal(points.values[0], 50, 0);
    free(envelope);
}


static void nan_infinity_and_the_past_are_refused(void **state) {
    (void)state;
    struct pw_envelope *envelope = envelope_of(1, 0, 4);
    assert_false(pw_envelope_add(envelope, 0, NAN));
    assert_false(pw_envelope_add(envelope, NAN, 0));
    assert_false(pw_envelope_add(envelope, INFINITY, 0));
    assert_true(pw_envelope_add(envelope, 5, 0));
    assert_false(pw_envelope_add(envelope, 6, 1e300));
    assert_false(pw_envelope_add(envelope, 4, 0));
    assert_true(pw_envelope_add(envelope, 6, 0));
    assert_false(pw_envelope_add(envelope, 5.9, 0));
    assert_true(pw_envelope_add(envelope, 6.9, 0));
    free(envelope);
}


static void small_growth_of_a_huge_value_is_kept_exactly(void **state) {
    (void)state;
    struct pw_envelope *envelope = envelope_of(1, 0, 8);
    const double tebibyte = (double)((int64_t)1 << 40);
    for (int i = 0; i < 4; i++) {
        pw_envelope_add(envelope, i, 20 * tebibyte + i * 4096);
    }
    assert_float_equal(points_of(envelope).values[2], 20 * tebibyte + 8192, 0);
    free(envelope);
}


static void shapes_out_of_bounds_are_refused(void **state) {
    (void)state;
    const struct pw_envelope_shape wrong[] = {
        {0, 0, 8},  {-1, 0, 8},  {NAN, 0, 8}, {INFINITY, 0, 8},
        {1, -1, 8}, {1, NAN, 8}, {1, 0, 3},   {1, 0, PW_MOST_POINTS + 1}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(pw_envelope_shape_is_valid(&wrong[i]));
    }
}


/* One sample a second of 32 buckets of one second. */
static bool grown(const double *values, size_t count, struct pw_growth *growth) {
    struct pw_envelope *envelope = envelope_of(1, 0, 32);
    for (size_t i = 0; i < count; i++) {
        pw_envelope_add(envelope, (double)i, values[i]);
    }
    bool known = pw_growth_of(envelope, growth);
    free(envelope);
    return known;
}


static void a_steady_leak_has_one_slope_and_gives_nothing_back(void **state) {
    (void)state;
    struct pw_growth growth;
    assert_true(grown((double[]){10, 12, 14, 16, 18, 20, 22, 24, 26}, 9, &growth));
    assert_int_equal(growth.points, 8);
    assert_float_equal(growth.seconds, 7, 1e-6);
    assert_float_equal(growth.first, 10, 1e-6);
    assert_float_equal(growth.last, 24, 1e-6);
    assert_float_equal(growth.slope, 2, 1e-6);
    assert_float_equal(growth.early, 2, 1e-6);
    assert_float_equal(growth.late, 2, 1e-6);
    assert_float_equal(growth.kept, 1, 1e-6);
    assert_true(growth.p < 0.001);
}


static void a_warm_up_has_no_late_slope(void **state) {
    (void)state;
    struct pw_growth growth;
    assert_true(grown((double[]){0, 20, 40, 60, 60, 60, 60, 60, 60}, 9, &growth));
    assert_true(growth.early > 0);
    assert_float_equal(growth.late, 0, 1e-6);
}


static void a_calm_before_the_leak_does_not_flatten_the_slope(void **state) {
    (void)state;
    double values[28];
    for (int i = 0; i < 28; i++) {
        values[i] = i < 20 ? 100 : 100 + (i - 19) * 50;
    }
    struct pw_growth growth;
    assert_true(grown(values, 28, &growth));
    assert_float_equal(growth.slope, 50, 1e-6);
    assert_int_equal(growth.points, 8);
    assert_true(growth.p < 0.001);
}


static void a_flat_saw_tooth_keeps_little_of_what_it_reaches(void **state) {
    (void)state;
    double values[31];
    for (int i = 0; i < 31; i++) {
        values[i] = 100 + i % 10 * 10;
    }
    struct pw_growth growth;
    assert_true(grown(values, 31, &growth));
    assert_true(growth.kept < 0.5);
}


static void a_constant_series_says_nothing(void **state) {
    (void)state;
    struct pw_growth growth;
    double values[20];
    for (int i = 0; i < 20; i++) {
        values[i] = 5;
    }
    assert_false(grown(values, 20, &growth));
    assert_false(grown(values, 1, &growth));
    assert_false(grown((double[]){1, 2, 3, 4}, 4, &growth));
    assert_true(grown((double[]){1, 2, 3, 4, 5}, 5, &growth));
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_keeps_the_least_of_its_samples),
        cmocka_unit_test(the_newest_bucket_is_not_counted_before_it_is_full),
        cmocka_unit_test(missing_samples_leave_a_gap),
        cmocka_unit_test(a_full_ring_merges_pairs_until_it_spans_the_window),
        cmocka_unit_test(a_ring_that_spans_the_window_drops_the_oldest),
        cmocka_unit_test(a_gap_longer_than_the_ring_starts_anew),
        cmocka_unit_test(nan_infinity_and_the_past_are_refused),
        cmocka_unit_test(small_growth_of_a_huge_value_is_kept_exactly),
        cmocka_unit_test(shapes_out_of_bounds_are_refused),
        cmocka_unit_test(a_steady_leak_has_one_slope_and_gives_nothing_back),
        cmocka_unit_test(a_warm_up_has_no_late_slope),
        cmocka_unit_test(a_calm_before_the_leak_does_not_flatten_the_slope),
        cmocka_unit_test(a_flat_saw_tooth_keeps_little_of_what_it_reaches),
        cmocka_unit_test(a_constant_series_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
