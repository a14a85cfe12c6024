/* SPDX-License-Identifier: MIT */
#include "host/guarded.h"

#include <lualib.h>

#include "host/modules.h"


void pw_replace_functions(lua_State *L, const luaL_Reg functions[]) {
    for (const luaL_Reg *function = functions; function->name; function++) {
        lua_getfield(L, -1, function->name);
        lua_pushcclosure(L, function->func, 1);
        lua_setfield(L, -2, function->name);
    }
}


/* The functions of Lua's libraries that are replaced have no upvalues of their own. */
int pw_call_replaced(lua_State *L) {
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}


/* The environment of whoever starts the host has no say in what it loads. */
static void open_package(lua_State *L, const char *path) {
    lua_pushboolean(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV");
    luaL_requiref(L, LUA_LOADLIBNAME, luaopen_package, 1);
    lua_pushstring(L, path ? path : "");
    lua_setfield(L, -2, "path");
    pw_guard_package(L);
    lua_pop(L, 1);
}


static void open_library(lua_State *L, const char *name, lua_CFunction open,
                         void (*guard)(lua_State *L)) {
    luaL_requiref(L, name, open, 1);
    if (guard) {
        guard(L);
    }
    lua_pop(L, 1);
}


void pw_open_guarded_libraries(lua_State *L, const char *path) {
    open_library(L, LUA_GNAME, luaopen_base, pw_guard_base);
    open_library(L, LUA_COLIBNAME, luaopen_coroutine, pw_guard_coroutine);
    open_library(L, LUA_TABLIBNAME, luaopen_table, pw_guard_table);
    open_library(L, LUA_STRLIBNAME, luaopen_string, pw_guard_string);
    open_library(L, LUA_MATHLIBNAME, luaopen_math, NULL);
    open_library(L, LUA_UTF8LIBNAME, luaopen_utf8, NULL);
    open_package(L, path);
    pw_preload_modules(L);
}
