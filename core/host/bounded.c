/* SPDX-License-Identifier: MIT */
#include "host/bounded.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <stddef.h>

/* Instructions between two looks at the budget. */
#define STRIDE 1000

struct budget {
    lua_Integer instructions; /* that are left */
    ptrdiff_t bytes;          /* that are left */
    lua_Alloc allocate;       /* the state's own allocator */
    void *context;            /* and what it wants */
};

/* Its address is the registry key of the budget in force. */
static const char key = 0;


/* Only growth is refused: giving back is always right. */
static void *allocate(void *context, void *block, size_t old_size, size_t new_size) {
    struct budget *budget = context;
    ptrdiff_t growth = (ptrdiff_t)new_size - (ptrdiff_t)(block ? old_size : 0);
    if (growth > 0 && growth > budget->bytes) {
        return NULL;
    }
    void *result = budget->allocate(budget->context, block, old_size, new_size);
    if (result || new_size == 0) {
        budget->bytes -= growth;
    }
    return result;
}


/* Once the budget is spent every further instruction fails, so that a pcall around the first
 * failure is no way out. Coroutines inherit the hook, and find the same budget. */
static void count(lua_State *L, lua_Debug *activation) {
    (void)activation;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &key);
    struct budget *budget = lua_touserdata(L, -1);
    lua_pop(L, 1);
    if (!budget) {
        lua_sethook(L, NULL, 0, 0);
        return;
    }
    budget->instructions -= STRIDE;
    if (budget->instructions <= 0) {
        lua_sethook(L, count, LUA_MASKCOUNT, 1);
        luaL_error(L, "it runs too long");
    }
}


static void check_budget(lua_State *L, struct budget *budget) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_getfield(L, 1, "instructions");
    lua_getfield(L, 1, "bytes");
    budget->instructions = luaL_checkinteger(L, -2);
    budget->bytes = (ptrdiff_t)luaL_checkinteger(L, -1);
    budget->allocate = lua_getallocf(L, &budget->context);
    lua_pop(L, 2);
}


/* [-0, +0, m] Puts a budget, or none, in force. */
static void set_budget(lua_State *L, struct budget *budget) {
    if (budget) {
        lua_pushlightuserdata(L, budget);
    } else {
        lua_pushnil(L);
    }
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key);
}


int pw_bounded(lua_State *L) {
    struct budget budget;
    check_budget(L, &budget);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    set_budget(L, &budget);
    lua_sethook(L, count, LUA_MASKCOUNT, STRIDE);
    lua_setallocf(L, allocate, &budget);
    int status = lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 0);
    lua_setallocf(L, budget.allocate, budget.context);
    lua_sethook(L, NULL, 0, 0);
    set_budget(L, NULL);
    lua_pushboolean(L, status == LUA_OK);
    lua_replace(L, 1);
    return lua_gettop(L);
}
