/* SPDX-License-Identifier: MIT
 *
 * The Lua module pagewarden.log_sink, for the host's Lua half: see log_sink.h.
 *
 *   open(loop, { format = "text"|"json"|"journal"|"csv", fd =, socket =, queue = }) -> sink
 *   sink:write(record)     -> true, or nil, message, errno, kind when it is lost
 *   sink:finish(seconds?)  -> true once all is written; without end unless told
 *   sink:dropped()         -> how many were lost
 */
#include <errno.h>

#include "host/log_sink.h"
#include "host/loop_object.h"

#define LOG_SINK "pagewarden.host.log_sink"
#define LONGEST_SECONDS 86400

enum { LOOP = 1 }; /* the user value that keeps the loop */

struct log_sink_object {
    struct pw_log_sink sink;
    const struct pw_loop_object *loop;
    bool open;
};


static struct pw_log_sink *check_sink(lua_State *L) {
    struct log_sink_object *object = luaL_checkudata(L, 1, LOG_SINK);
    luaL_argcheck(L, object->open, 1, "log sink is closed");
    return &object->sink;
}


/* [-0, +n, m] true, or why not. */
static int push_outcome(lua_State *L, int error) {
    if (error) {
        return pw_fail(L, "log", -error);
    }
    lua_pushboolean(L, true);
    return 1;
}


static int write_record(lua_State *L) {
    struct pw_log_sink *sink = check_sink(L);
    struct pw_slice record;
    record.data = luaL_checklstring(L, 2, &record.size);
    pw_check_surplus(L, 2);
    return push_outcome(L, pw_log_sink_write(sink, record));
}


static int finish(lua_State *L) {
    struct pw_log_sink *sink = check_sink(L);
    lua_Number seconds = luaL_optnumber(L, 2, -1);
    luaL_argcheck(L, seconds <= LONGEST_SECONDS, 2, "more than a day");
    pw_check_surplus(L, 2);
    return push_outcome(L, pw_log_sink_finish(sink, seconds < 0 ? -1 : (int)(seconds * 1000)));
}


static int dropped(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)check_sink(L)->dropped);
    return 1;
}


/* A loop that is closed watches nothing any more. */
static int close_sink(lua_State *L) {
    struct log_sink_object *object = luaL_checkudata(L, 1, LOG_SINK);
    if (object->open) {
        object->open = false;
        if (!object->loop->open) {
            object->sink.slot = -1;
        }
        pw_log_sink_close(&object->sink);
    }
    return 0;
}


/* [-0, +0, v] What the table at 2 says of a target. Its strings are the table's. */
static struct pw_log_target check_target(lua_State *L) {
    static const char *const known[] = {"format", "fd", "socket", "queue", NULL};
    static const char *const formats[] = {"text", "json", "journal", "csv", NULL};
    struct pw_log_target target = {0};
    luaL_checktype(L, 2, LUA_TTABLE);
    pw_check_names(L, 2, known, "field");
    lua_getfield(L, 2, "format");
    target.format = (enum pw_log_format)luaL_checkoption(L, -1, NULL, formats);
    lua_getfield(L, 2, "fd");
    target.fd = (int)luaL_optinteger(L, -1, 1);
    lua_getfield(L, 2, "socket");
    target.socket = luaL_optstring(L, -1, PW_JOURNAL_SOCKET);
    lua_getfield(L, 2, "queue");
    target.queue_bytes = (size_t)luaL_optinteger(L, -1, 0);
    lua_pop(L, 4);
    return target;
}


static int open_sink(lua_State *L) {
    struct pw_loop_object *loop = pw_check_loop(L);
    struct pw_log_target target = check_target(L);
    pw_check_surplus(L, 2);
    target.loop = &loop->loop;
    struct log_sink_object *object = lua_newuserdatauv(L, sizeof *object, LOOP);
    object->loop = loop;
    int error = pw_log_sink_open(&object->sink, &target);
    object->open = !error;
    if (error) {
        return pw_fail(L, target.format == PW_LOG_JOURNAL ? target.socket : "log", -error);
    }
    luaL_setmetatable(L, LOG_SINK);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, LOOP);
    return 1;
}


PW_EXPORT int luaopen_pagewarden_log_sink(lua_State *L);

int luaopen_pagewarden_log_sink(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"write", write_record}, {"finish", finish},   {"dropped", dropped},
        {"__close", close_sink}, {"__gc", close_sink}, {NULL, NULL},
    };
    static const luaL_Reg functions[] = {{"open", open_sink}, {NULL, NULL}};
    pw_define_class(L, LOG_SINK, methods);
    luaL_newlib(L, functions);
    return 1;
}
