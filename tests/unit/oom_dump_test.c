/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdio.h>

#include "read/oom_dump.h"

#define assert_text(slice, expected) assert_true(pw_slice_is(slice, expected))


static void who_ran_out_is_said_in_the_words_of_every_version(void **state) {
    (void)state;
    struct pw_oom_invocation invocation;
    assert_true(pw_parse_oom_invocation(
        pw_slice_of("a b invoked oom-killer: gfp_mask=0x44d0, order=2, oomkilladj=-17"),
        &invocation));
    assert_text(invocation.comm, "a b");
    assert_int_equal(invocation.gfp_mask, 0x44d0);
    assert_int_equal(invocation.order, 2);
    assert_int_equal(invocation.oom_adj, -17);
    assert_true(invocation.oom_score_adj == PW_ABSENT);
    assert_int_equal(invocation.gfp_flags.size, 0);
    assert_true(pw_parse_oom_invocation(
        pw_slice_of("sh invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL|__GFP_ZERO), order=-1, "
                    "oom_score_adj=-998"),
        &invocation));
    assert_text(invocation.gfp_flags, "GFP_KERNEL|__GFP_ZERO");
    assert_int_equal(invocation.order, -1);
    assert_int_equal(invocation.oom_score_adj, -998);
    assert_false(pw_parse_oom_invocation(pw_slice_of("sh invoked something"), &invocation));
}


static void the_kernels_release_is_what_stands_before_its_build(void **state) {
    (void)state;
    struct pw_oom_invoker invoker;
    assert_true(pw_parse_oom_invoker(
        pw_slice_of("CPU: 5 UID: 0 PID: 527543 Comm: squid Not tainted 6.14.0-23-generic #23-U"),
        &invoker));
    assert_int_equal(invoker.pid, 527543);
    assert_text(invoker.kernel, "6.14.0-23-generic");
    assert_true(pw_parse_oom_invoker(
        pw_slice_of("Pid: 1743, comm: sshd Tainted: G  H  2.6.32-279.el6.x86_64 #1"), &invoker));
    assert_int_equal(invoker.pid, 1743);
    assert_text(invoker.kernel, "2.6.32-279.el6.x86_64");
    assert_false(pw_parse_oom_invoker(pw_slice_of("CPU    0: hi:    0, btch:   1"), &invoker));
}


static void no_limit_is_unlimited_in_every_version(void **state) {
    (void)state;
    struct pw_oom_usage usage;
    const char *const none[] = {"9007199254740988", "9007199254740991", "18014398509481983"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        char text[100];
        snprintf(text, sizeof text, "swap: usage 8kB, limit %skB, failcnt 3", none[i]);
        assert_true(pw_parse_oom_usage(pw_slice_of(text), &usage));
        assert_true(usage.limit_bytes.unlimited);
        assert_int_equal(usage.usage_bytes.value, 8192);
        assert_int_equal(usage.failures.value, 3);
    }
    assert_false(pw_parse_oom_usage(pw_slice_of("disk: usage 8kB, limit 8kB, failcnt 3"), &usage));
}


static void zones_are_told_with_and_without_numa(void **state) {
    (void)state;
    struct pw_oom_place place;
    assert_true(pw_parse_oom_zone(pw_slice_of("Node 1 DMA32 free:8kB min:4kB"), &place));
    assert_int_equal(place.node, 1);
    assert_text(place.zone, "DMA32");
    assert_true(pw_parse_oom_zone(pw_slice_of("Normal free:8kB boost:0kB"), &place));
    assert_true(place.node == PW_ABSENT);
    assert_text(place.zone, "Normal");
    assert_false(pw_parse_oom_zone(pw_slice_of("Node 0 active_anon:8kB free:1kB"), &place));
    assert_true(pw_parse_oom_node(pw_slice_of("Node 0 active_anon:8kB"), &place));
    assert_false(pw_parse_oom_free_list(pw_slice_of("Node 0 DMA per-cpu:"), &place));
    assert_false(pw_parse_oom_free_list(pw_slice_of("usb 1-1: 2*4 things"), &place));
}


