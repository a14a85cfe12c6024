/* SPDX-License-Identifier: MIT
 *
 * The gate of core/act for Lua: one for a host, which hands it to the policies that may act.
 */
#ifndef PAGEWARDEN_HOST_GATE_OBJECT_H
#define PAGEWARDEN_HOST_GATE_OBJECT_H

#include <lua.h>

#include "act/gate.h"

/* The function gate of pagewarden.host. */
int pw_new_gate(lua_State *L);

/* [-0, +0, v] The gate at `index`; raises for anything else and for a closed one. */
struct pw_gate *pw_check_gate(lua_State *L, int index);

/* [-0, +0, m] Makes the gates' metatable. */
void pw_define_gate(lua_State *L);

#endif
