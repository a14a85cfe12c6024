/* SPDX-License-Identifier: MIT */
#include "host/timer.h"

#include "check.h"
#include "host/clock.h"


static void timers_with_slack_share_a_wake_up_and_do_not_drift(void **state) {
    (void)state;
    struct pw_timers timers = {0};
    struct pw_timer first = {.period_ns = 1000, .slack_ns = 20};
    struct pw_timer second = {.period_ns = 1000, .slack_ns = 20};
    pw_timers_arm(&timers, &first, 1000);
    pw_timers_arm(&timers, &second, 1015);
    for (int64_t turn = 1; turn < 100; turn++) {
        int64_t now_ns = pw_timers_due(&timers);
        assert_int_equal(now_ns, turn * 1000 + 20);
        assert_ptr_equal(pw_timers_take(&timers, now_ns), &first);
        assert_ptr_equal(pw_timers_take(&timers, now_ns), &second);
        assert_null(pw_timers_take(&timers, now_ns));
    }
    pw_timers_clear(&timers);
}


static void a_timer_without_slack_is_not_late_for_others(void **state) {
    (void)state;
    struct pw_timers timers = {0};
    struct pw_timer slack = {.period_ns = 1000, .slack_ns = 20};
    struct pw_timer exact = {.period_ns = 0};
    pw_timers_arm(&timers, &slack, 1000);
    pw_timers_arm(&timers, &exact, 1010);
    assert_int_equal(pw_timers_due(&timers), 1010);
    assert_ptr_equal(pw_timers_take(&timers, 1010), &exact);
    assert_ptr_equal(pw_timers_take(&timers, 1010), &slack);
    assert_int_equal(pw_timers_due(&timers), 2020);
    pw_timers_clear(&timers);
}


static void without_timers_nobody_is_woken(void **state) {
    (void)state;
    struct pw_timers timers = {0};
    assert_int_equal(pw_timers_due(&timers), PW_NEVER_NS);
    assert_null(pw_timers_take(&timers, PW_NEVER_NS));
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_with_slack_share_a_wake_up_and_do_not_drift),
        cmocka_unit_test(a_timer_without_slack_is_not_late_for_others),
        cmocka_unit_test(without_timers_nobody_is_woken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
