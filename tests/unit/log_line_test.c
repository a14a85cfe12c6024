/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdio.h>

#include "read/log_line.h"

static char room[PW_LOG_LINE_BYTES];
static struct pw_log_line line;

#define assert_text(slice, expected) assert_true(pw_slice_is(slice, expected))


static void parse(const char *text) {
    pw_parse_log_line(pw_slice_of(text), room, &line);
}


static void a_record_has_its_time_its_sequence_and_its_writer(void **state) {
    (void)state;
    assert_true(pw_parse_log_record(
        pw_slice_of("3,812,7063247407,-;Mem-Info:\n SUBSYSTEM=memory\n"), room, &line));
    assert_int_equal(line.sequence, 812);
    assert_int_equal(line.time_us, INT64_C(7063247407));
    assert_true(line.from_kernel);
    assert_text(line.text, "Mem-Info:");
    assert_true(pw_parse_log_record(pw_slice_of("11,5,1,-,caller=T12;hello\n"), room, &line));
    assert_false(line.from_kernel);
}


static void the_text_of_a_record_has_its_escapes_undone(void **state) {
    (void)state;
    parse("6,1,2,-;a\\x0ab\\x5c\\xzz");
    assert_text(line.text, "a\nb\\\\xzz");
}


/* 6.1 prints a cgroup's statistics as one record, which has no room for all of them. */
static void a_number_that_was_cut_is_left_out(void **state) {
    (void)state;
    char record[2 * PW_LOG_LINE_BYTES];
    int size = snprintf(record, sizeof record, "6,1,2,-;%*s 123", PW_LOG_LINE_BYTES - 5, "x");
    assert_true(pw_parse_log_record((struct pw_slice){record, (size_t)size}, room, &line));
    assert_int_equal(line.text.size, PW_LOG_LINE_BYTES - 4);
    assert_int_equal(line.text.data[line.text.size - 2], 'x');
}


static void what_is_no_record_is_told_apart(void **state) {
    (void)state;
    const char *const texts[] = {"", ";", "6;x", "6,1", "-6,1,2,-;x", "6,-1,2,-;x", "a,1,2,-;x"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_false(pw_parse_log_record(pw_slice_of(texts[i]), room, &line));
    }
}


static void what_dmesg_and_syslog_put_before_a_line_is_taken_off(void **state) {
    (void)state;
    const char *const lines[] = {
        "Mem-Info:",
        "6,1,2,-;Mem-Info:",
        "<4>Mem-Info:",
        "<4>[  492.656714] Mem-Info:",
        "[  492.656714] Mem-Info:",
        "[  492.656714][  T812] Mem-Info:",
        "[  492.656714] [    C0] Mem-Info:",
        "[Mon Dec  8 17:51:31 2025] Mem-Info:",
        "kern  :warn  : [  492.656714] Mem-Info:",
        "2024-04-29T14:55:41,678628+02:00 Mem-Info:",
        "Nov 22 06:26:05 host kernel: Mem-Info:",
        "Nov 22 06:26:05 host kernel: [  492.656714] Mem-Info:",
        "2023-12-04T10:49:30.127Z host kernel: Mem-Info:",
        "Thu Feb  6 23:08:27 2020 kern.warn kernel: [51517.304887] Mem-Info:",
        "kernel: Mem-Info:",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        parse(lines[i]);
        assert_text(line.text, "Mem-Info:");
        assert_true(line.from_kernel);
    }
}


static void the_time_is_known_where_the_kernels_own_is_there(void **state) {
    (void)state;
    parse("<6>[  492.656714] x");
    assert_int_equal(line.time_us, 492656714);
    parse("Nov 22 06:26:05 host kernel: x");
    assert_true(line.time_us == PW_ABSENT);
}


static void what_the_kernel_wrote_stays(void **state) {
    (void)state;
    const char *const lines[] = {
        "[  812]     0   812     4310 udevd",
        "[ pid ]   uid  tgid",
        "a; b",
        "[2-3219.1870] x",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        parse(lines[i]);
        assert_text(line.text, lines[i]);
    }
    parse("[    1.000000] usb: kernel: Killed process 1 (init) total-vm:4kB");
    assert_text(line.text, "usb: kernel: Killed process 1 (init) total-vm:4kB");
}


static void gaps_in_the_sequence_are_counted(void **state) {
    (void)state;
    struct pw_log_gaps gaps = {0};
    const int64_t sequences[] = {100, 101, 150, 151};
    for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++) {
        pw_log_gaps_note(&gaps, &(struct pw_log_line){.sequence = sequences[i]});
    }
    assert_int_equal(gaps.lost, 48);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_has_its_time_its_sequence_and_its_writer),
        cmocka_unit_test(the_text_of_a_record_has_its_escapes_undone),
        cmocka_unit_test(a_number_that_was_cut_is_left_out),
        cmocka_unit_test(what_is_no_record_is_told_apart),
        cmocka_unit_test(what_dmesg_and_syslog_put_before_a_line_is_taken_off),
        cmocka_unit_test(the_time_is_known_where_the_kernels_own_is_there),
        cmocka_unit_test(what_the_kernel_wrote_stays),
        cmocka_unit_test(gaps_in_the_sequence_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
