/* SPDX-License-Identifier: MIT
 *
 * A cell: policy_state.h for Lua, what the host's Lua half opens for each policy.
 */
#ifndef PAGEWARDEN_HOST_CELL_H
#define PAGEWARDEN_HOST_CELL_H

#include <lua.h>

/* The functions cell and ask of pagewarden.host. */
int pw_new_cell(lua_State *L);
int pw_ask(lua_State *L);

/* [-0, +0, m] Makes the cells' metatable. */
void pw_define_cell(lua_State *L);

#endif
