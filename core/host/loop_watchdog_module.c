/* SPDX-License-Identifier: MIT
 *
 * The Lua module pagewarden.loop_watchdog, for the host's Lua half: see watchdog.h and resident.h.
 *
 *   lock_memory()                     -> true, or nil, message, errno, kind
 *   raise_priority()                  -> the same
 *   set_oom_score_adj(reader, value)  -> the same
 *   open(loop, reader, seconds?)      -> watchdog, or the same; it speaks on standard error
 *   watchdog:begin_turn(), :end_turn(), :name(policy or "")
 *   watchdog:attend(gate): what policies left word of is done before it ends the process
 */
#include <unistd.h>

#include "host/gate_object.h"
#include "host/loop_object.h"
#include "host/resident.h"
#include "host/watchdog.h"

#define WATCHDOG "pagewarden.host.watchdog"

enum { LOOP = 1, READER, ATTENDED }; /* the user values */

struct watchdog_object {
    struct pw_watchdog watchdog;
    const struct pw_loop_object *loop;
};


static int push_outcome(lua_State *L, const char *what, int error) {
    if (error) {
        return pw_fail(L, what, -error);
    }
    lua_pushboolean(L, true);
    return 1;
}


static int lock_memory(lua_State *L) {
    pw_check_surplus(L, 0);
    return push_outcome(L, "locking memory", pw_lock_memory());
}


static int raise_priority(lua_State *L) {
    pw_check_surplus(L, 0);
    return push_outcome(L, "own priority", pw_raise_priority());
}


static int set_oom_score_adj(lua_State *L) {
    const struct pw_reader *reader = pw_check_reader(L, 1);
    lua_Integer value = luaL_checkinteger(L, 2);
    luaL_argcheck(L, value >= -1000 && value <= 1000, 2, "expected -1000 to 1000");
    pw_check_surplus(L, 2);
    return push_outcome(L, "own oom_score_adj",
                        pw_set_own_oom_score_adj(&reader->source, (int)value));
}


static struct pw_watchdog *check_watchdog(lua_State *L) {
    struct watchdog_object *object = luaL_checkudata(L, 1, WATCHDOG);
    luaL_argcheck(L, object->watchdog.loop, 1, "watchdog is closed");
    return &object->watchdog;
}


static int begin_turn(lua_State *L) {
    pw_watchdog_begin(check_watchdog(L));
    return 0;
}


static int end_turn(lua_State *L) {
    pw_watchdog_end(check_watchdog(L));
    return 0;
}


static int set_name(lua_State *L) {
    pw_watchdog_name(check_watchdog(L), luaL_checkstring(L, 2));
    return 0;
}


static int attend(lua_State *L) {
    struct pw_watchdog *watchdog = check_watchdog(L);
    struct pw_gate *gate = pw_check_gate(L, 2);
    pw_check_surplus(L, 2);
    lua_setiuservalue(L, 1, ATTENDED);
    pw_watchdog_attend(watchdog, &gate->fallback);
    return 0;
}


static int close_watchdog(lua_State *L) {
    struct watchdog_object *object = luaL_checkudata(L, 1, WATCHDOG);
    pw_watchdog_close(&object->watchdog);
    return 0;
}


static int open_watchdog(lua_State *L) {
    struct pw_loop_object *loop = pw_check_loop(L);
    const struct pw_reader *reader = pw_check_reader(L, 2);
    lua_Number seconds = luaL_optnumber(L, 3, 0);
    luaL_argcheck(L, seconds >= 0 && seconds <= 3600, 3, "expected seconds, at most 3600");
    pw_check_surplus(L, 3);
    struct pw_watchdog_options options = {
        .source = &reader->source,
        .limit_ns = (int64_t)(seconds * (lua_Number)PW_SECOND_NS),
        .fd = STDERR_FILENO,
    };
    struct watchdog_object *object = lua_newuserdatauv(L, sizeof *object, ATTENDED);
    object->loop = loop;
    int error = pw_watchdog_open(&object->watchdog, &loop->loop, &options);
    if (error) {
        return pw_fail(L, PW_STUCK_FOLDER, -error);
    }
    luaL_setmetatable(L, WATCHDOG);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, LOOP);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, -2, READER);
    return 1;
}


PW_EXPORT int luaopen_pagewarden_loop_watchdog(lua_State *L);

int luaopen_pagewarden_loop_watchdog(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"begin_turn", begin_turn},
        {"end_turn", end_turn},
        {"name", set_name},
        {"attend", attend},
        {"__close", close_watchdog},
        {"__gc", close_watchdog},
        {NULL, NULL},
    };
    static const luaL_Reg functions[] = {
        {"lock_memory", lock_memory},
        {"raise_priority", raise_priority},
        {"set_oom_score_adj", set_oom_score_adj},
        {"open", open_watchdog},
        {NULL, NULL},
    };
    pw_define_class(L, WATCHDOG, methods);
    luaL_newlib(L, functions);
    return 1;
}
