/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "read/cgroup.h"

static struct pw_flaws flaws;


static int forget_flaws(void **state) {
    (void)state;
    flaws = (struct pw_flaws){0};
    return 0;
}


static void a_path_is_opaque_bytes_with_colons(void **state) {
    (void)state;
    struct pw_slice rest =
        pw_slice_of("4:cpu,cpuacct:/a\n0::/user@1000.service/x\\x2dy:z (deleted)\n");
    struct pw_membership group;
    struct pw_slice controller;
    assert_true(pw_next_membership(&rest, &group, &flaws));
    assert_int_equal(group.id, 4);
    assert_true(pw_next_controller(&group.controllers, &controller));
    assert_true(pw_slice_is(controller, "cpu"));
    assert_true(pw_next_controller(&group.controllers, &controller));
    assert_true(pw_slice_is(controller, "cpuacct"));
    assert_false(pw_next_controller(&group.controllers, &controller));
    assert_true(pw_next_membership(&rest, &group, &flaws));
    assert_int_equal(group.id, 0);
    assert_int_equal(group.controllers.size, 0);
    assert_true(pw_slice_is(group.path, "/user@1000.service/x\\x2dy:z (deleted)"));
    assert_false(pw_next_membership(&rest, &group, &flaws));
}


static void a_line_that_is_no_membership_is_skipped(void **state) {
    (void)state;
    struct pw_slice rest = pw_slice_of("\nhello\nx::/\n1:memory:\n1:memory:/ok");
    struct pw_membership group;
    assert_true(pw_next_membership(&rest, &group, &flaws));
    assert_true(pw_slice_is(group.path, "/ok"));
    assert_int_equal(flaws.skipped, 4);
}


static bool unit_is(const char *path, const char *unit) {
    return pw_slice_is(pw_unit_of_path(pw_slice_of(path)), unit);
}


static void a_unit_is_the_first_part_that_is_no_slice(void **state) {
    (void)state;
    assert_true(unit_is("/system.slice/cron.service", "cron.service"));
    assert_true(unit_is("/system.slice/system-postgresql.slice/postgresql@15-main.service/backend",
                        "postgresql@15-main.service"));
    assert_true(unit_is("/user.slice/user-7.slice/user@7.service/app.slice/cron.service",
                        "user@7.service"));
    assert_true(unit_is("/init.scope", "init.scope"));
    assert_true(unit_is("/system.slice/_cpu.service", "cpu.service"));
    assert_true(unit_is("/", ""));
    assert_true(unit_is("", ""));
    assert_true(unit_is("/docker/0123abc/system.slice/cron.service", ""));
    assert_true(unit_is("/user.slice", ""));
    assert_true(unit_is("/.service", ""));
}


static void a_group_holds_itself_and_those_below(void **state) {
    (void)state;
    static const char *const within[][2] = {
        {"/web", "/web"}, {"/web/a", "/web"}, {"/web/a", "/web/"}, {"/web", "/"}, {"/", "/"}};
    for (size_t i = 0; i < sizeof within / sizeof *within; i++) {
        assert_true(pw_cgroup_is_within(pw_slice_of(within[i][0]), pw_slice_of(within[i][1])));
    }
    assert_false(pw_cgroup_is_within(pw_slice_of("/website"), pw_slice_of("/web")));
    assert_false(pw_cgroup_is_within(pw_slice_of("/"), pw_slice_of("/web")));
}


static void numa_stat_of_version_2(void **state) {
    (void)state;
    struct pw_slice rest = pw_slice_of("anon N0=133948178432 N1=12\nfile garbage\n");
    struct pw_numa_line line;
    struct pw_numa_value value;
    assert_true(pw_next_numa_line(&rest, &line, &flaws));
    assert_true(pw_slice_is(line.key, "anon"));
    assert_false(line.has_total);
    assert_true(pw_next_numa_value(&line.nodes, &value, &flaws));
    assert_int_equal(value.node, 0);
    assert_int_equal(value.number.value, 133948178432);
    assert_true(pw_next_numa_value(&line.nodes, &value, &flaws));
    assert_int_equal(value.node, 1);
    assert_false(pw_next_numa_value(&line.nodes, &value, &flaws));
    assert_false(pw_next_numa_line(&rest, &line, &flaws));
    assert_int_equal(flaws.skipped, 1);
}


static void numa_stat_of_version_1_has_totals(void **state) {
    (void)state;
    struct pw_slice rest = pw_slice_of("total=858067 N0=858067\n");
    struct pw_numa_line line;
    assert_true(pw_next_numa_line(&rest, &line, &flaws));
    assert_true(pw_slice_is(line.key, "total"));
    assert_true(line.has_total);
    assert_int_equal(line.total.value, 858067);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_path_is_opaque_bytes_with_colons, forget_flaws),
        cmocka_unit_test_setup(a_line_that_is_no_membership_is_skipped, forget_flaws),
        cmocka_unit_test(a_unit_is_the_first_part_that_is_no_slice),
        cmocka_unit_test(a_group_holds_itself_and_those_below),
        cmocka_unit_test_setup(numa_stat_of_version_2, forget_flaws),
        cmocka_unit_test_setup(numa_stat_of_version_1_has_totals, forget_flaws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
