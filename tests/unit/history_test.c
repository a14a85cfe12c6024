/* SPDX-License-Identifier: MIT
 *
 * Many processes in one block of memory.
 */
#include "check.h"

#include <math.h>
#include <stdlib.h>

#include "trend/history.h"
#include "trend/record.h"

#define HOUR 3600.0
#define DAY 86400.0
#define MIB 1048576.0

static const struct pw_history_shape shape = {
    .columns = 2, .screen = 0, .finest_seconds = PW_FINEST_SECONDS};
static const struct pw_terms terms[] = {{16 * MIB, 0.05, 36 * HOUR, 0.01},
                                        {16 * MIB, 0.05, 36 * HOUR, 0.01}};


static struct pw_history *history_of(const struct pw_history_shape *given, uint32_t processes,
                                     uint32_t series) {
    struct pw_history_room room = {processes, series};
    struct pw_history *history = malloc(pw_history_bytes(given, &room));
    assert_non_null(history);
    pw_history_init(history, given, &room);
    return history;
}


static struct pw_history *history_for(uint32_t processes) {
    return history_of(&shape, processes, processes);
}


static void saw(struct pw_history *history, int32_t pid, int64_t start_time, double seconds,
                double value) {
    struct pw_followed *followed = pw_history_follow(history, pid, start_time);
    const double sizes[] = {value, 2 * value};
    assert_non_null(followed);
    pw_history_add(history, followed, seconds, sizes);
}


/* The newest finished bucket of the finest scale. */
static double newest(struct pw_history *history, int32_t pid, int64_t start_time, uint32_t column) {
    struct pw_points points;
    struct pw_followed *followed = pw_history_find(history, pid, start_time);
    assert_non_null(followed);
    assert_non_null(pw_history_series(history, followed, column));
    pw_scale_points(pw_history_series(history, followed, column), 0, &points);
    return points.count > 0 ? points.values[points.count - 1] : 0;
}


static enum pw_verdict verdict(struct pw_history *history, int32_t pid) {
    size_t scale;
    const struct pw_series *series =
        pw_history_series(history, pw_history_find(history, pid, 1), 0);
    return series ? pw_series_verdict(series, &scale) : PW_CALM;
}


/* Looks at pid 1, which leaks, and at pid 2, which does not, every five minutes. */
static void watch_a_leak(struct pw_history *history, double from, double to) {
    for (double now = from; now < to; now += 300) {
        saw(history, 1, 1, now, 200 * MIB * (1 + now / DAY));
        saw(history, 2, 1, now, 200 * MIB);
        pw_history_judge(history, terms);
    }
}


static void each_process_has_its_own_series(void **state) {
    (void)state;
    struct pw_history *history = history_for(4);
    for (int i = 1; i < 4; i++) {
        saw(history, 10, 100, 20 * i, 1000 * i);
        saw(history, 11, 100, 20 * i, 5000 * i);
    }
    assert_float_equal(newest(history, 10, 100, 0), 2000, 1);
    assert_float_equal(newest(history, 10, 100, 1), 4000, 2);
    assert_float_equal(newest(history, 11, 100, 0), 10000, 5);
    free(history);
}


static void who_never_rises_costs_no_series(void **state) {
    (void)state;
    const struct pw_history_shape screened = {
        .columns = 2, .screen = 100, .finest_seconds = PW_FINEST_SECONDS};
    struct pw_history *history = history_of(&screened, 8, 1);
    for (int i = 0; i < 100; i++) {
        saw(history, 1, 1, 20 * i, 1000 + i % 40);
    }
    assert_int_equal(history->series_count, 0);
    saw(history, 1, 1, 2000, 1200);
    assert_int_equal(history->series_count, 1);
    free(history);
}


static void a_rise_without_room_for_its_series_is_told(void **state) {
    (void)state;
    struct pw_history *history = history_of(&shape, 2, 1);
    const double low[] = {1, 1}, high[] = {2, 2};
    for (int32_t pid = 1; pid <= 2; pid++) {
        struct pw_followed *followed = pw_history_follow(history, pid, 1);
        assert_true(pw_history_add(history, followed, 0, low));
        assert_int_equal(pw_history_add(history, followed, 20, high), pid == 1);
    }
    pw_history_forget(history, pw_history_find(history, 1, 1));
    assert_true(pw_history_add(history, pw_history_find(history, 2, 1), 40, high));
    free(history);
}


static void a_leak_is_found_beside_a_process_that_is_calm(void **state) {
    (void)state;
    struct pw_history *history = history_for(300);
    watch_a_leak(history, 0, 1 * HOUR);
    assert_int_equal(verdict(history, 1), PW_CALM);
    watch_a_leak(history, 1 * HOUR, 12 * HOUR);
    assert_int_equal(verdict(history, 1), PW_GROWING);
    watch_a_leak(history, 12 * HOUR, 3 * DAY);
    assert_int_equal(verdict(history, 1), PW_LEAK);
    assert_int_equal(verdict(history, 2), PW_CALM);
    free(history);
}


/* Written down and read again, half way: the leak is found no later. */
static void what_was_written_down_is_known_again(void **state) {
    (void)state;
    struct pw_history *before = history_for(4), *after = history_for(4);
    char *record = malloc(pw_record_bytes(&shape));
    watch_a_leak(before, 0, 30 * HOUR);
    assert_int_equal(verdict(before, 1), PW_GROWING);
    assert_true(pw_record_write(before, pw_history_find(before, 1, 1), record));
    assert_false(pw_record_read(after, 20 * HOUR, record)); /* a clock of another boot */
    assert_true(pw_record_read(after, 30 * HOUR, record));
    assert_false(pw_record_read(after, 30 * HOUR, record)); /* it is there */
    watch_a_leak(after, 30 * HOUR, 56 * HOUR);
    assert_int_equal(verdict(after, 1), PW_LEAK);
    free(record);
    free(before);
    free(after);
}


