/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "host/file_changes.h"

static char root[] = "/tmp/pagewarden-changes-XXXXXX";
static struct pw_loop loop;
static struct pw_source source;
static struct pw_file_changes changes;
static struct pw_file_watch a, b;
static int calls;


static void touch(const char *name) {
    int fd = openat(source.root_fd, name, O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
}


static void count(struct pw_file_watch *watch, uint32_t mask, const char *name, void *context) {
    (void)watch;
    (void)mask;
    (void)name;
    (void)context;
    calls++;
}


/* Closes both, and with them the inotify that the event came from. */
static void close_both(struct pw_file_watch *watch, uint32_t mask, const char *name,
                       void *context) {
    count(watch, mask, name, context);
    pw_file_watch_close(&a);
    pw_file_watch_close(&b);
}


static int open_all(void **state) {
    (void)state;
    calls = 0;
    changes = (struct pw_file_changes){.fd = -1};
    strcpy(strrchr(root, '-') + 1, "XXXXXX");
    assert_non_null(mkdtemp(root));
    assert_int_equal(pw_source_open(&source, root), 0);
    touch("a");
    touch("b");
    return pw_loop_open(&loop);
}


static int close_all(void **state) {
    (void)state;
    pw_file_watch_close(&a);
    pw_file_watch_close(&b);
    pw_loop_close(&loop);
    unlinkat(source.root_fd, "a", 0);
    unlinkat(source.root_fd, "b", 0);
    pw_source_close(&source);
    return rmdir(root);
}


static int watch(struct pw_file_watch *place, const char *path, pw_file_action *action) {
    *place = (struct pw_file_watch){.action = action};
    return pw_file_watch_open(place, &changes, &loop, &source, path, IN_MODIFY);
}


static void one_inotify_serves_all_and_goes_with_the_last(void **state) {
    (void)state;
    assert_int_equal(watch(&a, "a", count), 0);
    int fd = changes.fd;
    assert_int_equal(watch(&b, "b", count), 0);
    assert_int_equal(changes.fd, fd);
    assert_int_equal(loop.foreground, 1);
    pw_file_watch_close(&a);
    pw_file_watch_close(&b);
    pw_file_watch_close(&b);
    assert_int_equal(changes.fd, -1);
    assert_int_equal(loop.foreground, 0);
}


static void two_watches_of_one_file_are_both_told_and_closed_apart(void **state) {
    (void)state;
    watch(&a, "a", count);
    watch(&b, "a", count);
    touch("a");
    pw_loop_dispatch(&loop);
    assert_int_equal(calls, 2);
    pw_file_watch_close(&a);
    touch("a");
    pw_loop_dispatch(&loop);
    assert_int_equal(calls, 3);
}


static void an_action_may_close_every_watch_while_more_is_waiting(void **state) {
    (void)state;
    watch(&a, "a", close_both);
    watch(&b, "b", close_both);
    touch("a");
    touch("b");
    touch("a");
    assert_int_equal(pw_loop_dispatch(&loop), 0);
    assert_int_equal(calls, 1);
    assert_int_equal(changes.fd, -1);
}


static void a_file_that_is_moved_away_is_gone(void **state) {
    (void)state;
    watch(&a, "a", count);
    assert_int_equal(renameat(source.root_fd, "a", source.root_fd, "b"), 0);
    pw_loop_dispatch(&loop);
    assert_int_equal(calls, 1);
    assert_null(changes.first);
}


static void a_link_cannot_lead_out_of_the_root(void **state) {
    (void)state;
    unlinkat(source.root_fd, "a", 0);
    assert_int_equal(symlinkat("/etc/hostname", source.root_fd, "a"), 0);
    assert_int_equal(watch(&a, "a", count), -ENOENT);
    assert_int_equal(changes.fd, -1);
}


#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(one_inotify_serves_all_and_goes_with_the_last),
        TEST(two_watches_of_one_file_are_both_told_and_closed_apart),
        TEST(an_action_may_close_every_watch_while_more_is_waiting),
        TEST(a_file_that_is_moved_away_is_gone),
        TEST(a_link_cannot_lead_out_of_the_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
