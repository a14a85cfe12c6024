/* SPDX-License-Identifier: MIT */
#include "host/transfer.h"

#include <lauxlib.h>

/* What copying one value may need on a stack: a key, a value and a table. */
#define SLOTS 4

static void copy(lua_State *to, lua_State *from, int index, int depth);


static void copy_table(lua_State *to, lua_State *from, int index, int depth) {
    if (depth == PW_MOST_TRANSFER_DEPTH) {
        luaL_error(to, "tables are nested too deep to be passed on");
    }
    lua_newtable(to);
    lua_pushnil(from);
    while (lua_next(from, index)) {
        int value = lua_gettop(from);
        copy(to, from, value - 1, depth + 1);
        copy(to, from, value, depth + 1);
        lua_rawset(to, -3);
        lua_pop(from, 1);
    }
}


/* Of `from` only what cannot raise is called: strings are not converted, there is room. */
static void copy(lua_State *to, lua_State *from, int index, int depth) {
    size_t size;
    if (!lua_checkstack(from, SLOTS)) {
        luaL_error(to, "not enough memory");
    }
    luaL_checkstack(to, SLOTS, NULL);
    switch (lua_type(from, index)) {
    case LUA_TNIL:
        lua_pushnil(to);
        break;
    case LUA_TBOOLEAN:
        lua_pushboolean(to, lua_toboolean(from, index));
        break;
    case LUA_TNUMBER:
        if (lua_isinteger(from, index)) {
            lua_pushinteger(to, lua_tointeger(from, index));
        } else {
            lua_pushnumber(to, lua_tonumber(from, index));
        }
        break;
    case LUA_TSTRING: {
        const char *text = lua_tolstring(from, index, &size);
        lua_pushlstring(to, text, size);
        break;
    }
    case LUA_TTABLE:
        copy_table(to, from, index, depth);
        break;
    default:
        luaL_error(to, "a %s cannot be passed on", luaL_typename(from, index));
    }
}


int pw_transfer(lua_State *to, lua_State *from, int first) {
    int last = lua_gettop(from);
    for (int index = first; index <= last; index++) {
        copy(to, from, index, 0);
    }
    return last - first + 1;
}
