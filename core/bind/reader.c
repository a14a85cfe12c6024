/* SPDX-License-Identifier: MIT */
#include "bind/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "bind/act_context.h"
#include "bind/as_function.h"


int pw_new_reader(lua_State *L, const char *root) {
    struct pw_reader *reader = lua_newuserdatauv(L, sizeof *reader, PW_READER_ROOT);
    *reader = (struct pw_reader){.source.root_fd = -EBADF};
    luaL_setmetatable(L, PW_READER);
    lua_pushstring(L, root);
    lua_setiuservalue(L, -2, PW_READER_ROOT);
    int error = pw_source_open(&reader->source, root);
    pw_act_attach(L, &reader->source);
    return error;
}


struct pw_reader *pw_check_reader(lua_State *L, int index) {
    struct pw_reader *reader = luaL_checkudata(L, index, PW_READER);
    luaL_argcheck(L, reader->source.root_fd != -EBADF, index, "reader is closed");
    return reader;
}


/* Closes the root and frees the buffer; a reader may be closed again.
 * @function reader:close */
static int close_reader(lua_State *L) {
    struct pw_reader *reader = luaL_checkudata(L, 1, PW_READER);
    pw_source_close(&reader->source);
    pw_buffer_free(&reader->buffer);
    return 0;
}


void pw_define_reader(lua_State *L, const luaL_Reg methods[]) {
    static const luaL_Reg closers[] = {
        {"close", close_reader}, {"__close", close_reader}, {"__gc", close_reader}, {NULL, NULL}};
    luaL_newmetatable(L, PW_READER);
    luaL_setfuncs(L, closers, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    luaL_setfuncs(L, methods, 0);
    lua_pop(L, 1);
}


/* An environment that came through sudo must not send root to somebody else's tree. */
static const char *default_root(void) {
    const char *root = getenv("PAGEWARDEN_ROOT");
    bool privileged = geteuid() == 0 || getauxval(AT_SECURE);
    return root && *root && !privileged ? root : "/";
}


void pw_push_default_reader(lua_State *L) {
    static const char key = 0;
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key) == LUA_TUSERDATA) {
        return;
    }
    lua_pop(L, 1);
    pw_new_reader(L, default_root());
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key);
}


/* Upvalues: the default reader, the method. */
static int call_with_default_reader(lua_State *L) {
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    return pw_call_as_function(L, lua_tocfunction(L, lua_upvalueindex(2)), 1);
}


void pw_set_functions_of_default_reader(lua_State *L, const luaL_Reg methods[]) {
    for (; methods->name; methods++) {
        pw_push_default_reader(L);
        lua_pushcfunction(L, methods->func);
        lua_pushcclosure(L, call_with_default_reader, 2);
        lua_setfield(L, -2, methods->name);
    }
}
