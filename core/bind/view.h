/* SPDX-License-Identifier: MIT
 *
 * Views: how modules other than proc look at a root. A view is an object of the module's class
 * that holds a reader and has the module's functions as methods.
 */
#ifndef PAGEWARDEN_BIND_VIEW_H
#define PAGEWARDEN_BIND_VIEW_H

#include "bind/reader.h"

/* [-0, +1, m] A module of these functions, each also a method of the class `name`. They find the
 * reader with pw_check_view() at argument 1; called as the module's own, they get the default
 * reader. The module's open() makes a view of what it is given: a reader, a root directory, or
 * nothing for the default reader. */
int pw_push_view_module(lua_State *L, const char *name, const luaL_Reg methods[]);

/* [-0, +0, v] The reader behind the view at `index`; raises for anything else and when closed. */
struct pw_reader *pw_check_view(lua_State *L, int index, const char *name);

/* [-0, +1, v] The same as the Lua object it is. */
void pw_push_view_reader(lua_State *L, int index, const char *name);

#endif
