/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/pressure_trigger.h"

#define SECONDS(n) ((n)*PW_SECOND_NS)

static const struct pw_pressure_request request = {"memory", false, 150000, 2000000};

static char root[] = "/tmp/pagewarden-pressure-XXXXXX";
static struct pw_loop loop;
static struct pw_source source;
static struct pw_buffer buffer;
static struct pw_pressure_trigger trigger;
static struct pw_pressure_event last;
static int events;


static void write_file(const char *text) {
    int root_fd = open(root, O_PATH | O_DIRECTORY);
    int fd = openat(root_fd, "memory", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    close(root_fd);
}


static void set_total(long some_us) {
    char text[200];
    snprintf(text, sizeof text,
             "some avg10=1.50 avg60=0.00 avg300=0.00 total=%ld\n"
             "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
             some_us);
    write_file(text);
}


static void note(struct pw_pressure_trigger *source_of_event, const struct pw_pressure_event *event,
                 void *context) {
    (void)source_of_event;
    (void)context;
    last = *event;
    events++;
}


static int open_all(void **state) {
    (void)state;
    events = 0;
    trigger = (struct pw_pressure_trigger){.action = note};
    strcpy(strrchr(root, '-') + 1, "XXXXXX");
    assert_non_null(mkdtemp(root));
    set_total(1000);
    return pw_source_open(&source, root) || pw_loop_open_virtual(&loop, 0);
}


static int close_all(void **state) {
    (void)state;
    pw_pressure_close(&trigger);
    pw_loop_close(&loop);
    unlinkat(source.root_fd, "memory", 0);
    pw_source_close(&source);
    pw_buffer_free(&buffer);
    return rmdir(root);
}


static void follow(void) {
    assert_int_equal(pw_pressure_follow(&trigger, &loop, &source, &request, &buffer), 0);
}


static void a_stall_within_a_window_is_told_at_its_end(void **state) {
    (void)state;
    follow();
    pw_loop_advance(&loop, SECONDS(1));
    set_total(1000 + 150000);
    pw_loop_advance(&loop, SECONDS(1));
    assert_int_equal(events, 1);
    assert_int_equal(last.total_us, 151000);
    assert_true(last.avg10_percent == 1.5);
    assert_true(last.synthetic && !last.gone);
    pw_loop_advance(&loop, SECONDS(10));
    assert_int_equal(events, 1);
}


static void small_stalls_over_many_windows_are_not(void **state) {
    (void)state;
    follow();
    for (int i = 1; i <= 10; i++) {
        set_total(1000 + i * 149999);
        pw_loop_advance(&loop, SECONDS(2));
    }
    assert_int_equal(events, 0);
}


static void steady_pressure_is_told_once_a_window(void **state) {
    (void)state;
    follow();
    for (int i = 1; i <= 10; i++) {
        set_total(1000 + i * 200000);
        pw_loop_advance(&loop, SECONDS(2));
    }
    assert_int_equal(events, 10);
}


static void a_file_that_says_nothing_any_more_is_the_end(void **state) {
    (void)state;
    follow();
    write_file("");
    pw_loop_advance(&loop, SECONDS(2));
    assert_true(last.gone);
    assert_int_equal(trigger.fd, -1);
    assert_int_equal(loop.timers.count, 0);
    pw_loop_advance(&loop, SECONDS(60));
    assert_int_equal(events, 1);
}


static void what_the_kernel_does_not_tell_cannot_be_waited_for(void **state) {
    (void)state;
    struct pw_pressure_request missing = {"io", false, 150000, 2000000};
    assert_int_equal(pw_pressure_follow(&trigger, &loop, &source, &missing, &buffer), -ENOENT);
    write_file("full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
    assert_int_equal(pw_pressure_follow(&trigger, &loop, &source, &request, &buffer), -EOPNOTSUPP);
    assert_int_equal(trigger.fd, -1);
    assert_int_equal(loop.timers.count, 0);
}


/* The file is a plain one: a trigger written to it would be found there. */
static void a_captured_tree_is_compared_and_never_written(void **state) {
    (void)state;
    struct stat before, after;
    pw_loop_close(&loop);
    assert_int_equal(pw_loop_open(&loop), 0);
    assert_int_equal(fstatat(source.root_fd, "memory", &before, 0), 0);
    assert_int_equal(pw_pressure_open(&trigger, &loop, &source, &request, &buffer), 0);
    assert_int_equal(fstatat(source.root_fd, "memory", &after, 0), 0);
    assert_int_equal(loop.timers.foreground, 1);
    assert_int_equal(after.st_size, before.st_size);
    assert_int_equal(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
}


static int tell(const char *path, bool full, bool gone) {
    struct pw_pressure_news news = {path, full, {7, 2.5, false, gone}};
    return pw_listeners_tell(&loop.listeners, PW_TOPIC_PRESSURE, &news);
}


static void a_virtual_loop_is_told_by_path_and_kind(void **state) {
    (void)state;
    assert_int_equal(pw_pressure_open(&trigger, &loop, &source, &request, &buffer), 0);
    assert_int_equal(tell("io", false, false), 0);
    assert_int_equal(tell("memory", true, false), 0);
    assert_int_equal(tell("memory", false, false), 1);
    assert_int_equal(last.total_us, 7);
    assert_false(last.synthetic);
    assert_int_equal(tell("memory", false, true), 1);
    assert_int_equal(tell("memory", false, false), 0);
    assert_int_equal(events, 2);
}


#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_stall_within_a_window_is_told_at_its_end),
        TEST(small_stalls_over_many_windows_are_not),
        TEST(steady_pressure_is_told_once_a_window),
        TEST(a_file_that_says_nothing_any_more_is_the_end),
        TEST(what_the_kernel_does_not_tell_cannot_be_waited_for),
        TEST(a_captured_tree_is_compared_and_never_written),
        TEST(a_virtual_loop_is_told_by_path_and_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
