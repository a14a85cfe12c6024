/* SPDX-License-Identifier: MIT */
#include "act/kill.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act/reaper.h"
#include "check.h"

static struct pw_source source;
static struct pw_buffer buffer;
static struct pw_killer killer;
static pid_t child;


static int open_all(void **state) {
    (void)state;
    child = 0;
    killer = (struct pw_killer){.source = &source, .buffer = &buffer};
    return pw_source_open(&source, "/");
}


static int close_all(void **state) {
    (void)state;
    if (child > 0) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    pw_source_close(&source);
    pw_buffer_free(&buffer);
    return 0;
}


static void *wait_for_ever(void *unused) {
    pause();
    return unused;
}


/* A child that waits; with its first thread ended, when that is wanted. */
static void start_child(bool without_leader) {
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        pthread_t thread;
        if (without_leader) {
            pthread_create(&thread, NULL, wait_for_ever, NULL);
        }
        (void)!write(ends[1], "", 1);
        if (without_leader) {
            syscall(SYS_exit, 0); /* of this thread alone */
        }
        wait_for_ever(NULL);
        _exit(0);
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    close(ends[1]);
}


static int take(struct pw_victim *victim, pid_t pid, int64_t start_ticks) {
    struct pw_act_outcome outcome = {0};
    struct pw_identity process = {pid, start_ticks};
    return pw_victim_take(&killer, &process, victim, &outcome) ? 0 : outcome.error;
}


static void a_signal_goes_to_the_process_that_is_held(void **state) {
    (void)state;
    struct pw_victim victim;
    struct pw_act_outcome outcome = {0};
    start_child(false);
    int error = take(&victim, child, PW_ABSENT);
    if (error == ENOSYS) {
        skip();
    }
    assert_int_equal(error, 0);
    assert_true(victim.process.start_ticks > 0);
    assert_false(pw_victim_has_ended(&killer, &victim));
    assert_true(pw_victim_signal(&killer, &victim, SIGKILL, &outcome));
    waitpid(child, NULL, 0);
    child = 0;
    assert_true(pw_victim_has_ended(&killer, &victim));
    assert_false(pw_victim_signal(&killer, &victim, SIGKILL, &outcome));
    assert_int_equal(outcome.error, ESRCH);
    pw_victim_release(&victim);
    pw_victim_release(&victim);
}


static void a_pid_that_another_process_has_by_now_is_gone(void **state) {
    (void)state;
    struct pw_victim victim;
    start_child(false);
    assert_int_equal(take(&victim, child, 1), ESRCH);
    assert_int_equal(victim.fd, -1);
}


static void one_that_only_waits_for_its_parent_has_ended(void **state) {
    (void)state;
    struct pw_victim victim;
    siginfo_t info;
    start_child(false);
    kill(child, SIGKILL);
    waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
    assert_int_equal(take(&victim, child, PW_ABSENT), ESRCH);
}


static void one_whose_first_thread_has_ended_is_alive(void **state) {
    (void)state;
    struct pw_victim victim = {.fd = -1};
    struct pw_act_outcome outcome = {0};
    char letter = 'R';
    start_child(true);
    if (take(&victim, child, PW_ABSENT) == ENOSYS) {
        skip();
    }
    for (int i = 0; i < 1000 && letter != 'Z'; i++) {
        pw_victim_rss(&killer, &victim, &letter);
        usleep(1000);
    }
    assert_int_equal(letter, 'Z');
    pw_victim_release(&victim);
    assert_int_equal(take(&victim, child, PW_ABSENT), 0);
    assert_false(pw_victim_has_ended(&killer, &victim));
    assert_true(pw_victim_signal(&killer, &victim, SIGTERM, &outcome));
    waitpid(child, NULL, 0);
    child = 0;
    assert_true(pw_victim_has_ended(&killer, &victim));
    pw_victim_release(&victim);
}


static void nobody_is_killed_who_must_not_be(void **state) {
    (void)state;
    struct pw_victim victim;
    assert_int_equal(take(&victim, 0, PW_ABSENT), EPERM);
    assert_int_equal(take(&victim, 1, PW_ABSENT), EPERM);
    assert_int_equal(take(&victim, getpid(), PW_ABSENT), EPERM);
    assert_int_equal(take(&victim, getppid(), PW_ABSENT), EPERM);
}


/* Another thread of this very process, which a signal to its number would hit. */
static void *say_number(void *number) {
    *(pid_t *)number = (pid_t)syscall(SYS_gettid);
    return wait_for_ever(NULL);
}


