/* SPDX-License-Identifier: MIT */
#include "host/deadline.h"

#include "check.h"


static int64_t read_clock(void *clock) {
    return *(const int64_t *)clock;
}


static void passes_when_its_time_is_over_and_stays_so(void **unused) {
    (void)unused;
    int64_t now_ns = 1000;
    struct pw_deadline deadline = {.now = read_clock, .clock = &now_ns, .limit_ns = 50};
    pw_deadline_start(&deadline);
    now_ns = 1049;
    assert_false(pw_deadline_has_passed(&deadline));
    now_ns = 1050;
    assert_true(pw_deadline_has_passed(&deadline));
    pw_deadline_stop(&deadline);
    assert_true(pw_deadline_has_passed(&deadline));
    pw_deadline_start(&deadline);
    assert_false(pw_deadline_has_passed(&deadline));
}


static void does_not_pass_between_calls(void **unused) {
    (void)unused;
    int64_t now_ns = 1000;
    struct pw_deadline deadline = {.now = read_clock, .clock = &now_ns, .limit_ns = 50};
    pw_deadline_start(&deadline);
    pw_deadline_stop(&deadline);
    now_ns = 2000;
    assert_false(pw_deadline_has_passed(&deadline));
}


static void may_be_longer_than_the_clock_goes(void **unused) {
    (void)unused;
    int64_t now_ns = 1000;
    struct pw_deadline deadline = {.now = read_clock, .clock = &now_ns, .limit_ns = INT64_MAX};
    pw_deadline_start(&deadline);
    now_ns = INT64_MAX;
    assert_false(pw_deadline_has_passed(&deadline));
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_when_its_time_is_over_and_stays_so),
        cmocka_unit_test(does_not_pass_between_calls),
        cmocka_unit_test(may_be_longer_than_the_clock_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
