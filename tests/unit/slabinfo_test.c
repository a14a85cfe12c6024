/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "read/slabinfo.h"

static const char text[] =
    "slabinfo - version: 2.1\n"
    "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>\n"
    "zspage   22225  24382     56   73    1 : tunables    1    2    3 : slabdata    334    335"
    "      9\n"
    "broken   many\n"
    "zspage   23311  24820     56   73    1 : tunables    0    0    0 : slabdata    340    340"
    "      0 : globalstat 1 2 3 : cpustat 4 5 6\n"
    "bare     1      2         3    4     5";


static void duplicate_names_and_extra_columns_are_no_trouble(void **state) {
    (void)state;
    struct pw_slice rest = pw_slice_of(text);
    struct pw_slab slab;
    struct pw_flaws flaws = {0};
    assert_true(pw_next_slab(&rest, &slab, &flaws));
    assert_true(pw_slice_is(slab.name, "zspage"));
    assert_int_equal(slab.active_objs, 22225);
    assert_int_equal(slab.objsize_bytes, 56);
    assert_int_equal(slab.sharedfactor, 3);
    assert_int_equal(slab.num_slabs, 335);
    assert_int_equal(slab.sharedavail, 9);
    assert_true(pw_next_slab(&rest, &slab, &flaws));
    assert_true(pw_slice_is(slab.name, "zspage"));
    assert_int_equal(slab.num_objs, 24820);
    assert_int_equal(slab.active_slabs, 340);
    assert_int_equal(flaws.skipped, 1);
}


static void parts_that_are_missing_are_absent(void **state) {
    (void)state;
    struct pw_slice rest = pw_slice_of("bare     1      2         3    4     5");
    struct pw_slab slab;
    struct pw_flaws flaws = {0};
    assert_true(pw_next_slab(&rest, &slab, &flaws));
    assert_int_equal(slab.present, 0x1f);
    assert_int_equal(slab.pagesperslab, 5);
    assert_false(pw_next_slab(&rest, &slab, &flaws));
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(duplicate_names_and_extra_columns_are_no_trouble),
        cmocka_unit_test(parts_that_are_missing_are_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
