/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdio.h>
#include <string.h>

#include "read/oom_report.h"

static struct pw_oom_reports reports;
static struct pw_oom_report report;
static unsigned sequence;


static int start(void **state) {
    (void)state;
    reports = (struct pw_oom_reports){0};
    sequence = 800;
    return 0;
}


static bool add_record(const char *record) {
    return pw_oom_reports_add(&reports, pw_slice_of(record), &report);
}


/* A record of the kernel with this text. */
static bool add(const char *text) {
    char record[2000];
    snprintf(record, sizeof record, "3,%u,7063247407,-;%s\n SUBSYSTEM=memory\n", sequence++, text);
    return add_record(record);
}


#define assert_text(slice, expected) assert_true(pw_slice_is(slice, expected))


static void a_kill_for_a_cgroups_limit_says_which_limit_and_who(void **state) {
    (void)state;
    assert_false(
        add("python3 invoked oom-killer: gfp_mask=0x100cca(GFP_HIGHUSER_MOVABLE), order=0, "
            "oom_score_adj=0"));
    assert_false(add("oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
                     "oom_memcg=/web.slice,task_memcg=/web.slice/php.service,task=python3,pid=2343,"
                     "uid=33"));
    assert_true(
        add("Memory cgroup out of memory: Killed process 2343 (python3) total-vm:3149468kB, "
            "anon-rss:164992kB, file-rss:52176kB, shmem-rss:92kB, UID:33 pgtables:1372kB "
            "oom_score_adj:986"));
    assert_int_equal(report.pid, 2343);
    assert_text(report.comm, "python3");
    assert_int_equal(report.uid, 33);
    assert_int_equal(report.total_vm_bytes, INT64_C(3149468) * 1024);
    assert_int_equal(report.anon_rss_bytes, 164992 * 1024);
    assert_int_equal(report.file_rss_bytes, 52176 * 1024);
    assert_int_equal(report.shmem_rss_bytes, 92 * 1024);
    assert_int_equal(report.pgtables_bytes, 1372 * 1024);
    assert_int_equal(report.oom_score_adj, 986);
    assert_text(report.constraint, "CONSTRAINT_MEMCG");
    assert_text(report.cgroup, "/web.slice/php.service");
    assert_text(report.oom_cgroup, "/web.slice");
}


static void a_kill_for_the_whole_machine_has_no_cgroups_limit(void **state) {
    (void)state;
    add("oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,"
        "task_memcg=/user.slice/user-1000.slice/session-2.scope,task=node,pid=5678,uid=1000");
    assert_true(add("Out of memory: Killed process 5678 (node) total-vm:2484556kB, "
                    "anon-rss:143224kB, file-rss:0kB, shmem-rss:452kB, UID:1011 pgtables:588kB "
                    "oom_score_adj:-900"));
    assert_text(report.constraint, "CONSTRAINT_NONE");
    assert_text(report.cgroup, "/user.slice/user-1000.slice/session-2.scope");
    assert_int_equal(report.oom_cgroup.size, 0);
    assert_int_equal(report.oom_score_adj, -900);
}


/* memory.oom.group: one summary, many kills. */
static void the_summary_is_of_its_own_process_only(void **state) {
    (void)state;
    add("oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/a,"
        "task_memcg=/a/b,task=hog,pid=9,uid=0");
    assert_true(
        add("Memory cgroup out of memory: Killed process 10 (sh) total-vm:8kB, anon-rss:4kB, "
            "file-rss:0kB, shmem-rss:0kB, UID:5 pgtables:4kB oom_score_adj:0"));
    assert_int_equal(report.cgroup.size, 0);
    assert_text(report.constraint, "CONSTRAINT_MEMCG");
    assert_int_equal(report.uid, 5);
}


