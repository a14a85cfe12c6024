/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/resident.h"
#include "host/watchdog.h"

#define LIMIT_NS (PW_SECOND_NS / 10)
#define STUCK_FILE PW_STUCK_FOLDER "/" PW_STUCK_FILE

static char root[] = "/tmp/pagewarden-watchdog-XXXXXX";
static struct pw_source source;
static struct pw_loop loop;
static struct pw_watchdog watchdog;
static int ends[2];
static sem_t noticed;


static void note(struct pw_watchdog *which) {
    (void)which;
    sem_post(&noticed);
}


static int make_root(void **state) {
    (void)state;
    strcpy(root + sizeof root - 7, "XXXXXX");
    sem_init(&noticed, 0, 0);
    return !mkdtemp(root) || chdir(root) || pw_source_open(&source, root) || pw_loop_open(&loop) ||
           pipe2(ends, O_CLOEXEC | O_NONBLOCK);
}


static int remove_root(void **state) {
    (void)state;
    pw_watchdog_close(&watchdog);
    pw_watchdog_close(&watchdog);
    pw_loop_close(&loop);
    pw_source_close(&source);
    close(ends[0]);
    close(ends[1]);
    remove(STUCK_FILE);
    remove(PW_STUCK_FOLDER);
    remove("run");
    return chdir("/") || rmdir(root);
}


static int open_watchdog(pw_watchdog_action *action) {
    struct pw_watchdog_options options = {
        .source = &source, .limit_ns = LIMIT_NS, .fd = ends[1], .action = action};
    return pw_watchdog_open(&watchdog, &loop, &options);
}


static const char *read_all(int fd) {
    static char text[512];
    ssize_t size = read(fd, text, sizeof text - 1);
    text[size < 0 ? 0 : size] = 0;
    return text;
}


static void assert_stuck_file(const char *expected) {
    int fd = open(STUCK_FILE, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_string_equal(read_all(fd), expected);
    close(fd);
}


/* What a policy that does not return is to the loop. */
static void hold(struct pw_timer *timer, void *context) {
    (void)timer, (void)context;
    pw_watchdog_name(&watchdog, "greedy");
    sem_wait(&noticed);
    pw_watchdog_name(&watchdog, "");
}


static void a_turn_without_end_is_noticed_and_its_policy_named(void **state) {
    (void)state;
    struct pw_timer timer = {.action = hold};
    assert_int_equal(open_watchdog(note), 0);
    assert_int_equal(pw_loop_arm(&loop, &timer, 0), 0);
    assert_int_equal(pw_loop_run(&loop), 0);
    assert_stuck_file("greedy\n");
    assert_string_equal(read_all(ends[0]),
                        "pagewarden: watchdog: the policy greedy held the host for 100 ms\n");
}


static void a_start_outside_of_the_loop_is_watched_too(void **state) {
    (void)state;
    assert_int_equal(open_watchdog(note), 0);
    pw_watchdog_begin(&watchdog);
    pw_watchdog_name(&watchdog, "first");
    sem_wait(&noticed);
    pw_watchdog_end(&watchdog);
    pw_watchdog_begin(&watchdog);
    pw_watchdog_name(&watchdog, "second");
    sem_wait(&noticed);
    pw_watchdog_end(&watchdog);
    assert_stuck_file("first\nsecond\n");
}


static void what_is_not_a_policy_is_left_out_of_the_file(void **state) {
    (void)state;
    assert_int_equal(open_watchdog(note), 0);
    pw_watchdog_begin(&watchdog);
    sem_wait(&noticed);
    pw_watchdog_end(&watchdog);
    assert_int_equal(access(STUCK_FILE, F_OK), -1);
    assert_non_null(strstr(read_all(ends[0]), "something held the host"));
}


static void a_loop_that_only_waits_is_left_alone(void **state) {
    (void)state;
    int count;
    assert_int_equal(open_watchdog(note), 0);
    pw_watchdog_begin(&watchdog);
    pw_watchdog_end(&watchdog);
    usleep(3 * LIMIT_NS / 1000);
    sem_getvalue(&noticed, &count);
    assert_int_equal(count, 0);
}


static void the_process_ends_with_a_status_of_its_own(void **state) {
    (void)state;
    int status;
    pid_t child = fork();
    if (child == 0) {
        if (open_watchdog(NULL) == 0) {
            pw_watchdog_begin(&watchdog);
            pw_watchdog_name(&watchdog, "greedy");
            pause();
        }
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), PW_EXIT_STUCK);
    assert_stuck_file("greedy\n");
}


static void a_folder_that_cannot_be_made_is_an_error(void **state) {
    (void)state;
    close(open("run", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    assert_int_equal(open_watchdog(note), -ENOTDIR);
    assert_null(loop.observer);
}


static void the_standing_with_the_oom_killer_is_written_beneath_the_root(void **state) {
    (void)state;
    assert_int_equal(pw_set_own_oom_score_adj(&source, -900), -ENOENT);
    mkdir("proc", 0755);
    mkdir("proc/self", 0755);
    close(open("proc/self/oom_score_adj", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    assert_int_equal(pw_set_own_oom_score_adj(&source, -900), 0);
    int fd = open("proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
    assert_string_equal(read_all(fd), "-900\n");
    close(fd);
    remove("proc/self/oom_score_adj");
    remove("proc/self");
    remove("proc");
}


static void locking_memory_succeeds_or_is_not_permitted(void **state) {
    (void)state;
    int error = pw_lock_memory();
    munlockall();
    assert_true(error == 0 || error == -EPERM);
}


#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_turn_without_end_is_noticed_and_its_policy_named),
        TEST(a_start_outside_of_the_loop_is_watched_too),
        TEST(what_is_not_a_policy_is_left_out_of_the_file),
        TEST(a_loop_that_only_waits_is_left_alone),
        TEST(the_process_ends_with_a_status_of_its_own),
        TEST(a_folder_that_cannot_be_made_is_an_error),
        TEST(the_standing_with_the_oom_killer_is_written_beneath_the_root),
        TEST(locking_memory_succeeds_or_is_not_permitted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
