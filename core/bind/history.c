/* SPDX-License-Identifier: MIT */
/***
The lower envelopes of many processes, each known by its pid and start time.

It starts small and grows by half while processes come, up to its limit; all of it is memory that
Lua accounts for. A process costs 36 bytes and, for each column, an envelope.

@classmod history
@usage
local history = trend.history { columns = 2, bucket = 5, window = 3600, processes = 512 }
local real = history:add(now, p.pid, p.start_time, p.rss_anon + p.swap, p.vsize)
if real and real > 16 << 20 then local growth = history:growth(p.pid, p.start_time, 1) end
history:expire(now - 60)
*/
#include "trend/history.h"
#include "bind/trend.h"

#define HISTORY "pagewarden.history"

#define FEWEST_PROCESSES 16
#define MOST_PROCESSES (1 << 20)
#define MOST_COLUMNS 8

/* The block lies in a second userdata, the object's user value, so it can be replaced. */
struct object {
    struct pw_history *history;
    uint32_t limit;
};


static struct object *check_object(lua_State *L) {
    return luaL_checkudata(L, 1, HISTORY);
}


/* [-0, +1, m] A block for so many processes. */
static struct pw_history *push_block(lua_State *L, const struct pw_history_shape *shape,
                                     uint32_t processes) {
    struct pw_history *history = lua_newuserdatauv(L, pw_history_bytes(shape, processes), 0);
    pw_history_init(history, shape, processes);
    return history;
}


static uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}


/* Makes the block of the object at index 1 half as large again; it has not reached its limit. */
static void grow(lua_State *L, struct object *object) {
    uint32_t processes = object->history->processes;
    processes = smaller(processes + (processes + 1) / 2, object->limit);
    struct pw_history *larger = push_block(L, &object->history->shape, processes);
    pw_history_copy(larger, object->history);
    object->history = larger;
    lua_setiuservalue(L, 1, 1);
}


static int32_t check_pid(lua_State *L, int index) {
    lua_Integer pid = luaL_checkinteger(L, index);
    luaL_argcheck(L, pid > 0 && pid <= INT32_MAX, index, "pid above 0 expected");
    return (int32_t)pid;
}


static struct pw_followed *follow(lua_State *L, struct object *object, int32_t pid,
                                  int64_t start_time) {
    struct pw_followed *followed = pw_history_follow(object->history, pid, start_time);
    if (!followed && object->history->processes < object->limit) {
        grow(L, object);
        followed = pw_history_follow(object->history, pid, start_time);
    }
    return followed;
}


/***
Takes a sample of each column of a process, and follows it if it is new.
@function add
@number time seconds
@int pid
@int start_time
@number ... one value for each column
@treturn[1] number ... by how much the newest finished bucket of each column is above its least one
@return[2] nil when the limit is reached: see `expire`
*/
static int add(lua_State *L) {
    struct object *object = check_object(L);
    int columns = (int)object->history->shape.columns;
    lua_Number seconds = luaL_checknumber(L, 2);
    int32_t pid = check_pid(L, 3);
    lua_Integer start_time = luaL_checkinteger(L, 4);
    for (int i = 0; i < columns; i++) {
        luaL_checknumber(L, 5 + i);
    }
    pw_check_surplus(L, 4 + columns);
    struct pw_followed *followed = follow(L, object, pid, start_time);
    if (!followed) {
        lua_pushnil(L);
        return 1;
    }
    followed->seen_seconds = (double)seconds;
    for (int i = 0; i < columns; i++) {
        struct pw_envelope *envelope = pw_history_envelope(object->history, followed, (uint32_t)i);
        pw_envelope_add(envelope, (double)seconds, (double)lua_tonumber(L, 5 + i));
        lua_pushnumber(L, pw_envelope_rise(envelope));
    }
    return columns;
}


/***
How one series grows: see `envelope:growth`.
@function growth
@int pid
@int start_time
@int[opt=1] column
@treturn ?table nil when the process is not followed or its series too short
*/
static int growth(lua_State *L) {
    struct pw_history *history = check_object(L)->history;
    int32_t pid = check_pid(L, 2);
    lua_Integer start_time = luaL_checkinteger(L, 3);
    lua_Integer column = luaL_optinteger(L, 4, 1);
    pw_check_surplus(L, 4);
    luaL_argcheck(L, column >= 1 && column <= history->shape.columns, 4, "no such column");
    struct pw_followed *followed = pw_history_find(history, pid, start_time);
    if (!followed) {
        lua_pushnil(L);
        return 1;
    }
    return pw_push_growth(L, pw_history_envelope(history, followed, (uint32_t)column - 1));
}


/***
Stops following every process that was last added before a time.
@function expire
@number time seconds
@treturn integer how many
*/
static int expire(lua_State *L) {
    struct pw_history *history = check_object(L)->history;
    pw_check_surplus(L, 2);
    lua_pushinteger(L, pw_history_expire(history, (double)luaL_checknumber(L, 2)));
    return 1;
}


/***
How many processes are followed: `#history`.
@function __len
*/
static int length(lua_State *L) {
    lua_pushinteger(L, check_object(L)->history->count);
    return 1;
}


static void set_class(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"add", add}, {"growth", growth}, {"expire", expire}, {"__len", length}, {NULL, NULL}};
    luaL_newmetatable(L, HISTORY);
    luaL_setfuncs(L, methods, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}


static uint32_t check_count(lua_State *L, const char *name, lua_Number missing, uint32_t most) {
    lua_Number count = pw_number_field(L, 1, name, missing);
    if (!(count >= 1 && count <= (lua_Number)most)) {
        luaL_error(L, "bad field '%s' (1 to %d expected)", name, (int)most);
    }
    return (uint32_t)count;
}


int pw_new_history(lua_State *L) {
    static const char *const names[] = {"bucket",  "capacity",  "window",
                                        "columns", "processes", NULL};
    luaL_checktype(L, 1, LUA_TTABLE);
    pw_check_surplus(L, 1);
    pw_check_names(L, 1, names, "field");
    struct pw_history_shape shape = {pw_check_envelope_shape(L, 1),
                                     check_count(L, "columns", 1, MOST_COLUMNS)};
    uint32_t limit = check_count(L, "processes", 1024, MOST_PROCESSES);
    struct object *object = lua_newuserdatauv(L, sizeof *object, 1);
    object->limit = limit;
    object->history = push_block(L, &shape, smaller(FEWEST_PROCESSES, limit));
    lua_setiuservalue(L, -2, 1);
    set_class(L);
    return 1;
}
