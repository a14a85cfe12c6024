/* SPDX-License-Identifier: MIT */
#include "act/manual_oom.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "fake_root.h"

/* A root whose log is a pipe, and the end of it that the kernel writes to. */
static struct {
    struct fake_root root;
    struct pw_source source;
    struct pw_buffer buffer;
    struct pw_manual_oom oom;
    int log_fd;
} ground;

static const char decided[] =
    "6,1,1,-;oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,"
    "mems_allowed=0,global_oom,task_memcg=/,task=hog,pid=812,uid=0\n";
static const char killed[] = "3,2,1,-;Out of memory: Killed process 812 (hog) total-vm:8kB, "
                             "anon-rss:4kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:8kB "
                             "oom_score_adj:0\n";


static void set_kills(const char *count) {
    char text[64];
    snprintf(text, sizeof text, "nr_free_pages 1\noom_kill %s\n", count);
    fake_root_write(&ground.root, "proc/vmstat", text);
}


static void make_log(void) {
    char path[128];
    fake_root_write(&ground.root, "dev/null", "");
    snprintf(path, sizeof path, "%s/dev/kmsg", ground.root.path);
    assert_int_equal(mkfifo(path, 0600), 0);
    ground.log_fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(ground.log_fd >= 0);
}


static int make_ground(void **state) {
    (void)state;
    memset(&ground, 0, sizeof ground);
    ground.log_fd = -1;
    fake_root_make(&ground.root);
    set_kills("3");
    return pw_source_open(&ground.source, ground.root.path);
}


static int remove_ground(void **state) {
    (void)state;
    pw_manual_oom_close(&ground.oom);
    if (ground.log_fd >= 0) {
        close(ground.log_fd);
    }
    pw_buffer_free(&ground.buffer);
    pw_source_close(&ground.source);
    fake_root_remove(&ground.root);
    return 0;
}


static void begin(void) {
    pw_manual_oom_begin(&ground.oom, &ground.source, &ground.buffer);
}


/* A read of /dev/kmsg gives one record, and one of a pipe all there is: so one at a time. */
static enum pw_manual_oom_end say(const char *record) {
    assert_int_equal(write(ground.log_fd, record, strlen(record)), (ssize_t)strlen(record));
    return pw_manual_oom_look(&ground.oom, false);
}


static void the_log_says_who_was_killed(void **state) {
    (void)state;
    make_log();
    begin();
    assert_int_equal(say("6,0,1,-;sysrq: Manual OOM execution\n"), PW_MANUAL_OOM_PENDING);
    assert_int_equal(say(decided), PW_MANUAL_OOM_PENDING);
    assert_int_equal(say(killed), PW_MANUAL_OOM_KILLED);
    assert_true(ground.oom.reported);
    assert_int_equal(ground.oom.report.pid, 812);
    assert_true(pw_slice_is(ground.oom.report.comm, "hog"));
}


static void the_log_says_that_nobody_may_be_killed(void **state) {
    (void)state;
    make_log();
    begin();
    assert_int_equal(say("6,3,1,-;sysrq: OOM request ignored. No task eligible\n"),
                     PW_MANUAL_OOM_NOBODY);
}


/* User space may write to /dev/kmsg, with facility 1 and above. */
static void what_a_program_writes_to_the_log_is_not_believed(void **state) {
    (void)state;
    make_log();
    begin();
    assert_int_equal(say("12,3,1,-;OOM request ignored. No task eligible\n"),
                     PW_MANUAL_OOM_PENDING);
}


static void the_kill_in_a_cgroup_is_another_one(void **state) {
    (void)state;
    make_log();
    begin();
    say("6,1,1,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
        "oom_memcg=/a,task_memcg=/a,task=cat,pid=9,uid=0\n");
    assert_int_equal(say("3,2,1,-;Memory cgroup out of memory: Killed process 9 (cat) "
                         "total-vm:8kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB\n"),
                     PW_MANUAL_OOM_PENDING);
    say(decided);
    assert_int_equal(say(killed), PW_MANUAL_OOM_KILLED);
    assert_int_equal(ground.oom.report.pid, 812);
}


static void without_a_log_vmstat_says_that_somebody_was_killed(void **state) {
    (void)state;
    begin();
    assert_int_equal(pw_manual_oom_look(&ground.oom, false), PW_MANUAL_OOM_PENDING);
    set_kills("4");
    assert_int_equal(pw_manual_oom_look(&ground.oom, false), PW_MANUAL_OOM_KILLED);
    assert_false(ground.oom.reported);
}


static void with_a_log_vmstat_is_asked_last(void **state) {
    (void)state;
    make_log();
    begin();
    set_kills("4");
    assert_int_equal(pw_manual_oom_look(&ground.oom, false), PW_MANUAL_OOM_PENDING);
    assert_int_equal(pw_manual_oom_look(&ground.oom, true), PW_MANUAL_OOM_KILLED);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_log_says_who_was_killed, make_ground, remove_ground),
        cmocka_unit_test_setup_teardown(the_log_says_that_nobody_may_be_killed, make_ground,
                                        remove_ground),
        cmocka_unit_test_setup_teardown(what_a_program_writes_to_the_log_is_not_believed,
                                        make_ground, remove_ground),
        cmocka_unit_test_setup_teardown(the_kill_in_a_cgroup_is_another_one, make_ground,
                                        remove_ground),
        cmocka_unit_test_setup_teardown(without_a_log_vmstat_says_that_somebody_was_killed,
                                        make_ground, remove_ground),
        cmocka_unit_test_setup_teardown(with_a_log_vmstat_is_asked_last, make_ground,
                                        remove_ground),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
