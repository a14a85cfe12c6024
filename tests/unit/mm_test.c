/* SPDX-License-Identifier: MIT */
#include "act/mm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "fake_root.h"


static const char *value_of(const char *text) {
    static char value[PW_VALUE_BYTES];
    return pw_mm_value(pw_slice_of(text), value) ? "(too long)" : value;
}


static const char *shown(const char *text, const char *value) {
    static char after[PW_VALUE_BYTES];
    int error = pw_mm_show(pw_slice_of(text), value, after);
    return error == -EINVAL ? "(invalid)" : error ? "(too long)" : after;
}


static void values_have_one_form(void **state) {
    (void)state;
    assert_string_equal(value_of("always [madvise] never\n"), "madvise");
    assert_string_equal(value_of("[none] scan-time\n"), "none");
    assert_string_equal(value_of("0x0007\n"), "7");
    assert_string_equal(value_of("Y\n"), "1");
    assert_string_equal(value_of("false\n"), "0");
    assert_string_equal(value_of("100\n"), "100");
    assert_string_equal(value_of("zstd\n"), "zstd");
    assert_string_equal(value_of("18446744073709551615\n"), "18446744073709551615");
    char long_text[PW_VALUE_BYTES + 1];
    memset(long_text, 'x', PW_VALUE_BYTES);
    long_text[PW_VALUE_BYTES] = '\0';
    assert_string_equal(value_of(long_text), "(too long)");
    assert_string_equal(value_of("two\nlines\n"), "(too long)");
}


static void a_file_shows_a_value_as_its_kernel_would(void **state) {
    (void)state;
    assert_string_equal(shown("always [madvise] never\n", "always"), "[always] madvise never");
    assert_string_equal(shown("always [madvise] never\n", "sometimes"), "(invalid)");
    assert_string_equal(shown("0x0007\n", "1"), "0x0001");
    assert_string_equal(shown("Y\n", "0"), "N");
    assert_string_equal(shown("false\n", "1"), "true");
    assert_string_equal(shown("100\n", "250"), "250");
}


static void what_is_shown_has_the_value(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"always defer defer+madvise [madvise] never", "defer+madvise"},
        {"0x0000", "7"},
        {"N", "1"},
        {"true", "0"},
        {"lzo", "zstd"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char after[PW_VALUE_BYTES];
        snprintf(after, sizeof after, "%s", shown(cases[i][0], cases[i][1]));
        assert_string_equal(value_of(after), cases[i][1]);
    }
}


static void red_hat_6_has_its_own_name_for_huge_pages(void **state) {
    (void)state;
    struct fake_root root;
    struct pw_source source;
    char path[128];
    struct pw_slice name = pw_slice_of("transparent_hugepage/enabled");
    fake_root_make(&root);
    assert_int_equal(pw_source_open(&source, root.path), 0);
    assert_true(pw_mm_path(&source, name, path, sizeof path));
    assert_string_equal(path, "sys/kernel/mm/transparent_hugepage/enabled");
    fake_root_write(&root, "sys/kernel/mm/redhat_transparent_hugepage/enabled", "[always] never\n");
    assert_true(pw_mm_path(&source, name, path, sizeof path));
    assert_string_equal(path, "sys/kernel/mm/redhat_transparent_hugepage/enabled");
    pw_source_close(&source);
    fake_root_remove(&root);
}


static void a_name_is_of_a_setting_or_of_nothing(void **state) {
    (void)state;
    struct pw_source source = {.root_fd = -EBADF};
    char path[128], room[16];
    assert_true(pw_mm_path(&source, pw_slice_of("zswap/enabled"), path, sizeof path));
    assert_string_equal(path, "sys/module/zswap/parameters/enabled");
    assert_true(pw_mm_path(&source, pw_slice_of("ksm/run"), path, sizeof path));
    assert_false(pw_mm_path(&source, pw_slice_of("ksm/run"), room, sizeof room));
    static const char *const names[] = {"",
                                        "/etc/passwd",
                                        "../../../etc/passwd",
                                        "ksm/../ksm/run",
                                        "ksm//run",
                                        "ksm/",
                                        "zswap/",
                                        "zswap/../../x",
                                        "zram0/disksize",
                                        "damon/admin/kdamonds/nr_kdamonds",
                                        "page_idle/bitmap",
                                        "ksm/run\n"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (pw_mm_path(&source, pw_slice_of(names[i]), path, sizeof path)) {
            fail_msg("'%s' is %s", names[i], path);
        }
    }
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_one_form),
        cmocka_unit_test(a_file_shows_a_value_as_its_kernel_would),
        cmocka_unit_test(what_is_shown_has_the_value),
        cmocka_unit_test(red_hat_6_has_its_own_name_for_huge_pages),
        cmocka_unit_test(a_name_is_of_a_setting_or_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
