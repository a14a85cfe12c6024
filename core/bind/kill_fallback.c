/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.kill */
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "bind/kill.h"
#include "bind/process.h"
#include "bind/view.h"

#define KEY "kill fallback"


/* [-0, +0, v] A field of the options at 3, in bytes; no limit when it is not there. */
static int64_t check_bytes(lua_State *L, const char *name) {
    int64_t bytes = INT64_MAX;
    if (lua_getfield(L, 3, name) != LUA_TNIL) {
        lua_Number number = lua_tonumber(L, -1);
        luaL_argcheck(L, lua_isnumber(L, -1) && number >= 0, 3, "available, swap: bytes expected");
        bytes = number < 0x1p62 ? (int64_t)number : INT64_MAX;
    }
    lua_pop(L, 1);
    return bytes;
}


/* [-0, +0, v] The processes of the list at 2, as many as there is room for. */
static void check_processes(lua_State *L, struct pw_fallback_word *word) {
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_Integer count = luaL_len(L, 2);
    for (lua_Integer i = 1; i <= count && word->count < PW_FALLBACK_MOST; i++) {
        lua_geti(L, 2, i);
        const struct pw_identity *process = pw_test_process(L, -1);
        luaL_argcheck(L, process, 2, "a list of processes expected");
        word->processes[word->count++] = *process;
        lua_pop(L, 1);
    }
}


/***
Leaves word with the host of whom it is to kill if the policy fails when memory is short: stops
because of errors, or holds up the host until its watchdog ends it. In the place of what was left
before; an empty list takes it back. Only under the host, and forgotten when the policy stops
otherwise. One word is kept, that of the policy that left it last.
@function fallback
@tparam {process,...} processes who goes first first; 16 are kept
@tparam table options `{ available = 200 << 20, swap = 0 }`: memory is short when less is available
(bytes), and no more swap is free; what is left out does not count
@treturn[1] boolean true
@return[2] nil, "kill fallback: reason", errno, kind
@usage assert(pw.kill.fallback({ hog, other }, { available = 100 << 20 }))
*/
int pw_kill_fallback(lua_State *L) {
    static const char *const known[] = {"available", "swap", NULL};
    const struct pw_act_context *context = pw_act_context_of(L);
    struct pw_fallback_word word = {.count = 0};
    pw_check_view(L, 1, PW_KILL);
    pw_check_surplus(L, 3);
    check_processes(L, &word);
    luaL_checktype(L, 3, LUA_TTABLE);
    pw_check_names(L, 3, known, "option");
    word.available_bytes = check_bytes(L, "available");
    word.swap_bytes = check_bytes(L, "swap");
    if (!context || !context->gate ||
        !pw_grants_allow(context->actor.grants, pw_slice_of("kill 2:0"))) {
        return pw_fail_because(L, KEY, "there is no host that it was granted by", EPERM, PW_DENIED);
    }
    snprintf(word.policy, sizeof word.policy, "%s", context->actor.policy);
    word.dry_run = context->actor.overlay != NULL;
    struct pw_fallback *fallback = &context->gate->fallback;
    int error = 0;
    if (word.count > 0) {
        error = pw_fallback_leave(fallback, &word);
    } else if (pw_fallback_is_of(fallback, word.policy)) {
        pw_fallback_forget(fallback);
    }
    if (error) {
        return pw_fail(L, KEY, -error);
    }
    lua_pushboolean(L, true);
    return 1;
}
