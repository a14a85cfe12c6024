/* SPDX-License-Identifier: MIT */
#include "host/allocator.h"

#include "check.h"


static void counts_what_is_asked_for_and_given_back(void **unused) {
    (void)unused;
    struct pw_allocator allocator = {.most_bytes = 100};
    /* Lua says what a new block is for where the old size would be. */
    void *block = pw_allocate(&allocator, NULL, 5, 60);
    assert_int_equal(allocator.used_bytes, 60);
    block = pw_allocate(&allocator, block, 60, 100);
    assert_int_equal(allocator.used_bytes, 100);
    block = pw_allocate(&allocator, block, 100, 10);
    assert_int_equal(allocator.used_bytes, 10);
    assert_null(pw_allocate(&allocator, block, 10, 0));
    assert_int_equal(allocator.used_bytes, 0);
}


static void refuses_growth_beyond_its_limit(void **unused) {
    (void)unused;
    struct pw_allocator allocator = {.most_bytes = 100};
    assert_null(pw_allocate(&allocator, NULL, 0, 101));
    char *block = pw_allocate(&allocator, NULL, 0, 60);
    block[59] = 'x';
    allocator.limited = false;
    assert_null(pw_allocate(&allocator, block, 60, 101));
    assert_true(allocator.limited);
    assert_null(pw_allocate(&allocator, NULL, 0, SIZE_MAX));
    assert_int_equal(block[59], 'x');
    assert_int_equal(allocator.used_bytes, 60);
    pw_allocate(&allocator, block, 60, 0);
}


static void lets_shrink_what_is_above_its_limit(void **unused) {
    (void)unused;
    struct pw_allocator allocator = {.most_bytes = 100};
    char *block = pw_allocate(&allocator, NULL, 0, 100);
    block[0] = 'x';
    allocator.most_bytes = 10;
    assert_null(pw_allocate(&allocator, NULL, 0, 1));
    block = pw_allocate(&allocator, block, 100, 50);
    assert_int_equal(block[0], 'x');
    assert_int_equal(allocator.used_bytes, 50);
    pw_allocate(&allocator, block, 50, 0);
    assert_int_equal(allocator.used_bytes, 0);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_what_is_asked_for_and_given_back),
        cmocka_unit_test(refuses_growth_beyond_its_limit),
        cmocka_unit_test(lets_shrink_what_is_above_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
