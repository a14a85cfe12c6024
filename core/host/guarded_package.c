/* SPDX-License-Identifier: MIT */
#include <stdbool.h>

#include "host/guarded.h"

/* Of package.searchers: the one that finds files in Lua. */
#define LUA_SEARCHER 2

struct dump {
    luaL_Buffer buffer;
    bool begun;
};


static int write_dump(lua_State *L, const void *bytes, size_t size, void *context) {
    struct dump *dump = context;
    if (!dump->begun) {
        luaL_buffinit(L, &dump->buffer);
        dump->begun = true;
    }
    luaL_addlstring(&dump->buffer, bytes, size);
    return 0;
}


/* [-1, +1, v] Replaces the function on top of the stack by one like it that does not know its lines
 * and the names of its variables. */
static void strip(lua_State *L) {
    struct dump dump = {.begun = false};
    size_t size;
    lua_dump(L, write_dump, &dump, true);
    luaL_pushresult(&dump.buffer);
    const char *bytes = lua_tolstring(L, -1, &size);
    if (luaL_loadbufferx(L, bytes, size, "=host", "b") != LUA_OK) {
        lua_error(L);
    }
    lua_replace(L, -3);
    lua_pop(L, 1);
}


/* Finds what the searcher that it replaces does: the module's chunk and where that was, or why
 * there is none. */
static int search(lua_State *L) {
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    lua_call(L, 1, 2);
    if (lua_isfunction(L, -2)) {
        lua_insert(L, -2);
        strip(L);
        lua_insert(L, -2);
    }
    return 2;
}


void pw_guard_package(lua_State *L) {
    lua_pushliteral(L, "");
    lua_setfield(L, -2, "cpath");
    lua_pushnil(L);
    lua_setfield(L, -2, "loadlib");
    lua_getfield(L, -1, "searchers");
    lua_rawgeti(L, -1, LUA_SEARCHER);
    lua_pushcclosure(L, search, 1);
    lua_rawseti(L, -2, LUA_SEARCHER);
    lua_pop(L, 1);
}
