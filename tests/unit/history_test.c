/* SPDX-License-Identifier: MIT
 *
 * Many processes in one block of memory.
 */
#include "check.h"

#include <stdlib.h>

#include "trend/history.h"

static const struct pw_history_shape shape = {{1, 0, 8}, 2};


static struct pw_history *history_for(uint32_t processes) {
    struct pw_history *history = malloc(pw_history_bytes(&shape, processes));
    assert_non_null(history);
    pw_history_init(history, &shape, processes);
    return history;
}


static void saw(struct pw_history *history, int32_t pid, int64_t start_time, double seconds,
                double value) {
    struct pw_followed *followed = pw_history_follow(history, pid, start_time);
    assert_non_null(followed);
    followed->seen_seconds = seconds;
    pw_envelope_add(pw_history_envelope(history, followed, 0), seconds, value);
    pw_envelope_add(pw_history_envelope(history, followed, 1), seconds, 2 * value);
}


static double rise(struct pw_history *history, int32_t pid, int64_t start_time, uint32_t column) {
    struct pw_followed *followed = pw_history_find(history, pid, start_time);
    assert_non_null(followed);
    return pw_envelope_rise(pw_history_envelope(history, followed, column));
}


static void each_process_has_its_own_series(void **state) {
    (void)state;
    struct pw_history *history = history_for(4);
    for (int second = 0; second < 3; second++) {
        saw(history, 10, 100, second, second);
        saw(history, 11, 100, second, second * 10);
    }
    assert_float_equal(rise(history, 10, 100, 0), 1, 0);
    assert_float_equal(rise(history, 10, 100, 1), 2, 0);
    assert_float_equal(rise(history, 11, 100, 0), 10, 0);
    free(history);
}


static void a_reused_pid_is_another_process(void **state) {
    (void)state;
    struct pw_history *history = history_for(4);
    saw(history, 10, 100, 0, 1);
    assert_null(pw_history_find(history, 10, 101));
    saw(history, 10, 101, 1, 1000);
    assert_int_equal(history->count, 2);
    assert_float_equal(rise(history, 10, 101, 0), 0, 0);
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
    for (int second = 0; second < 4; second++) {
        saw(small, 1, 7, second, second);
        saw(small, 2, 7, second, 5 * second);
    }
    pw_history_copy(large, small);
    assert_int_equal(large->count, 2);
    assert_float_equal(rise(large, 1, 7, 0), 2, 0);
    assert_float_equal(rise(large, 2, 7, 1), 20, 0);
    assert_int_equal(pw_history_expire(large, 3), 0);
    assert_int_equal(pw_history_expire(large, 4), 2);
    free(small);
    free(large);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_process_has_its_own_series),
        cmocka_unit_test(a_reused_pid_is_another_process),
        cmocka_unit_test(a_full_history_follows_nobody_new),
        cmocka_unit_test(those_not_seen_any_more_make_room),
        cmocka_unit_test(a_thousand_generations_need_no_more_room_than_one),
        cmocka_unit_test(a_larger_block_takes_all_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
