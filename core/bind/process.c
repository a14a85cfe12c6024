/* SPDX-License-Identifier: MIT */
/***
One process, made by `proc.process`. Every method looks again whether the pid still belongs to it.
Fields: `pid`, and `start_time` in clock ticks after boot. Two are equal when both are.
@classmod process
*/
#include "bind/process.h"

#include <errno.h>


void pw_push_process(lua_State *L, int reader, const struct pw_identity *identity) {
    reader = lua_absindex(L, reader);
    struct pw_identity *process = lua_newuserdatauv(L, sizeof *process, 1);
    *process = *identity;
    luaL_setmetatable(L, PW_PROCESS);
    lua_pushvalue(L, reader);
    lua_setiuservalue(L, -2, 1);
}


const struct pw_identity *pw_test_process(lua_State *L, int index) {
    return luaL_testudata(L, index, PW_PROCESS);
}


const struct pw_identity *pw_check_process(lua_State *L, int index) {
    return luaL_checkudata(L, index, PW_PROCESS);
}


struct pw_identity pw_check_process_or_pid(lua_State *L, int index, struct pw_reader **reader) {
    const struct pw_identity *process = pw_test_process(L, index);
    if (process) {
        lua_getiuservalue(L, index, 1);
        *reader = pw_check_reader(L, -1);
        lua_pop(L, 1);
        return *process;
    }
    luaL_argcheck(L, lua_isinteger(L, index) && lua_tointeger(L, index) > 0, index,
                  "a process or a pid expected");
    return (struct pw_identity){lua_tointeger(L, index), PW_ABSENT};
}


struct pw_reader *pw_reader_of_process(lua_State *L) {
    lua_getiuservalue(L, 1, 1);
    struct pw_reader *reader = lua_touserdata(L, -1);
    lua_pop(L, 1);
    luaL_argcheck(L, reader->source.root_fd != -EBADF, 1, "the process's reader is closed");
    return reader;
}


int pw_fail_process(lua_State *L, const char *what, int error) {
    const struct pw_identity *process = pw_check_process(L, 1);
    lua_pushfstring(L, "process %I: %s", (LUAI_UACINT)process->pid, what);
    return pw_fail_file(L, lua_tostring(L, -1), error);
}


int pw_read_process_file(lua_State *L, const char *name) {
    const struct pw_identity *process = pw_check_process(L, 1);
    struct pw_reader *reader = pw_reader_of_process(L);
    int error = pw_process_read(&reader->source, process, name, &reader->buffer);
    return error ? pw_fail_process(L, name, -error) : 0;
}


static int process_equal(lua_State *L) {
    const struct pw_identity *a = pw_test_process(L, 1), *b = pw_test_process(L, 2);
    lua_pushboolean(L, a && b && a->pid == b->pid && a->start_ticks == b->start_ticks);
    return 1;
}


static int process_to_string(lua_State *L) {
    const struct pw_identity *process = pw_check_process(L, 1);
    lua_pushfstring(L, "process %I (started %I)", (LUAI_UACINT)process->pid,
                    (LUAI_UACINT)process->start_ticks);
    return 1;
}


/* Upvalue 1: the methods. */
static int process_index(lua_State *L) {
    const struct pw_identity *process = pw_check_process(L, 1);
    const char *name = luaL_checkstring(L, 2);
    if (pw_slice_is(pw_slice_of(name), "pid")) {
        lua_pushinteger(L, process->pid);
    } else if (pw_slice_is(pw_slice_of(name), "start_time")) {
        lua_pushinteger(L, process->start_ticks);
    } else {
        lua_pushvalue(L, 2);
        lua_rawget(L, lua_upvalueindex(1));
    }
    return 1;
}


void pw_define_process(lua_State *L) {
    static const luaL_Reg events[] = {
        {"__eq", process_equal}, {"__tostring", process_to_string}, {NULL, NULL}};
    luaL_newmetatable(L, PW_PROCESS);
    luaL_setfuncs(L, events, 0);
    lua_newtable(L);
    luaL_setfuncs(L, pw_process_file_methods, 0);
    luaL_setfuncs(L, pw_mappings_methods, 0);
    luaL_setfuncs(L, pw_threads_methods, 0);
    lua_pushcclosure(L, process_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}
