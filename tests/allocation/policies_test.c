/* SPDX-License-Identifier: MIT
 *
 * Every bundled policy when memory runs out, as policies.lua has it: the host survives, the policy
 * fails with a message or goes on with all it waits for, and nothing is left behind. (Blocks are
 * the leak sanitizer's to see.)
 */
#include "check.h"

#include <lauxlib.h>
#include <lualib.h>

#include "host/modules.h"
#include "scarce_memory.h"

#define SHARE PW_BUILD_DIR "/share/lua/5.4/"


static int refuse(lua_State *L) {
    pw_refuse_allocations((long)luaL_checkinteger(L, 1), (long)luaL_checkinteger(L, 2));
    return 0;
}


static int allow(lua_State *L) {
    lua_pushboolean(L, pw_allow_all_allocations());
    lua_pushinteger(L, pw_allocations_asked());
    return 2;
}


/* [-0, +0, v] The modules of the build tree before those of the system. */
static void find_modules(lua_State *L, const char *field, const char *own) {
    lua_getglobal(L, LUA_LOADLIBNAME);
    lua_getfield(L, -1, field);
    lua_pushfstring(L, "%s;%s", own, lua_tostring(L, -1));
    lua_setfield(L, -3, field);
    lua_pop(L, 2);
}


static void policies_survive_a_lack_of_memory(void **state) {
    (void)state;
    lua_State *L = luaL_newstate();
    assert_non_null(L);
    luaL_openlibs(L);
    pw_preload_modules(L);
    find_modules(L, "path", SHARE "?.lua;" SHARE "?/init.lua");
    find_modules(L, "cpath", PW_BUILD_DIR "/lib/lua/5.4/?.so");
    assert_int_equal(luaL_loadfile(L, PW_SOURCE_DIR "/tests/allocation/policies.lua"), LUA_OK);
    lua_pushliteral(L, PW_SOURCE_DIR);
    lua_pushliteral(L, PW_BUILD_DIR);
    lua_pushcfunction(L, refuse);
    lua_pushcfunction(L, allow);
    if (lua_pcall(L, 4, 0, 0) != LUA_OK) {
        pw_allow_all_allocations();
        fail_msg("%s", luaL_tolstring(L, -1, NULL));
    }
    lua_close(L);
}


int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(policies_survive_a_lack_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
