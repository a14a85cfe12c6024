/* SPDX-License-Identifier: MIT */
#include "act/grant.h"

#include <errno.h>
#include <stdio.h>

#include "act/setting.h"
#include "check.h"


static bool allows(const struct pw_grants *grants, const char *key) {
    return pw_grants_allow(grants, pw_slice_of(key));
}


static struct pw_grants granted(const char *words) {
    struct pw_grants grants = {0};
    assert_int_equal(pw_grants_add(&grants, pw_slice_of(words)), 0);
    return grants;
}


static void a_sysctl_is_granted_by_its_whole_name(void **state) {
    (void)state;
    struct pw_grants grants = granted(" sysctl  vm/swappiness"); /* however it is spelt */
    assert_true(allows(&grants, "sysctl vm.swappiness"));
    assert_false(allows(&grants, "sysctl vm.swappiness_of_the_other"));
    assert_false(allows(&grants, "sysctl vm.dirty_ratio"));
    assert_false(allows(&grants, "oom 1:2"));
    pw_grants_free(&grants);
}


static bool allows_in_cgroup(const struct pw_grants *grants, const char *path) {
    struct pw_setting setting = {.kind = PW_SETTING_CGROUP};
    snprintf(setting.key, sizeof setting.key, "cgroup %s memory.high", path);
    return pw_grants_allow(grants, pw_setting_bound(&setting));
}


static void a_path_is_granted_with_those_below_it(void **state) {
    (void)state;
    struct pw_grants grants = granted("cgroup /user.slice/"), all = granted("cgroup /");
    assert_true(allows_in_cgroup(&grants, "/user.slice"));
    assert_true(allows_in_cgroup(&grants, "/user.slice/a b"));
    assert_false(allows_in_cgroup(&grants, "/user.slices"));
    assert_false(allows_in_cgroup(&grants, "/"));
    assert_false(allows(&grants, "swap /user.slice"));
    assert_true(allows_in_cgroup(&all, "/"));
    assert_true(allows_in_cgroup(&all, "/web"));
    pw_grants_free(&grants);
    pw_grants_free(&all);
}


static void scores_are_granted_or_not(void **state) {
    (void)state;
    struct pw_grants grants = granted("oom"), none = {0};
    assert_true(allows(&grants, "oom 812:1"));
    assert_false(allows(&grants, "kill 812:1"));
    assert_false(allows(&none, "oom 812:1"));
    pw_grants_free(&grants);
}


static void one_letter_of_sysrq_does_not_grant_another(void **state) {
    (void)state;
    struct pw_grants grants = granted("sysrq s");
    assert_true(allows(&grants, "sysrq s"));
    assert_false(allows(&grants, "sysrq f"));
    pw_grants_free(&grants);
}


static void a_way_to_reclaim_is_granted_with_whatever_it_is_done_to(void **state) {
    (void)state;
    struct pw_grants pageout = granted("reclaim pageout"), cgroup = granted("reclaim cgroup /a/");
    struct pw_grants all = granted("reclaim cgroup /");
    assert_true(allows(&pageout, "reclaim pageout 812:1"));
    assert_false(allows(&pageout, "reclaim pageouts"));
    assert_false(allows(&pageout, "reclaim drop_caches"));
    assert_true(allows(&cgroup, "reclaim cgroup /a"));
    assert_true(allows(&cgroup, "reclaim cgroup /a/b"));
    assert_false(allows(&cgroup, "reclaim cgroup /a b"));
    assert_false(allows(&cgroup, "reclaim cgroup /"));
    assert_true(allows(&all, "reclaim cgroup /"));
    assert_true(allows(&all, "reclaim cgroup /b"));
    pw_grants_free(&pageout);
    pw_grants_free(&cgroup);
    pw_grants_free(&all);
}


static void words_that_make_no_grant_are_refused(void **state) {
    (void)state;
    static const char *const words[] = {
        "sysctl",   "sysctl ../x", "cgroup user.slice", "everything",
        "kill all", "oom 1:2",     "swap var/swap",     ""};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct pw_grants grants = {0};
        assert_int_equal(pw_grants_add(&grants, pw_slice_of(words[i])), -EINVAL);
        pw_grants_free(&grants);
    }
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sysctl_is_granted_by_its_whole_name),
        cmocka_unit_test(a_path_is_granted_with_those_below_it),
        cmocka_unit_test(scores_are_granted_or_not),
        cmocka_unit_test(one_letter_of_sysrq_does_not_grant_another),
        cmocka_unit_test(a_way_to_reclaim_is_granted_with_whatever_it_is_done_to),
        cmocka_unit_test(words_that_make_no_grant_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
