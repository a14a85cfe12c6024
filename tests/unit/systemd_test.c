/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "act/systemd.h"
#include "fake_root.h"

static char unit[PW_UNIT_BYTES];
static char assignment[PW_ASSIGNMENT_BYTES];


static void assert_unit(const char *path, const char *expected) {
    assert_true(pw_systemd_unit(pw_slice_of(path), unit));
    assert_string_equal(unit, expected);
}


static void the_last_part_of_a_cgroups_path_is_its_unit(void **state) {
    (void)state;
    assert_unit("/system.slice/nginx.service", "nginx.service");
    assert_unit("/user.slice", "user.slice");
    assert_unit("/user.slice/user-1000.slice/session-2.scope", "session-2.scope");
    assert_unit("/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service");
}


static void an_escaped_unit_is_named_without_its_escape(void **state) {
    (void)state;
    assert_unit("/system.slice/_cpu.service", "cpu.service");
}


static void other_cgroups_are_no_units(void **state) {
    (void)state;
    const char *const paths[] = {"/", "", "/web", "/docker/0123", "/a.service/worker", "/.service"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_false(pw_systemd_unit(pw_slice_of(paths[i]), unit));
    }
}


static void limits_become_properties_in_systemds_words(void **state) {
    (void)state;
    assert_true(pw_systemd_assignment("memory.high", "1073741824", assignment));
    assert_string_equal(assignment, "MemoryHigh=1073741824");
    assert_true(pw_systemd_assignment("memory.swap.max", "max", assignment));
    assert_string_equal(assignment, "MemorySwapMax=infinity");
    assert_false(pw_systemd_assignment("cgroup.freeze", "1", assignment));
    assert_false(pw_systemd_assignment("memory.oom.group", "1", assignment));
}


static void no_systemd_manages_another_root(void **state) {
    (void)state;
    struct fake_root root;
    struct pw_source source;
    fake_root_make(&root);
    fake_root_write(&root, "run/systemd/system/x", "");
    fake_root_write(&root, "sys/fs/cgroup/a.service/memory.high", "max\n");
    assert_int_equal(pw_source_open(&source, root.path), 0);
    assert_false(pw_systemd_manages(&source, "sys/fs/cgroup", "sys/fs/cgroup/a.service"));
    pw_source_close(&source);
    fake_root_remove(&root);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_part_of_a_cgroups_path_is_its_unit),
        cmocka_unit_test(an_escaped_unit_is_named_without_its_escape),
        cmocka_unit_test(other_cgroups_are_no_units),
        cmocka_unit_test(limits_become_properties_in_systemds_words),
        cmocka_unit_test(no_systemd_manages_another_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
