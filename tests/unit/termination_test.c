/* SPDX-License-Identifier: MIT */
#include "act/termination.h"

#include "check.h"

#define SECOND INT64_C(1000000000)

static struct pw_termination termination;


static enum pw_termination_move at(int64_t now_ns) {
    return pw_termination_next(&termination, now_ns, false);
}


static void what_ends_when_asked_is_not_killed(void **state) {
    (void)state;
    pw_termination_begin(&termination, SECOND, 10 * SECOND, false, true);
    assert_int_equal(at(SECOND), PW_TERMINATION_WAIT);
    assert_int_equal(termination.due_ns, 11 * SECOND);
    assert_int_equal(at(11 * SECOND - 1), PW_TERMINATION_WAIT);
    assert_int_equal(pw_termination_next(&termination, 11 * SECOND, true), PW_TERMINATION_END);
    assert_false(termination.killed);
}


static void what_does_not_end_is_killed_then_reaped_then_given_up(void **state) {
    (void)state;
    pw_termination_begin(&termination, 0, SECOND, false, true);
    assert_int_equal(at(SECOND), PW_TERMINATION_KILL);
    assert_true(termination.killed);
    assert_int_equal(at(SECOND), PW_TERMINATION_WAIT);
    assert_int_equal(termination.due_ns, SECOND + PW_TERMINATION_OWN_NS);
    assert_int_equal(at(termination.due_ns), PW_TERMINATION_REAP);
    assert_int_equal(termination.due_ns, SECOND + PW_TERMINATION_PATIENCE_NS);
    assert_int_equal(at(termination.due_ns - 1), PW_TERMINATION_WAIT);
    assert_int_equal(at(termination.due_ns), PW_TERMINATION_END);
    assert_int_equal(termination.due_ns, pw_termination_longest_ns(SECOND));
}


static void nothing_is_reaped_when_nobody_asked(void **state) {
    (void)state;
    pw_termination_begin(&termination, 0, 0, false, false);
    assert_int_equal(at(0), PW_TERMINATION_KILL);
    assert_int_equal(termination.due_ns, PW_TERMINATION_PATIENCE_NS);
    assert_int_equal(at(termination.due_ns), PW_TERMINATION_END);
}


static void what_was_killed_at_first_is_not_killed_again(void **state) {
    (void)state;
    pw_termination_begin(&termination, 0, 10 * SECOND, true, true);
    assert_int_equal(at(0), PW_TERMINATION_WAIT);
    assert_int_equal(at(PW_TERMINATION_OWN_NS), PW_TERMINATION_REAP);
    assert_int_equal(at(PW_TERMINATION_PATIENCE_NS), PW_TERMINATION_END);
    assert_int_equal(pw_termination_longest_ns(0), PW_TERMINATION_PATIENCE_NS);
}


static void a_wait_that_took_too_long_skips_no_step(void **state) {
    (void)state;
    pw_termination_begin(&termination, 0, SECOND, false, true);
    assert_int_equal(at(100 * SECOND), PW_TERMINATION_KILL);
    assert_int_equal(at(100 * SECOND), PW_TERMINATION_WAIT);
    assert_int_equal(at(200 * SECOND), PW_TERMINATION_REAP);
    assert_int_equal(at(200 * SECOND), PW_TERMINATION_END);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_ends_when_asked_is_not_killed),
        cmocka_unit_test(what_does_not_end_is_killed_then_reaped_then_given_up),
        cmocka_unit_test(nothing_is_reaped_when_nobody_asked),
        cmocka_unit_test(what_was_killed_at_first_is_not_killed_again),
        cmocka_unit_test(a_wait_that_took_too_long_skips_no_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
