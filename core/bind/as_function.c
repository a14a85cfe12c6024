/* SPDX-License-Identifier: MIT */
#include "bind/as_function.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>


/* Whether a message begins with "FILE:LINE: ", as what Lua code raised does. */
static bool has_place(const char *message) {
    const char *colon = strchr(message, ':');
    size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;
    return digits > 0 && strncmp(colon + 1 + digits, ": ", 2) == 0;
}


/* [-0, +0, v] Raises the error on top of the stack as one of the function that is running. The
 * method was called from C, where Lua knows neither its name nor a line. */
static int raise(lua_State *L, int unnamed) {
    const char *message = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
    int argument;
    int start = 0;
    if (message && sscanf(message, "bad argument #%d to '?' (%n", &argument, &start) == 1 &&
        start > 0 && argument > unnamed) {
        size_t size = strlen(message + start);
        lua_pushlstring(L, message + start, size - 1);
        return luaL_argerror(L, argument - unnamed, lua_tostring(L, -1));
    }
    if (message && strcmp(message, "not enough memory") != 0 && !has_place(message)) {
        return luaL_error(L, "%s", message);
    }
    return lua_error(L);
}


/* Also where a call goes on that yielded. */
static int finish(lua_State *L, int status, lua_KContext unnamed) {
    if (status != LUA_OK && status != LUA_YIELD) {
        return raise(L, (int)unnamed);
    }
    return lua_gettop(L);
}


int pw_call_as_function(lua_State *L, lua_CFunction method, int unnamed) {
    lua_pushcfunction(L, method);
    lua_insert(L, 1);
    int status = lua_pcallk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, unnamed, finish);
    return finish(L, status, unnamed);
}
