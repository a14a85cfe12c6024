/* SPDX-License-Identifier: MIT
 *
 * What is written at cgroups for those who kill them, in the situations of systemd's
 * test-oomd-util.c (oomd_fetch_cgroup_oom_preference). Folders that may not have such marks, as on
 * a tmpfs before Linux 6.6, skip it, and a user who may not give folders away the last of it.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "check.h"
#include "fake_root.h"
#include "read/cgroup_preference.h"

static const struct pw_cgroups cgroups = {2, "sys/fs/cgroup"};

static struct fake_root root;
static struct pw_source source;


static int set_up(void **state) {
    (void)state;
    fake_root_make(&root);
    fake_root_write(&root, "sys/fs/cgroup/herp.slice/derp.scope/cgroup.procs", "");
    return pw_source_open(&source, root.path);
}


static int tear_down(void **state) {
    (void)state;
    pw_source_close(&source);
    fake_root_remove(&root);
    return 0;
}


static const char *folder_of(const char *path) {
    static char whole[512];
    snprintf(whole, sizeof whole, "%s/sys/fs/cgroup%s", root.path, path);
    return whole;
}


static void mark(const char *path, const char *name, const char *value) {
    if (setxattr(folder_of(path), name, value, 1, 0) && (errno == ENOTSUP || errno == EPERM)) {
        skip();
    }
}


static void give_to(const char *path, uid_t uid) {
    if (chown(folder_of(path), uid, (gid_t)-1) && errno == EPERM) {
        skip();
    }
}


/* What counts of the cgroup for who watches another; of the cgroup and those above without. */
static int preference_of(const char *path, const char *watched) {
    enum pw_cgroup_preference found = PW_PREFERENCE_NONE;
    int error = watched ? pw_cgroup_read_own_preference(&source, &cgroups, pw_slice_of(path),
                                                        pw_slice_of(watched), &found)
                        : pw_cgroup_read_preference(&source, &cgroups, pw_slice_of(path), &found);
    return error ? error : (int)found;
}


static void omit_is_stronger_than_avoid(void **state) {
    (void)state;
    assert_int_equal(preference_of("/herp.slice", "/"), PW_PREFERENCE_NONE);
    give_to("/herp.slice", 0);
    mark("/herp.slice", "user.oomd_avoid", "1");
    assert_int_equal(preference_of("/herp.slice", "/"), PW_PREFERENCE_AVOID);
    mark("/herp.slice", "user.oomd_omit", "1");
    assert_int_equal(preference_of("/herp.slice", "/"), PW_PREFERENCE_OMIT);
    mark("/herp.slice", "user.oomd_omit", "0");
    assert_int_equal(preference_of("/herp.slice", "/"), PW_PREFERENCE_AVOID);
}


static void for_systemd_oomd_only_what_is_at_the_cgroup_itself_counts(void **state) {
    (void)state;
    give_to("/herp.slice", 0);
    mark("/herp.slice", "user.oomd_omit", "1");
    assert_int_equal(preference_of("/herp.slice/derp.scope", "/"), PW_PREFERENCE_NONE);
    assert_int_equal(preference_of("/herp.slice/derp.scope", NULL), PW_PREFERENCE_OMIT);
    mark("/herp.slice/derp.scope", "user.oomd_prefer", "1");
    assert_int_equal(preference_of("/herp.slice/derp.scope", "/"), PW_PREFERENCE_NONE);
}


static void a_user_has_a_say_where_what_is_watched_is_his(void **state) {
    (void)state;
    mark("/herp.slice/derp.scope", "user.oomd_avoid", "1");
    give_to("/herp.slice", 0);
    give_to("/herp.slice/derp.scope", 61183);
    assert_int_equal(preference_of("/herp.slice/derp.scope", "/herp.slice"), PW_PREFERENCE_NONE);
    give_to("/herp.slice", 61183);
    assert_int_equal(preference_of("/herp.slice/derp.scope", "/herp.slice"), PW_PREFERENCE_AVOID);
    assert_int_equal(preference_of("/herp.slice/derp.scope", NULL), PW_PREFERENCE_NONE);
}


static void a_cgroup_that_is_gone_is_said(void **state) {
    (void)state;
    assert_int_equal(preference_of("/gone", "/"), -ENOENT);
    assert_int_equal(preference_of("/herp.slice", "/gone"), -ENOENT);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(omit_is_stronger_than_avoid, set_up, tear_down),
        cmocka_unit_test_setup_teardown(for_systemd_oomd_only_what_is_at_the_cgroup_itself_counts,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_user_has_a_say_where_what_is_watched_is_his, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_cgroup_that_is_gone_is_said, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
