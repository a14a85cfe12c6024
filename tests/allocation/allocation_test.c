/* SPDX-License-Identifier: MIT
 *
 * Every binding when memory runs out: each line of snippets.lua is run in a new state with no
 * allocation allowed, then one, then two, until it succeeds. Each time it must end in an error that
 * says so, work when it is called again with memory at hand, and leave nothing behind: no block of
 * Lua's and no descriptor. (Blocks of the core's are the leak sanitizer's to see.)
 */
#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/modules.h"
#include "scarce_memory.h"

#define FOLDER PW_SOURCE_DIR "/tests/allocation/"
#define MOST_SNIPPETS 400

struct snippet {
    const char *code;
    bool needs_modules;
};

struct snippets {
    struct snippet rows[MOST_SNIPPETS];
    size_t count;
};

/* What snippets find as globals. */
static const char load_modules[] = "for name in pairs(package.preload) do"
                                   "  _G[name:match '[^.]*$'] = require(name) "
                                   "end "
                                   "reader = assert(proc.open(root))";


static int open_descriptors(void) {
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    int count = 0;
    while (readdir(folder)) {
        count++;
    }
    closedir(folder);
    return count;
}


static void run(lua_State *L, const char *code) {
    if (luaL_dostring(L, code)) {
        fail_msg("%s", lua_tostring(L, -1));
    }
}


static lua_State *new_state(bool with_modules) {
    lua_State *L = lua_newstate(pw_scarce_lua_memory, NULL);
    luaL_openlibs(L);
    pw_preload_modules(L);
    lua_pushliteral(L, PW_SOURCE_DIR "/tests/fixtures/one-of-each");
    lua_setglobal(L, "root");
    if (with_modules) {
        run(L, load_modules);
    }
    return L;
}


static bool says_out_of_memory(const char *message) {
    return message && (strstr(message, "not enough memory") || strstr(message, strerror(ENOMEM)));
}


/* Runs the chunk on top of the stack, which it leaves there, with so many allocations. Returns
 * whether they were too few. */
static bool run_short_of_memory(lua_State *L, long allowed) {
    lua_pushvalue(L, -1);
    pw_allow_allocations(allowed);
    int status = lua_pcall(L, 0, 0, 0);
    bool too_few = pw_allow_all_allocations();
    if (status != LUA_OK && !(too_few && says_out_of_memory(lua_tostring(L, -1)))) {
        fail_msg("with %ld allocations: %s", allowed, luaL_tolstring(L, -1, NULL));
    }
    lua_settop(L, 1);
    return too_few;
}


static void run_again(lua_State *L, long allowed) {
    if (lua_pcall(L, 0, 0, 0) != LUA_OK) {
        fail_msg("again after %ld allocations: %s", allowed, luaL_tolstring(L, -1, NULL));
    }
}


static bool fails_with(const struct snippet *snippet, long allowed) {
    lua_State *L = new_state(snippet->needs_modules);
    luaL_loadstring(L, snippet->code);
    bool too_few = run_short_of_memory(L, allowed);
    run_again(L, allowed);
    lua_close(L);
    return too_few;
}


static void fails_cleanly_until_there_is_memory(void **state) {
    const struct snippet *snippet = *state;
    int descriptors = open_descriptors();
    long blocks = pw_lua_blocks();
    bool failed = true;
    for (long allowed = 0; failed; allowed++) {
        failed = fails_with(snippet, allowed);
        if (pw_lua_blocks() != blocks || open_descriptors() != descriptors) {
            fail_msg("%ld allocations leave behind %ld blocks, %d descriptors", allowed,
                     pw_lua_blocks() - blocks, open_descriptors() - descriptors);
        }
    }
}


static void push_snippets(lua_State *L, const struct snippet *snippets, size_t count) {
    lua_newtable(L);
    for (size_t i = 0; i < count; i++) {
        lua_pushstring(L, snippets[i].code);
        lua_seti(L, -2, (lua_Integer)i + 1);
    }
}


static void every_binding_is_in_snippets_lua(void **state) {
    const struct snippets *snippets = *state;
    lua_State *L = new_state(true);
    assert_int_equal(luaL_loadfile(L, FOLDER "coverage.lua"), LUA_OK);
    push_snippets(L, snippets->rows, snippets->count);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
        fail_msg("%s", lua_tostring(L, -1));
    }
    if (lua_rawlen(L, -1) > 0) {
        fail_msg("no line of tests/allocation/snippets.lua calls these; please add one for each:"
                 "\n  %s",
                 lua_tostring(L, -1));
    }
    lua_close(L);
}


static void add_snippet(struct snippets *snippets, const char *code, bool needs_modules) {
    assert_true(snippets->count < MOST_SNIPPETS);
    snippets->rows[snippets->count++] = (struct snippet){strdup(code), needs_modules};
}


static void add_requires(struct snippets *snippets) {
    lua_State *L = new_state(false);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pop(L, 1);
        char code[100];
        snprintf(code, sizeof code, "require '%s'", lua_tostring(L, -1));
        add_snippet(snippets, code, false);
    }
    lua_close(L);
}


/* Each line that is not a comment. */
static void add_lines(struct snippets *snippets) {
    FILE *file = fopen(FOLDER "snippets.lua", "r");
    assert_non_null(file);
    char line[400];
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (*line && strncmp(line, "--", 2) != 0) {
            add_snippet(snippets, line, true);
        }
    }
    fclose(file);
}


int main(void) {
    static struct snippets snippets;
    static struct CMUnitTest tests[MOST_SNIPPETS + 1];
    add_requires(&snippets);
    add_lines(&snippets);
    for (size_t i = 0; i < snippets.count; i++) {
        tests[i] = (struct CMUnitTest)cmocka_unit_test_prestate(fails_cleanly_until_there_is_memory,
                                                                &snippets.rows[i]);
        tests[i].name = snippets.rows[i].code;
    }
    tests[snippets.count] =
        (struct CMUnitTest)cmocka_unit_test_prestate(every_binding_is_in_snippets_lua, &snippets);
    return _cmocka_run_group_tests("allocation", tests, snippets.count + 1, NULL, NULL);
}
