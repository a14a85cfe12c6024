/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "read/plain.h"


static bool take(const char *text, struct pw_plain_line *line) {
    struct pw_slice rest = pw_slice_of(text);
    bool taken = pw_take_plain_line(&rest, line);
    assert_int_equal(rest.size, taken ? 0 : pw_slice_of(text).size);
    return taken;
}


static void the_usual_line_is_taken_at_once(void **state) {
    (void)state;
    struct pw_plain_line line;
    assert_true(take("   MemTotal:\t 123456789 kB\n", &line));
    assert_true(pw_slice_is(line.key, "MemTotal"));
    assert_true(line.colon);
    assert_int_equal(line.indent, 3);
    assert_int_equal(line.value, 123456789LL * 1024);
    assert_true(take("nr_free_pages 0\n", &line));
    assert_false(line.colon);
    assert_true(take("ShadowCallStack:10373888 kB\n", &line));
    assert_true(take("a 999999999999999 kB\n", &line));
    assert_int_equal(line.value, 999999999999999LL * 1024);
}


static void any_other_line_is_left_to_the_careful_way(void **state) {
    (void)state;
    static const char *const lines[] = {
        "",          "\n",        "key\n",     "key:\n",         ":1\n",
        "key 1",     "key -1\n",  "key max\n", "key 1 MB\n",     "key 1 kB \n",
        "key 1 2\n", "key 1.5\n", "key 1kB\n", "two words: 1\n", "key 1000000000000000\n",
        "key 1 k",   "key 1\r\n", "key\v1\n",
    };
    struct pw_plain_line line;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        assert_false(take(lines[i], &line));
    }
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_usual_line_is_taken_at_once),
        cmocka_unit_test(any_other_line_is_left_to_the_careful_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
