/* SPDX-License-Identifier: MIT */
/***
The event loop as a Lua object: timers, signals and what the kernel tells, on the machine's clock or
on a virtual one that jumps from moment to moment.

Times are seconds, as numbers. Handles live as long as they are armed, even when nobody keeps them;
`cancel` ends them early, and so does the end of their scope when they are declared `<close>`. An
error in a callback ends `run` or `advance` and comes out of it with a traceback. A tick makes no
garbage.

@module pagewarden.loop
@pragma nostrip
@usage
local loop <close> = require("pagewarden.loop").new()
loop:every(1, function() print "tick" end)
loop:after(5, function() loop:stop() end)
loop:run()
*/
#include <errno.h>
#include <math.h>
#include <string.h>

#include "host/handle.h"

/* A century; int64_t nanoseconds hold nearly three. */
#define LONGEST_SECONDS 3.2e9


struct pw_loop_object *pw_check_loop(lua_State *L) {
    struct pw_loop_object *object = luaL_checkudata(L, 1, PW_LOOP);
    luaL_argcheck(L, object->open, 1, "loop is closed");
    return object;
}


int64_t pw_check_duration(lua_State *L, int index, double least_seconds) {
    lua_Number seconds = luaL_checknumber(L, index);
    if (!(seconds >= least_seconds && seconds <= LONGEST_SECONDS)) {
        luaL_argerror(L, index,
                      lua_pushfstring(L, "%f seconds is outside %f to %f", seconds, least_seconds,
                                      (lua_Number)LONGEST_SECONDS));
    }
    return (int64_t)llround(seconds * (double)PW_SECOND_NS);
}


void pw_raise_failure(lua_State *L, struct pw_loop_object *object) {
    if (object->failed) {
        object->failed = false;
        lua_getiuservalue(L, 1, PW_LOOP_ERROR);
        lua_pushnil(L);
        lua_setiuservalue(L, 1, PW_LOOP_ERROR);
        lua_error(L);
    }
}


/* Raises what a callback raised, or reports what the kernel said. */
static int outcome(lua_State *L, struct pw_loop_object *object, int error) {
    if (error == -EBUSY) {
        return luaL_error(L, "the loop is running already");
    }
    pw_raise_failure(L, object);
    if (error) {
        return pw_fail(L, "loop", -error);
    }
    lua_pushboolean(L, true);
    return 1;
}


/* The loop may be entered inside one of its own callbacks, which then must not change who runs it:
 * entering fails before anything is called. */
static void set_runner(struct pw_loop_object *object, lua_State *L) {
    if (!object->loop.busy) {
        object->L = L;
    }
}


/***
Runs until `stop`, or until nothing but background timers and signals is left to wait for.
@function loop:run
@treturn[1] boolean true
@return[2] nil
@treturn[2] string message
@treturn[2] integer errno
*/
static int run(lua_State *L) {
    struct pw_loop_object *object = pw_check_loop(L);
    pw_check_surplus(L, 1);
    set_runner(object, L);
    return outcome(L, object, pw_loop_run(&object->loop));
}


/***
Moves a virtual loop on, firing each timer at its own moment.
@function loop:advance
@number seconds
@treturn boolean true
*/
static int advance(lua_State *L) {
    struct pw_loop_object *object = pw_check_loop(L);
    luaL_argcheck(L, pw_clock_is_virtual(&object->loop.clock), 1, "the loop is not virtual");
    int64_t duration_ns = pw_check_duration(L, 2, 0);
    pw_check_surplus(L, 2);
    set_runner(object, L);
    return outcome(L, object, pw_loop_advance(&object->loop, duration_ns));
}


/***
Ends `run` or `advance` when the callback that is running returns.
@function loop:stop
*/
static int stop(lua_State *L) {
    pw_loop_stop(&pw_check_loop(L)->loop);
    return 0;
}


/***
The loop's time: seconds since boot, the time asleep included, or a virtual loop's own.
@function loop:now
@treturn number
*/
static int now(lua_State *L) {
    lua_pushnumber(L, (lua_Number)pw_loop_now(&pw_check_loop(L)->loop) / (lua_Number)PW_SECOND_NS);
    return 1;
}


/***
Cancels every handle and closes the loop; a loop may be closed again.
@function loop:close
*/
static int close_loop(lua_State *L) {
    struct pw_loop_object *object = luaL_checkudata(L, 1, PW_LOOP);
    if (!object->open) {
        return 0;
    }
    luaL_argcheck(L, !object->loop.busy, 1, "a running loop cannot be closed, only stopped");
    object->open = false;
    pw_end_handles(L);
    pw_loop_close(&object->loop);
    lua_newtable(L);
    lua_setiuservalue(L, 1, PW_LOOP_HANDLES);
    return 0;
}


