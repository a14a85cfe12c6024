/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "read/status.h"

static struct pw_flaws flaws;


static int forget_flaws(void **state) {
    (void)state;
    flaws = (struct pw_flaws){0};
    return 0;
}


static struct pw_status_field only_field(const char *text) {
    struct pw_slice rest = pw_slice_of(text);
    struct pw_status_field field;
    assert_true(pw_next_status_field(&rest, &field, &flaws));
    return field;
}


static void the_key_decides_the_kind(void **state) {
    (void)state;
    assert_int_equal(only_field("VmRSS:\t    1972 kB\n").number.value, 1972 * 1024);
    assert_int_equal(only_field("Threads:\t66\n").number.value, 66);
    assert_int_equal(only_field("SigPnd:\t0000000000000010\n").kind, PW_STATUS_TEXT);
    assert_int_equal(only_field("Cpus_allowed:\t1\n").kind, PW_STATUS_TEXT);
    assert_int_equal(only_field("Umask:\t0022\n").kind, PW_STATUS_TEXT);
    assert_int_equal(only_field("Groups:\t \n").kind, PW_STATUS_LIST);
    assert_int_equal(only_field("NSpid:\t12\n").kind, PW_STATUS_LIST);
}


static void an_unknown_key_is_what_its_value_looks_like(void **state) {
    (void)state;
    assert_int_equal(only_field("VeryNew:\t12 kB\n").number.value, 12 * 1024);
    assert_int_equal(only_field("untag_mask:\t0xffffffffffffffff\n").kind, PW_STATUS_TEXT);
}


static void the_value_may_hold_colons_and_any_bytes(void **state) {
    (void)state;
    assert_true(pw_slice_is(only_field("Name:\tkworker/0:1\n").text, "kworker/0:1"));
    assert_true(pw_slice_is(only_field("Name:\t\xff\xc3\n").text, "\xff\xc3"));
}


static void a_bad_line_is_skipped_and_counted(void **state) {
    (void)state;
    struct pw_slice rest = pw_slice_of("\nno colon here\n:\t1\nVmSize:\tmany kB\nVmRSS:\t4 kB");
    struct pw_status_field field;
    assert_true(pw_next_status_field(&rest, &field, &flaws));
    assert_true(pw_slice_is(field.key, "VmRSS"));
    assert_int_equal(flaws.skipped, 4);
    assert_false(pw_next_status_field(&rest, &field, &flaws));
}


static void a_list_is_read_number_by_number(void **state) {
    (void)state;
    struct pw_slice list = only_field("Gid:\t1004\t1005\tx\t1007\n").text;
    struct pw_number number;
    assert_true(pw_next_status_item(&list, &number, &flaws));
    assert_int_equal(number.value, 1004);
    assert_true(pw_next_status_item(&list, &number, &flaws));
    assert_true(pw_next_status_item(&list, &number, &flaws));
    assert_int_equal(number.value, 1007);
    assert_int_equal(flaws.skipped, 1);
    assert_false(pw_next_status_item(&list, &number, &flaws));
}


static void the_name_alone_is_unescaped(void **state) {
    (void)state;
    char out[16];
    size_t size = pw_unescape_status_name(pw_slice_of("a\\nb\\\\n\\x"), out, sizeof out);
    assert_true(pw_slice_is((struct pw_slice){out, size}, "a\nb\\n\\x"));
    assert_int_equal(pw_unescape_status_name(pw_slice_of("longer than that"), out, 4), 4);
}


static const char user_process[] = "Name:\tRssAnon:\nUid:\t1000\t1001\t1002\t1003\nVmRSS:\t9 kB\n"
                                   "RssAnon:\t2 kB\nRssFile:\t3 kB\nRssShmem:\t4 kB\n"
                                   "VmSwap:\t5 kB\n";


static void a_sweep_gets_its_lines_in_one_pass(void **state) {
    (void)state;
    struct pw_status_memory memory;
    pw_parse_status_memory(pw_slice_of(user_process), &memory, &flaws);
    assert_int_equal(memory.uid, 1001);
    assert_int_equal(memory.rss_anon_bytes, 2 * 1024);
    assert_int_equal(memory.rss_file_bytes, 3 * 1024);
    assert_int_equal(memory.rss_shmem_bytes, 4 * 1024);
    assert_int_equal(memory.swap_bytes, 5 * 1024);
    assert_int_equal(flaws.skipped, 0);
}


static void absent_is_not_zero(void **state) {
    (void)state;
    struct pw_status_memory memory;
    pw_parse_status_memory(pw_slice_of("Name:\tkthreadd\nUid:\t0\t0\t0\t0\n"), &memory, &flaws);
    assert_int_equal(memory.uid, 0);
    assert_int_equal(memory.rss_anon_bytes, PW_ABSENT);
    assert_int_equal(memory.swap_bytes, PW_ABSENT);
    pw_parse_status_memory(pw_slice_of("RssAnon:\tlots\nVmSwap:\t0 kB"), &memory, &flaws);
    assert_int_equal(memory.rss_anon_bytes, PW_ABSENT);
    assert_int_equal(memory.swap_bytes, 0);
    assert_int_equal(flaws.skipped, 1);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_key_decides_the_kind, forget_flaws),
        cmocka_unit_test_setup(an_unknown_key_is_what_its_value_looks_like, forget_flaws),
        cmocka_unit_test_setup(the_value_may_hold_colons_and_any_bytes, forget_flaws),
        cmocka_unit_test_setup(a_bad_line_is_skipped_and_counted, forget_flaws),
        cmocka_unit_test_setup(a_list_is_read_number_by_number, forget_flaws),
        cmocka_unit_test_setup(the_name_alone_is_unescaped, forget_flaws),
        cmocka_unit_test_setup(a_sweep_gets_its_lines_in_one_pass, forget_flaws),
        cmocka_unit_test_setup(absent_is_not_zero, forget_flaws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
