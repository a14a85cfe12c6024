/* SPDX-License-Identifier: MIT */
#include "bind/view.h"

#include <errno.h>

#include "bind/as_function.h"

/* Views share proc's class of readers, which is made when proc is loaded. */
int luaopen_pagewarden_proc(lua_State *L);

/* A view's reader, and whether the view opened it. A closed view has nil for the first. */
enum { READER = 1, OWNED };


static void push_view(lua_State *L, const char *name, bool owned) {
    lua_newuserdatauv(L, 0, OWNED);
    lua_insert(L, -2);
    lua_setiuservalue(L, -2, READER);
    lua_pushboolean(L, owned);
    lua_setiuservalue(L, -2, OWNED);
    luaL_setmetatable(L, name);
}


struct pw_reader *pw_check_view(lua_State *L, int index, const char *name) {
    luaL_checkudata(L, index, name);
    lua_getiuservalue(L, index, READER);
    struct pw_reader *reader = luaL_testudata(L, -1, PW_READER);
    lua_pop(L, 1);
    luaL_argcheck(L, reader && reader->source.root_fd != -EBADF, index, "reader is closed");
    return reader;
}


void pw_push_view_reader(lua_State *L, int index, const char *name) {
    pw_check_view(L, index, name);
    lua_getiuservalue(L, index, READER);
}


/* Upvalue: the class. */
static int close_view(lua_State *L) {
    luaL_checkudata(L, 1, lua_tostring(L, lua_upvalueindex(1)));
    lua_getiuservalue(L, 1, READER);
    struct pw_reader *reader = luaL_testudata(L, -1, PW_READER);
    lua_getiuservalue(L, 1, OWNED);
    if (reader && lua_toboolean(L, -1)) {
        pw_source_close(&reader->source);
        pw_buffer_free(&reader->buffer);
    }
    lua_pushnil(L);
    lua_setiuservalue(L, 1, READER);
    return 0;
}


/* Upvalue: the class. */
static int open_view(lua_State *L) {
    const char *name = lua_tostring(L, lua_upvalueindex(1));
    pw_check_surplus(L, 1);
    if (luaL_testudata(L, 1, PW_READER)) {
        pw_check_reader(L, 1);
        push_view(L, name, false);
        return 1;
    }
    const char *root = luaL_optstring(L, 1, NULL);
    if (!root) {
        pw_push_default_reader(L);
        push_view(L, name, false);
        return 1;
    }
    int error = pw_new_reader(L, root);
    if (error) {
        return pw_fail(L, root, -error);
    }
    push_view(L, name, true);
    return 1;
}


/* Upvalues: the view of the default reader, the function. */
static int call_with_default_view(lua_State *L) {
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    return pw_call_as_function(L, lua_tocfunction(L, lua_upvalueindex(2)), 1);
}


static void set_with_class(lua_State *L, const char *name, const char *field,
                           lua_CFunction function) {
    lua_pushstring(L, name);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, field);
}


static void define_class(lua_State *L, const char *name, const luaL_Reg methods[]) {
    luaL_newmetatable(L, name);
    luaL_setfuncs(L, methods, 0);
    set_with_class(L, name, "close", close_view);
    set_with_class(L, name, "__close", close_view);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}


int pw_push_view_module(lua_State *L, const char *name, const luaL_Reg methods[]) {
    luaL_requiref(L, "pagewarden.proc", luaopen_pagewarden_proc, 0);
    lua_pop(L, 1);
    define_class(L, name, methods);
    lua_newtable(L);
    set_with_class(L, name, "open", open_view);
    pw_push_default_reader(L);
    push_view(L, name, false);
    for (; methods->name; methods++) {
        lua_pushvalue(L, -1);
        lua_pushcfunction(L, methods->func);
        lua_pushcclosure(L, call_with_default_view, 2);
        lua_setfield(L, -3, methods->name);
    }
    lua_pop(L, 1);
    return 1;
}
