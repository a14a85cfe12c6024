/* SPDX-License-Identifier: MIT
 *
 * Which gate a Lua state's changes go through, and as whom. A state that no host made has none: its
 * changes are made with the caller's own rights, and nothing undoes them.
 */
#ifndef PAGEWARDEN_BIND_ACT_CONTEXT_H
#define PAGEWARDEN_BIND_ACT_CONTEXT_H

#include <lua.h>

#include "act/gate.h"

struct pw_act_context {
    struct pw_gate *gate; /* NULL: nothing may be changed */
    struct pw_actor actor;
};

/* [-0, +0, m] Gives a state its context, which must outlive it, before any reader is opened in it:
 * in dry run, readers of the gate's root look into the actor's overlay from then on. */
void pw_act_set_context(lua_State *L, const struct pw_act_context *context);

/* The context of a state, or NULL. */
const struct pw_act_context *pw_act_context_of(lua_State *L);

/* Makes a reader's source look into the overlay of the state's dry run, if it has one and the root
 * is the same. */
void pw_act_attach(lua_State *L, struct pw_source *source);

/* Whether the state's changes may go to this root: a gate has one, and without a gate any may. */
bool pw_act_may_write(lua_State *L, const struct pw_source *source);

#endif
