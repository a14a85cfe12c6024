/* SPDX-License-Identifier: MIT
 *
 * Series at six scales, and what is said of them.
 */
#include "check.h"

#include <math.h>

#include "trend/discovery.h"
#include "trend/theil_sen.h"
#include "trend/verdict.h"

#define MINUTE 60.0
#define HOUR 3600.0
#define DAY 86400.0
#define MIB 1048576.0

static const struct pw_terms terms = {16 * MIB, 0.05, 36 * HOUR, 0.01};

typedef double life(double seconds);


/* Looks at a process that began at `birth` once a minute from its age of `from` to that of `to`,
 * judges as the history does, and gives the worst that was ever said. */
static enum pw_verdict live_since(double birth, struct pw_series *series, life *size, double from,
                                  double to) {
    enum pw_verdict worst = PW_CALM;
    for (double age = from; age < to; age += MINUTE) {
        pw_series_add(series, birth + age, size(age));
        for (size_t i = 0; i < PW_SCALES; i++) {
            struct pw_points points;
            struct pw_finding finding;
            if (!series->scales[i].fresh) {
                continue;
            }
            series->scales[i].fresh = false;
            pw_look(series, i, &terms, &points, &finding);
            pw_scale_suspect(&series->scales[i], finding.verdict != PW_CALM);
            if (finding.verdict == PW_LEAK) {
                pw_test(&points, &finding);
            }
            worst = finding.verdict > worst ? finding.verdict : worst;
        }
    }
    return worst;
}


static enum pw_verdict live(struct pw_series *series, life *size, double from, double to) {
    return live_since(0, series, size, from, to);
}


static enum pw_verdict judge_since(double birth, life *size, double seconds) {
    struct pw_series series;
    pw_series_init(&series, PW_FINEST_SECONDS);
    return live_since(birth, &series, size, 0, seconds);
}


static enum pw_verdict judge(life *size, double seconds) {
    return judge_since(0, size, seconds);
}


static void sizes_are_kept_to_a_twentieth_of_a_percent(void **state) {
    (void)state;
    for (double size = 2; size < 5e11; size *= 1.37) {
        assert_float_equal(pw_size_of_code(pw_code_of_size(size)) / size, 1, 0.0005);
    }
    assert_float_equal(pw_size_of_code(pw_code_of_size(0)), 0, 0);
    assert_int_not_equal(pw_code_of_size(0), 0); /* which is no sample */
    assert_int_equal(pw_code_of_size(1e300), UINT16_MAX);
}


static void a_day_is_the_coarsest_scale(void **state) {
    (void)state;
    struct pw_series series;
    pw_series_init(&series, PW_FINEST_SECONDS);
    assert_float_equal(pw_scale_seconds(&series, PW_SCALES - 1), DAY, 0);
    assert_float_equal(pw_scale_seconds(&series, 0), DAY / 7776, 1e-9);
    assert_int_equal(sizeof series, 820);
}


static void all_scales_are_narrower_for_who_has_less_time(void **state) {
    (void)state;
    struct pw_series series;
    struct pw_points points;
    pw_series_init(&series, 0.5);
    for (int step = 0; step < 100; step++) {
        pw_series_add(&series, 0.1 * step, 1000 + step);
    }
    pw_scale_points(&series, 1, &points);
    assert_int_equal(points.count, 3);
    assert_float_equal(points.times[0], 1.5, 1e-6);
    assert_float_equal(points.values[1], 1030, 1);
}


static void each_bucket_keeps_the_least(void **state) {
    (void)state;
    struct pw_series series;
    struct pw_points points;
    pw_series_init(&series, PW_FINEST_SECONDS);
    for (int second = 0; second < 140; second++) {
        pw_series_add(&series, second, 1000 + (second * 7919) % 500 + 1000 * (second / 67));
    }
    pw_scale_points(&series, 1, &points);
    assert_int_equal(points.count, 2);
    assert_float_equal(points.values[0], 1000, 10);
    assert_float_equal(points.values[1], 2000, 20);
    assert_float_equal(points.times[1], 100, 0.1);
}


static void tops_are_kept_of_four_buckets_each(void **state) {
    (void)state;
    struct pw_series series;
    double tops[PW_SCALE_TOPS];
    pw_series_init(&series, 1);
    for (int second = 10; second < 60; second++) {
        pw_series_add(&series, second, second % 4 == 1 ? 1000 * second : 5);
    }
    assert_int_equal(pw_scale_tops(&series, 0, 50, tops), 3);
    assert_float_equal(tops[0], 49000, 30);
    assert_float_equal(tops[2], 57000, 30);
    assert_int_equal(pw_scale_tops(&series, 0, 0, tops), PW_SCALE_TOPS);
    assert_float_equal(tops[0], 13000, 10);
    pw_series_add(&series, 100, 7);
    assert_int_equal(pw_scale_tops(&series, 0, 0, tops), 2); /* nobody looked in between */
}


