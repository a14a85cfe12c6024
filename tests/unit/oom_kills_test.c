/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/oom_kills.h"

#define SECONDS(n) ((n)*PW_SECOND_NS)
#define KILL "Out of memory: Killed process 5678 (node) total-vm:24kB, anon-rss:16kB\n"

static char root[] = "/tmp/pagewarden-oom-XXXXXX";
static struct pw_loop loop;
static struct pw_source source;
static struct pw_buffer buffer;
static struct pw_oom_kills kills;
static struct pw_oom_event last;
static int64_t last_pid;
static int events;


static void write_vmstat(const char *text) {
    int fd = openat(source.root_fd, "proc/vmstat", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}


static void note(struct pw_oom_kills *from, const struct pw_oom_event *event, void *context) {
    (void)from;
    (void)context;
    last = *event;
    last_pid = event->report ? event->report->pid : 0;
    events++;
    pw_loop_stop(&loop);
}


static int open_all(void **state) {
    (void)state;
    events = 0;
    kills = (struct pw_oom_kills){.action = note};
    strcpy(strrchr(root, '-') + 1, "XXXXXX");
    assert_non_null(mkdtemp(root));
    assert_int_equal(pw_source_open(&source, root), 0);
    mkdirat(source.root_fd, "proc", 0700);
    mkdirat(source.root_fd, "dev", 0700);
    write_vmstat("pgfault 12\noom_kill 3\n");
    return pw_loop_open_virtual(&loop, 0);
}


static int close_all(void **state) {
    (void)state;
    pw_oom_kills_close(&kills);
    pw_loop_close(&loop);
    unlinkat(source.root_fd, "proc/vmstat", 0);
    unlinkat(source.root_fd, "dev/kmsg", 0);
    unlinkat(source.root_fd, "proc", AT_REMOVEDIR);
    unlinkat(source.root_fd, "dev", AT_REMOVEDIR);
    pw_source_close(&source);
    pw_buffer_free(&buffer);
    return rmdir(root);
}


static void open_on_real_time(void) {
    pw_loop_close(&loop);
    assert_int_equal(pw_loop_open(&loop), 0);
    assert_int_equal(pw_oom_kills_open(&kills, &loop, &source, &buffer), 0);
}


/* A pipe in the log's place: each write is a record. Returns its other end. */
static int make_log(void) {
    assert_int_equal(mkfifoat(source.root_fd, "dev/kmsg", 0600), 0);
    return openat(source.root_fd, "dev/kmsg", O_RDWR | O_CLOEXEC);
}


static void say(int log, const char *record) {
    assert_int_equal(write(log, record, strlen(record)), strlen(record));
}


static void a_kill_in_the_log_is_told_with_its_report(void **state) {
    (void)state;
    int log = make_log();
    open_on_real_time();
    say(log, "6,811,7063,-;something else\n");
    assert_int_equal(pw_loop_dispatch(&loop), 0);
    assert_int_equal(events, 0);
    say(log, "3,812,7063,-;" KILL);
    assert_int_equal(pw_loop_run(&loop), 0);
    assert_int_equal(events, 1);
    assert_int_equal(last_pid, 5678);
    assert_true(last.kills == 1 && last.lost == 0 && !last.synthetic);
    say(log, "3,900,7063,-;" KILL);
    assert_int_equal(pw_loop_run(&loop), 0);
    assert_int_equal(last.lost, 87);
    close(log);
}


static void a_log_that_ends_gives_way_to_the_counter(void **state) {
    (void)state;
    int log = make_log();
    open_on_real_time();
    close(log);
    pw_loop_dispatch(&loop);
    assert_int_equal(kills.fd, -1);
    assert_int_equal(loop.timers.foreground, 1);
    assert_int_equal(loop.foreground, 0);
}


static void without_a_log_the_counter_tells_how_many(void **state) {
    (void)state;
    open_on_real_time();
    assert_int_equal(loop.timers.foreground, 1);
    pw_oom_kills_close(&kills);
    pw_loop_close(&loop);
    pw_loop_open_virtual(&loop, 0);
    assert_int_equal(pw_oom_kills_count(&kills, &loop, &source, &buffer), 0);
    pw_loop_advance(&loop, SECONDS(10));
    assert_int_equal(events, 0);
    write_vmstat("pgfault 12\noom_kill 5\n");
    pw_loop_advance(&loop, SECONDS(10));
    assert_int_equal(events, 1);
    assert_true(last.kills == 2 && last.synthetic && !last.report);
}


static void a_counter_that_cannot_be_read_for_once_is_made_up_for(void **state) {
    (void)state;
    assert_int_equal(pw_oom_kills_count(&kills, &loop, &source, &buffer), 0);
    write_vmstat("");
    pw_loop_advance(&loop, SECONDS(4));
    write_vmstat("oom_kill 4\n");
    pw_loop_advance(&loop, SECONDS(4));
    assert_int_equal(events, 1);
    assert_int_equal(last.kills, 1);
}


static void neither_log_nor_counter_is_unsupported(void **state) {
    (void)state;
    write_vmstat("pgfault 12\n");
    assert_int_equal(pw_oom_kills_count(&kills, &loop, &source, &buffer), -EOPNOTSUPP);
    unlinkat(source.root_fd, "proc/vmstat", 0);
    assert_int_equal(pw_oom_kills_count(&kills, &loop, &source, &buffer), -EOPNOTSUPP);
    assert_int_equal(loop.timers.count, 0);
}


static void a_plain_file_in_the_logs_place_is_no_log(void **state) {
    (void)state;
    close(openat(source.root_fd, "dev/kmsg", O_WRONLY | O_CREAT, 0600));
    open_on_real_time();
    assert_int_equal(kills.fd, -1);
    assert_int_equal(loop.timers.foreground, 1);
}


#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_kill_in_the_log_is_told_with_its_report),
        TEST(a_log_that_ends_gives_way_to_the_counter),
        TEST(without_a_log_the_counter_tells_how_many),
        TEST(a_counter_that_cannot_be_read_for_once_is_made_up_for),
        TEST(neither_log_nor_counter_is_unsupported),
        TEST(a_plain_file_in_the_logs_place_is_no_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
