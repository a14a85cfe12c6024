/* SPDX-License-Identifier: MIT */
#include "act/program.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "fake_root.h"

/* What the job says in the end; no job is needed to hear it. */
static struct pw_job_news run(const char *script, int64_t timeout_ns) {
    const char *arguments[] = {"/bin/sh", "-c", script, NULL};
    struct pw_program_request request = {arguments, timeout_ns};
    struct pw_job_news news = {.ended = false};
    pw_program_work(-1, &request, &news);
    return news;
}


static struct pw_job_news run_for_long(const char *script) {
    return run(script, INT64_C(60) * 1000000000);
}


static void a_program_ends_with_its_status_and_its_last_line(void **state) {
    (void)state;
    struct pw_job_news news = run_for_long("echo one; echo two >&2; echo; exit 3");
    assert_int_equal(news.error, 0);
    assert_int_equal(news.figures[PW_PROGRAM_STATUS], 3);
    assert_int_equal(news.figures[PW_PROGRAM_SIGNAL], 0);
    assert_string_equal(news.reason, "two");
}


static void what_is_printed_at_length_is_cut(void **state) {
    (void)state;
    struct pw_job_news news = run_for_long("head -c 100000 /dev/zero | tr '\\0' x");
    assert_int_equal(strlen(news.reason), sizeof news.reason - 1);
}


static void a_program_that_is_killed_says_by_what(void **state) {
    (void)state;
    struct pw_job_news news = run_for_long("kill -USR1 $$");
    assert_int_equal(news.figures[PW_PROGRAM_SIGNAL], SIGUSR1);
}


static void a_program_sees_neither_input_nor_environment_of_ours(void **state) {
    (void)state;
    setenv("SECRET", "of ours", 1);
    struct pw_job_news news = run_for_long("read line; echo \"$line$SECRET$PATH\"");
    assert_string_equal(news.reason,
                        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
}


static void a_program_is_killed_before_us(void **state) {
    (void)state;
    assert_string_equal(run_for_long("cat /proc/self/oom_score_adj").reason, "1000");
}


static void a_program_that_takes_too_long_ends_with_all_it_started(void **state) {
    (void)state;
    struct pw_job_news news = run("sleep 1000 & sleep 1000", 1000000);
    assert_int_equal(news.error, ETIMEDOUT);
    assert_int_equal(news.figures[PW_PROGRAM_SIGNAL], SIGKILL);
    assert_non_null(strstr(news.reason, "longer than 0.001 s"));
}


static void what_cannot_be_run_says_why(void **state) {
    (void)state;
    const char *arguments[] = {"/proc/version", NULL};
    struct pw_program_request request = {arguments, 1000000000};
    struct pw_job_news news = {.ended = false};
    pw_program_work(-1, &request, &news);
    assert_int_equal(news.error, EACCES);
    assert_string_equal(news.reason, "Permission denied");
}


static void root_runs_no_program_that_others_may_write(void **state) {
    (void)state;
    struct fake_root root;
    char path[128];
    int error = 0;
    fake_root_make(&root);
    fake_root_write(&root, "hook", "#!/bin/sh\n");
    snprintf(path, sizeof path, "%s/hook", root.path);
    chmod(path, 0644);
    assert_non_null(strstr(pw_program_obstacle(path, &error), "no program"));
    chmod(path, 0777);
    const char *obstacle = pw_program_obstacle(path, &error);
    assert_true(geteuid() != 0 || (obstacle && strstr(obstacle, "others may write")));
    chmod(path, 0755);
    assert_true(geteuid() != 0 || !pw_program_obstacle(path, &error));
    chmod(root.path, 0777);
    assert_true(geteuid() != 0 || pw_program_obstacle(path, &error));
    unlink(path);
    assert_string_equal(pw_program_obstacle(path, &error), "No such file or directory");
    assert_int_equal(error, ENOENT);
    fake_root_remove(&root);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_ends_with_its_status_and_its_last_line),
        cmocka_unit_test(what_is_printed_at_length_is_cut),
        cmocka_unit_test(a_program_that_is_killed_says_by_what),
        cmocka_unit_test(a_program_sees_neither_input_nor_environment_of_ours),
        cmocka_unit_test(a_program_is_killed_before_us),
        cmocka_unit_test(a_program_that_takes_too_long_ends_with_all_it_started),
        cmocka_unit_test(what_cannot_be_run_says_why),
        cmocka_unit_test(root_runs_no_program_that_others_may_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
