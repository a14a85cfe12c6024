/* SPDX-License-Identifier: MIT
 *
 * What every binding shares: the error conventions of the project, argument checks that name what
 * is wrong, and pushing core values. The stack effect of each stands in the Lua manual's notation.
 *
 * The world says no: return pw_fail(), that is nil, "what: reason", errno, kind.
 * The caller errs:   luaL_argerror() or luaL_error(), through the checks below.
 */
#ifndef PAGEWARDEN_BIND_BIND_H
#define PAGEWARDEN_BIND_BIND_H

#include <lauxlib.h>
#include <lua.h>

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

/* [-0, +1, m] The bytes of a slice. */
void pw_push_slice(lua_State *L, struct pw_slice slice);

/* [-0, +1, -] An integer, or math.huge for "max". */
void pw_push_number(lua_State *L, const struct pw_number *number);

/* [-0, +1, m] The second result of every reader: { skipped = 0, clamped = 0 }. */
void pw_push_flaws(lua_State *L, const struct pw_flaws *flaws);

/* [-0, +1, m] { some = { avg10=, avg60=, avg300=, total= }, full = { … } }, without the line that
 * was not there. */
void pw_push_pressure(lua_State *L, const struct pw_pressure *pressure);

/* [-0, +0, v] Raises unless at most `count` arguments were given. */
void pw_check_surplus(lua_State *L, int count);

/* [-0, +0, v] Raises when the table at `index` has a string key that is not in the NULL-terminated
 * `known`, naming the nearest one that is. Keys that are not strings are the caller's business. */
void pw_check_names(lua_State *L, int index, const char *const known[], const char *what);

/* The candidate that differs from `name` least, when it is near enough to be what was meant, else
 * NULL. The list ends with NULL. */
const char *pw_nearest(struct pw_slice name, const char *const candidates[]);

#endif