struct pw_reader *pw_push_loop_reader(lua_State *L) {
    if (lua_getiuservalue(L, 1, PW_LOOP_READER) == LUA_TNIL) {
        lua_pop(L, 1);
        pw_push_default_reader(L);
    }
    return pw_check_reader(L, lua_gettop(L));
}


/* [-0, +0, v] Reads new's { virtual = true, now = 1000 } into where a virtual clock starts; false
 * when the clock is to be real. The table is at 1. */
static bool check_virtual(lua_State *L, int64_t *now_ns) {
    lua_getfield(L, 1, "virtual");
    bool is_virtual = lua_toboolean(L, -1);
    *now_ns = 0;
    if (lua_getfield(L, 1, "now") != LUA_TNIL) {
        luaL_argcheck(L, is_virtual, 1, "'now' is for virtual loops");
        *now_ns = pw_check_duration(L, lua_gettop(L), 0);
    }
    lua_pop(L, 2);
    return is_virtual;
}


/* [-0, +1, v] The reader in the table at 1, or nil. */
static void push_reader_option(lua_State *L) {
    if (lua_getfield(L, 1, "reader") != LUA_TNIL) {
        pw_check_reader(L, lua_gettop(L));
    }
}


/* [-1, +1, m] A closed loop, with the reader on top of the stack. */
static struct pw_loop_object *new_object(lua_State *L) {
    struct pw_loop_object *object = lua_newuserdatauv(L, sizeof *object, PW_LOOP_ERROR);
    object->open = false;
    object->failed = false;
    object->changes = (struct pw_file_changes){.fd = -1};
    luaL_setmetatable(L, PW_LOOP);
    lua_newtable(L);
    lua_setiuservalue(L, -2, PW_LOOP_HANDLES);
    lua_insert(L, -2);
    lua_setiuservalue(L, -2, PW_LOOP_READER);
    return object;
}


/***
Makes a loop.
@function new
@tparam[opt] table options `{ virtual = true, now = 0, reader = reader }`: `virtual` for one whose
clock the caller moves, and which hears only of events that are injected or files that change;
`now` for where that clock starts; `reader`, from `pagewarden.proc`, for the root that events come
from, if not this machine's
@treturn[1] loop
@return[2] nil
@treturn[2] string message
@treturn[2] integer errno
*/
static int new_loop(lua_State *L) {
    static const char *const known[] = {"virtual", "now", "reader", NULL};
    int64_t now_ns;
    pw_check_surplus(L, 1);
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    pw_check_names(L, 1, known, "field");
    bool is_virtual = check_virtual(L, &now_ns);
    push_reader_option(L);
    struct pw_loop_object *object = new_object(L);
    int error =
        is_virtual ? pw_loop_open_virtual(&object->loop, now_ns) : pw_loop_open(&object->loop);
    object->open = error == 0;
    return error ? pw_fail(L, "loop", -error) : 1;
}


void pw_define_class(lua_State *L, const char *name, const luaL_Reg methods[]) {
    luaL_newmetatable(L, name);
    luaL_setfuncs(L, methods, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}


PW_EXPORT int luaopen_pagewarden_loop(lua_State *L);

int luaopen_pagewarden_loop(lua_State *L) {
    static const luaL_Reg loop_methods[] = {
        {"after", pw_loop_after},
        {"every", pw_loop_every},
        {"on_signal", pw_loop_on_signal},
        {"on_change", pw_loop_on_change},
        {"on_exit", pw_loop_on_exit},
        {"on_memory_events", pw_loop_on_memory_events},
        {"on_oom", pw_loop_on_oom},
        {"on_pressure", pw_loop_on_pressure},
        {"on_readable", pw_loop_on_readable},
        {"serve", pw_loop_serve},
        {"inject", pw_loop_inject},
        {"run", run},
        {"stop", stop},
        {"advance", advance},
        {"now", now},
        {"close", close_loop},
        {"__close", close_loop},
        {"__gc", close_loop},
        {NULL, NULL},
    };
    static const luaL_Reg functions[] = {{"new", new_loop}, {NULL, NULL}};
    static const luaL_Reg no_more_methods[] = {{NULL, NULL}};
    pw_define_class(L, PW_LOOP, loop_methods);
    pw_define_handle(L);
    pw_define_reader(L, no_more_methods);
    luaL_newlib(L, functions);
    return 1;
}
