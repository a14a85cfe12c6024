/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "host/guarded.h"
#include "host/policy_state.h"


/* Also where a call goes on that yielded. `below` are the values under its results. */
static int finish_protected(lua_State *L, int status, lua_KContext below) {
    pw_rethrow_expiry(L);
    if (status == LUA_OK || status == LUA_YIELD) {
        return lua_gettop(L) - (int)below;
    }
    lua_pushboolean(L, false);
    lua_insert(L, -2);
    return 2;
}


static int protected_call(lua_State *L) {
    luaL_checkany(L, 1);
    lua_pushboolean(L, true);
    lua_insert(L, 1);
    int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish_protected);
    return finish_protected(L, status, 0);
}


/* Once the time is over the error may come from the hook, and what runs then has no hook. */
static int handle_error(lua_State *L) {
    if (!pw_policy_state_of(L)->deadline.expired) {
        lua_pushvalue(L, lua_upvalueindex(1));
        lua_insert(L, 1);
        lua_call(L, lua_gettop(L) - 1, 1);
    }
    return 1;
}


/* The stack: the function (kept below, as finish_protected counts), the handler, true, the function
 * and its arguments. */
static int protected_call_with_handler(lua_State *L) {
    int arguments = lua_gettop(L) - 2;
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, handle_error, 1);
    lua_replace(L, 2);
    lua_pushboolean(L, true);
    lua_pushvalue(L, 1);
    lua_rotate(L, 3, 2);
    int status = lua_pcallk(L, arguments, LUA_MULTRET, 2, 2, finish_protected);
    return finish_protected(L, status, 2);
}


static int set_metatable(lua_State *L) {
    if (lua_type(L, 2) == LUA_TTABLE) {
        lua_pushliteral(L, "__gc");
        if (lua_rawget(L, 2) != LUA_TNIL) {
            return luaL_error(L, "__gc is not available to a policy: use __close or pw:defer");
        }
        lua_pop(L, 1);
    }
    return pw_call_replaced(L);
}


/* Lua does not verify precompiled code. The mode is "t" whatever was asked for. */
static int load_text(lua_State *L) {
    if (!lua_isnoneornil(L, 3) && !strchr(luaL_checkstring(L, 3), 't')) {
        return luaL_argerror(L, 3, "only text can be loaded here");
    }
    if (lua_gettop(L) < 3) {
        lua_settop(L, 3);
    }
    lua_pushliteral(L, "t");
    lua_replace(L, 3);
    return pw_call_replaced(L);
}


static int collect_garbage(lua_State *L) {
    static const char *const options[] = {"collect", "count", "step", NULL};
    luaL_checkoption(L, 1, "collect", options);
    return pw_call_replaced(L);
}


void pw_guard_base(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"collectgarbage", collect_garbage},
        {"load", load_text},
        {"pcall", protected_call},
        {"setmetatable", set_metatable},
        {"xpcall", protected_call_with_handler},
        {NULL, NULL},
    };
    pw_replace_functions(L, functions);
}