static void a_thread_is_no_process(void **state) {
    (void)state;
    struct pw_victim victim;
    volatile pid_t number = 0;
    pthread_t thread;
    pthread_create(&thread, NULL, say_number, (void *)&number);
    while (number == 0) {
        usleep(1000);
    }
    int error = take(&victim, number, PW_ABSENT);
    pthread_cancel(thread);
    pthread_join(thread, NULL);
    assert_true(error == ESRCH || error == ENOSYS);
}


/* From here on this process has no pidfds, as before Linux 5.3. */
static void forbid_pidfds(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}


static int count_wrong(bool right, int *wrong) {
    return *wrong += !right;
}


/* What is tried without pidfds; returns how much went wrong. */
static int try_without_pidfds(void) {
    struct pw_victim victim;
    struct pw_act_outcome outcome = {0};
    int wrong = 0;
    forbid_pidfds();
    start_child(false);
    count_wrong(take(&victim, child, PW_ABSENT) == ENOSYS, &wrong);
    killer.racy = true;
    count_wrong(take(&victim, getpid(), PW_ABSENT) == EPERM, &wrong);
    count_wrong(take(&victim, child, 1) == ESRCH, &wrong);
    count_wrong(take(&victim, child, PW_ABSENT) == 0, &wrong);
    count_wrong(pw_victim_signal(&killer, &victim, SIGKILL, &outcome), &wrong);
    waitpid(child, NULL, 0);
    count_wrong(pw_victim_has_ended(&killer, &victim), &wrong);
    count_wrong(!pw_victim_signal(&killer, &victim, SIGKILL, &outcome), &wrong);
    return count_wrong(outcome.error == ESRCH, &wrong);
}


static void without_pidfds_only_a_racy_kill_is_one(void **state) {
    (void)state;
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        _exit(try_without_pidfds());
    }
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
}


static void the_process_of_another_user_is_left_alone(void **state) {
    (void)state;
    int status;
    if (geteuid() != 0) {
        skip();
    }
    start_child(false);
    pid_t pid = fork();
    if (pid == 0) {
        struct pw_victim victim;
        struct pw_act_outcome outcome = {0};
        _exit(setuid(65534) || take(&victim, child, PW_ABSENT) ||
              pw_victim_signal(&killer, &victim, SIGKILL, &outcome) || outcome.error != EPERM);
    }
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
}


static void memory_is_only_taken_from_what_was_killed(void **state) {
    (void)state;
    struct pw_victim victim;
    struct pw_reaper reaper = {0};
    assert_int_equal(pw_reaper_join(&reaper), 0);
    start_child(false);
    if (take(&victim, child, PW_ABSENT) == ENOSYS) {
        skip();
    }
    pw_reaper_start(&reaper, victim.fd);
    int error = pw_reaper_join(&reaper);
    assert_true(error == EINVAL || error == ENOSYS);
    assert_false(pw_victim_has_ended(&killer, &victim));
    pw_victim_release(&victim);
}


static void signals_have_names(void **state) {
    (void)state;
    assert_int_equal(pw_signal_number(pw_slice_of("TERM")), SIGTERM);
    assert_int_equal(pw_signal_number(pw_slice_of("SIGTERM")), SIGTERM);
    assert_int_equal(pw_signal_number(pw_slice_of("term")), 0);
    assert_int_equal(pw_signal_number(pw_slice_of("")), 0);
    for (int i = 0; pw_signal_names[i]; i++) {
        int number = pw_signal_number(pw_slice_of(pw_signal_names[i]));
        assert_string_equal(pw_signal_name(number), pw_signal_names[i]);
    }
    assert_true(pw_signal_ends(SIGKILL) && pw_signal_ends(SIGTERM));
    assert_false(pw_signal_ends(SIGUSR1) || pw_signal_ends(SIGCONT));
}


#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_signal_goes_to_the_process_that_is_held),
        TEST(a_pid_that_another_process_has_by_now_is_gone),
        TEST(one_that_only_waits_for_its_parent_has_ended),
        TEST(one_whose_first_thread_has_ended_is_alive),
        TEST(nobody_is_killed_who_must_not_be),
        TEST(a_thread_is_no_process),
        TEST(without_pidfds_only_a_racy_kill_is_one),
        TEST(the_process_of_another_user_is_left_alone),
        TEST(memory_is_only_taken_from_what_was_killed),
        TEST(signals_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
