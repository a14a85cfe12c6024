/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/exits.h"

static struct pw_loop loop;
static struct pw_source source;
static struct pw_buffer buffer;
static int exits;


static int open_all(void **state) {
    (void)state;
    exits = 0;
    return pw_source_open(&source, "/") || pw_loop_open(&loop);
}


static int close_all(void **state) {
    (void)state;
    pw_loop_close(&loop);
    pw_source_close(&source);
    pw_buffer_free(&buffer);
    return 0;
}


static void note_exit(struct pw_exit *exit, void *context) {
    (void)context;
    exits++;
    pw_exit_close(exit);
}


/* A child that ends when it is told to. */
static pid_t start_child(void) {
    pid_t pid = fork();
    if (pid == 0) {
        pause();
        _exit(0);
    }
    return pid;
}


static void end_child(pid_t pid) {
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}


static int wait_for(struct pw_exit *exit, int64_t pid, int64_t start_ticks) {
    *exit = (struct pw_exit){.action = note_exit};
    struct pw_identity identity = {pid, start_ticks};
    return pw_exit_open(exit, &loop, &source, &identity, &buffer);
}


static void the_end_of_a_child_comes_once_and_ends_the_loop(void **state) {
    (void)state;
    struct pw_exit exit;
    pid_t pid = start_child();
    int error = wait_for(&exit, pid, PW_ABSENT);
    kill(pid, SIGKILL);
    if (error == -ENOSYS) {
        end_child(pid);
        skip();
    }
    assert_int_equal(error, 0);
    assert_int_equal(pw_loop_run(&loop), 0);
    assert_int_equal(exits, 1);
    end_child(pid);
}


static void a_pid_that_another_process_has_by_now_is_gone(void **state) {
    (void)state;
    struct pw_exit exit;
    pid_t pid = start_child();
    int error = wait_for(&exit, pid, 1);
    end_child(pid);
    if (error == -ENOSYS) {
        skip();
    }
    assert_int_equal(error, -ESRCH);
    assert_int_equal(loop.foreground, 0);
    pw_exit_close(&exit);
}


static void no_pid_is_gone_rather_than_wrong(void **state) {
    (void)state;
    struct pw_exit exit;
    assert_int_equal(wait_for(&exit, 0, PW_ABSENT), -ESRCH);
    assert_int_equal(wait_for(&exit, INT64_MAX, PW_ABSENT), -ESRCH);
}


static void a_process_of_another_root_has_no_pidfd(void **state) {
    (void)state;
    struct pw_exit exit;
    source.live = false;
    assert_int_equal(wait_for(&exit, getpid(), PW_ABSENT), -EOPNOTSUPP);
}


static void a_virtual_loop_is_told_of_the_process_by_pid_and_start_time(void **state) {
    (void)state;
    struct pw_exit exit;
    pw_loop_close(&loop);
    pw_loop_open_virtual(&loop, 0);
    assert_int_equal(wait_for(&exit, getpid(), PW_ABSENT), 0);
    struct pw_identity self = exit.identity, other = {self.pid, self.start_ticks + 1};
    assert_int_equal(pw_listeners_tell(&loop.listeners, PW_TOPIC_EXIT, &other), 0);
    assert_int_equal(pw_listeners_tell(&loop.listeners, PW_TOPIC_EXIT, &self), 1);
    assert_int_equal(pw_listeners_tell(&loop.listeners, PW_TOPIC_EXIT, &self), 0);
    assert_int_equal(exits, 1);
}


#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_end_of_a_child_comes_once_and_ends_the_loop),
        TEST(a_pid_that_another_process_has_by_now_is_gone),
        TEST(no_pid_is_gone_rather_than_wrong),
        TEST(a_process_of_another_root_has_no_pidfd),
        TEST(a_virtual_loop_is_told_of_the_process_by_pid_and_start_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
