/* SPDX-License-Identifier: MIT */
#include "read/badness.h"

#include "check.h"
#include "read/kernel_version.h"

/* 4 GiB of 4 KiB pages. */
#define TOTAL_PAGES 1048576


static struct pw_badness rate(int64_t version, const struct pw_rated *rated) {
    struct pw_badness_rules rules = pw_badness_rules_of(version);
    return pw_rate(&rules, rated, TOTAL_PAGES);
}


static int64_t score(int64_t version, const struct pw_rated *rated) {
    struct pw_badness_rules rules = pw_badness_rules_of(version);
    struct pw_badness badness = pw_rate(&rules, rated, TOTAL_PAGES);
    return pw_badness_score(&rules, &badness, TOTAL_PAGES);
}


static void since_5_9_the_score_of_nothing_is_two_thirds_of_a_thousand(void **state) {
    (void)state;
    assert_int_equal(score(PW_LINUX(6, 1, 0), &(struct pw_rated){0}), 666);
    assert_int_equal(score(PW_LINUX(6, 1, 0), &(struct pw_rated){.oom_score_adj = 1000}), 1332);
    assert_int_equal(score(PW_LINUX(6, 1, 0), &(struct pw_rated){.oom_score_adj = -900}), 67);
    assert_int_equal(score(PW_LINUX(5, 8, 0), &(struct pw_rated){0}), 0);
}


static void memory_swap_and_page_tables_count(void **state) {
    (void)state;
    struct pw_rated rated = {.rss_pages = 1000, .swap_pages = 200, .page_table_pages = 30};
    assert_int_equal(rate(PW_LINUX(6, 1, 0), &rated).pages, 1230);
    assert_int_equal(rate(PW_LINUX(2, 6, 39), &rated).memory_pages, 1230);
    assert_int_equal(rate(PW_LINUX(2, 6, 38), &rated).memory_pages, 1200);
}


static void adj_counts_in_thousandths_of_all_memory(void **state) {
    (void)state;
    struct pw_rated rated = {.rss_pages = 5000, .oom_score_adj = -10};
    assert_int_equal(rate(PW_LINUX(6, 1, 0), &rated).adj_pages, -10480);
    assert_int_equal(rate(PW_LINUX(6, 1, 0), &rated).pages, -5480);
    assert_int_equal(rate(PW_LINUX(5, 8, 0), &rated).pages, 1); /* never none of who may die */
}


static void root_was_spared_three_percent_until_4_16(void **state) {
    (void)state;
    struct pw_rated rated = {.rss_pages = 100000, .admin = true};
    assert_int_equal(rate(PW_LINUX(4, 17, 0), &rated).pages, 100000);
    assert_int_equal(rate(PW_LINUX(4, 16, 0), &rated).pages, 97000);
    assert_int_equal(rate(PW_LINUX(3, 14, 0), &rated).root_pages, -3000);
    assert_int_equal(rate(PW_LINUX(3, 13, 0), &rated).root_pages, -30 * 1048);
}


static void before_3_5_only_thousandths_were_compared(void **state) {
    (void)state;
    struct pw_rated some = {.rss_pages = 100000}, more = {.rss_pages = 100500};
    assert_int_equal(rate(PW_LINUX(3, 4, 0), &some).pages, rate(PW_LINUX(3, 4, 0), &more).pages);
    assert_int_equal(score(PW_LINUX(3, 4, 0), &some), 95);
    some.oom_score_adj = 1000;
    assert_int_equal(score(PW_LINUX(2, 6, 36), &some), 1000);
    some.oom_score_adj = -999;
    assert_int_equal(score(PW_LINUX(2, 6, 36), &some), 1);
}


static void before_2_6_36_size_age_and_rights_counted(void **state) {
    (void)state;
    struct pw_sized sized = {.total_vm_pages = 10000, .children_pages = 2000};
    assert_int_equal(pw_rate_by_size(&sized), 12000);
    sized.cpu_seconds = 80; /* the root of 10 is 3 */
    assert_int_equal(pw_rate_by_size(&sized), 4000);
    sized.run_seconds = 16 << 10; /* the fourth root of 16 is 2 */
    assert_int_equal(pw_rate_by_size(&sized), 2000);
    sized.admin = sized.raw_io = true;
    assert_int_equal(pw_rate_by_size(&sized), 125);
    sized.nice = true;
    assert_int_equal(pw_rate_by_size(&sized), 250);
    sized.oom_adj = 3;
    assert_int_equal(pw_rate_by_size(&sized), 2000);
    sized.oom_adj = -3;
    assert_int_equal(pw_rate_by_size(&sized), 31);
    assert_int_equal(pw_rate_by_size(&(struct pw_sized){.oom_adj = 15}), 32768);
}


