/* SPDX-License-Identifier: MIT */
#include "host/guarded.h"


/* A length may be anything: __len says what it likes, and a sparse table has several. */
static void check_length(lua_State *L) {
    if (lua_type(L, 1) == LUA_TTABLE) {
        luaL_argcheck(L, luaL_len(L, 1) <= PW_MOST_ELEMENTS, 1, "it has too many elements");
    }
}


/* The integers at `first` and `last` are a range; when `last` is not there it ends at the length.
 */
static void check_range(lua_State *L, int first, int last) {
    lua_Integer start = luaL_optinteger(L, first, 1);
    if (lua_isnoneornil(L, last)) {
        check_length(L);
    } else if (start <= luaL_checkinteger(L, last)) {
        lua_Unsigned count = (lua_Unsigned)lua_tointeger(L, last) - (lua_Unsigned)start;
        luaL_argcheck(L, count < (lua_Unsigned)PW_MOST_ELEMENTS, last, "too many elements");
    }
}


static int with_length(lua_State *L) {
    check_length(L);
    return pw_call_replaced(L);
}


static int concat(lua_State *L) {
    check_range(L, 3, 4);
    return pw_call_replaced(L);
}


static int move(lua_State *L) {
    luaL_checkinteger(L, 2);
    luaL_checkinteger(L, 3);
    check_range(L, 2, 3);
    return pw_call_replaced(L);
}


static int unpack(lua_State *L) {
    check_range(L, 2, 3);
    return pw_call_replaced(L);
}


void pw_guard_table(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"concat", concat},    {"insert", with_length}, {"move", move}, {"remove", with_length},
        {"sort", with_length}, {"unpack", unpack},      {NULL, NULL},
    };
    pw_replace_functions(L, functions);
}
