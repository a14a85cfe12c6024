/* SPDX-License-Identifier: MIT
 *
 * Calls that come to an end: a policy's file is run to see what it declares, and must then neither
 * hang nor eat the memory of whoever looks.
 */
#ifndef PAGEWARDEN_HOST_BOUNDED_H
#define PAGEWARDEN_HOST_BOUNDED_H

#include <lua.h>

/* Lua function bounded(limits, fn, …): calls fn as pcall does. It fails when it runs more than
 * limits.instructions, in whatever pcall or coroutine, or takes more than limits.bytes. */
int pw_bounded(lua_State *L);

#endif
