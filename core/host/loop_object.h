/* SPDX-License-Identifier: MIT
 *
 * What the files of the Lua module pagewarden.loop share: the loop object, which is theirs alone,
 * and the methods that make handles.
 */
#ifndef PAGEWARDEN_HOST_LOOP_OBJECT_H
#define PAGEWARDEN_HOST_LOOP_OBJECT_H

#include "bind/reader.h"
#include "host/file_changes.h"
#include "host/loop.h"

#define PW_LOOP "pagewarden.loop"

/* The loop's user values: the table of handles that have not ended, by address; the reader its
 * events come from; and what a callback raised. */
enum { PW_LOOP_HANDLES = 1, PW_LOOP_READER, PW_LOOP_ERROR };

struct pw_loop_object {
    struct pw_loop loop;
    struct pw_file_changes changes;
    lua_State *L; /* who runs it */
    bool open;
    bool failed; /* a callback raised */
};

/* [-0, +0, v] The loop at 1; raises for anything else and for a closed one. */
struct pw_loop_object *pw_check_loop(lua_State *L);

/* [-0, +0, v] The seconds at `index` in nanoseconds; raises under the least and over a century. */
int64_t pw_check_duration(lua_State *L, int index, double least_seconds);

/* [-0, +1, v] The reader of the loop at 1. */
struct pw_reader *pw_push_loop_reader(lua_State *L);

/* [-0, +0, v] Raises what a callback of the loop at 1 raised, if one did. */
void pw_raise_failure(lua_State *L, struct pw_loop_object *object);

/* The methods of the loop that have files of their own. */
int pw_loop_after(lua_State *L);
int pw_loop_every(lua_State *L);
int pw_loop_on_signal(lua_State *L);
int pw_loop_on_change(lua_State *L);
int pw_loop_on_exit(lua_State *L);
int pw_loop_on_readable(lua_State *L);
int pw_loop_on_memory_events(lua_State *L);
int pw_loop_on_oom(lua_State *L);
int pw_loop_on_pressure(lua_State *L);
int pw_loop_serve(lua_State *L);
int pw_loop_inject(lua_State *L);

/* [-0, +0, m] Makes a class whose methods are found in its metatable. */
void pw_define_class(lua_State *L, const char *name, const luaL_Reg methods[]);

#endif
