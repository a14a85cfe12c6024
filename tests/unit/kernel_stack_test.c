/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "read/kernel_stack.h"


static void wchan_is_a_function_or_nothing(void **state) {
    (void)state;
    assert_true(pw_slice_is(pw_parse_wchan(pw_slice_of("io_schedule")), "io_schedule"));
    assert_true(pw_slice_is(pw_parse_wchan(pw_slice_of("io_schedule\n")), "io_schedule"));
    assert_int_equal(pw_parse_wchan(pw_slice_of("0")).size, 0);
    assert_int_equal(pw_parse_wchan(pw_slice_of("0\n")).size, 0);
    assert_int_equal(pw_parse_wchan(pw_slice_of("")).size, 0);
}


static void check_stack(const char *text, const char *const *expected, int skipped) {
    struct pw_slice rest = pw_slice_of(text), function;
    struct pw_flaws flaws = {0};
    for (; *expected; expected++) {
        assert_true(pw_next_stack_function(&rest, &function, &flaws));
        assert_true(pw_slice_is(function, *expected));
    }
    assert_false(pw_next_stack_function(&rest, &function, &flaws));
    assert_int_equal(flaws.skipped, skipped);
}


static void a_stack_is_functions_from_the_inside_out(void **state) {
    (void)state;
    check_stack("[<0>] folio_wait_bit_common+0x13d/0x350\n[<0>] xfs_buf_lock+0x1/0x2 [xfs]\n",
                (const char *const[]){"folio_wait_bit_common", "xfs_buf_lock", NULL}, 0);
    check_stack("", (const char *const[]){NULL}, 0);
}


static void the_end_of_an_old_kernels_stack_is_no_function(void **state) {
    (void)state;
    check_stack("[<ffffffff8106f1b2>] do_exit+0x1/0x9\n[<ffffffffffffffff>] 0xffffffffffffffff\n",
                (const char *const[]){"do_exit", NULL}, 0);
}


static void what_is_no_function_is_counted(void **state) {
    (void)state;
    check_stack("[<0>] 0x7f12\n[<0>]\nnothing+0x1/0x2\n[<0>] +0x1/0x2\n\n[<0>] a+0x1/0x2",
                (const char *const[]){"a", NULL}, 5);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wchan_is_a_function_or_nothing),
        cmocka_unit_test(a_stack_is_functions_from_the_inside_out),
        cmocka_unit_test(the_end_of_an_old_kernels_stack_is_no_function),
        cmocka_unit_test(what_is_no_function_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
