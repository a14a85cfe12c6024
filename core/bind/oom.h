/* SPDX-License-Identifier: MIT
 *
 * What the functions of pagewarden.oom share; they stand in several files.
 */
#ifndef PAGEWARDEN_BIND_OOM_H
#define PAGEWARDEN_BIND_OOM_H

#include "bind/snapshot.h"
#include "bind/view.h"

#define PW_OOM "pagewarden.oom"

/* Processes that belong together, as they are now. */
struct pw_oom_tree {
    struct pw_snapshot *snapshot; /* only they are visible, the main ones first */
    uint32_t mains;
};

/* [-0, +1 or 4, v] Finds the tree that the table at `index` describes, `{ name = "sshd" }` and the
 * like, or a list of processes; raises for a table that describes none. Pushes the snapshot and
 * returns 0; or says why there is none, and returns the number of results to be returned by the
 * caller. The view is at 1. */
int pw_oom_find_tree(lua_State *L, int index, struct pw_oom_tree *tree);

/* Methods. */
int pw_oom_protect(lua_State *L);
int pw_oom_tree(lua_State *L);
int pw_oom_victims(lua_State *L);

#endif
