/* SPDX-License-Identifier: MIT
 *
 * Plain values copied from one Lua state into another: nil, booleans, numbers, strings, and tables
 * of them. Two states share nothing, so that neither can change what the other holds.
 */
#ifndef PAGEWARDEN_HOST_TRANSFER_H
#define PAGEWARDEN_HOST_TRANSFER_H

#include <lua.h>

/* Tables inside of tables, beyond which something is taken for a table that holds itself. */
#define PW_MOST_TRANSFER_DEPTH 16

/* Copies the values from `first` to the top of one stack onto another, and returns how many. Errors
 * (a function cannot be passed; no memory) are raised in `to`, whose protected call must therefore
 * be the innermost; `from` then has more on its stack than before. Metatables are not looked at. */
int pw_transfer(lua_State *to, lua_State *from, int first);

#endif
