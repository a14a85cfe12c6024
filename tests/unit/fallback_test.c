/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act/fallback.h"

static struct pw_source machine;
static struct pw_fallback fallback;


static int open_machine(void **state) {
    (void)state;
    return pw_source_open(&machine, "/");
}


static int close_machine(void **state) {
    (void)state;
    pw_fallback_free(&fallback);
    pw_source_close(&machine);
    return 0;
}


static pid_t start_child(void) {
    pid_t pid = fork();
    if (pid == 0) {
        for (;;) {
            pause();
        }
    }
    return pid;
}


/* The word of a policy about a child, who is to go when less than so much is available. */
static void leave_word(pid_t child, int64_t available_bytes, bool dry_run) {
    struct pw_fallback_word word = {
        .policy = "p",
        .available_bytes = available_bytes,
        .swap_bytes = INT64_MAX,
        .dry_run = dry_run,
        .count = 1,
        .processes = {{child, PW_ABSENT}},
    };
    assert_int_equal(pw_fallback_leave(&fallback, &word), 0);
}


static enum pw_fallback_verdict act(void) {
    struct pw_identity process;
    return pw_fallback_act(&fallback, &machine, false, &process);
}


/* Whether it was killed by now; if not, it is ended. */
static bool was_killed(pid_t child) {
    int status;
    usleep(50000);
    bool killed = waitpid(child, &status, WNOHANG) == child && WIFSIGNALED(status);
    if (!killed) {
        kill(child, SIGTERM);
        waitpid(child, &status, 0);
    }
    return killed;
}


static void without_word_nobody_is_killed(void **state) {
    (void)state;
    assert_int_equal(act(), PW_FALLBACK_NO_WORD);
    leave_word(1, INT64_MAX, false);
    assert_int_equal(act(), PW_FALLBACK_NOBODY);
    pw_fallback_forget(&fallback);
    assert_int_equal(act(), PW_FALLBACK_NO_WORD);
}


static void who_was_named_is_killed_when_memory_is_short(void **state) {
    (void)state;
    pid_t child = start_child();
    leave_word(child, INT64_MAX, false);
    assert_int_equal(act(), PW_FALLBACK_KILLED);
    assert_true(was_killed(child));
    assert_int_equal(act(), PW_FALLBACK_NOBODY);
}


static void nobody_is_killed_when_it_is_not(void **state) {
    (void)state;
    pid_t child = start_child();
    leave_word(child, 1, false);
    assert_int_equal(act(), PW_FALLBACK_NOT_SHORT);
    assert_false(was_killed(child));
}


static void in_dry_run_nobody_is_killed(void **state) {
    (void)state;
    pid_t child = start_child();
    leave_word(child, INT64_MAX, true);
    assert_int_equal(act(), PW_FALLBACK_WOULD);
    assert_false(was_killed(child));
}


static void a_pid_of_another_root_is_not_ours(void **state) {
    (void)state;
    pid_t child = start_child();
    leave_word(child, INT64_MAX, false);
    machine.live = false;
    assert_int_equal(act(), PW_FALLBACK_NO_WORD);
    assert_false(was_killed(child));
}


#define TEST(name) cmocka_unit_test_setup_teardown(name, open_machine, close_machine)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(without_word_nobody_is_killed),     TEST(who_was_named_is_killed_when_memory_is_short),
        TEST(nobody_is_killed_when_it_is_not),   TEST(in_dry_run_nobody_is_killed),
        TEST(a_pid_of_another_root_is_not_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
