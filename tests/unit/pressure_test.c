/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "read/pressure.h"

static struct pw_pressure pressure;
static struct pw_flaws flaws;


static void parse(const char *text) {
    flaws = (struct pw_flaws){0};
    pw_parse_pressure(pw_slice_of(text), &pressure, &flaws);
}


static void percentages_and_microseconds(void **state) {
    (void)state;
    parse("some avg10=0.10 avg60=2.00 avg300=3.85 total=15\n"
          "full avg10=0.20 avg60=3.00 avg300=4.95 total=25\n");
    assert_true(pressure.some.present && pressure.full.present);
    assert_true(pressure.some.avg300_percent == 3.85);
    assert_int_equal(pressure.full.total_microseconds, 25);
    assert_int_equal(flaws.skipped, 0);
}


static void a_line_that_the_kernel_lacks_is_absent(void **state) {
    (void)state;
    parse("full avg10=0.00 avg60=0.00 avg300=0.00 total=8494"); /* irq, without newline */
    assert_false(pressure.some.present);
    assert_true(pressure.full.present);
    parse("");
    assert_false(pressure.some.present || pressure.full.present);
}


static void nonsense_is_skipped(void **state) {
    (void)state;
    parse("nonsense haha test=fake\nsome avg10=x avg60=0.00 avg300=0.00 total=1\n"
          "full avg10=0.00 avg60=0.00 avg300=0.00\n");
    assert_false(pressure.some.present || pressure.full.present);
    assert_int_equal(flaws.skipped, 3);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentages_and_microseconds),
        cmocka_unit_test(a_line_that_the_kernel_lacks_is_absent),
        cmocka_unit_test(nonsense_is_skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