static void a_top_that_was_seen_in_part_is_none(void **state) {
    (void)state;
    struct pw_series series;
    double tops[PW_SCALE_TOPS];
    pw_series_init(&series, 1);
    for (int second = 10; second < 20; second++) {
        pw_series_add(&series, second, 1000 * second);
    }
    assert_int_equal(pw_scale_tops(&series, 0, 10.5, tops), 2);
    assert_float_equal(tops[0], 15000, 10);
}


static void what_was_not_seen_is_a_gap(void **state) {
    (void)state;
    struct pw_series series;
    struct pw_points points;
    pw_series_init(&series, PW_FINEST_SECONDS);
    for (int i = 0; i < 20; i++) {
        pw_series_add(&series, i < 10 ? 20 * i : 20 * i + 100, 5);
    }
    pw_scale_points(&series, 0, &points);
    assert_int_equal(points.count, 19);
    assert_true(points.times[10] - points.times[9] > 100);
    pw_series_add(&series, 1e6, 5);
    pw_scale_points(&series, 0, &points);
    assert_int_equal(points.count, 0);
}


static void the_past_and_what_is_no_size_are_refused(void **state) {
    (void)state;
    struct pw_series series;
    pw_series_init(&series, PW_FINEST_SECONDS);
    assert_true(pw_series_add(&series, 1000, 5));
    assert_false(pw_series_add(&series, 900, 5));
    assert_false(pw_series_add(&series, -1, 5));
    assert_false(pw_series_add(&series, NAN, 5));
    assert_false(pw_series_add(&series, 1e30, 5));
    assert_false(pw_series_add(&series, 1000, -5));
    assert_false(pw_series_add(&series, 1000, INFINITY));
    assert_true(pw_series_add(&series, 1000, 4));
}


static double even(double seconds) {
    return 200 * MIB * (1 + seconds / DAY);
}


static double daily(double seconds) {
    return 400 * MIB * (1.5 - cos(seconds / DAY * 6.2832));
}


static double daily_leak(double seconds) {
    return daily(seconds) + 40 * MIB * seconds / DAY;
}


static double tooth(double seconds) {
    return 200 * MIB * (1 + fmod(seconds, 20 * MINUTE) / (10 * MINUTE));
}


static double stairs(double seconds) {
    return 200 * MIB * (1 + 0.2 * fmin(6, floor(seconds / HOUR)));
}


/* How often a service has leaked as much as it had at first. It begins in the evening, and rests at
 * night. */
static double served(double seconds) {
    double days = 0.7 + seconds / DAY;
    return 6 * (days - 0.7 - (sin(6.2832 * days) - sin(6.2832 * 0.7)) / 6.2832);
}


static double with_the_load(double seconds) {
    return 200 * MIB * (1 + served(seconds));
}


static double four_steps(double seconds) {
    return 200 * MIB * (1 + 0.3 * fmin(4, floor((seconds + 4 * HOUR) / (28 * HOUR))));
}


/* The floor rises to tops that stay. */
static double keeping(double seconds) {
    return fmax(tooth(seconds), 200 * MIB * (1 + 1.9 * fmin(1, seconds / (4 * DAY))));
}


/* As keeping(), as a Lua program does it: quick teeth, of which ever more stays in the heap. */
static double collected(double seconds) {
    double part = fmod(seconds, 2 * HOUR) / (2 * HOUR);
    return 100 * MIB * fmax(1 + 9 * part, 1 + 8.5 * fmin(1, seconds / (4 * DAY)));
}


static double warming(double seconds) {
    return 1000 * MIB * (1.05 - exp(-seconds / (6 * HOUR)));
}


static double early_load_then_leak(double seconds) {
    return daily(seconds) + (seconds > 10 * DAY ? (seconds - 10 * DAY) / DAY * 3000 * MIB : 0);
}


static void what_grows_without_end_is_a_leak(void **state) {
    (void)state;
    assert_int_equal(judge(even, 3 * HOUR), PW_GROWING);
    assert_int_equal(judge(even, 3 * DAY), PW_LEAK);
    assert_int_equal(judge(daily_leak, 30 * DAY), PW_LEAK);
    assert_int_equal(judge(with_the_load, 36 * HOUR), PW_LEAK);
}


