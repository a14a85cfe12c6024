/* SPDX-License-Identifier: MIT
 *
 * What every binding shares: the error conventions of the project, argument checks that name what
 * is wrong, and pushing core values. The stack effect of each stands in the Lua manual's notation.
 *
 * The world says no: return pw_fail(), that is nil, "what: reason", errno, kind.
 * The caller errs:   luaL_argerror() or luaL_error(), through the checks below.
 *
 * A class is filled each time its module is opened, not only when luaL_newmetatable() made it: that
 * registers it empty, and filling it may run out of memory the first time.
 */
#ifndef PAGEWARDEN_BIND_BIND_H
#define PAGEWARDEN_BIND_BIND_H

#include <lauxlib.h>
#include <lua.h>

#include "read/keyed.h"
#include "read/pressure.h"
#include "read/source.h"
#include "read/text.h"

/* Every luaopen_pagewarden_* is exported from pagewarden.so; nothing else is. */
#define PW_EXPORT __attribute__((visibility("default")))

/* [-0, +4, m] nil, "what: reason", errno and the kind of failure ("gone", "denied", "unsupported",
 * "broken") for a positive errno. Returns 4, to be returned by the caller. */
int pw_fail(lua_State *L, const char *what, int error);

/* The same for files that every kernel has or lacks: there ENOENT means "unsupported". */
int pw_fail_file(lua_State *L, const char *what, int error);

/* The same with a reason and a kind of one's own. */
int pw_fail_because(lua_State *L, const char *what, const char *reason, int error,
                    enum pw_failure failure);

/* [-0, +1, m] The bytes of a slice. */
void pw_push_slice(lua_State *L, struct pw_slice slice);

/* [-0, +1, -] An integer, or math.huge for "max". */
void pw_push_number(lua_State *L, const struct pw_number *number);

/* [-0, +1, m] The second result of every reader: { skipped = 0, clamped = 0 }. */
void pw_push_flaws(lua_State *L, const struct pw_flaws *flaws);

/* [-0, +1, m] { some = { avg10=, avg60=, avg300=, total= }, full = { … } }, without the line that
 * was not there. */
void pw_push_pressure(lua_State *L, const struct pw_pressure *pressure);

/* [-0, +1, m] The table at `into` emptied, so that filling it again makes no garbage, or a new one
 * with room for `size` fields when there is none. */
void pw_push_into(lua_State *L, int into, int size);

/* [-0, +2, m] A table with one entry for each field that `next` finds in `text`, in the table at
 * `into` if there is one, and the flaws. Returns 2. */
int pw_push_fields(lua_State *L, struct pw_slice text, pw_next_field *next, int into);

/* [-0, +0, m] Sets a field of the table on top of the stack. */
void pw_set_integer(lua_State *L, const char *name, int64_t value);
void pw_set_slice(lua_State *L, const char *name, struct pw_slice value);

/* [-0, +0, m] Sets the fields that `present` has a bit for, in the table on top of the stack. */
void pw_set_row(lua_State *L, const char *const names[], const int64_t numbers[], int count,
                uint64_t present);

/* [-1, +0, m] Appends the value on top of the stack to the list below it. */
void pw_append(lua_State *L);

/* [-0, +0, v] Raises unless at most `count` arguments were given. */
void pw_check_surplus(lua_State *L, int count);

/* [-0, +0, v] Raises when the table at `index` has a string key that is not in the NULL-terminated
 * `known`, naming the nearest one that is. Keys that are not strings are the caller's business. */
void pw_check_names(lua_State *L, int index, const char *const known[], const char *what);

/* The candidate that differs from `name` least, when it is near enough to be what was meant, else
 * NULL. The list ends with NULL. */
const char *pw_nearest(struct pw_slice name, const char *const candidates[]);

#endif
