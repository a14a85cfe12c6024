/* SPDX-License-Identifier: MIT */
#include "act/grant.h"

#include <errno.h>

#include "check.h"
#include "fake_root.h"


static bool allows(const struct pw_grants *grants, const char *key) {
    struct pw_source source = {.root_fd = -EBADF};
    struct pw_buffer buffer = {0};
    struct pw_setting setting;
    assert_int_equal(pw_setting_of_key(&source, &buffer, key, &setting), 0);
    return pw_grants_allow(grants, &setting);
}


static struct pw_grants granted(const char *text) {
    struct pw_grants grants = {0};
    int line;
    assert_int_equal(pw_grants_parse(&grants, pw_slice_of(text), &line), 0);
    return grants;
}


static void a_sysctl_is_granted_by_its_whole_name(void **state) {
    (void)state;
    struct pw_grants grants = granted("sysctl vm/swappiness # however it is spelt\n");
    assert_true(allows(&grants, "sysctl vm.swappiness"));
    assert_true(allows(&grants, "sysctl vm/swappiness"));
    assert_false(allows(&grants, "sysctl vm.swappiness_of_the_other"));
    assert_false(allows(&grants, "sysctl vm.dirty_ratio"));
    assert_false(allows(&grants, "oom 1:2"));
    pw_grants_free(&grants);
}


static struct fake_root root;


static bool allows_in_cgroup(const struct pw_grants *grants, const char *path) {
    struct pw_source source;
    struct pw_buffer buffer = {0};
    struct pw_setting setting;
    pw_source_open(&source, root.path);
    assert_int_equal(
        pw_setting_of_cgroup(&source, &buffer, pw_slice_of(path), "memory.high", &setting), 0);
    pw_source_close(&source);
    return pw_grants_allow(grants, &setting);
}


static void a_cgroup_is_granted_with_those_below_it(void **state) {
    (void)state;
    fake_root_make(&root);
    fake_root_write(&root, "sys/fs/cgroup/cgroup.controllers", "memory\n");
    struct pw_grants grants = granted("\ncgroup /user.slice/\n"), all = granted("cgroup /");
    assert_true(allows_in_cgroup(&grants, "/user.slice"));
    assert_true(allows_in_cgroup(&grants, "/user.slice/a b"));
    assert_false(allows_in_cgroup(&grants, "/user.slices"));
    assert_false(allows_in_cgroup(&grants, "/"));
    assert_true(allows_in_cgroup(&all, "/"));
    assert_true(allows_in_cgroup(&all, "/web"));
    pw_grants_free(&grants);
    pw_grants_free(&all);
    fake_root_remove(&root);
}


static void scores_are_granted_or_not(void **state) {
    (void)state;
    struct pw_grants grants = granted("oom"), none = {0};
    assert_true(allows(&grants, "oom 812:1"));
    assert_false(allows(&none, "oom 812:1"));
    pw_grants_free(&grants);
}


static void words_that_make_no_grant_are_told_by_their_line(void **state) {
    (void)state;
    static const char *const texts[] = {"oom\nsysctl\n", "\nsysctl ../x", "oom\ncgroup user.slice",
                                        "oom\neverything", "oom\nkill all"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct pw_grants grants = {0};
        int line;
        assert_int_equal(pw_grants_parse(&grants, pw_slice_of(texts[i]), &line), -EINVAL);
        assert_int_equal(line, 2);
        pw_grants_free(&grants);
    }
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sysctl_is_granted_by_its_whole_name),
        cmocka_unit_test(a_cgroup_is_granted_with_those_below_it),
        cmocka_unit_test(scores_are_granted_or_not),
        cmocka_unit_test(words_that_make_no_grant_are_told_by_their_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
