/* SPDX-License-Identifier: MIT */
#include "act/sysctl.h"

#include "check.h"


static const char *path_of(const char *name) {
    static char path[256];
    char dotted[200];
    if (!pw_sysctl_name(pw_slice_of(name), dotted, sizeof dotted)) {
        return NULL;
    }
    assert_true(pw_sysctl_path(dotted, path, sizeof path));
    return path;
}


static void dots_and_slashes_name_the_same_key(void **state) {
    (void)state;
    assert_string_equal(path_of("vm.swappiness"), "proc/sys/vm/swappiness");
    assert_string_equal(path_of("vm/swappiness"), "proc/sys/vm/swappiness");
    assert_string_equal(path_of("vm.page-cluster"), "proc/sys/vm/page-cluster");
}


static void the_first_of_dot_and_slash_delimits(void **state) {
    (void)state;
    assert_string_equal(path_of("net/ipv4/conf/eth0.1/mtu"), "proc/sys/net/ipv4/conf/eth0.1/mtu");
    assert_string_equal(path_of("net.ipv4.conf.eth0/1.mtu"), "proc/sys/net/ipv4/conf/eth0.1/mtu");
}


static void no_name_leads_out_of_proc_sys(void **state) {
    (void)state;
    static const char *const names[] = {
        "",        "/",      ".",       "..",    "/vm/swappiness",
        ".vm",     "vm.",    "vm..x",   "vm//x", "../version",
        "vm/../x", "vm/..",  "vm.//.x", "vm.//", "../../etc/passwd",
        "//..//x", "vm/./x", "vm.x\n",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (path_of(names[i])) {
            fail_msg("'%s' is %s", names[i], path_of(names[i]));
        }
    }
    char dotted[16];
    assert_false(pw_sysctl_name((struct pw_slice){"vm.x\0y", 6}, dotted, sizeof dotted));
    assert_false(pw_sysctl_name(pw_slice_of("vm.longer_than_the_room"), dotted, sizeof dotted));
}


static void partners_know_each_other(void **state) {
    (void)state;
    assert_string_equal(pw_sysctl_partner("vm.dirty_bytes"), "vm.dirty_ratio");
    assert_string_equal(pw_sysctl_partner("vm.dirty_ratio"), "vm.dirty_bytes");
    assert_null(pw_sysctl_partner("vm.swappiness"));
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dots_and_slashes_name_the_same_key),
        cmocka_unit_test(the_first_of_dot_and_slash_delimits),
        cmocka_unit_test(no_name_leads_out_of_proc_sys),
        cmocka_unit_test(partners_know_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
