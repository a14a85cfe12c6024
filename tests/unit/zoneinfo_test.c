/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "read/zoneinfo.h"

static const char text[] = "Node 0, zone      DMA\n"
                           "  per-node stats\n"
                           "      nr_active_anon 547580\n"
                           "  pages free     3952\n"
                           "        min      33\n"
                           "        high     49\n"
                           "        protection: (0, 2877, x, 7826)\n"
                           "      nr_free_pages 3952\n"
                           "  pagesets\n"
                           "    cpu: 3\n"
                           "              high:  122\n"
                           "  vm stats threshold: 24\n"
                           "  node_unreclaimable:  0\n"
                           "Node 1, zone   Normal\n"
                           "  pages free     7\n"
                           "        scanned  0 (a: 1 i: 2)\n"
                           "      nr_active_anon 5\n";

static struct pw_zone_walk walk;
static struct pw_flaws flaws;


static struct pw_zone_line next(enum pw_zone_kind kind) {
    struct pw_zone_line line;
    assert_true(pw_next_zone_line(&walk, &line, &flaws));
    assert_int_equal(line.kind, kind);
    return line;
}


static void expect(enum pw_zone_kind kind, const char *key, int64_t value) {
    struct pw_zone_line line = next(kind);
    assert_true(pw_slice_is(line.field.key, key));
    assert_int_equal(line.field.number.value, value);
}


static void expect_zone(int64_t node, const char *name) {
    struct pw_zone_line line = next(PW_ZONE_BEGIN);
    assert_int_equal(line.node, node);
    assert_true(pw_slice_is(line.name, name));
}


static void expect_protection(void) {
    struct pw_zone_line line = next(PW_ZONE_PROTECTION);
    struct pw_number pages;
    assert_true(pw_next_protection(&line.list, &pages, &flaws));
    assert_true(pw_next_protection(&line.list, &pages, &flaws));
    assert_int_equal(pages.value, 2877);
    assert_true(pw_next_protection(&line.list, &pages, &flaws));
    assert_int_equal(pages.value, 7826);
    assert_false(pw_next_protection(&line.list, &pages, &flaws));
    assert_int_equal(flaws.skipped, 1);
}


static void the_watermark_high_is_not_the_high_of_a_pageset(void **state) {
    (void)state;
    flaws = (struct pw_flaws){0};
    walk = (struct pw_zone_walk){.rest = pw_slice_of(text)};
    expect_zone(0, "DMA");
    expect(PW_ZONE_PER_NODE, "nr_active_anon", 547580);
    expect(PW_ZONE_COUNTER, "free", 3952);
    expect(PW_ZONE_COUNTER, "min", 33);
    expect(PW_ZONE_COUNTER, "high", 49);
    expect_protection();
    expect(PW_ZONE_COUNTER, "nr_free_pages", 3952);
    expect(PW_ZONE_CPU, "cpu", 3);
    expect(PW_ZONE_PAGESET, "high", 122);
    expect(PW_ZONE_PAGESET, "vm stats threshold", 24);
    expect(PW_ZONE_COUNTER, "node_unreclaimable", 0);
}


static void before_4_8_each_zone_has_its_own_counters(void **state) {
    (void)state;
    flaws = (struct pw_flaws){0};
    expect_zone(1, "Normal");
    expect(PW_ZONE_COUNTER, "free", 7);
    expect(PW_ZONE_COUNTER, "nr_active_anon", 5);
    assert_int_equal(flaws.skipped, 1); /* what 2.6 says in brackets */
    struct pw_zone_line line;
    assert_false(pw_next_zone_line(&walk, &line, &flaws));
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_watermark_high_is_not_the_high_of_a_pageset),
        cmocka_unit_test(before_4_8_each_zone_has_its_own_counters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
