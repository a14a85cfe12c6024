/* SPDX-License-Identifier: MIT */
#include "act/sysrq_job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/sysrq.h"
#include "check.h"
#include "fake_root.h"

static struct {
    struct fake_root root;
    struct pw_source source;
    int log_fd;
} ground;


static int make_ground(void **state) {
    (void)state;
    ground.log_fd = -1;
    fake_root_make(&ground.root);
    fake_root_write(&ground.root, PW_SYSRQ_TRIGGER, "");
    return pw_source_open(&ground.source, ground.root.path);
}


static int remove_ground(void **state) {
    (void)state;
    if (ground.log_fd >= 0) {
        close(ground.log_fd);
    }
    pw_source_close(&ground.source);
    fake_root_remove(&ground.root);
    return 0;
}


/* A log in which this is what will have been said: a pipe, of which nothing is past. */
static void make_log(const char *record) {
    char path[128];
    fake_root_write(&ground.root, "dev/null", "");
    snprintf(path, sizeof path, "%s/dev/kmsg", ground.root.path);
    assert_int_equal(mkfifo(path, 0600), 0);
    ground.log_fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(write(ground.log_fd, record, strlen(record)), (ssize_t)strlen(record));
}


static struct pw_job_news trigger(char letter) {
    struct pw_job_news news = {.ended = false};
    pw_sysrq_do(&ground.source, &(struct pw_sysrq_request){letter, 0}, &news);
    return news;
}


static void a_sync_is_done_when_the_log_says_so(void **state) {
    (void)state;
    make_log("4,9,1,-;Emergency Sync complete\n");
    struct pw_job_news news = trigger('s');
    assert_int_equal(news.error, 0);
    assert_int_equal(news.figures[PW_SYSRQ_CONFIRMED], 1);
    assert_string_equal(fake_root_read(&ground.root, PW_SYSRQ_TRIGGER), "s");
}


static void a_sync_of_which_nothing_is_said_is_not_known_to_be_done(void **state) {
    (void)state;
    make_log("12,9,1,-;Emergency Sync complete\n"); /* a program's words */
    assert_int_equal(trigger('s').error, ETIMEDOUT);
}


static void without_a_log_it_says_that_it_cannot_tell(void **state) {
    (void)state;
    struct pw_job_news news = trigger('s');
    assert_int_equal(news.error, 0);
    assert_int_equal(news.figures[PW_SYSRQ_CONFIRMED], 0);
    assert_string_equal(news.reason, "/dev/kmsg cannot be read: No such file or directory");
}


static void other_letters_are_done_when_they_are_written(void **state) {
    (void)state;
    assert_int_equal(trigger('m').figures[PW_SYSRQ_CONFIRMED], 1);
    assert_int_equal(trigger('b').error, EINVAL);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_sync_is_done_when_the_log_says_so, make_ground,
                                        remove_ground),
        cmocka_unit_test_setup_teardown(a_sync_of_which_nothing_is_said_is_not_known_to_be_done,
                                        make_ground, remove_ground),
        cmocka_unit_test_setup_teardown(without_a_log_it_says_that_it_cannot_tell, make_ground,
                                        remove_ground),
        cmocka_unit_test_setup_teardown(other_letters_are_done_when_they_are_written, make_ground,
                                        remove_ground),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
