/* SPDX-License-Identifier: MIT
 *
 * The source against a kernel that hands out little at a time, is interrupted, or never stops: this
 * file's read() stands in for libc's.
 */
#include "check.h"
#include "read/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static size_t largest_read; /* bytes a call gives at most */
static int interruptions;   /* calls that fail with EINTR before one succeeds */
static bool endless;        /* every call fills what it is given */
static int fails_with;      /* after the first call */
static int calls;


ssize_t read(int fd, void *out, size_t size) {
    calls++;
    if (interruptions > 0) {
        interruptions--;
        errno = EINTR;
        return -1;
    }
    if (fails_with && calls > 1) {
        errno = fails_with;
        return -1;
    }
    if (endless) {
        return (ssize_t)size;
    }
    return syscall(SYS_read, fd, out, size < largest_read ? size : largest_read);
}


static char root[] = "/tmp/pagewarden-source-XXXXXX";
static struct pw_source source;
static struct pw_buffer buffer;


static int make_root(void **state) {
    (void)state;
    return mkdtemp(root) && pw_source_open(&source, root) == 0 ? 0 : -1;
}


static int remove_root(void **state) {
    (void)state;
    pw_source_close(&source);
    pw_buffer_free(&buffer);
    return rmdir(root);
}


static int be_ordinary(void **state) {
    (void)state;
    largest_read = SIZE_MAX;
    interruptions = fails_with = calls = 0;
    endless = false;
    return 0;
}


static int remove_file(void **state) {
    (void)state;
    unlinkat(source.root_fd, "file", 0);
    return 0;
}


static void write_file(size_t size) {
    int fd = openat(source.root_fd, "file", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(write(fd, &(char){(char)('a' + i % 23)}, 1), 1);
    }
    close(fd);
}


static void expect_whole(size_t size) {
    struct pw_slice text = pw_buffer_text(&buffer);
    assert_int_equal(text.size, size);
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(text.data[i], 'a' + i % 23);
    }
}


static void a_short_read_is_not_the_end(void **state) {
    (void)state;
    write_file(1000);
    largest_read = 7;
    assert_int_equal(pw_source_read(&source, "file", &buffer), 0);
    expect_whole(1000);
}


static void an_interrupted_read_goes_on(void **state) {
    (void)state;
    write_file(10);
    interruptions = 3;
    assert_int_equal(pw_source_read(&source, "file", &buffer), 0);
    expect_whole(10);
}


static void the_buffer_grows_and_is_used_again(void **state) {
    (void)state;
    write_file(200000);
    assert_int_equal(pw_source_read(&source, "file", &buffer), 0);
    expect_whole(200000);
    size_t capacity = buffer.capacity_bytes;
    write_file(10);
    assert_int_equal(pw_source_read(&source, "file", &buffer), 0);
    expect_whole(10);
    assert_int_equal(buffer.capacity_bytes, capacity);
}


static void a_record_is_read_at_once(void **state) {
    (void)state;
    write_file(100);
    assert_int_equal(pw_source_read_record(&source, source.root_fd, "file", &buffer), 0);
    expect_whole(100);
    assert_int_equal(calls, 1);
}


static void a_record_larger_than_the_buffer_is_read_whole(void **state) {
    (void)state;
    pw_buffer_free(&buffer);
    write_file(200000);
    assert_int_equal(pw_source_read_record(&source, source.root_fd, "file", &buffer), 0);
    expect_whole(200000);
}


static void a_file_that_never_ends_is_refused(void **state) {
    (void)state;
    write_file(1);
    endless = true;
    assert_int_equal(pw_source_read(&source, "file", &buffer), -EFBIG);
    assert_true(buffer.capacity_bytes <= PW_FILE_LIMIT_BYTES);
}


static void a_process_that_ends_while_it_is_read_is_gone(void **state) {
    (void)state;
    write_file(100);
    largest_read = 10;
    fails_with = ESRCH;
    assert_int_equal(pw_source_read(&source, "file", &buffer), -ESRCH);
    assert_int_equal(pw_failure_of(ESRCH), PW_GONE);
}


static void a_pipe_in_a_captured_tree_does_not_hang(void **state) {
    (void)state;
    assert_int_equal(mkfifoat(source.root_fd, "file", 0600), 0);
    assert_int_equal(pw_source_read(&source, "file", &buffer), 0);
    assert_int_equal(buffer.size_bytes, 0);
}


static void nothing_is_left_of_an_earlier_file(void **state) {
    (void)state;
    write_file(10);
    assert_int_equal(pw_source_read(&source, "file", &buffer), 0);
    assert_int_equal(pw_source_read(&source, "missing", &buffer), -ENOENT);
    assert_int_equal(pw_buffer_text(&buffer).size, 0);
}


static void no_descriptors_left_is_never_gone(void **state) {
    (void)state;
    assert_int_equal(pw_failure_of(EMFILE), PW_BROKEN);
    assert_int_equal(pw_failure_of(ENFILE), PW_BROKEN);
    assert_int_equal(pw_failure_of(EIO), PW_BROKEN);
    assert_int_equal(pw_failure_of(ENOENT), PW_GONE);
    assert_int_equal(pw_failure_of(EACCES), PW_DENIED);
    assert_int_equal(pw_failure_of(EPERM), PW_DENIED);           /* hidepid=1 */
    assert_int_equal(pw_failure_of(EOPNOTSUPP), PW_UNSUPPORTED); /* pressure with psi=0 */
    assert_int_equal(pw_failure_of(ENOSYS), PW_UNSUPPORTED);
}


/* The kernel hands out maps a page at a time, at the ends of lines. */
static void maps_of_many_mappings_is_read_to_its_end(void **state) {
    (void)state;
    enum { PAGES = 2000 };
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *memory = mmap(NULL, PAGES * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED);
    for (size_t i = 0; i < PAGES; i += 2) {
        mprotect(memory + i * page, page, PROT_READ | PROT_WRITE);
    }
    struct pw_source live;
    assert_int_equal(pw_source_open(&live, "/"), 0);
    assert_int_equal(pw_source_read(&live, "proc/self/maps", &buffer), 0);
    pw_source_close(&live);
    munmap(memory, PAGES * page);
    struct pw_slice rest = pw_buffer_text(&buffer), line;
    int lines = 0;
    while (pw_take_line(&rest, &line)) {
        lines++;
    }
    assert_true(lines > PAGES);
    assert_int_equal(buffer.data[buffer.size_bytes - 1], '\n');
}


static void a_root_that_is_not_there_fails_every_read_alike(void **state) {
    (void)state;
    struct pw_source none;
    assert_int_equal(pw_source_open(&none, "/does/not/exist"), -ENOENT);
    assert_int_equal(pw_source_read(&none, "proc/meminfo", &buffer), -ENOENT);
    pw_source_close(&none);
    pw_source_close(&none);
}


#define TEST(name) cmocka_unit_test_setup_teardown(name, be_ordinary, remove_file)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_short_read_is_not_the_end),
        TEST(an_interrupted_read_goes_on),
        TEST(the_buffer_grows_and_is_used_again),
        TEST(a_record_is_read_at_once),
        TEST(a_record_larger_than_the_buffer_is_read_whole),
        TEST(a_file_that_never_ends_is_refused),
        TEST(a_process_that_ends_while_it_is_read_is_gone),
        TEST(a_pipe_in_a_captured_tree_does_not_hang),
        TEST(nothing_is_left_of_an_earlier_file),
        TEST(no_descriptors_left_is_never_gone),
        TEST(maps_of_many_mappings_is_read_to_its_end),
        TEST(a_root_that_is_not_there_fails_every_read_alike),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
