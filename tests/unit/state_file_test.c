/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/state_file.h"

#define POLICY "early-oom"
#define STATE_FILE PW_STATE_FOLDER "/" POLICY

static char root[] = "/tmp/pagewarden-state-XXXXXX";
static struct pw_source source;
static struct pw_state_file file;
static struct pw_buffer buffer;


static int make_root(void **state) {
    (void)state;
    strcpy(root + sizeof root - 7, "XXXXXX");
    return !mkdtemp(root) || chdir(root) || pw_source_open(&source, root) ||
           pw_state_file_init(&file, &source, POLICY);
}


static int remove_root(void **state) {
    (void)state;
    static const char *const paths[] = {
        STATE_FILE,      STATE_FILE ".new",    STATE_FILE ".corrupt",
        PW_STATE_FOLDER, "var/lib/pagewarden", "var/lib",
        "var",
    };
    pw_state_file_close(&file);
    pw_source_close(&source);
    pw_buffer_free(&buffer);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        remove(paths[i]);
    }
    return chdir("/") || rmdir(root);
}


static int write_state(const char *text) {
    int error = pw_state_file_write(&file, pw_slice_of(text));
    return error ? error : pw_state_file_finish(&file, true);
}


static void assert_state(const char *text) {
    struct pw_slice contents;
    assert_int_equal(pw_state_file_read(&file, &buffer, &contents), 0);
    assert_int_equal(contents.size, strlen(text));
    assert_memory_equal(contents.data, text, contents.size);
}


static int read_error(void) {
    struct pw_slice contents;
    return pw_state_file_read(&file, &buffer, &contents);
}


/* Puts these bytes where the state is. */
static void forge(const char *bytes) {
    int fd = open(STATE_FILE, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, strlen(bytes)), strlen(bytes));
    close(fd);
}


static void what_was_written_is_read_again(void **state) {
    (void)state;
    assert_int_equal(read_error(), -ENOENT);
    assert_int_equal(write_state("first"), 0);
    assert_state("first");
    assert_int_equal(write_state("the second, which is longer"), 0);
    assert_state("the second, which is longer");
    assert_int_equal(write_state(""), 0);
    assert_state("");
}


static void others_cannot_read_it_and_nothing_lies_beside_it(void **state) {
    (void)state;
    struct stat status;
    assert_int_equal(write_state("mine"), 0);
    assert_int_equal(stat(STATE_FILE, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(access(STATE_FILE ".new", F_OK), -1);
}


static void a_disk_that_takes_no_more_leaves_the_old_state(void **state) {
    (void)state;
    struct rlimit before, small;
    static char large[8192];
    memset(large, 'x', sizeof large - 1);
    assert_int_equal(write_state("old"), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){4096, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int error = write_state(large);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(error, -EFBIG);
    assert_state("old");
    assert_int_equal(access(STATE_FILE ".new", F_OK), -1);
    assert_int_equal(write_state(large), 0);
    assert_state(large);
}


static void a_folder_that_cannot_be_made_is_said(void **state) {
    (void)state;
    int fd = open("var", O_WRONLY | O_CREAT, 0600);
    close(fd);
    assert_int_equal(write_state("lost"), -ENOTDIR);
}


static void corrupt_files_are_told_from_those_of_another_version(void **state) {
    (void)state;
    static const char *const corrupt[] = {
        "",
        "pagewarden-state 1 3 352441c2\nab",
        "pagewarden-state 1 3 352441c2\nabd",
        "pagewarden-state 1 3\nabc",
        "pagewarden-state\nabc",
        "pagewarden-state one 3 352441c2\nabc",
        "something else\n",
    };
    assert_int_equal(write_state("old"), 0);
    forge("pagewarden-state 1 3 352441c2\nabc");
    assert_state("abc");
    for (size_t i = 0; i < sizeof corrupt / sizeof *corrupt; i++) {
        forge(corrupt[i]);
        assert_int_equal(read_error(), -EBADMSG);
    }
    forge("pagewarden-state 2 what it likes\n");
    assert_int_equal(read_error(), -EPROTONOSUPPORT);
}


static void a_corrupt_file_is_kept_aside(void **state) {
    (void)state;
    assert_int_equal(write_state("old"), 0);
    forge("rubbish");
    assert_int_equal(pw_state_file_set_aside(&file), 0);
    assert_int_equal(read_error(), -ENOENT);
    assert_int_equal(access(STATE_FILE ".corrupt", F_OK), 0);
    assert_int_equal(write_state("new"), 0);
    assert_state("new");
}


static void root_does_not_trust_what_others_may_write(void **state) {
    (void)state;
    if (geteuid()) {
        skip();
    }
    assert_int_equal(write_state("mine"), 0);
    assert_int_equal(chmod(STATE_FILE, 0666), 0);
    assert_int_equal(read_error(), -EPERM);
    assert_int_equal(chmod(PW_STATE_FOLDER, 0777), 0);
    assert_int_equal(write_state("mine"), -EPERM);
}


static void a_second_write_waits_for_the_end_of_the_first(void **state) {
    (void)state;
    assert_int_equal(pw_state_file_finish(&file, false), 0);
    assert_int_equal(pw_state_file_write(&file, pw_slice_of("first")), 0);
    assert_int_equal(pw_state_file_write(&file, pw_slice_of("second")), -EBUSY);
    int error;
    do {
        error = pw_state_file_finish(&file, false);
    } while (error == -EINPROGRESS);
    assert_int_equal(error, 0);
    assert_state("first");
}


static void closing_waits_for_a_write_under_way(void **state) {
    (void)state;
    assert_int_equal(pw_state_file_write(&file, pw_slice_of("last words")), 0);
    pw_state_file_close(&file);
    pw_state_file_close(&file);
    assert_state("last words");
}


static void what_a_dead_process_left_beside_is_written_over(void **state) {
    (void)state;
    assert_int_equal(write_state("old"), 0);
    int fd = open(STATE_FILE ".new", O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, "half of a very long state", 25), 25);
    close(fd);
    assert_int_equal(write_state("new"), 0);
    assert_state("new");
}


static void a_name_that_is_none_is_refused(void **state) {
    (void)state;
    struct pw_state_file other;
    static char long_name[PW_STATE_NAME_BYTES + 1];
    memset(long_name, 'x', PW_STATE_NAME_BYTES);
    assert_int_equal(pw_state_file_init(&other, &source, ""), -EINVAL);
    assert_int_equal(pw_state_file_init(&other, &source, "../passwd"), -EINVAL);
    assert_int_equal(pw_state_file_init(&other, &source, "a/b"), -EINVAL);
    assert_int_equal(pw_state_file_init(&other, &source, long_name), -ENAMETOOLONG);
}


#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(what_was_written_is_read_again),
        TEST(others_cannot_read_it_and_nothing_lies_beside_it),
        TEST(a_disk_that_takes_no_more_leaves_the_old_state),
        TEST(a_folder_that_cannot_be_made_is_said),
        TEST(corrupt_files_are_told_from_those_of_another_version),
        TEST(a_corrupt_file_is_kept_aside),
        TEST(root_does_not_trust_what_others_may_write),
        TEST(a_second_write_waits_for_the_end_of_the_first),
        TEST(closing_waits_for_a_write_under_way),
        TEST(what_a_dead_process_left_beside_is_written_over),
        TEST(a_name_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