static void older_kernels_say_less(void **state) {
    (void)state;
    assert_false(add("Out of memory: Kill process 1234 (chrome) score 850 or sacrifice child"));
    assert_true(add("Killed process 1234 (chrome) total-vm:2345678kB, anon-rss:1234567kB, "
                    "file-rss:0kB, shmem-rss:0kB"));
    assert_int_equal(report.pid, 1234);
    assert_int_equal(report.anon_rss_bytes, INT64_C(1234567) * 1024);
    assert_true(report.uid == PW_ABSENT && report.pgtables_bytes == PW_ABSENT);
    assert_int_equal(report.constraint.size, 0);
    assert_true(add("Killed process 2868, UID 500, (thebig) total-vm:12kB, anon-rss:8kB, "
                    "file-rss:4kB"));
    assert_int_equal(report.uid, 500);
    assert_text(report.comm, "thebig");
    assert_true(add("Killed process 2869 (old) vsz:12kB, anon-rss:8kB, file-rss:4kB"));
    assert_int_equal(report.total_vm_bytes, 12 * 1024);
}


static void names_are_bytes_and_may_try_to_look_like_the_rest(void **state) {
    (void)state;
    assert_true(add("Out of memory: Killed process 15925 ((resolved)) total-vm:168424kB, "
                    "anon-rss:4064kB, file-rss:3584kB, shmem-rss:0kB"));
    assert_text(report.comm, "(resolved)");
    assert_true(add("Out of memory: Killed process 7 (x) total-vm:9) total-vm:4kB, anon-rss:0kB"));
    assert_text(report.comm, "x) total-vm:9");
    assert_int_equal(report.total_vm_bytes, 4096);
    assert_true(add("Out of memory: Killed process 7 (a\\x0ab\\x5c\\xff) total-vm:4kB"));
    assert_text(report.comm, "a\nb\\\xff");
    add("oom-kill:constraint=CONSTRAINT_NONE,cpuset=/,global_oom,task_memcg=/"
        "a,b,task=x,task=y,pid=1,"
        "pid=7,uid=3");
    assert_true(add("Out of memory: Killed process 7 (x,task=y,pid=1) total-vm:4kB"));
    assert_text(report.cgroup, "/a,b");
    assert_int_equal(report.uid, 3);
}


static void what_programs_write_is_not_believed(void **state) {
    (void)state;
    assert_false(add_record("11,5,1,-;Out of memory: Killed process 1 (init) total-vm:4kB\n"));
    assert_false(add("usb 1-1: Product: Killed process 1 (init) total-vm:4kB"));
    assert_false(add("Killed process  invoked oom-killer: gfp_mask=0x0"));
    assert_false(add("Out of memory: Killed process 12"));
    assert_false(add("oom_reaper: reaped process 9 (hog), now anon-rss:0kB, file-rss:0kB"));
    assert_false(add_record("Out of memory: Killed process 9 (hog) total-vm:4kB"));
    assert_false(add_record(";"));
    assert_false(add_record(""));
}


static void records_that_were_overwritten_are_counted(void **state) {
    (void)state;
    add_record("6,100,1,-;a\n");
    add_record("6,101,1,-;b\n");
    assert_int_equal(reports.gaps.lost, 0);
    add_record("6,150,1,-;c\n");
    add_record("14,151,1,-;d\n");
    assert_int_equal(reports.gaps.lost, 48);
}


static void a_line_that_is_too_long_is_cut(void **state) {
    (void)state;
    char text[1900];
    memset(text, 'x', sizeof text);
    memcpy(text, "oom-kill:constraint=", 20);
    text[sizeof text - 1] = '\0';
    assert_false(add(text));
    assert_int_equal(reports.summary_bytes, PW_LOG_LINE_BYTES);
}


#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_kill_for_a_cgroups_limit_says_which_limit_and_who),
        TEST(a_kill_for_the_whole_machine_has_no_cgroups_limit),
        TEST(the_summary_is_of_its_own_process_only),
        TEST(older_kernels_say_less),
        TEST(names_are_bytes_and_may_try_to_look_like_the_rest),
        TEST(what_programs_write_is_not_believed),
        TEST(records_that_were_overwritten_are_counted),
        TEST(a_line_that_is_too_long_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