static void a_damaged_record_is_refused(void **state) {
    (void)state;
    struct pw_history *history = history_for(4), *other = history_for(4);
    size_t bytes = pw_record_bytes(&shape), refused = 0;
    char *record = malloc(bytes);
    watch_a_leak(history, 0, 30 * HOUR);
    assert_true(pw_record_write(history, pw_history_find(history, 1, 1), record));
    for (size_t i = 0; i < bytes; i++) {
        record[i] = (char)~record[i];
        if (pw_record_read(other, 30 * HOUR, record)) {
            pw_history_judge(other, terms); /* whatever it is now, it is within bounds */
            pw_history_expire(other, INFINITY);
        } else {
            refused++;
        }
        record[i] = (char)~record[i];
        assert_int_equal(other->count, 0);
        assert_int_equal(other->series_count, 0);
    }
    assert_true(refused > 0);
    free(record);
    free(history);
    free(other);
}


static void a_record_of_another_shape_is_not_read(void **state) {
    (void)state;
    const struct pw_history_shape narrow = {.columns = 1, .finest_seconds = PW_FINEST_SECONDS};
    const struct pw_history_shape quick = {.columns = 2, .finest_seconds = 1};
    char bytes[64] = {0};
    size_t records;
    pw_record_begin(&shape, bytes);
    assert_true(pw_record_check(&shape, bytes, pw_record_head_bytes(), &records));
    assert_int_equal(records, 0);
    assert_false(pw_record_check(&narrow, bytes, pw_record_head_bytes(), &records));
    assert_false(pw_record_check(&quick, bytes, pw_record_head_bytes(), &records));
    assert_false(pw_record_check(&shape, bytes, pw_record_head_bytes() + 1, &records));
    assert_false(pw_record_check(&shape, bytes, 3, &records));
}


static void a_reused_pid_is_another_process(void **state) {
    (void)state;
    struct pw_history *history = history_for(4);
    saw(history, 10, 100, 0, 1);
    assert_null(pw_history_find(history, 10, 101));
    saw(history, 10, 101, 1, 1000);
    assert_int_equal(history->count, 2);
    assert_null(pw_history_series(history, pw_history_find(history, 10, 101), 0));
    free(history);
}


static void a_full_history_follows_nobody_new(void **state) {
    (void)state;
    struct pw_history *history = history_for(2);
    saw(history, 1, 1, 0, 1);
    saw(history, 2, 1, 0, 1);
    assert_null(pw_history_follow(history, 3, 1));
    assert_non_null(pw_history_follow(history, 2, 1));
    free(history);
}


static void those_not_seen_any_more_make_room(void **state) {
    (void)state;
    struct pw_history *history = history_for(2);
    saw(history, 1, 1, 0, 1);
    saw(history, 2, 1, 5, 1);
    assert_int_equal(pw_history_expire(history, 5), 1);
    assert_null(pw_history_find(history, 1, 1));
    assert_non_null(pw_history_find(history, 2, 1));
    saw(history, 3, 1, 6, 1);
    assert_int_equal(history->count, 2);
    free(history);
}


static void a_thousand_generations_need_no_more_room_than_one(void **state) {
    (void)state;
    struct pw_history *history = history_for(64);
    for (int generation = 0; generation < 1000; generation++) {
        for (int i = 0; i < 64; i++) {
            saw(history, 1 + (generation * 64 + i) % 32768, generation, generation, i);
        }
        pw_history_expire(history, generation + 0.5);
        assert_int_equal(history->count, 0);
    }
    free(history);
}


static void a_larger_block_takes_all_over(void **state) {
    (void)state;
    struct pw_history *small = history_for(2), *large = history_for(8);
    for (int i = 1; i < 4; i++) {
        saw(small, 1, 7, 20 * i, 1000 * i);
        saw(small, 2, 7, 20 * i, 1000);
    }
    pw_history_copy(large, small);
    assert_int_equal(large->count, 2);
    assert_int_equal(large->series_count, 1);
    assert_float_equal(newest(large, 1, 7, 0), 2000, 1);
    assert_int_equal(pw_history_expire(large, 60), 0);
    assert_int_equal(pw_history_expire(large, 61), 2);
    assert_int_equal(large->series_count, 0);
    free(small);
    free(large);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_process_has_its_own_series),
        cmocka_unit_test(who_never_rises_costs_no_series),
        cmocka_unit_test(a_rise_without_room_for_its_series_is_told),
        cmocka_unit_test(a_leak_is_found_beside_a_process_that_is_calm),
        cmocka_unit_test(what_was_written_down_is_known_again),
        cmocka_unit_test(a_damaged_record_is_refused),
        cmocka_unit_test(a_record_of_another_shape_is_not_read),
        cmocka_unit_test(a_reused_pid_is_another_process),
        cmocka_unit_test(a_full_history_follows_nobody_new),
        cmocka_unit_test(those_not_seen_any_more_make_room),
        cmocka_unit_test(a_thousand_generations_need_no_more_room_than_one),
        cmocka_unit_test(a_larger_block_takes_all_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
