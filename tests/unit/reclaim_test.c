/* SPDX-License-Identifier: MIT */
#include "act/reclaim.h"

#include <errno.h>

#include "check.h"
#include "fake_root.h"

static struct fake_root root;
static struct pw_source source;


static int make_root(void **state) {
    (void)state;
    fake_root_make(&root);
    return pw_source_open(&source, root.path);
}


static int remove_root(void **state) {
    (void)state;
    pw_source_close(&source);
    fake_root_remove(&root);
    return 0;
}


static struct pw_job_news drop(void) {
    struct pw_reclaim_request request = {.path = PW_DROP_CACHES, .text = "3"};
    struct pw_job_news news = {.ended = false};
    pw_reclaim_do(&source, &request, &news);
    return news;
}


static void a_file_of_the_kernel_is_written(void **state) {
    (void)state;
    fake_root_write(&root, PW_DROP_CACHES, "");
    assert_int_equal(drop().error, 0);
    assert_string_equal(fake_root_read(&root, PW_DROP_CACHES), "3");
}


static void what_is_not_there_any_more_has_gone(void **state) {
    (void)state;
    struct pw_job_news news = drop();
    assert_int_equal(news.error, ENOENT);
    assert_string_equal(news.reason, "it has gone");
}


static void syncing_a_folder_that_is_none_says_so(void **state) {
    (void)state;
    struct pw_job_news news = {.ended = false};
    pw_sync_work(-1, &(struct pw_sync_request){"/dev/null"}, &news);
    assert_int_equal(news.error, ENOTDIR);
    news.error = 0;
    pw_sync_work(-1, &(struct pw_sync_request){root.path}, &news);
    assert_int_equal(news.error, 0);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_of_the_kernel_is_written, make_root, remove_root),
        cmocka_unit_test_setup_teardown(what_is_not_there_any_more_has_gone, make_root,
                                        remove_root),
        cmocka_unit_test_setup_teardown(syncing_a_folder_that_is_none_says_so, make_root,
                                        remove_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
