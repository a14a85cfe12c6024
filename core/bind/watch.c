/* SPDX-License-Identifier: MIT */
/*** @classmod snapshot */
#include "bind/process.h"
#include "bind/snapshot.h"

#define FIRST_PROCESSES 16


/* The snapshot at 1, which has to be a watch. */
static struct pw_watch *check_watch(lua_State *L) {
    struct pw_snapshot *snapshot = pw_check_snapshot(L, 1);
    luaL_argcheck(L, pw_is_watch(&snapshot->sweep), 1, "only a watch follows chosen processes");
    return &snapshot->watch;
}


/* [-0, +0, m] Room for one more in the watch at `index`. */
static void reserve(lua_State *L, int index, struct pw_watch *watch) {
    if (watch->count < watch->capacity) {
        return;
    }
    uint32_t capacity = watch->capacity ? watch->capacity * 2 : FIRST_PROCESSES;
    pw_watch_move(watch, lua_newuserdatauv(L, capacity * sizeof *watch->processes, 0), capacity);
    lua_setiuservalue(L, index, PW_VALUE_WATCHED);
}


/* Follows the pid or process at `argument`: 0 or -errno. */
static int follow(lua_State *L, int index, struct pw_watch *watch, int argument) {
    const struct pw_identity *identity = pw_test_process(L, argument);
    lua_Integer pid = identity ? identity->pid : luaL_checkinteger(L, argument);
    luaL_argcheck(L, pid > 0, argument, "a pid or process expected");
    reserve(L, index, watch);
    return pw_watch_add(watch, pid, identity ? identity->start_ticks : PW_ABSENT);
}


/***
Follows one more process from the next refresh on.
@function snapshot:add
@tparam integer|process process a pid, or a process, which is then only followed while it is alive
@treturn[1] boolean true
@return[2] nil
@treturn[2] string message
@treturn[2] integer errno
@treturn[2] string "gone" when there is no such process
*/
static int add(lua_State *L) {
    struct pw_watch *watch = check_watch(L);
    luaL_checkany(L, 2);
    pw_check_surplus(L, 2);
    int error = follow(L, 1, watch, 2);
    if (error) {
        return pw_fail(L, "process", -error);
    }
    lua_pushboolean(L, true);
    return 1;
}


/***
Follows a process no more.
@function snapshot:remove
@tparam integer pid
@treturn boolean whether it was followed
*/
static int remove_pid(lua_State *L) {
    struct pw_watch *watch = check_watch(L);
    lua_Integer pid = luaL_checkinteger(L, 2);
    pw_check_surplus(L, 2);
    lua_pushboolean(L, pw_watch_remove(watch, pid));
    return 1;
}


/***
How many processes are followed, and how many descriptors that holds.
@function snapshot:held
@treturn integer processes
@treturn integer descriptors
*/
static int held(lua_State *L) {
    struct pw_watch *watch = check_watch(L);
    pw_check_surplus(L, 1);
    lua_pushinteger(L, watch->count);
    lua_pushinteger(L, watch->held);
    return 2;
}


int pw_open_watch(lua_State *L, struct pw_snapshot *snapshot, struct pw_reader *reader,
                  int options) {
    uint32_t limit = pw_watch_default_limit();
    if (lua_getfield(L, options, "descriptors") != LUA_TNIL) {
        int exact;
        lua_Integer wanted = lua_tointegerx(L, -1, &exact);
        luaL_argcheck(L, exact && wanted >= 0 && wanted <= UINT32_MAX, options,
                      "descriptors: a number of them expected");
        limit = (uint32_t)wanted;
    }
    lua_pop(L, 1);
    return pw_watch_open(&snapshot->watch, &reader->source, &reader->buffer, limit);
}


void pw_follow_all(lua_State *L, int index, int options) {
    struct pw_snapshot *snapshot = lua_touserdata(L, index);
    if (lua_getfield(L, options, "pids") != LUA_TNIL) {
        luaL_argcheck(L, lua_istable(L, -1), options, "pids: a list of pids or processes expected");
        int pids = lua_gettop(L);
        for (lua_Integer i = 1; lua_geti(L, pids, i) != LUA_TNIL; i++) {
            follow(L, index, &snapshot->watch, lua_gettop(L));
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}


const luaL_Reg pw_watch_methods[] = {
    {"add", add},
    {"remove", remove_pid},
    {"held", held},
    {NULL, NULL},
};
