/* SPDX-License-Identifier: MIT
 *
 * Methods called as functions of a module, with an object that the caller did not name.
 */
#ifndef PAGEWARDEN_BIND_AS_FUNCTION_H
#define PAGEWARDEN_BIND_AS_FUNCTION_H

#include <lua.h>

/* Calls a method with what is on the stack: its object, then the caller's arguments. The place and
 * the numbers of arguments in its errors are those of the caller, who gave `unnamed` arguments
 * fewer than the method got. The method may yield. To be returned. */
int pw_call_as_function(lua_State *L, lua_CFunction method, int unnamed);

#endif