static void oom_adj_is_converted_as_the_kernel_does(void **state) {
    (void)state;
    static const int64_t pairs[][2] = {{-17, -1000}, {-16, -941}, {-8, -470}, {-1, -58},
                                       {0, 0},       {1, 58},     {2, 117},   {5, 294},
                                       {8, 470},     {14, 823},   {15, 1000}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        assert_int_equal(pw_adj_of_oom_adj(pairs[i][0]), pairs[i][1]);
    }
}


static void oom_adj_loses_what_it_is_given(void **state) {
    (void)state;
    static const int64_t pairs[][2] = {{58, 0},    {-58, 0},     {294, 4},    {470, 7},   {823, 13},
                                       {1000, 15}, {-1000, -17}, {-941, -15}, {-900, -15}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        assert_int_equal(pw_oom_adj_of_adj(pairs[i][0]), pairs[i][1]);
    }
}


static void the_nearest_oom_adj_is_found(void **state) {
    (void)state;
    static const int64_t pairs[][2] = {{-1000, -17}, {-999, -16}, {-900, -15}, {-470, -8},
                                       {-28, 0},     {0, 0},      {30, 1},     {58, 1},
                                       {999, 15},    {1000, 15}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        assert_int_equal(pw_nearest_oom_adj(pairs[i][0]), pairs[i][1]);
    }
}


/* Two equals, the younger one second, and a process that is spared though it is large. */
static void rank(int64_t version, struct pw_ranked ranked[3]) {
    struct pw_badness_rules rules = pw_badness_rules_of(version);
    ranked[0] = (struct pw_ranked){.pid = 10, .start_ticks = 5, .badness_pages = 100};
    ranked[1] = (struct pw_ranked){.pid = 9, .start_ticks = 7, .badness_pages = 100};
    ranked[2] = (struct pw_ranked){.pid = 1, .badness_pages = 900, .spared = true};
    ranked[1].parent_pid = 10;
    pw_rank(&rules, ranked, 3, 3);
}


static void of_equals_the_youngest_is_next_since_5_3(void **state) {
    (void)state;
    struct pw_ranked ranked[3];
    rank(PW_LINUX(5, 3, 0), ranked);
    assert_int_equal(ranked[0].pid, 9);
    assert_int_equal(ranked[2].pid, 1);
    rank(PW_LINUX(5, 2, 0), ranked);
    assert_int_equal(ranked[0].pid, 10);
}


static void a_child_died_for_its_parent_before_5_1(void **state) {
    (void)state;
    struct pw_ranked ranked[3];
    rank(PW_LINUX(5, 0, 0), ranked);
    assert_int_equal(ranked[0].instead_pid, 9);
    assert_int_equal(ranked[1].instead_pid, 0);
    rank(PW_LINUX(5, 1, 0), ranked);
    assert_int_equal(ranked[0].instead_pid, 0);
}


static void no_number_is_too_large(void **state) {
    (void)state;
    struct pw_rated rated = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, true};
    struct pw_sized sized = {INT64_MAX, INT64_MAX, 0, 0, INT64_MAX, true, false, false};
    static const int64_t versions[] = {PW_LINUX(2, 6, 36), PW_LINUX(3, 10, 0), PW_LINUX(6, 1, 0)};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        struct pw_badness_rules rules = pw_badness_rules_of(versions[i]);
        for (int64_t total = 0; total >= 0; total = total ? -1 : INT64_MAX) {
            struct pw_badness badness = pw_rate(&rules, &rated, total);
            assert_true(pw_badness_score(&rules, &badness, total) >= 0);
        }
    }
    assert_int_equal(pw_rate_by_size(&sized), INT64_MAX);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(since_5_9_the_score_of_nothing_is_two_thirds_of_a_thousand),
        cmocka_unit_test(memory_swap_and_page_tables_count),
        cmocka_unit_test(adj_counts_in_thousandths_of_all_memory),
        cmocka_unit_test(root_was_spared_three_percent_until_4_16),
        cmocka_unit_test(before_3_5_only_thousandths_were_compared),
        cmocka_unit_test(before_2_6_36_size_age_and_rights_counted),
        cmocka_unit_test(oom_adj_is_converted_as_the_kernel_does),
        cmocka_unit_test(oom_adj_loses_what_it_is_given),
        cmocka_unit_test(the_nearest_oom_adj_is_found),
        cmocka_unit_test(of_equals_the_youngest_is_next_since_5_3),
        cmocka_unit_test(a_child_died_for_its_parent_before_5_1),
        cmocka_unit_test(no_number_is_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
