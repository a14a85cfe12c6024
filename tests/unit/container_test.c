/* SPDX-License-Identifier: MIT */
#include "read/container.h"

#include <stdio.h>
#include <unistd.h>

#include "check.h"
#include "fake_root.h"

static struct fake_root root;


/* A namespace is a link with its name. */
static void set_namespace(const char *path, const char *name) {
    char whole[128], mark[128];
    snprintf(mark, sizeof mark, "%s.folder", path); /* for the folders above it */
    fake_root_write(&root, mark, "");
    snprintf(whole, sizeof whole, "%s/%s", root.path, path);
    assert_int_equal(symlink(name, whole), 0);
}


static int make_machine(void **state) {
    (void)state;
    fake_root_make(&root);
    set_namespace("proc/self/ns/pid", "pid:[4026531836]");
    set_namespace("proc/self/ns/mnt", "mnt:[4026531840]");
    return 0;
}


static int remove_root(void **state) {
    (void)state;
    fake_root_remove(&root);
    return 0;
}


static const char *sign(void) {
    struct pw_source source;
    assert_int_equal(pw_source_open(&source, root.path), 0);
    const char *found = pw_container_sign(&source);
    pw_source_close(&source);
    return found;
}


static void a_machine_has_no_sign(void **state) {
    (void)state;
    assert_null(sign());
}


static void a_pid_namespace_of_its_own_is_a_sign(void **state) {
    (void)state;
    fake_root_remove(&root);
    fake_root_make(&root);
    set_namespace("proc/self/ns/pid", "pid:[4026532301]");
    assert_string_equal(sign(), "a pid namespace of its own");
    fake_root_write(&root, "run/.containerenv", "");
    assert_string_equal(sign(), "run/.containerenv");
}


/* As with docker run --pid=host. */
static void a_mark_is_one_where_the_mounts_are_not_those_of_init(void **state) {
    (void)state;
    fake_root_write(&root, ".dockerenv", "");
    set_namespace("proc/1/ns/mnt", "mnt:[4026531841]");
    assert_string_equal(sign(), ".dockerenv");
}


static void a_virtual_machine_of_a_containers_image_is_a_machine(void **state) {
    (void)state;
    fake_root_write(&root, ".dockerenv", "");
    set_namespace("proc/1/ns/mnt", "mnt:[4026531840]");
    assert_null(sign());
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_machine_has_no_sign, make_machine, remove_root),
        cmocka_unit_test_setup_teardown(a_pid_namespace_of_its_own_is_a_sign, make_machine,
                                        remove_root),
        cmocka_unit_test_setup_teardown(a_mark_is_one_where_the_mounts_are_not_those_of_init,
                                        make_machine, remove_root),
        cmocka_unit_test_setup_teardown(a_virtual_machine_of_a_containers_image_is_a_machine,
                                        make_machine, remove_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
