/* SPDX-License-Identifier: MIT
 *
 * Lua's libraries as a policy's state has them: what could catch the end of its time, run after it,
 * or keep one C call busy without end is replaced. All of it is for states of policy_state.h.
 *
 *   base       pcall and xpcall let an expiry through; setmetatable refuses __gc, since finalizers
 *              run without the hook; load takes text only; collectgarbage collects and counts
 *   coroutine  resume, wrap and close let an expiry through, and one that it ended is not closed
 *   table      concat, insert, move, remove, sort and unpack take PW_MOST_ELEMENTS
 *   string     rep of nothing ends; what a pattern may cost is tried first, under the deadline;
 *              there is no dump
 *   math, utf8 as they are
 *   package    for the host's `require`; it loads no shared objects, and of the host's modules not
 *              what only a debugger wants: a third of their memory
 *
 * There is no debug, io or os: a policy takes its time from pw:now(), which a test can move. print,
 * warn, dofile and loadfile are for code of the host.
 */
#ifndef PAGEWARDEN_HOST_GUARDED_H
#define PAGEWARDEN_HOST_GUARDED_H

#include <lauxlib.h>
#include <lua.h>

/* More than fits into any sensible memory limit, and over in a tenth of a second. */
#define PW_MOST_ELEMENTS (INT64_C(1) << 22)

/* [-0, +0, e] Opens all of them, with package.path as given (NULL for none). */
void pw_open_guarded_libraries(lua_State *L, const char *path);

/* [-0, +0, e] Replace functions of the library, a table on top of the stack. */
void pw_guard_base(lua_State *L);
void pw_guard_coroutine(lua_State *L);
void pw_guard_package(lua_State *L);
void pw_guard_string(lua_State *L);
void pw_guard_table(lua_State *L);

/* [-0, +0, m] Replaces functions of the table on top of the stack; each keeps the one that it
 * replaces for pw_call_replaced(). */
void pw_replace_functions(lua_State *L, const luaL_Reg functions[]);

/* The function that the running one replaced, called in its place: it finds the arguments where it
 * expects them, and its errors name the function that the policy called. Returns what it returns.
 */
int pw_call_replaced(lua_State *L);

#endif
