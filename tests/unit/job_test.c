/* SPDX-License-Identifier: MIT */
#include "act/job.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"


static struct pw_job_news next_news(struct pw_job *job) {
    struct pw_job_news news;
    assert_int_equal(poll(&(struct pollfd){.fd = job->fd, .events = POLLIN}, 1, 10000), 1);
    assert_int_equal(pw_job_take(job, &news), 0);
    return news;
}


static void count_up(int speaker_fd, const void *arguments, struct pw_job_news *news) {
    int up_to = *(const int *)arguments;
    for (int i = 1; i <= up_to; i++) {
        pw_job_say(speaker_fd, &(struct pw_job_news){.figures = {i}});
    }
    news->figures[0] = -1;
}


static void what_a_job_says_is_taken_in_order(void **state) {
    (void)state;
    struct pw_job job;
    assert_int_equal(pw_job_start(&job, count_up, &(int){2}), 0);
    assert_int_equal(next_news(&job).figures[0], 1);
    assert_int_equal(next_news(&job).figures[0], 2);
    struct pw_job_news last = next_news(&job);
    assert_true(last.ended);
    assert_int_equal(last.error, 0);
    assert_int_equal(last.figures[0], -1);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nothing is left to reap */
    assert_int_equal(pw_job_take(&job, &last), -EAGAIN);
    pw_job_close(&job);
}


static void wait_for_ever(int speaker_fd, const void *arguments, struct pw_job_news *news) {
    (void)arguments;
    pw_job_say(speaker_fd, news);
    for (;;) {
        pause();
    }
}


static int64_t own_oom_score_adj(void) {
    char score[8] = "";
    FILE *file = fopen("/proc/self/oom_score_adj", "r");
    assert_non_null(file);
    assert_non_null(fgets(score, sizeof score, file));
    fclose(file);
    return strtol(score, NULL, 10);
}


static void tell_oom_score_adj(int speaker_fd, const void *arguments, struct pw_job_news *news) {
    (void)speaker_fd, (void)arguments;
    news->figures[0] = own_oom_score_adj();
    pw_job_volunteer();
    news->figures[1] = own_oom_score_adj();
}


static void only_a_job_that_volunteers_is_killed_first(void **state) {
    (void)state;
    struct pw_job job;
    assert_int_equal(pw_job_start(&job, tell_oom_score_adj, NULL), 0);
    struct pw_job_news last = next_news(&job);
    assert_int_equal(last.figures[0], own_oom_score_adj());
    assert_int_equal(last.figures[1], 1000);
}


static void a_job_that_is_killed_says_so(void **state) {
    (void)state;
    struct pw_job job;
    assert_int_equal(pw_job_start(&job, wait_for_ever, NULL), 0);
    next_news(&job);
    kill(job.pid, SIGKILL);
    struct pw_job_news last = next_news(&job);
    assert_true(last.ended);
    assert_int_equal(last.error, ECANCELED);
    assert_true(strstr(last.reason, "killed"));
}


static void a_job_that_is_closed_ends(void **state) {
    (void)state;
    struct pw_job job;
    assert_int_equal(pw_job_start(&job, wait_for_ever, NULL), 0);
    next_news(&job);
    pid_t pid = job.pid;
    pw_job_close(&job);
    assert_int_equal(kill(pid, 0), -1);
    pw_job_close(&job);
}


/* Counts what is open besides the way to speak. */
static void look_around(int speaker_fd, const void *arguments, struct pw_job_news *news) {
    (void)arguments;
    DIR *folder = opendir("/proc/self/fd");
    for (const struct dirent *entry; folder && (entry = readdir(folder));) {
        int fd = (int)strtol(entry->d_name, NULL, 10);
        news->figures[0] += entry->d_name[0] != '.' && fd != speaker_fd && fd != dirfd(folder);
    }
}


static void a_job_has_nothing_open(void **state) {
    (void)state;
    struct pw_job job;
    int inherited = dup(1);
    assert_int_equal(pw_job_start(&job, look_around, NULL), 0);
    struct pw_job_news last = next_news(&job);
    assert_int_equal(last.figures[0], 3); /* standard input, output and error */
    close(inherited);
}


/* A process that starts a job, hands its descriptor to nobody and dies. */
static void start_and_die(int witness_fd) {
    struct pw_job job;
    pw_job_start(&job, wait_for_ever, NULL);
    next_news(&job);
    (void)!write(witness_fd, &job.pid, sizeof job.pid);
    kill(getpid(), SIGKILL);
}


static void wait_until_gone(pid_t pid) {
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd >= 0) {
        assert_int_equal(poll(&(struct pollfd){.fd = pidfd, .events = POLLIN}, 1, 10000), 1);
        close(pidfd);
    }
}


static void a_job_dies_with_who_started_it(void **state) {
    (void)state;
    int fds[2];
    pid_t job = 0;
    assert_int_equal(pipe(fds), 0);
    pid_t parent = fork();
    if (parent == 0) {
        start_and_die(fds[1]);
    }
    assert_int_equal(read(fds[0], &job, sizeof job), sizeof job);
    waitpid(parent, NULL, 0);
    wait_until_gone(job);
    close(fds[0]);
    close(fds[1]);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_job_says_is_taken_in_order),
        cmocka_unit_test(only_a_job_that_volunteers_is_killed_first),
        cmocka_unit_test(a_job_that_is_killed_says_so),
        cmocka_unit_test(a_job_that_is_closed_ends),
        cmocka_unit_test(a_job_has_nothing_open),
        cmocka_unit_test(a_job_dies_with_who_started_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
