/* SPDX-License-Identifier: MIT
 *
 * The host's Lua in a test in C: its Lua half is that of the build tree, its C half is linked in.
 */
#ifndef PAGEWARDEN_TESTS_HOST_LUA_H
#define PAGEWARDEN_TESTS_HOST_LUA_H

#include <lua.h>

/* A state with all modules of the host, and those that specs share, to be required. */
lua_State *host_lua_open(void);

/* Runs a file of the sources with the arguments on the stack, and fails the test with its error. */
void host_lua_run(lua_State *L, const char *path, int arguments);

#endif
