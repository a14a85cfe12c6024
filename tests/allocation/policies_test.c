/* SPDX-License-Identifier: MIT
 *
 * Every bundled policy when memory runs out, as policies.lua has it: the host survives, the policy
 * fails with a message or goes on with all it waits for, and nothing is left behind. (Blocks are
 * the leak sanitizer's to see.)
 */
#include "check.h"

#include <lauxlib.h>

#include "host_lua.h"
#include "scarce_memory.h"


static int refuse(lua_State *L) {
    pw_refuse_allocations((long)luaL_checkinteger(L, 1), (long)luaL_checkinteger(L, 2));
    return 0;
}


static int allow(lua_State *L) {
    lua_pushboolean(L, pw_allow_all_allocations());
    lua_pushinteger(L, pw_allocations_asked());
    return 2;
}


static void policies_survive_a_lack_of_memory(void **state) {
    (void)state;
    lua_State *L = host_lua_open();
    lua_pushliteral(L, PW_SOURCE_DIR);
    lua_pushliteral(L, PW_BUILD_DIR);
    lua_pushcfunction(L, refuse);
    lua_pushcfunction(L, allow);
    host_lua_run(L, "tests/allocation/policies.lua", 4);
    lua_close(L);
}


int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(policies_survive_a_lack_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
