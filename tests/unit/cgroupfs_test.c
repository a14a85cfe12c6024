/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "read/cgroupfs.h"

static const char mixed[] = "11:pids:/cgroup-path:colon\n"
                            "4:memory,hugetlb:/init.scope\n"
                            "1:name=systemd:/init.scope\n"
                            "not a line\n"
                            "0::/user.slice/user:with:colon.slice";


static struct pw_slice path_in(int version, const char *text) {
    struct pw_cgroups cgroups = {version, "sys/fs/cgroup"};
    struct pw_slice path = {0};
    pw_cgroup_of_process(&cgroups, pw_slice_of(text), &path);
    return path;
}


static void a_process_is_in_the_cgroup_of_the_version_that_accounts_memory(void **state) {
    (void)state;
    assert_true(pw_slice_is(path_in(1, mixed), "/init.scope"));
    assert_true(pw_slice_is(path_in(2, mixed), "/user.slice/user:with:colon.slice"));
    assert_null(path_in(1, "0::/\n").data);
    assert_null(path_in(2, "4:memory:/\n").data);
}


static void parents_end_at_the_root(void **state) {
    (void)state;
    struct pw_slice path = pw_slice_of("/a/b");
    assert_true(pw_cgroup_parent(&path));
    assert_true(pw_slice_is(path, "/a"));
    assert_true(pw_cgroup_parent(&path));
    assert_true(pw_slice_is(path, "/"));
    assert_false(pw_cgroup_parent(&path));
    path = pw_slice_of("");
    assert_false(pw_cgroup_parent(&path));
}


static void each_version_has_its_own_files(void **state) {
    (void)state;
    struct pw_cgroups v1 = {1, ""}, v2 = {2, ""};
    assert_string_equal(pw_cgroup_file_name(&v1, PW_CGROUP_MAX), "memory.limit_in_bytes");
    assert_string_equal(pw_cgroup_file_name(&v2, PW_CGROUP_MAX), "memory.max");
    assert_null(pw_cgroup_file_name(&v1, PW_CGROUP_HIGH));
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_is_in_the_cgroup_of_the_version_that_accounts_memory),
        cmocka_unit_test(parents_end_at_the_root),
        cmocka_unit_test(each_version_has_its_own_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
