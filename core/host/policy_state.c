/* SPDX-License-Identifier: MIT */
#include "host/policy_state.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "host/clock.h"
#include "host/guarded.h"

struct call {
    pw_policy_entry *entry;
    void *context;
};


/* Coroutines are made with a copy of the main thread's extra space. */
struct pw_policy_state *pw_policy_state_of(lua_State *L) {
    struct pw_policy_state *state;
    memcpy(&state, lua_getextraspace(L), sizeof state);
    return state;
}


/* The error is a pointer, which needs no memory; the message lies in the state already. */
static int raise_expiry(lua_State *L) {
    lua_pushlightuserdata(L, pw_policy_state_of(L));
    return lua_error(L);
}


void pw_rethrow_expiry(lua_State *L) {
    if (pw_policy_state_of(L)->deadline.expired) {
        raise_expiry(L);
    }
}


/* Only here is it known where the time went: by the end of the call the stack is unwound. */
static void note_expiry(lua_State *L, struct pw_policy_state *state) {
    snprintf(state->message, sizeof state->message, "it ran for more than %g s",
             (double)state->deadline.limit_ns / (double)PW_SECOND_NS);
    luaL_traceback(L, L, state->message, 0);
    snprintf(state->message, sizeof state->message, "%s", lua_tostring(L, -1));
    lua_pop(L, 1);
}


void pw_check_deadline(lua_State *L) {
    struct pw_policy_state *state = pw_policy_state_of(L);
    if (!pw_deadline_has_passed(&state->deadline)) {
        return;
    }
    if (!state->message[0]) {
        note_expiry(L, state);
    }
    raise_expiry(L);
}


static void look_at_deadline(lua_State *L, lua_Debug *activation) {
    (void)activation;
    pw_check_deadline(L);
}


/* [-0, +1, v] What an error object says for itself, __tostring included. */
static const char *push_text_of(lua_State *L, int index) {
    if (lua_type(L, index) == LUA_TSTRING) {
        lua_pushvalue(L, index);
    } else if (!luaL_callmeta(L, index, "__tostring") || lua_type(L, -1) != LUA_TSTRING) {
        lua_pushfstring(L, "an error that is a %s value", luaL_typename(L, index));
    }
    return lua_tostring(L, -1);
}


/* The message handler of every call. An error of __tostring comes here a second time. */
static int explain(lua_State *L) {
    struct pw_policy_state *state = pw_policy_state_of(L);
    if (state->deadline.expired) {
        return 1;
    }
    if (state->explaining) {
        lua_pushliteral(L, "an error whose __tostring fails");
    } else {
        state->explaining = true;
        luaL_traceback(L, L, push_text_of(L, 1), 1);
        state->explaining = false;
    }
    return 1;
}


static int enter(lua_State *L) {
    const struct call *call = lua_touserdata(L, 1);
    lua_settop(L, 0);
    return call->entry(L, call->context);
}


/* Whatever came of it, a call that had expired has expired. */
static enum pw_outcome outcome_of(const struct pw_policy_state *state, int status) {
    if (state->deadline.expired) {
        return PW_EXPIRED;
    } else if (status == LUA_OK) {
        return PW_RETURNED;
    }
    return status == LUA_ERRMEM ? PW_OUT_OF_MEMORY : PW_RAISED;
}


/* Allocates nothing. An expiry has its message already, unless there was no memory to make it. */
static void describe(struct pw_policy_state *state, enum pw_outcome outcome) {
    const char *text = lua_tostring(state->L, -1);
    if (outcome == PW_OUT_OF_MEMORY && !state->allocator.limited) {
        snprintf(state->message, sizeof state->message, "not enough memory");
    } else if (outcome == PW_OUT_OF_MEMORY) {
        snprintf(state->message, sizeof state->message, "it needs more than %zu KiB of memory",
                 state->allocator.most_bytes >> 10);
    } else if (outcome == PW_RAISED) {
        snprintf(state->message, sizeof state->message, "%s", text ? text : "an error");
    }
}


static enum pw_outcome run(struct pw_policy_state *state, struct call *call) {
    lua_State *L = state->L;
    state->explaining = false;
    state->closing = 0;
    state->allocator.limited = false;
    state->message[0] = 0;
    lua_settop(L, 0);
    lua_pushcfunction(L, explain);
    lua_pushcfunction(L, enter);
    lua_pushlightuserdata(L, call);
    int status = lua_pcall(L, 1, LUA_MULTRET, 1);
    enum pw_outcome outcome = outcome_of(state, status);
    if (outcome == PW_RETURNED) {
        lua_remove(L, 1);
    } else {
        describe(state, outcome);
        lua_settop(L, 0);
    }
    return outcome;
}


enum pw_outcome pw_policy_state_call(struct pw_policy_state *state, pw_policy_entry *entry,
                                     void *context) {
    struct call call = {entry, context};
    if (state->busy) {
        snprintf(state->message, sizeof state->message, "it is running already");
        return PW_RAISED;
    }
    state->busy = true;
    pw_deadline_start(&state->deadline);
    enum pw_outcome outcome = run(state, &call);
    pw_deadline_stop(&state->deadline);
    state->busy = false;
    return outcome;
}


const char *pw_outcome_name(enum pw_outcome outcome) {
    static const char *const names[] = {"returned", "raised", "expired", "out of memory"};
    return names[outcome];
}


static int open_libraries(lua_State *L, void *path) {
    pw_open_guarded_libraries(L, path);
    lua_gc(L, LUA_GCINC, PW_GC_PAUSE_PERCENT, 0, 0);
    return 0;
}


/* Opening is not the policy's doing: it has no deadline, but shares the memory limit. */
int pw_policy_state_open(struct pw_policy_state *state, const struct pw_policy_limits *limits,
                         const char *path) {
    struct call call = {open_libraries, (void *)path};
    *state = (struct pw_policy_state){
        .allocator.most_bytes =
            limits->memory_bytes ? limits->memory_bytes : PW_POLICY_MEMORY_BYTES,
        .deadline = {.now = limits->now ? limits->now : pw_thread_cpu_ns,
                     .clock = limits->clock,
                     .limit_ns = limits->call_ns ? limits->call_ns : PW_POLICY_CALL_NS,
                     .due_ns = PW_NEVER_NS},
    };
    state->L = lua_newstate(pw_allocate, &state->allocator);
    if (!state->L) {
        return -ENOMEM;
    }
    memcpy(lua_getextraspace(state->L), &state, sizeof state);
    if (run(state, &call) != PW_RETURNED) {
        pw_policy_state_close(state);
        return -ENOMEM;
    }
    lua_sethook(state->L, look_at_deadline, LUA_MASKCOUNT, PW_HOOK_INSTRUCTIONS);
    return 0;
}


void pw_policy_state_close(struct pw_policy_state *state) {
    if (state->L) {
        lua_close(state->L);
    }
    state->L = NULL;
}
