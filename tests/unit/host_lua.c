/* SPDX-License-Identifier: MIT */
#include "host_lua.h"

#include <lauxlib.h>
#include <lualib.h>

#include "check.h"
#include "host/modules.h"

#define SHARE PW_BUILD_DIR "/share/lua/5.4/"


/* [-0, +0, v] Puts `own` before what package's search path `field` has. */
static void find_modules(lua_State *L, const char *field, const char *own) {
    lua_getglobal(L, LUA_LOADLIBNAME);
    lua_getfield(L, -1, field);
    lua_pushfstring(L, "%s;%s", own, lua_tostring(L, -1));
    lua_setfield(L, -3, field);
    lua_pop(L, 2);
}


lua_State *host_lua_open(void) {
    lua_State *L = luaL_newstate();
    assert_non_null(L);
    luaL_openlibs(L);
    pw_preload_modules(L);
    find_modules(L, "path", SHARE "?.lua;" SHARE "?/init.lua;" PW_SOURCE_DIR "/tests/spec/?.lua");
    find_modules(L, "cpath", PW_BUILD_DIR "/lib/lua/5.4/?.so");
    return L;
}


void host_lua_run(lua_State *L, const char *path, int arguments) {
    const char *whole = lua_pushfstring(L, "%s/%s", PW_SOURCE_DIR, path);
    if (luaL_loadfile(L, whole) != LUA_OK) {
        fail_msg("%s", lua_tostring(L, -1));
    }
    lua_replace(L, -2);
    lua_insert(L, -1 - arguments);
    if (lua_pcall(L, arguments, 0, 0) != LUA_OK) {
        fail_msg("%s", luaL_tolstring(L, -1, NULL));
    }
}
