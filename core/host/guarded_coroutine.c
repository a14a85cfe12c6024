/* SPDX-License-Identifier: MIT */
#include <stdbool.h>

#include "host/guarded.h"
#include "host/policy_state.h"

/* Closing one coroutine may close another, on the C stack, and Lua 5.4.4 does not count that. */
#define MOST_CLOSING 100


/* The end of its time leaves a coroutine dead, and Lua leaves it without its hook's attention, so
 * that what it has still to close would run unwatched. Without a hook it is known, and left. */
static void abandon(lua_State *coroutine) {
    lua_sethook(coroutine, NULL, 0, 0);
}


/* [-0, +0, v] For what comes back from a coroutine, in whichever way. */
static void check_expiry(lua_State *L, lua_State *coroutine) {
    if (pw_policy_state_of(L)->deadline.expired) {
        abandon(coroutine);
        pw_rethrow_expiry(L);
    }
}


static int resume(lua_State *L) {
    lua_State *coroutine = lua_tothread(L, 1);
    int results = pw_call_replaced(L);
    check_expiry(L, coroutine);
    return results;
}


/* [-0, +0, v] Closes a coroutine that waits, has failed or has ended. Returns its status; when that
 * is not LUA_OK its error is on top of its stack. */
static int close_thread(lua_State *L, lua_State *coroutine) {
    struct pw_policy_state *state = pw_policy_state_of(L);
    if (state->closing >= MOST_CLOSING) {
        return luaL_error(L, "too many coroutines are closed, one inside the other");
    }
    state->closing++;
    int status = lua_resetthread(coroutine);
    state->closing--;
    check_expiry(L, coroutine);
    return status;
}


/* A coroutine that has resumed another is not at rest either. */
static bool is_at_rest(lua_State *L, lua_State *coroutine) {
    lua_Debug activation;
    return coroutine != L &&
           (lua_status(coroutine) != LUA_OK || !lua_getstack(coroutine, 0, &activation));
}


static int close_coroutine(lua_State *L) {
    lua_State *coroutine = lua_tothread(L, 1);
    luaL_argexpected(L, coroutine, 1, "coroutine");
    luaL_argcheck(L, is_at_rest(L, coroutine), 1, "a running coroutine cannot be closed");
    if (!lua_gethook(coroutine)) {
        lua_pushboolean(L, false);
        lua_pushliteral(L, "the coroutine ran out of time");
        return 2;
    }
    int status = close_thread(L, coroutine);
    lua_pushboolean(L, status == LUA_OK);
    if (status == LUA_OK) {
        return 1;
    }
    lua_xmove(coroutine, L, 1);
    return 2;
}


/* The error of a wrapped coroutine, on top of the stack, says where it was called. */
static int raise_wrapped(lua_State *L, lua_State *coroutine) {
    int status = lua_status(coroutine);
    if (status != LUA_OK && status != LUA_YIELD && close_thread(L, coroutine) != LUA_OK) {
        lua_xmove(coroutine, L, 1);
    }
    if (lua_type(L, -1) == LUA_TSTRING) {
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}


/* Its upvalues: the resume that was replaced, which pw_call_replaced() calls, and the coroutine. */
static int resume_wrapped(lua_State *L) {
    lua_State *coroutine = lua_tothread(L, lua_upvalueindex(2));
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_insert(L, 1);
    int results = pw_call_replaced(L);
    check_expiry(L, coroutine);
    if (!lua_toboolean(L, -results)) {
        return raise_wrapped(L, coroutine);
    }
    return results - 1;
}


/* Its upvalue: the resume that was replaced. */
static int wrap(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_State *coroutine = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, coroutine, 1);
    lua_pushcclosure(L, resume_wrapped, 2);
    return 1;
}


void pw_guard_coroutine(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"close", close_coroutine}, {"resume", resume}, {NULL, NULL}};
    lua_getfield(L, -1, "resume");
    lua_pushcclosure(L, wrap, 1);
    lua_setfield(L, -2, "wrap");
    pw_replace_functions(L, functions);
}
