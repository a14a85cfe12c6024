/* SPDX-License-Identifier: MIT
 *
 * What the two files of the Lua module pagewarden.loop share: the loop object, which is theirs
 * alone, and the methods that make handles.
 */
#ifndef PAGEWARDEN_HOST_LOOP_OBJECT_H
#define PAGEWARDEN_HOST_LOOP_OBJECT_H

#include "bind/bind.h"
#include "host/loop.h"

#define PW_LOOP "pagewarden.loop"

/* The loop's only user value: the table of its armed handles, by address. */
#define PW_LOOP_HANDLES 1

struct pw_loop_object {
    struct pw_loop loop;
    lua_State *L; /* who runs it, with the loop at index 1 of the running function */
    bool open;
    bool failed; /* a callback raised; its error is on top of L's stack */
};

/* [-0, +0, v] The loop at 1; raises for anything else and for a closed one. */
struct pw_loop_object *pw_check_loop(lua_State *L);

/* [-0, +0, v] The seconds at `index` in nanoseconds; raises under the least and over a century. */
int64_t pw_check_duration(lua_State *L, int index, double least_seconds);

/* The methods loop:after, loop:every and loop:on_signal. */
int pw_loop_after(lua_State *L);
int pw_loop_every(lua_State *L);
int pw_loop_on_signal(lua_State *L);

/* [-0, +0, m] Makes the handles' metatables. */
void pw_define_handles(lua_State *L);

/* [-0, +0, -] Closes what the handles of the loop at 1 hold besides memory. */
void pw_close_handles(lua_State *L);

/* [-0, +0, m] Makes a class whose methods are found in its metatable. */
void pw_define_class(lua_State *L, const char *name, const luaL_Reg methods[]);

#endif