/* What leak-watch once took for leaks. */
static void what_only_grows_is_none(void **state) {
    (void)state;
    assert_true(judge(daily, 30 * DAY) < PW_LEAK);
    assert_true(judge(tooth, 10 * DAY) < PW_LEAK);
    assert_true(judge(stairs, 10 * DAY) < PW_LEAK);
    assert_true(judge(warming, 10 * DAY) < PW_LEAK);
    assert_true(judge(four_steps, 10 * DAY) < PW_LEAK);
    assert_true(judge(keeping, 10 * DAY) < PW_LEAK);
}


/* The first of the tops is of as much time as was left of it, with hardly a tooth. */
static void what_only_grows_is_none_whenever_it_began(void **state) {
    (void)state;
    for (double birth = 16 * HOUR; birth < 32 * HOUR; birth += HOUR / 4) {
        assert_true(judge_since(birth, collected, 5 * DAY) < PW_LEAK);
    }
}


/* The peak of each day is known when the leak begins, and is not learned from the leak. */
static void a_ceiling_is_learned_in_calm_times_only(void **state) {
    (void)state;
    struct pw_series series;
    pw_series_init(&series, PW_FINEST_SECONDS);
    live(&series, early_load_then_leak, 0, 10 * DAY);
    double known = pw_size_of_code(series.scales[3].ceiling);
    assert_float_equal(known / (1000 * MIB), 1, 0.02);
    assert_int_equal(live(&series, early_load_then_leak, 10 * DAY, 14 * DAY), PW_LEAK);
    assert_true(series.scales[3].suspicious);
    assert_true(pw_size_of_code(series.scales[3].ceiling) < 3 * known);
    assert_true(pw_size_of_code(series.scales[3].peak) > 4 * known);
}


static void confidence_grows_with_the_grounds(void **state) {
    (void)state;
    struct pw_finding finding = {.kept = 1, .rises = 5, .early = 2, .late = 2};
    finding.grounds = terms.patience;
    double once = pw_confidence(&finding, &terms);
    finding.grounds *= 3;
    assert_true(once > 0.5 && once < pw_confidence(&finding, &terms));
    finding.late = 1;
    assert_true(pw_confidence(&finding, &terms) < once);
}


/* A slow wave on a slight rise. */
static void values_that_hang_together_prove_less(void **state) {
    (void)state;
    double times[48], values[48];
    struct pw_mann_kendall plain, corrected;
    struct pw_line line;
    for (int i = 0; i < 48; i++) {
        times[i] = i;
        values[i] = i * 0.06 + sin(i / 4.0);
    }
    assert_true(pw_mann_kendall(values, 48, &plain));
    assert_true(pw_theil_sen(times, values, 48, &line));
    assert_true(pw_mann_kendall_correlated(times, values, 48, &line, &corrected));
    assert_int_equal(plain.s, corrected.s);
    assert_true(corrected.variance > 2 * plain.variance);
    assert_true(corrected.p > plain.p);
    for (int i = 0; i < 48; i++) {
        values[i] = i + (i % 2 ? 0.1 : -0.1); /* nothing hangs together */
    }
    pw_mann_kendall(values, 48, &plain);
    pw_theil_sen(times, values, 48, &line);
    pw_mann_kendall_correlated(times, values, 48, &line, &corrected);
    assert_float_equal(plain.variance, corrected.variance, 1e-9);
}


/* The example of Benjamini and Hochberg (1995): of 15 tests four are findings at 5 %. */
static void findings_among_many_are_held_to_a_rate(void **state) {
    (void)state;
    const double p[] = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                        0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0};
    assert_float_equal(pw_discovery_limit(p, 15, 15, 0.05), 0.0095, 1e-12);
    assert_true(pw_discovery_limit(p + 4, 11, 15, 0.05) < 0);
    assert_true(pw_discovery_limit(p, 0, 15, 0.05) < 0);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_kept_to_a_twentieth_of_a_percent),
        cmocka_unit_test(a_day_is_the_coarsest_scale),
        cmocka_unit_test(all_scales_are_narrower_for_who_has_less_time),
        cmocka_unit_test(each_bucket_keeps_the_least),
        cmocka_unit_test(tops_are_kept_of_four_buckets_each),
        cmocka_unit_test(a_top_that_was_seen_in_part_is_none),
        cmocka_unit_test(what_was_not_seen_is_a_gap),
        cmocka_unit_test(the_past_and_what_is_no_size_are_refused),
        cmocka_unit_test(what_grows_without_end_is_a_leak),
        cmocka_unit_test(what_only_grows_is_none),
        cmocka_unit_test(what_only_grows_is_none_whenever_it_began),
        cmocka_unit_test(a_ceiling_is_learned_in_calm_times_only),
        cmocka_unit_test(confidence_grows_with_the_grounds),
        cmocka_unit_test(values_that_hang_together_prove_less),
        cmocka_unit_test(findings_among_many_are_held_to_a_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
