/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.swap */
#include <errno.h>

#include "act/swap_path.h"
#include "bind/swap.h"
#include "bind/wait.h"

/* Where the list, the options and the group are on the stack; behind that, why it failed. */
enum { PATHS = 2, OPTIONS, THE_GROUP };

/* nil, message, errno, kind */
#define FAILURE_RESULTS 4

/* Which of the list is put on, or taken off again, and which were off before: a bit for each. */
struct group {
    int count;
    int current; /* from 1 */
    bool failed;
    uint32_t were_off;
};

#define MOST_PATHS 32


static bool is_off(struct pw_reader *reader, const char *path) {
    char resolved[PATH_MAX];
    struct pw_swap_use use = {0};
    return pw_swap_resolve(&reader->source, path, resolved, sizeof resolved) == 0 &&
           pw_swap_use_read(&reader->source, &reader->buffer, resolved, &use) == 0 && !use.on;
}


static int go_on(lua_State *L, int status, lua_KContext context);


/* [-0, +n, v] Calls a function of the module for the current path; to be returned. */
static int call(lua_State *L, lua_CFunction function, const struct group *group) {
    lua_pushcfunction(L, function);
    lua_pushvalue(L, 1);
    lua_geti(L, PATHS, group->current);
    if (!group->failed) {
        lua_pushvalue(L, OPTIONS);
    }
    lua_callk(L, group->failed ? 2 : 3, FAILURE_RESULTS, 0, go_on);
    return go_on(L, LUA_OK, 0);
}


/* Puts the next one on. */
static int advance(lua_State *L, struct group *group) {
    if (++group->current > group->count) {
        lua_pushboolean(L, true);
        return 1;
    }
    lua_geti(L, PATHS, group->current);
    bool off = is_off(pw_check_view(L, 1, PW_SWAP), lua_tostring(L, -1));
    lua_pop(L, 1);
    group->were_off |= (uint32_t)off << (group->current - 1);
    return call(L, pw_swap_on, group);
}


/* Takes the one before off again, if it was. */
static int retreat(lua_State *L, struct group *group) {
    do {
        group->current--;
    } while (group->current > 0 && !(group->were_off >> (group->current - 1) & 1));
    if (group->current == 0) {
        lua_settop(L, THE_GROUP + FAILURE_RESULTS);
        return FAILURE_RESULTS;
    }
    return call(L, pw_swap_off, group);
}


static int go_on(lua_State *L, int status, lua_KContext context) {
    struct group *group = lua_touserdata(L, THE_GROUP);
    (void)status, (void)context;
    if (group->failed) {
        lua_settop(L, THE_GROUP + FAILURE_RESULTS);
        return retreat(L, group);
    }
    if (lua_isnil(L, THE_GROUP + 1)) {
        group->failed = true;
        return retreat(L, group);
    }
    lua_settop(L, THE_GROUP);
    return advance(L, group);
}


/***
Puts several areas on with one priority, all of them or none, so that they are filled evenly: best
on as many disks.
@function group
@tparam {string,...} paths
@tparam table options as for `on`, with `priority`
@treturn[1] boolean true
@return[2] nil, "swap PATH: reason", errno, kind of the first that could not be put on
@usage assert(swap.group({ "/disk1/swap", "/disk2/swap" }, { priority = 10 }))
*/
int pw_swap_group(lua_State *L) {
    pw_check_view(L, 1, PW_SWAP);
    luaL_checktype(L, PATHS, LUA_TTABLE);
    luaL_checktype(L, OPTIONS, LUA_TTABLE);
    pw_check_surplus(L, OPTIONS);
    lua_Integer count = luaL_len(L, PATHS);
    luaL_argcheck(L, count >= 1 && count <= MOST_PATHS, PATHS, "a list of 1 to 32 paths expected");
    luaL_argcheck(L, pw_swap_check_priority(L, OPTIONS) != PW_SWAP_ANY_PRIORITY, OPTIONS,
                  "priority: missing");
    for (lua_Integer i = 1; i <= count; i++) {
        luaL_argcheck(L, lua_geti(L, PATHS, i) == LUA_TSTRING && lua_tostring(L, -1)[0] == '/',
                      PATHS, "an absolute path expected");
        lua_pop(L, 1);
    }
    pw_check_may_wait(L);
    struct group *group = lua_newuserdatauv(L, sizeof *group, 0);
    *group = (struct group){.count = (int)count};
    return advance(L, group);
}
