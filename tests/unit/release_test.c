/* SPDX-License-Identifier: MIT */
#include "read/release.h"

#include "check.h"


static void distributions_write_the_release_in_their_own_ways(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int release;
    } cases[] = {
        {"6.1.0-18-amd64\n", PW_RELEASE(6, 1, 0)},
        {"2.6.32-279.el6.x86_64\n", PW_RELEASE(2, 6, 32)},
        {"5.4.0", PW_RELEASE(5, 4, 0)},
        {"6.12+bpo-cloud-amd64", PW_RELEASE(6, 12, 0)},
        {"6.18.44-fc-v669", PW_RELEASE(6, 18, 44)},
        {"3.10.0-1160.119.1.el7.x86_64", PW_RELEASE(3, 10, 0)},
        {"4.9.", PW_RELEASE(4, 9, 0)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(pw_parse_release(pw_slice_of(cases[i].text)), cases[i].release);
    }
}


static void what_is_no_release_is_none(void **state) {
    (void)state;
    static const char *const texts[] = {"",    "6", "6.", ".1", "six", "-6.1", "6.99999999999999",
                                        "6..1"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(pw_parse_release(pw_slice_of(texts[i])), 0);
    }
}


static void later_releases_are_larger(void **state) {
    (void)state;
    assert_true(PW_RELEASE(2, 6, 39) < PW_RELEASE(3, 0, 0));
    assert_true(PW_RELEASE(5, 9, 16) < PW_RELEASE(5, 10, 0));
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distributions_write_the_release_in_their_own_ways),
        cmocka_unit_test(what_is_no_release_is_none),
        cmocka_unit_test(later_releases_are_larger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
