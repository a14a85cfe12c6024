/* SPDX-License-Identifier: MIT */
#include "act/advise.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

/* A kernel that takes what lies below an address, and nothing that is locked. */
static struct {
    uint64_t locked_start;
    int error; /* for everything */
    size_t calls, most_ranges;
    int64_t advised_bytes;
} kernel;


static ssize_t take(int pidfd, const struct iovec *ranges, size_t count, int advice) {
    ssize_t bytes = 0;
    (void)pidfd, (void)advice;
    kernel.calls++;
    kernel.most_ranges = count > kernel.most_ranges ? count : kernel.most_ranges;
    errno = kernel.error;
    for (size_t i = 0; i < count && !errno; i++) {
        if ((uint64_t)(uintptr_t)ranges[i].iov_base == kernel.locked_start) {
            errno = EINVAL;
        } else {
            bytes += (ssize_t)ranges[i].iov_len;
        }
    }
    kernel.advised_bytes += bytes;
    return bytes > 0 ? bytes : -1;
}


static int advise(const char *maps, struct pw_job_news *news) {
    struct pw_advice advice = {take, -1, 0};
    *news = (struct pw_job_news){.ended = false};
    return pw_advise_mappings(&advice, pw_slice_of(maps), news);
}


static int reset(void **state) {
    (void)state;
    memset(&kernel, 0, sizeof kernel);
    return 0;
}


static const char mappings[] = "00400000-00401000 r-xp 00000000 fd:01 42   /bin/cat\n"
                               "00500000-00502000 rw-p 00000000 00:00 0    [heap]\n"
                               "00600000-00601000 rw-s 00000000 00:01 7    /dev/zero (deleted)\n"
                               "00700000-00740000 ---p 00000000 00:00 0 \n"
                               "00800000-00804000 rw-p 00000000 00:00 0 \n"
                               "00900000-00908000 rw-p 00000000 00:00 0    [anon:cache]\n"
                               "00a00000-00a01000 rw-p 00000000 00:0f 9    /anon_hugepage\n"
                               "00b00000-00b01000 rw-p 00000000 00:00 0    [stack]\n"
                               "00c00000-00c01000 r-xp 00000000 00:00 0    [vdso]\n";


static void anonymous_memory_is_advised_and_nothing_else(void **state) {
    (void)state;
    struct pw_job_news news;
    assert_int_equal(advise(mappings, &news), 0);
    assert_int_equal(news.figures[PW_ADVISED_BYTES], 0x2000 + 0x4000 + 0x8000 + 0x1000);
    assert_int_equal(news.figures[PW_ADVISE_REFUSED_BYTES], 0);
    assert_int_equal(kernel.calls, 1);
}


static void what_is_locked_is_passed_over_and_counted(void **state) {
    (void)state;
    struct pw_job_news news;
    kernel.locked_start = 0x800000;
    assert_int_equal(advise(mappings, &news), 0);
    assert_int_equal(news.figures[PW_ADVISED_BYTES], 0x2000 + 0x8000 + 0x1000);
    assert_int_equal(news.figures[PW_ADVISE_REFUSED_BYTES], 0x4000);
    assert_int_equal(kernel.advised_bytes, news.figures[PW_ADVISED_BYTES]);
}


static void what_is_not_about_one_range_ends_it(void **state) {
    (void)state;
    struct pw_job_news news;
    static const int errors[] = {EPERM, ESRCH, ENOSYS};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        kernel.error = errors[i];
        assert_int_equal(advise(mappings, &news), -errors[i]);
    }
    assert_int_equal(kernel.calls, 3);
}


static void a_process_with_many_mappings_is_advised_in_pieces(void **state) {
    (void)state;
    static char maps[100000];
    size_t size = 0;
    struct pw_job_news news;
    for (unsigned i = 1; i <= 1300; i++) {
        size +=
            (size_t)snprintf(maps + size, sizeof maps - size, "%08x-%08x rw-p 00000000 00:00 0 \n",
                             i * 0x2000, i * 0x2000 + 0x1000);
    }
    kernel.locked_start = (uint64_t)512 * 0x2000; /* the last of a piece */
    assert_int_equal(advise(maps, &news), 0);
    assert_int_equal(news.figures[PW_ADVISED_BYTES], 1299 * 0x1000);
    assert_int_equal(news.figures[PW_ADVISE_REFUSED_BYTES], 0x1000);
    assert_true(kernel.most_ranges <= 1024); /* UIO_MAXIOV */
}


static void a_process_without_memory_is_no_failure(void **state) {
    (void)state;
    struct pw_job_news news;
    assert_int_equal(advise("", &news), 0);
    assert_int_equal(kernel.calls, 0);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(anonymous_memory_is_advised_and_nothing_else, reset),
        cmocka_unit_test_setup(what_is_locked_is_passed_over_and_counted, reset),
        cmocka_unit_test_setup(what_is_not_about_one_range_ends_it, reset),
        cmocka_unit_test_setup(a_process_with_many_mappings_is_advised_in_pieces, reset),
        cmocka_unit_test_setup(a_process_without_memory_is_no_failure, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
