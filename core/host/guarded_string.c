/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "host/guarded.h"
#include "host/pattern_trial.h"
#include "host/policy_state.h"


static struct pw_slice check_slice(lua_State *L, int index) {
    struct pw_slice slice;
    slice.data = luaL_checklstring(L, index, &slice.size);
    return slice;
}


/* The offset that `index` gives as a position, which counts from the end when it is negative. */
static size_t check_start(lua_State *L, int index, size_t size) {
    lua_Integer position = luaL_optinteger(L, index, 1);
    if (position > 0) {
        return (size_t)position - 1;
    }
    bool before = position == 0 || position < -(lua_Integer)size;
    return before ? 0 : size - (size_t)-position;
}


static bool may_go_on(void *state) {
    return !pw_deadline_has_passed(&((struct pw_policy_state *)state)->deadline);
}


/* Lua's own matcher runs only what has been seen to end. */
static int match_within_deadline(lua_State *L, struct pw_pattern_trial *trial) {
    struct pw_pattern_match match;
    trial->subject = check_slice(L, 1);
    trial->pattern = check_slice(L, 2);
    trial->may_go_on = may_go_on;
    trial->context = pw_policy_state_of(L);
    if (trial->start <= trial->subject.size &&
        !pw_pattern_is_cheap(trial->subject.size, trial->pattern) &&
        !pw_pattern_try(trial, &match)) {
        pw_check_deadline(L);
    }
    return pw_call_replaced(L);
}


static bool is_plain(struct pw_slice pattern) {
    for (size_t i = 0; i < pattern.size; i++) {
        if (memchr("^$*+?.([%-", pattern.data[i], 10)) {
            return false;
        }
    }
    return true;
}


/* memmem() takes linear time, as Lua's search does not. */
static int find_plain(lua_State *L, struct pw_slice subject, struct pw_slice wanted, size_t start) {
    const char *found = NULL;
    if (start <= subject.size) {
        found = memmem(subject.data + start, subject.size - start, wanted.data, wanted.size);
    }
    if (!found) {
        luaL_pushfail(L);
        return 1;
    }
    lua_pushinteger(L, found - subject.data + 1);
    lua_pushinteger(L, found - subject.data + (lua_Integer)wanted.size);
    return 2;
}


static int find(lua_State *L) {
    struct pw_slice subject = check_slice(L, 1), pattern = check_slice(L, 2);
    size_t start = check_start(L, 3, subject.size);
    if (lua_toboolean(L, 4) || is_plain(pattern)) {
        return find_plain(L, subject, pattern, start);
    }
    return match_within_deadline(L, &(struct pw_pattern_trial){.start = start, .anchors = true});
}


static int match_first(lua_State *L) {
    size_t start = check_start(L, 3, check_slice(L, 1).size);
    return match_within_deadline(L, &(struct pw_pattern_trial){.start = start, .anchors = true});
}


static int match_each(lua_State *L) {
    size_t start = check_start(L, 3, check_slice(L, 1).size);
    return match_within_deadline(L, &(struct pw_pattern_trial){.start = start, .all = true});
}


static int substitute(lua_State *L) {
    return match_within_deadline(L, &(struct pw_pattern_trial){.anchors = true, .all = true});
}


/* Anything else is as long as the memory limit allows. */
static int repeat(lua_State *L) {
    struct pw_slice text = check_slice(L, 1);
    size_t separator_size;
    luaL_checkinteger(L, 2);
    luaL_optlstring(L, 3, "", &separator_size);
    if (text.size + separator_size > 0) {
        return pw_call_replaced(L);
    }
    lua_pushliteral(L, "");
    return 1;
}


void pw_guard_string(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"find", find},         {"gmatch", match_each}, {"gsub", substitute},
        {"match", match_first}, {"rep", repeat},        {NULL, NULL},
    };
    pw_replace_functions(L, functions);
    lua_pushnil(L);
    lua_setfield(L, -2, "dump");
}
