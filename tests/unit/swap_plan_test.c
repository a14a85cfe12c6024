/* SPDX-License-Identifier: MIT */
#include "act/swap_plan.h"

#include "check.h"

/* Sizes are in units of ours. */
static struct pw_swap_plan plan;


static int forget_plan(void **state) {
    (void)state;
    plan = (struct pw_swap_plan){.file_bytes = 100, .least_bytes = 10};
    return 0;
}


/* The next step, which is taken. */
static void assert_step(enum pw_swap_plan_act act, int number, int64_t size_bytes) {
    struct pw_swap_plan_step step = pw_swap_plan_next(&plan);
    assert_int_equal(step.act, act);
    if (act > PW_SWAP_PLAN_FULL) {
        assert_int_equal(step.number, number);
        assert_int_equal(step.size_bytes, size_bytes);
        pw_swap_plan_note(&plan, &step);
    }
}


static void it_grows_by_whole_files_and_a_last_smaller_one(void **state) {
    (void)state;
    plan.total_bytes = 150;
    assert_step(PW_SWAP_PLAN_MAKE, 0, 100);
    assert_step(PW_SWAP_PLAN_ON, 0, 100);
    assert_step(PW_SWAP_PLAN_MAKE, 1, 50);
    assert_step(PW_SWAP_PLAN_ON, 1, 50);
    assert_step(PW_SWAP_PLAN_DONE, 0, 0);
    assert_int_equal(pw_swap_plan_total(&plan), 150);
}


static void what_is_off_after_a_boot_is_put_on_again(void **state) {
    (void)state;
    plan.total_bytes = 150;
    plan.files[3] = (struct pw_swap_plan_file){.size_bytes = 100};
    assert_step(PW_SWAP_PLAN_ON, 3, 100);
    assert_step(PW_SWAP_PLAN_MAKE, 0, 50);
}


static void it_shrinks_by_the_largest_file_that_is_not_too_much(void **state) {
    (void)state;
    plan.files[0] = (struct pw_swap_plan_file){.size_bytes = 100, .on = true};
    plan.files[1] = (struct pw_swap_plan_file){.size_bytes = 40, .on = true};
    plan.files[2] = (struct pw_swap_plan_file){.size_bytes = 60, .on = true};
    plan.total_bytes = 130;
    assert_step(PW_SWAP_PLAN_REMOVE, 2, 60);
    assert_step(PW_SWAP_PLAN_DONE, 0, 0);
    plan.total_bytes = 0;
    assert_step(PW_SWAP_PLAN_REMOVE, 0, 100);
    assert_step(PW_SWAP_PLAN_REMOVE, 1, 40);
    assert_step(PW_SWAP_PLAN_DONE, 0, 0);
}


static void what_is_off_goes_first(void **state) {
    (void)state;
    plan.files[0] = (struct pw_swap_plan_file){.size_bytes = 100, .on = true};
    plan.files[1] = (struct pw_swap_plan_file){.size_bytes = 500};
    plan.total_bytes = 100;
    assert_step(PW_SWAP_PLAN_REMOVE, 1, 500);
    assert_step(PW_SWAP_PLAN_DONE, 0, 0);
}


static void less_than_an_area_is_not_made(void **state) {
    (void)state;
    plan.files[0] = (struct pw_swap_plan_file){.size_bytes = 100, .on = true};
    plan.total_bytes = 109;
    assert_step(PW_SWAP_PLAN_DONE, 0, 0);
    plan.total_bytes = 110;
    assert_step(PW_SWAP_PLAN_MAKE, 1, 10);
}


static void more_files_than_numbers_are_not_made(void **state) {
    (void)state;
    for (int i = 0; i < PW_SWAP_MOST_FILES; i++) {
        plan.files[i] = (struct pw_swap_plan_file){.size_bytes = 100, .on = true};
    }
    plan.total_bytes = 10000;
    assert_step(PW_SWAP_PLAN_FULL, 0, 0);
}


static void a_file_that_cannot_be_put_on_is_passed_over(void **state) {
    (void)state;
    plan.files[0] = (struct pw_swap_plan_file){.size_bytes = 100};
    plan.files[1] = (struct pw_swap_plan_file){.size_bytes = 90};
    plan.total_bytes = 150;
    struct pw_swap_plan_step step = pw_swap_plan_next(&plan);
    assert_int_equal(step.number, 0);
    assert_true(pw_swap_plan_skip(&plan, &step));
    assert_step(PW_SWAP_PLAN_ON, 1, 90);
    assert_step(PW_SWAP_PLAN_MAKE, 2, 60);
    assert_step(PW_SWAP_PLAN_ON, 2, 60);
    step = pw_swap_plan_next(&plan);
    assert_int_equal(step.act, PW_SWAP_PLAN_REMOVE);
    assert_int_equal(step.number, 0);
    assert_true(pw_swap_plan_skip(&plan, &step));
    assert_step(PW_SWAP_PLAN_DONE, 0, 0);
    plan.total_bytes = 50;
    step = pw_swap_plan_next(&plan);
    assert_int_equal(step.number, 1);
    assert_false(pw_swap_plan_skip(&plan, &step));
}


static void a_number_that_nothing_can_be_made_at_is_passed_over(void **state) {
    (void)state;
    plan.total_bytes = 100;
    struct pw_swap_plan_step step = pw_swap_plan_next(&plan);
    assert_true(pw_swap_plan_skip(&plan, &step));
    assert_step(PW_SWAP_PLAN_MAKE, 1, 100);
}


static void what_was_just_made_is_not_passed_over(void **state) {
    (void)state;
    plan.total_bytes = 100;
    assert_step(PW_SWAP_PLAN_MAKE, 0, 100);
    struct pw_swap_plan_step step = pw_swap_plan_next(&plan);
    assert_int_equal(step.act, PW_SWAP_PLAN_ON);
    assert_false(pw_swap_plan_skip(&plan, &step));
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(it_grows_by_whole_files_and_a_last_smaller_one, forget_plan),
        cmocka_unit_test_setup(what_is_off_after_a_boot_is_put_on_again, forget_plan),
        cmocka_unit_test_setup(it_shrinks_by_the_largest_file_that_is_not_too_much, forget_plan),
        cmocka_unit_test_setup(what_is_off_goes_first, forget_plan),
        cmocka_unit_test_setup(less_than_an_area_is_not_made, forget_plan),
        cmocka_unit_test_setup(more_files_than_numbers_are_not_made, forget_plan),
        cmocka_unit_test_setup(a_file_that_cannot_be_put_on_is_passed_over, forget_plan),
        cmocka_unit_test_setup(a_number_that_nothing_can_be_made_at_is_passed_over, forget_plan),
        cmocka_unit_test_setup(what_was_just_made_is_not_passed_over, forget_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
