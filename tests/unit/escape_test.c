/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "read/escape.h"

#include <string.h>


static void assert_escaped(const char *bytes, const char *expected) {
    char out[256] = {0};
    size_t written = 0, size;
    struct pw_slice rest = pw_slice_of(bytes);
    while ((size = pw_take_escaped(&rest, out + written)) > 0) {
        written += size;
    }
    assert_string_equal(out, expected);
}


static void printable_text_stays_as_it_is(void **state) {
    (void)state;
    assert_escaped("kworker/u4:2-flush", "kworker/u4:2-flush");
    assert_escaped("caf\xC3\xA9 \xE6\xBC\xA2 \xF0\x9F\x90\xA7", "café 漢 🐧");
    assert_escaped("dev-disk\\x2d1", "dev-disk\\x2d1");
}


static void controls_cannot_reach_the_terminal(void **state) {
    (void)state;
    assert_escaped("\033[2J", "\\x1B[2J");
    assert_escaped("a\nb\tc\r\x7F", "a\\nb\\tc\\x0D\\x7F");
    assert_escaped("\xC2\x9B"
                   "31m",
                   "\\xC2\\x9B31m"); /* C1: an 8-bit CSI */
}


static void text_cannot_be_turned_around_or_hidden(void **state) {
    (void)state;
    assert_escaped("\xE2\x80\xAE"
                   "txt",
                   "\\xE2\\x80\\xAEtxt"); /* right-to-left override */
    assert_escaped("a\xE2\x80\x8B"
                   "b",
                   "a\\xE2\\x80\\x8Bb");                        /* zero-width space */
    assert_escaped("\xF3\xA0\x81\xA1", "\\xF3\\xA0\\x81\\xA1"); /* a tag character */
}


static void bytes_that_are_not_utf8_are_shown_one_by_one(void **state) {
    (void)state;
    assert_escaped("\xFF\x80", "\\xFF\\x80");
    assert_escaped("cut\xE6\xBC", "cut\\xE6\\xBC");             /* cut at 15 bytes, as comm is */
    assert_escaped("\xC0\xAF", "\\xC0\\xAF");                   /* overlong */
    assert_escaped("\xED\xA0\x80", "\\xED\\xA0\\x80");          /* a surrogate */
    assert_escaped("\xF4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"); /* past Unicode */
}


static void width_counts_columns_not_bytes(void **state) {
    (void)state;
    assert_int_equal(pw_width(pw_slice_of("")), 0);
    assert_int_equal(pw_width(pw_slice_of("caf\xC3\xA9")), 4);
    assert_int_equal(pw_width(pw_slice_of("e\xCC\x81")), 1);
    assert_int_equal(pw_width(pw_slice_of("\xE6\xBC\xA2\xE5\xAD\x97")), 4);
    assert_int_equal(pw_width(pw_slice_of("\xFF")), 1);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(printable_text_stays_as_it_is),
        cmocka_unit_test(controls_cannot_reach_the_terminal),
        cmocka_unit_test(text_cannot_be_turned_around_or_hidden),
        cmocka_unit_test(bytes_that_are_not_utf8_are_shown_one_by_one),
        cmocka_unit_test(width_counts_columns_not_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
