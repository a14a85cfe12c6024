/* SPDX-License-Identifier: MIT */
#include "act/tunable.h"

#include <string.h>

#include "act/sysctl.h"
#include "check.h"

static const struct pw_tunable *const tables[] = {pw_sysctl_tunables, pw_mm_tunables};


static const struct pw_tunable *find(const char *name) {
    const struct pw_tunable *tunable = pw_tunable_find(pw_sysctl_tunables, pw_slice_of(name));
    return tunable ? tunable : pw_tunable_find(pw_mm_tunables, pw_slice_of(name));
}


static void for_each(void (*check)(const struct pw_tunable *tunable)) {
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        for (const struct pw_tunable *tunable = tables[i]; tunable->name; tunable++) {
            check(tunable);
        }
    }
}


static void assert_complete(const struct pw_tunable *tunable) {
    if (tunable->eras[0].since == 0 || tunable->danger < 0 || tunable->danger > 4) {
        fail_msg("%s: since when, and how dangerous?", tunable->name);
    }
    size_t end = strlen(tunable->note) - 1;
    if (tunable->note[end] != '.' || strchr(tunable->note, '\n') || end > 160) {
        fail_msg("%s: one sentence, and a short one: %s", tunable->name, tunable->note);
    }
    if (tunable->removed && !tunable->instead) {
        fail_msg("%s: what instead?", tunable->name);
    }
}


static void each_says_what_it_is(void **state) {
    (void)state;
    for_each(assert_complete);
}


static void assert_ordered(const struct pw_tunable *tunable) {
    int64_t last = 0;
    for (int i = 0; i < PW_TUNABLE_ERAS && tunable->eras[i].since; i++) {
        const struct pw_era *era = &tunable->eras[i];
        bool bounded = era->min != PW_ABSENT && era->max != PW_ABSENT;
        if (era->since <= last || (bounded && era->min >= era->max)) {
            fail_msg("%s: era %d", tunable->name, i);
        }
        last = era->since;
    }
    if (tunable->removed && tunable->removed <= last) {
        fail_msg("%s: removed before it was there", tunable->name);
    }
}


static void eras_follow_each_other(void **state) {
    (void)state;
    for_each(assert_ordered);
}


static void names_are_in_order_and_once(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        for (const struct pw_tunable *tunable = tables[i]; tunable[1].name; tunable++) {
            if (strcmp(tunable[0].name, tunable[1].name) >= 0) {
                fail_msg("%s stands before %s", tunable[0].name, tunable[1].name);
            }
        }
    }
}


static void assert_partner(const struct pw_tunable *tunable) {
    if (tunable->partner) {
        assert_string_equal(find(tunable->partner)->partner, tunable->name);
    }
}


static void partners_are_each_others(void **state) {
    (void)state;
    for_each(assert_partner);
}


static void what_a_kernel_takes_is_of_its_release(void **state) {
    (void)state;
    const struct pw_tunable *swappiness = find("vm.swappiness");
    assert_int_equal(pw_tunable_era(swappiness, PW_LINUX(5, 7, 19))->max, 100);
    assert_int_equal(pw_tunable_era(swappiness, PW_LINUX(5, 8, 0))->max, 200);
    assert_int_equal(pw_tunable_era(swappiness, 0)->max, 200);
    const struct pw_tunable *fault = find("vm.unprivileged_userfaultfd");
    assert_string_equal(pw_tunable_era(fault, PW_LINUX(2, 6, 32))->usual, "1");
    assert_string_equal(pw_tunable_era(fault, PW_LINUX(6, 1, 0))->usual, "0");
}


static void a_bound_in_pages_is_of_the_machines_pages(void **state) {
    (void)state;
    const struct pw_tunable *bytes = find("vm.dirty_bytes"), *mode = find("vm.panic_on_oom");
    assert_int_equal(pw_tunable_min(bytes, bytes->eras, 65536), 131072);
    assert_int_equal(pw_tunable_min(mode, mode->eras, 65536), 0);
    const struct pw_tunable *bits = find("vm.mmap_rnd_bits");
    assert_int_equal(pw_tunable_min(bits, bits->eras, 4096), PW_ABSENT);
}


static void a_star_stands_for_one_part_of_a_name(void **state) {
    (void)state;
    assert_non_null(find("transparent_hugepage/hugepages-64kB/enabled"));
    assert_non_null(find("hugepages/hugepages-2048kB/nr_hugepages"));
    assert_null(find("transparent_hugepage/hugepages-64kB/stats/enabled"));
    assert_null(find("transparent_hugepage/hugepages-kB/enabled"));
    assert_null(find("transparent_hugepage/hugepages"));
    assert_null(find("vm.shrink_inodes_with_pagecache"));
}


static void only_what_has_no_value_is_an_action_alone(void **state) {
    (void)state;
    assert_true(pw_sysctl_is_action("vm.drop_caches"));
    assert_true(pw_sysctl_is_action("vm.compact_memory"));
    assert_false(pw_sysctl_is_action("vm.nr_hugepages"));
    assert_true(find("vm.nr_hugepages")->acts);
    assert_false(pw_sysctl_is_action("vm.unheard_of"));
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_says_what_it_is),
        cmocka_unit_test(eras_follow_each_other),
        cmocka_unit_test(names_are_in_order_and_once),
        cmocka_unit_test(partners_are_each_others),
        cmocka_unit_test(what_a_kernel_takes_is_of_its_release),
        cmocka_unit_test(a_bound_in_pages_is_of_the_machines_pages),
        cmocka_unit_test(a_star_stands_for_one_part_of_a_name),
        cmocka_unit_test(only_what_has_no_value_is_an_action_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
