/* SPDX-License-Identifier: MIT
 *
 * The parts of the module pagewarden.swap, each a function of it or a few.
 */
#ifndef PAGEWARDEN_BIND_SWAP_H
#define PAGEWARDEN_BIND_SWAP_H

#include "bind/view.h"

#define PW_SWAP "pagewarden.swap"

int pw_swap_push_areas(lua_State *L);
int pw_swap_push_header(lua_State *L);
int pw_swap_push_advice(lua_State *L);

#endif
