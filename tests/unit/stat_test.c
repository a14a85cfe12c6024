/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "read/stat.h"

#include <stdio.h>
#include <string.h>

static const char tail[] = " S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27"
                           " 28 29 30 31 32 33 34 35 36 37 38 39";


/* A line with this name, where field N holds the number N, up to 39 fields. */
static struct pw_stat named(const char *comm, size_t size) {
    static char text[512];
    int start = sprintf(text, "68927 (");
    memcpy(text + start, comm, size);
    int rest = sprintf(text + start + size, ")%s\n", tail);
    struct pw_stat stat;
    struct pw_flaws flaws = {0};
    struct pw_slice slice = {text, (size_t)start + size + (size_t)rest};
    assert_true(pw_parse_stat(slice, PW_STAT_ALL, &stat, &flaws));
    assert_int_equal(flaws.skipped, 0);
    return stat;
}


static void the_name_may_hold_anything(void **state) {
    (void)state;
    static const char *const names[] = {
        "ok",
        "ok)",
        "(ok",
        "ok )",
        "ok )(",
        "ok )()",
        "() ok )()",
        "() ok (()",
        " ) ok )",
        "(ok) (ok)",
        "a\nb) R 1",
        "\xff\xfe",
        "",
        "kworker/u257:63-events_freezable_power_efficient_x",
        "tab\tblank ",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct pw_stat stat = named(names[i], strlen(names[i]));
        assert_int_equal(stat.pid, 68927);
        assert_true(pw_slice_is(stat.comm, names[i]));
        assert_int_equal(stat.state, 'S');
        assert_int_equal(stat.ppid, 4);
        assert_int_equal(stat.starttime_ticks, 22);
        assert_int_equal(stat.vsize_bytes, 23);
        assert_int_equal(stat.rss_pages, 24);
        assert_int_equal(stat.processor, 39);
    }
}


static int fields_present(const char *numbers) {
    char text[1024];
    int size = snprintf(text, sizeof text, "1 (init)%s", numbers);
    struct pw_stat stat;
    struct pw_flaws flaws = {0};
    assert_true(pw_parse_stat((struct pw_slice){text, (size_t)size}, PW_STAT_ALL, &stat, &flaws));
    assert_int_equal(flaws.skipped, 0);
    return 3 + __builtin_popcountll(stat.present);
}


static void any_count_of_fields_will_do(void **state) {
    (void)state;
    assert_int_equal(fields_present(tail), 39); /* lx_brandz */
    char text[512] = "";
    strcat(strcpy(text, tail), " 40 41 42 43 44");
    assert_int_equal(fields_present(text), 44); /* Linux 2.6.32 */
    strcat(text, " 45 46 47 48 49 50 51 52");
    assert_int_equal(fields_present(text), 52);
    strcat(text, " 53 54\n");
    assert_int_equal(fields_present(text), 52); /* what is not known yet is passed over */
}


static void a_sweep_stops_at_rss(void **state) {
    (void)state;
    struct pw_stat stat;
    struct pw_flaws flaws = {0};
    struct pw_slice text = pw_slice_of(
        "9 (x) R 1 1 1 0 0 0 0 0 0 0 0 0 0 0 20 0 1 0 77 4096 1 18446744073709551615 5");
    assert_true(pw_parse_stat(text, PW_STAT_UP_TO_RSS, &stat, &flaws));
    assert_int_equal(stat.rss_pages, 1);
    assert_int_equal(stat.rsslim_bytes, 0);
    assert_int_equal(flaws.clamped, 0);
    assert_true(pw_parse_stat(text, PW_STAT_ALL, &stat, &flaws));
    assert_int_equal(stat.rsslim_bytes, INT64_MAX);
    assert_int_equal(flaws.clamped, 1);
}


static void a_word_that_is_no_number_keeps_its_place(void **state) {
    (void)state;
    struct pw_stat stat;
    struct pw_flaws flaws = {0};
    assert_true(pw_parse_stat(pw_slice_of("9 (x) R 1 two 3"), PW_STAT_ALL, &stat, &flaws));
    assert_int_equal(stat.present, 5);
    assert_int_equal(stat.session, 3);
    assert_int_equal(flaws.skipped, 1);
}


static void what_is_no_stat_line_is_refused(void **state) {
    (void)state;
    static const char *const lines[] = {
        "",           "123",          "123 name S 4", "123 (name",    "name) S 4",
        "123 (name)", "123 (name)\n", ")123 (",       "x (name) S 4",
    };
    struct pw_stat stat;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct pw_flaws flaws = {0};
        assert_false(pw_parse_stat(pw_slice_of(lines[i]), PW_STAT_ALL, &stat, &flaws));
        assert_int_equal(flaws.skipped, 1);
    }
}


static void statm_is_in_pages_and_clamped(void **state) {
    (void)state;
    struct pw_statm statm;
    struct pw_flaws flaws = {0};
    struct pw_slice text = pw_slice_of("149919 12547 18446744073709551615 19864 0 14531 0\n");
    assert_true(pw_parse_statm(text, &statm, &flaws));
    assert_int_equal(statm.size_pages, 149919);
    assert_int_equal(statm.resident_pages, 12547);
    assert_int_equal(statm.shared_pages, INT64_MAX);
    assert_int_equal(statm.data_pages, 14531);
    assert_int_equal(flaws.clamped, 1);
}


static void statm_of_a_kernel_thread_is_zeros_and_of_nothing_is_refused(void **state) {
    (void)state;
    struct pw_statm statm;
    struct pw_flaws flaws = {0};
    assert_true(pw_parse_statm(pw_slice_of("0 0 0 0 0 0 0\n"), &statm, &flaws));
    assert_int_equal(statm.present, 0x7f);
    assert_false(pw_parse_statm(pw_slice_of(""), &statm, &flaws));
    assert_false(pw_parse_statm(pw_slice_of("12\n13"), &statm, &flaws));
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_name_may_hold_anything),
        cmocka_unit_test(any_count_of_fields_will_do),
        cmocka_unit_test(a_sweep_stops_at_rss),
        cmocka_unit_test(a_word_that_is_no_number_keeps_its_place),
        cmocka_unit_test(what_is_no_stat_line_is_refused),
        cmocka_unit_test(statm_is_in_pages_and_clamped),
        cmocka_unit_test(statm_of_a_kernel_thread_is_zeros_and_of_nothing_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
