/* SPDX-License-Identifier: MIT */
#include "act/sysrq.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "fake_root.h"

static struct fake_root root;
static struct pw_source source;


static int make_root(void **state) {
    (void)state;
    fake_root_make(&root);
    return pw_source_open(&source, root.path);
}


static int remove_root(void **state) {
    (void)state;
    pw_source_close(&source);
    fake_root_remove(&root);
    return 0;
}


static void what_ends_everything_is_never_triggered(void **state) {
    (void)state;
    fake_root_write(&root, PW_SYSRQ_TRIGGER, "");
    for (const char *letter = "bceiou"; *letter; letter++) {
        assert_non_null(pw_sysrq_letter(*letter)->never);
        assert_int_equal(pw_sysrq_press(&source, *letter), -EINVAL);
    }
    assert_int_equal(pw_sysrq_press(&source, '_'), -EINVAL);
    assert_int_equal(pw_sysrq_press(&source, 'R'), -EINVAL);
    assert_string_equal(fake_root_read(&root, PW_SYSRQ_TRIGGER), "");
}


static void what_is_offered_is_what_has_no_reason_against_it(void **state) {
    (void)state;
    for (char letter = 'a'; letter <= 'z'; letter++) {
        const struct pw_sysrq_letter *known = pw_sysrq_letter(letter);
        assert_int_equal(known && !known->never, strchr(pw_sysrq_offered(), letter) != NULL);
    }
}


static void one_byte_is_written_and_no_newline(void **state) {
    (void)state;
    fake_root_write(&root, PW_SYSRQ_TRIGGER, "");
    assert_int_equal(pw_sysrq_press(&source, 's'), 0);
    char path[128];
    struct stat status;
    snprintf(path, sizeof path, "%s/" PW_SYSRQ_TRIGGER, root.path);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 1);
    assert_string_equal(fake_root_read(&root, PW_SYSRQ_TRIGGER), "s");
}


static void a_kernel_without_sysrq_is_no_lack_of_rights(void **state) {
    (void)state;
    assert_int_equal(pw_sysrq_available(&source), -EOPNOTSUPP);
    assert_int_equal(pw_sysrq_press(&source, 's'), -EOPNOTSUPP);
    fake_root_write(&root, PW_SYSRQ_TRIGGER, "");
    assert_int_equal(pw_sysrq_available(&source), 0);
}


/* 438 is what Debian sets. */
static void the_mask_lets_the_keyboard_do_what_its_bits_say(void **state) {
    (void)state;
    assert_true(pw_sysrq_keyboard_may(438, pw_sysrq_letter('s')->group_bit));
    assert_false(pw_sysrq_keyboard_may(438, pw_sysrq_letter('f')->group_bit));
    assert_false(pw_sysrq_keyboard_may(438, pw_sysrq_letter('m')->group_bit));
    assert_true(pw_sysrq_keyboard_may(1, pw_sysrq_letter('q')->group_bit));
    assert_false(pw_sysrq_keyboard_may(0, pw_sysrq_letter('s')->group_bit));
    assert_false(pw_sysrq_keyboard_may(438, pw_sysrq_letter('q')->group_bit));
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_ends_everything_is_never_triggered, make_root,
                                        remove_root),
        cmocka_unit_test(what_is_offered_is_what_has_no_reason_against_it),
        cmocka_unit_test_setup_teardown(one_byte_is_written_and_no_newline, make_root, remove_root),
        cmocka_unit_test_setup_teardown(a_kernel_without_sysrq_is_no_lack_of_rights, make_root,
                                        remove_root),
        cmocka_unit_test(the_mask_lets_the_keyboard_do_what_its_bits_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
