/* SPDX-License-Identifier: MIT
 *
 * What the functions of pagewarden.oom share; they stand in several files.
 */
#ifndef PAGEWARDEN_BIND_OOM_H
#define PAGEWARDEN_BIND_OOM_H

#include "act/setting.h"
#include "bind/snapshot.h"
#include "bind/view.h"

#define PW_OOM "pagewarden.oom"

/* A process's adj about to be set. */
struct pw_oom_value {
    struct pw_setting setting;
    char text[24];  /* what is written */
    bool converted; /* to an oom_adj, which is all that the kernel has (before 2.6.36) */
};

/* Makes the setting of a process's adj on this kernel, and the text for the value nearest to it. */
void pw_oom_value_of(const struct pw_source *source, const struct pw_identity *process,
                     lua_Integer adj, struct pw_oom_value *value);

/* The adj that the kernel has after it took the value. */
lua_Integer pw_oom_adj_kept(const struct pw_oom_value *value, const char *kept);

/* Processes that belong together, as they are now. */
struct pw_oom_tree {
    struct pw_snapshot *snapshot; /* only they are visible, the main ones first */
    uint32_t mains;
};

/* [-0, +1 or 4, v] Finds the tree that the table at `index` describes, `{ name = "sshd" }` and the
 * like, or a list of processes, with their memory and adj; raises for a table that describes none.
 * Pushes the snapshot and returns 0; or says why there is none, and returns the number of results
 * to be returned by the caller. The view is at 1. */
int pw_oom_find_tree(lua_State *L, int index, struct pw_oom_tree *tree);

/* [-0, +0, v] Marks the rows of the processes in the list at `index`, and of no others; those that
 * have ended are left out. Raises for what is no list of processes, as of the argument. Whether any
 * was marked. */
bool pw_oom_mark_list(lua_State *L, int index, int argument, const struct pw_columns *columns,
                      bool marked[]);

/* [-0, +1, v] The rows of the processes in the list that is a field of the table at `index`, as
 * memory on the stack; NULL where it has no such field. */
const bool *pw_oom_push_listed(lua_State *L, int index, const char *field,
                               const struct pw_columns *columns);

/* Methods. */
int pw_oom_protect(lua_State *L);
int pw_oom_tree(lua_State *L);
int pw_oom_unprotect(lua_State *L);
int pw_oom_victims(lua_State *L);

#endif