static void fields_are_bytes_where_the_kernel_says_kilobytes(void **state) {
    (void)state;
    struct pw_slice rest = pw_slice_of(
        "free:4kB reserved_highatomic:2KB anon_thp: 8kB all_unreclaimable? no pages_scanned:7 x:");
    struct pw_field field;
    const struct {
        const char *key;
        int64_t value;
    } expected[] = {
        {"free", 4096}, {"reserved_highatomic", 2048}, {"anon_thp", 8192}, {"pages_scanned", 7}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_true(pw_next_oom_field(&rest, &field));
        assert_text(field.key, expected[i].key);
        assert_int_equal(field.number.value, expected[i].value);
    }
    assert_false(pw_next_oom_field(&rest, &field));
}


static void a_task_has_the_columns_of_its_kernel_and_any_name(void **state) {
    (void)state;
    struct pw_slice columns;
    struct pw_oom_task task;
    struct pw_oom_column column;
    assert_true(pw_parse_oom_columns(pw_slice_of("[ pid ]   uid rss_new name"), &columns));
    assert_true(pw_parse_oom_task(pw_slice_of("[ 1151]     2     -49  a ] 7"), &task));
    assert_int_equal(task.pid, 1151);
    assert_true(pw_next_oom_column(&columns, &task.values, &column));
    assert_true(pw_next_oom_column(&columns, &task.values, &column));
    assert_text(column.key, "rss_new");
    assert_int_equal(column.number.value, -49);
    assert_true(pw_next_oom_column(&columns, &task.values, &column));
    assert_true(column.is_text);
    assert_text(column.text, " a ] 7");
    assert_false(pw_next_oom_column(&columns, &task.values, &column));
    assert_false(pw_parse_oom_task(pw_slice_of("[  12.3] 1 2"), &task));
}


static void a_row_that_is_cut_ends_where_it_was_cut(void **state) {
    (void)state;
    struct pw_slice columns = pw_slice_of("uid tgid name");
    struct pw_oom_task task;
    struct pw_oom_column column;
    assert_true(pw_parse_oom_task(pw_slice_of("[    1]     0"), &task));
    assert_true(pw_next_oom_column(&columns, &task.values, &column));
    assert_false(pw_next_oom_column(&columns, &task.values, &column));
}


static void statistics_are_two_words_and_no_more(void **state) {
    (void)state;
    struct pw_field field;
    assert_true(pw_parse_oom_stat(pw_slice_of("workingset_refault_anon 12"), &field));
    assert_int_equal(field.number.value, 12);
    assert_false(pw_parse_oom_stat(pw_slice_of("Tasks 12"), &field));
    assert_false(pw_parse_oom_stat(pw_slice_of("anon 12 13"), &field));
    assert_false(pw_parse_oom_stat(pw_slice_of("anon"), &field));
}


static void panics_for_another_reason_are_not_of_memory(void **state) {
    (void)state;
    struct pw_slice reason;
    assert_true(pw_parse_oom_panic(
        pw_slice_of("Kernel panic - not syncing: System is deadlocked on memory"), &reason));
    assert_text(reason, "System is deadlocked on memory");
    assert_false(pw_parse_oom_panic(
        pw_slice_of("Kernel panic - not syncing: Attempted to kill init!"), &reason));
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_ran_out_is_said_in_the_words_of_every_version),
        cmocka_unit_test(the_kernels_release_is_what_stands_before_its_build),
        cmocka_unit_test(no_limit_is_unlimited_in_every_version),
        cmocka_unit_test(zones_are_told_with_and_without_numa),
        cmocka_unit_test(fields_are_bytes_where_the_kernel_says_kilobytes),
        cmocka_unit_test(a_task_has_the_columns_of_its_kernel_and_any_name),
        cmocka_unit_test(a_row_that_is_cut_ends_where_it_was_cut),
        cmocka_unit_test(statistics_are_two_words_and_no_more),
        cmocka_unit_test(panics_for_another_reason_are_not_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
