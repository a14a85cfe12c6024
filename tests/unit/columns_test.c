/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdlib.h>

#include "read/columns.h"
#include "read/filter.h"

#define FIELDS (PW_BIT(PW_PID) | PW_BIT(PW_START_TIME) | PW_BIT(PW_RSS) | PW_BIT(PW_COMM))


static struct pw_row row_of(int64_t pid, int64_t rss, const char *comm) {
    struct pw_row row = {0};
    for (int id = 0; id < PW_NUMBERS; id++) {
        row.numbers[id] = PW_ABSENT;
    }
    row.numbers[PW_PID] = pid;
    row.numbers[PW_START_TIME] = pid * 10;
    row.numbers[PW_RSS] = rss;
    row.texts[PW_COMM - PW_NUMBERS] = pw_slice_of(comm);
    return row;
}


/* Columns with room for `capacity` rows; free rows and text with free_columns(). */
static struct pw_columns columns_for(uint32_t capacity) {
    struct pw_columns columns = {0};
    pw_columns_move(&columns, FIELDS, capacity, malloc(pw_columns_size(FIELDS, capacity)));
    pw_columns_move_text(&columns, 256, malloc(256));
    return columns;
}


static void free_columns(struct pw_columns *columns) {
    free(columns->numbers[PW_PID]);
    free(columns->text);
}


static void append(struct pw_columns *columns, int64_t pid, int64_t rss, const char *comm) {
    struct pw_row row = row_of(pid, rss, comm);
    assert_true(pw_columns_has_room(columns));
    assert_true(pw_columns_has_text_room(columns, &row));
    pw_columns_append(columns, &row);
}


static int64_t pid_at(const struct pw_columns *columns, uint32_t at) {
    return pw_columns_number(columns, PW_PID, columns->order[at]);
}


static void the_largest_come_first_and_equals_by_pid(void **state) {
    (void)state;
    struct pw_columns columns = columns_for(8);
    append(&columns, 5, 100, "a");
    append(&columns, 3, 300, "b");
    append(&columns, 9, PW_ABSENT, "kernel thread");
    append(&columns, 7, 300, "c");
    append(&columns, 1, 200, "d");
    pw_columns_sort(&columns, PW_RSS, 0);
    const int64_t expected[] = {3, 7, 1, 5, 9};
    for (uint32_t at = 0; at < 5; at++) {
        assert_int_equal(pid_at(&columns, at), expected[at]);
    }
    pw_columns_sort(&columns, PW_RSS, 2);
    assert_int_equal(columns.visible, 2);
    assert_int_equal(pid_at(&columns, 1), 7);
    free_columns(&columns);
}


static void every_size_is_sorted(void **state) {
    (void)state;
    for (uint32_t size = 0; size < 40; size++) {
        struct pw_columns columns = columns_for(40);
        for (uint32_t i = 0; i < size; i++) {
            append(&columns, i + 1, (i * 7919) % 13, "x");
        }
        pw_columns_sort(&columns, PW_RSS, 0);
        for (uint32_t at = 1; at < size; at++) {
            assert_true(pw_columns_number(&columns, PW_RSS, columns.order[at - 1]) >=
                        pw_columns_number(&columns, PW_RSS, columns.order[at]));
        }
        free_columns(&columns);
    }
}


static void what_was_stored_survives_growing(void **state) {
    (void)state;
    struct pw_columns columns = columns_for(1);
    append(&columns, 42, 4096, "kept");
    assert_false(pw_columns_has_room(&columns));
    void *old = columns.numbers[PW_PID];
    pw_field_set more = FIELDS | PW_BIT(PW_PSS) | PW_BIT(PW_CGROUP);
    pw_columns_move(&columns, more, 4, malloc(pw_columns_size(more, 4)));
    free(old);
    assert_int_equal(pw_columns_number(&columns, PW_RSS, 0), 4096);
    assert_int_equal(pw_columns_number(&columns, PW_PSS, 0), PW_ABSENT);
    assert_true(pw_slice_is(pw_columns_text(&columns, PW_COMM, 0), "kept"));
    assert_null(pw_columns_text(&columns, PW_CGROUP, 0).data);
    assert_true(pw_columns_has_room(&columns));
    free_columns(&columns);
}


static void an_empty_name_is_not_an_absent_one(void **state) {
    (void)state;
    struct pw_columns columns = columns_for(1);
    append(&columns, 1, 0, "");
    struct pw_slice comm = pw_columns_text(&columns, PW_COMM, 0);
    assert_non_null(comm.data);
    assert_int_equal(comm.size, 0);
    free_columns(&columns);
}


static void a_pid_is_found_from_any_hint(void **state) {
    (void)state;
    struct pw_columns columns = columns_for(4);
    append(&columns, 10, 1, "a");
    append(&columns, 20, 2, "b");
    append(&columns, 30, 3, "c");
    for (uint32_t hint = 0; hint < 6; hint++) {
        assert_int_equal(pw_columns_find(&columns, 20, hint), 1);
        assert_int_equal(pw_columns_find(&columns, 25, hint), columns.rows);
    }
    free_columns(&columns);
}


static void a_process_without_the_field_meets_no_condition(void **state) {
    (void)state;
    struct pw_filter filter = {.count = 1};
    filter.conditions[0] = (struct pw_condition){.id = PW_SWAP, .min = INT64_MIN, .max = INT64_MAX};
    struct pw_row row = row_of(1, 1, "x");
    assert_false(pw_filter_accepts(&filter, &row));
    row.numbers[PW_SWAP] = 0;
    assert_true(pw_filter_accepts(&filter, &row));
}


static void text_is_compared_whole(void **state) {
    (void)state;
    const struct pw_slice any[] = {pw_slice_of("sshd"), pw_slice_of("")};
    struct pw_filter filter = {.count = 1};
    filter.conditions[0] = (struct pw_condition){.id = PW_COMM, .any = any, .any_count = 2};
    const char *const names[] = {"sshd", "", "sshd2", "ssh"};
    for (int i = 0; i < 4; i++) {
        struct pw_row row = row_of(1, 1, names[i]);
        assert_int_equal(pw_filter_accepts(&filter, &row), i < 2);
    }
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_come_first_and_equals_by_pid),
        cmocka_unit_test(every_size_is_sorted),
        cmocka_unit_test(what_was_stored_survives_growing),
        cmocka_unit_test(an_empty_name_is_not_an_absent_one),
        cmocka_unit_test(a_pid_is_found_from_any_hint),
        cmocka_unit_test(a_process_without_the_field_meets_no_condition),
        cmocka_unit_test(text_is_compared_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
