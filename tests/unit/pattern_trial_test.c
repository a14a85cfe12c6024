/* SPDX-License-Identifier: MIT */
#include "host/pattern_trial.h"

#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#include "check.h"


static bool always(void *context) {
    (void)context;
    return true;
}


/* Says no after as many questions as the context is. */
static bool sometimes(void *context) {
    int *left = context;
    return (*left)-- > 0;
}


static struct pw_pattern_trial trial_of(const char *subject, const char *pattern) {
    return (struct pw_pattern_trial){.subject = pw_slice_of(subject),
                                     .pattern = pw_slice_of(pattern),
                                     .anchors = true,
                                     .may_go_on = always};
}


/* A word of up to `most` pieces, from a sequence of numbers that is always the same. */
static const char *random_word(uint32_t *seed, const char *const pieces[], size_t count, int most,
                               char word[64]) {
    *seed = *seed * 1664525 + 1013904223;
    int length = (int)(*seed >> 16) % (most + 1);
    word[0] = 0;
    for (int i = 0; i < length; i++) {
        *seed = *seed * 1664525 + 1013904223;
        strcat(word, pieces[(*seed >> 16) % count]);
    }
    return word;
}


/* [-0, +0, v] What Lua's own string.find says; false when it raises. */
static bool find_in_lua(lua_State *L, const char *subject, const char *pattern, ptrdiff_t *begin,
                        ptrdiff_t *end) {
    lua_settop(L, 0);
    lua_getglobal(L, "string");
    lua_getfield(L, 1, "find");
    lua_pushstring(L, subject);
    lua_pushstring(L, pattern);
    int status = lua_pcall(L, 2, 2, 0);
    *begin = lua_tointeger(L, 2) - 1;
    *end = lua_tointeger(L, 3);
    return status == LUA_OK;
}


static void agrees_with_lua_on_random_patterns(void **unused) {
    (void)unused;
    static const char *const bytes[] = {"a", "b", "1", " ", "(", ")", "]", "-"};
    static const char *const items[] = {"a",    "b",      ".",      "%a",     "%A", "%d", "[ab]",
                                        "[^a]", "[a-c1]", "[]]",    "[%d%-]", "(",  ")",  "()",
                                        "*",    "+",      "-",      "?",      "^",  "$",  "%1",
                                        "%2",   "%b()",   "%f[%a]", "%f[^a]", "%",  "[",  "%-"};
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    uint32_t seed = 7;
    int found = 0, raised = 0;
    for (int i = 0; i < 100000; i++) {
        char subject[64], pattern[64];
        random_word(&seed, bytes, sizeof bytes / sizeof *bytes, 10, subject);
        random_word(&seed, items, sizeof items / sizeof *items, 7, pattern);
        if (!strpbrk(pattern, "^$*+?.([%-")) {
            continue; /* Lua does not match it but searches for it */
        }
        struct pw_pattern_trial trial = trial_of(subject, pattern);
        struct pw_pattern_match match;
        ptrdiff_t begin, end;
        assert_true(pw_pattern_try(&trial, &match));
        if (!find_in_lua(L, subject, pattern, &begin, &end)) {
            raised++;
        } else if (begin != (match.begin ? match.begin - subject : -1) ||
                   (match.end && end != match.end - subject)) {
            fail_msg("'%s' in '%s'", pattern, subject);
        } else {
            found += match.end != NULL;
        }
    }
    assert_true(found > 5000 && raised > 5000);
    lua_close(L);
}


static void goes_on_only_while_it_may(void **unused) {
    (void)unused;
    int left = 3;
    struct pw_pattern_trial trial =
        trial_of("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a-a-a-a-a-a-a-a-b");
    struct pw_pattern_match match;
    trial.may_go_on = sometimes;
    trial.context = &left;
    assert_false(pw_pattern_try(&trial, &match));
    assert_int_equal(left, -1);
}


static void tries_every_match_when_all_are_wanted(void **unused) {
    (void)unused;
    struct pw_pattern_trial trial = trial_of("one two  three", "%a+");
    struct pw_pattern_match match;
    trial.all = true;
    assert_true(pw_pattern_try(&trial, &match));
    assert_int_equal(match.begin - trial.subject.data, 9);
    trial.start = 11;
    trial.all = false;
    assert_true(pw_pattern_try(&trial, &match));
    assert_int_equal(match.begin - trial.subject.data, 11);
}


static void only_what_may_backtrack_far_is_worth_a_trial(void **unused) {
    (void)unused;
    assert_true(pw_pattern_is_cheap(80, pw_slice_of("^(%S+)%s")));
    assert_true(pw_pattern_is_cheap(10000, pw_slice_of("%d%d:")));
    assert_false(pw_pattern_is_cheap(40, pw_slice_of("a-a-a-a-a-a-a-a-b")));
    assert_false(pw_pattern_is_cheap((size_t)1 << 22, pw_slice_of("%b()")));
    assert_false(pw_pattern_is_cheap(SIZE_MAX / 2, pw_slice_of("a*")));
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_lua_on_random_patterns),
        cmocka_unit_test(goes_on_only_while_it_may),
        cmocka_unit_test(tries_every_match_when_all_are_wanted),
        cmocka_unit_test(only_what_may_backtrack_far_is_worth_a_trial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
