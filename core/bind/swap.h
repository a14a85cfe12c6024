/* SPDX-License-Identifier: MIT
 *
 * The parts of the module pagewarden.swap, each a function of it.
 */
#ifndef PAGEWARDEN_BIND_SWAP_H
#define PAGEWARDEN_BIND_SWAP_H

#include "act/swap_change.h"
#include "bind/view.h"

#define PW_SWAP "pagewarden.swap"

int pw_swap_push_areas(lua_State *L);
int pw_swap_push_header(lua_State *L);
int pw_swap_push_advice(lua_State *L);
int pw_swap_make(lua_State *L);
int pw_swap_remove(lua_State *L);
int pw_swap_on(lua_State *L);
int pw_swap_off(lua_State *L);
int pw_swap_fstab(lua_State *L);
int pw_swap_resize(lua_State *L);
int pw_swap_group(lua_State *L);
int pw_swap_push_room(lua_State *L);

/* [-0, +0, v] The priority, or the discard, in the options table at `index`, as `on` takes them. */
int pw_swap_check_priority(lua_State *L, int index);
enum pw_swap_discard pw_swap_check_discard(lua_State *L, int index);

/* [-0, +n, v] Brings the path at 2 to the state of `change`, with the options at 3, through the
 * gate if there is one. To be returned: a policy's task yields until it is done. `push` pushes the
 * one result, given the state that was reached. */
int pw_swap_run(lua_State *L, const struct pw_swap_change *change,
                void (*push)(lua_State *L, const struct pw_swap_state *state));

/* [-0, +4, m] nil, "swap PATH: reason", errno, kind. */
int pw_swap_fail(lua_State *L, const char *path, const char *reason, int error);

#endif
