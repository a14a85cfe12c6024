/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.host */
#include "host/cell.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdbool.h>

#include "bind/act_context.h"
#include "bind/bind.h"
#include "host/clock.h"
#include "host/gate_object.h"
#include "host/policy_state.h"
#include "host/transfer.h"

#define CELL "pagewarden.cell"

/* The cell's user values: the function that answers what the policy asks, the gate of what it does
 * and the name it does it under. */
enum { ANSWER = 1, GATE, NAME, USER_VALUES = NAME };

struct cell {
    struct pw_policy_state state;
    lua_State *caller; /* who is calling, with the cell at 1 of the running function */
    bool open;
    struct pw_act_context context; /* without a gate until pagewarden.host says more */
    struct pw_grants grants;
    struct pw_overlay overlay; /* of a dry run */
};

struct question {
    lua_State *policy;
    int results;
};

/* Its address is the key, in the registry of a policy's state, of the cell that opened it. */
static const char owner = 0;


static struct cell *check_cell(lua_State *L, int index) {
    struct cell *cell = luaL_checkudata(L, index, CELL);
    luaL_argcheck(L, cell->open, index, "the cell is closed");
    return cell;
}


/* Runs in the policy's state. The caller's arguments are the cell, a module, a function's name
 * and what it gets. */
static int enter(lua_State *L, void *context) {
    lua_State *caller = context;
    lua_getglobal(L, "require");
    lua_pushstring(L, lua_tostring(caller, 2));
    lua_call(L, 1, 1);
    lua_getfield(L, 1, lua_tostring(caller, 3));
    lua_replace(L, 1);
    int arguments = pw_transfer(L, caller, 4);
    lua_call(L, arguments, LUA_MULTRET);
    return lua_gettop(L);
}


/***
Calls a function of a module inside the policy's state, within the limits of the policy. Arguments
and results are plain values: both sides get copies.
@function cell:call
@tparam string module as `require` takes it there
@tparam string name of the function
@param ... its arguments
@treturn[1] boolean true
@return[1] what it returned
@treturn[2] boolean false
@treturn[2] string message in its first line, and a traceback in the others
@treturn[2] string outcome "raised", "expired" or "out of memory"
*/
static int call(lua_State *L) {
    struct cell *cell = check_cell(L, 1);
    luaL_argcheck(L, lua_type(L, 2) == LUA_TSTRING, 2, "the name of a module expected");
    luaL_argcheck(L, lua_type(L, 3) == LUA_TSTRING, 3, "the name of a function expected");
    luaL_argcheck(L, !cell->state.busy, 1, "the policy is running already");
    int top = lua_gettop(L);
    cell->caller = L;
    enum pw_outcome outcome = pw_policy_state_call(&cell->state, enter, L);
    lua_settop(L, top);
    lua_pushboolean(L, outcome == PW_RETURNED);
    if (outcome == PW_RETURNED) {
        return 1 + pw_transfer(L, cell->state.L, 1);
    }
    lua_pushstring(L, cell->state.message);
    lua_pushstring(L, pw_outcome_name(outcome));
    return 3;
}


/* Runs protected in the host's state: a question, and the cell. */
static int answer(lua_State *L) {
    struct question *question = lua_touserdata(L, 1);
    lua_getiuservalue(L, 2, ANSWER);
    int arguments = pw_transfer(L, question->policy, 1);
    lua_call(L, arguments, LUA_MULTRET);
    question->results = lua_gettop(L) - 2;
    return question->results;
}


/***
From inside a policy's state: asks the function that whoever opened it gave as `answer`. Arguments
and results are plain values. Not for policies: what they may ask for is the business of `pw`.
@function ask
@param ... the question
@return the answer
*/
int pw_ask(lua_State *L) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &owner);
    const struct cell *cell = lua_touserdata(L, -1);
    lua_pop(L, 1);
    if (!cell) {
        return luaL_error(L, "only a policy has somebody to ask");
    }
    lua_State *host = cell->caller;
    struct question question = {.policy = L};
    if (!lua_checkstack(host, 3)) {
        return luaL_error(L, "the host has not enough memory");
    }
    lua_pushcfunction(host, answer);
    lua_pushlightuserdata(host, &question);
    lua_pushvalue(host, 1);
    int failed = lua_pcall(host, 2, LUA_MULTRET, 0);
    if (failed) {
        bool is_text = lua_type(host, -1) == LUA_TSTRING;
        lua_pushstring(L, is_text ? lua_tostring(host, -1) : "an error that is no text");
        lua_pop(host, 1);
        return lua_error(L);
    }
    int results = pw_transfer(L, host, lua_gettop(host) - question.results + 1);
    lua_pop(host, results);
    return results;
}


/***
How much memory the policy's state has now.
@function cell:memory
@treturn integer bytes
*/
static int memory(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)check_cell(L, 1)->state.allocator.used_bytes);
    return 1;
}


/***
Gives back the policy's state and all it held; no code of the policy runs. It may be closed again.
@function cell:close
*/
static int close_state(lua_State *L) {
    struct cell *cell = luaL_checkudata(L, 1, CELL);
    luaL_argcheck(L, !cell->open || !cell->state.busy, 1, "the policy is running");
    if (cell->open) {
        cell->open = false;
        pw_policy_state_close(&cell->state);
        pw_grants_free(&cell->grants);
        pw_overlay_free(&cell->overlay);
    }
    return 0;
}


/* [-0, +0, v] The deadline at `index`, of the argument `argument`, in nanoseconds. */
static int64_t check_deadline(lua_State *L, int index, int argument) {
    lua_Number seconds = luaL_checknumber(L, index);
    luaL_argcheck(L, seconds > 0 && seconds < 1e6, argument,
                  "deadline: a number of seconds expected");
    return (int64_t)(seconds * (lua_Number)PW_SECOND_NS) + 1;
}


/* [-0, +0, v] Reads { memory =, deadline =, … } at 1. */
static struct pw_policy_limits check_limits(lua_State *L) {
    static const char *const known[] = {"answer", "deadline", "memory", "path", NULL};
    struct pw_policy_limits limits = {0};
    luaL_checktype(L, 1, LUA_TTABLE);
    pw_check_names(L, 1, known, "field");
    if (lua_getfield(L, 1, "memory") != LUA_TNIL) {
        lua_Integer bytes = luaL_checkinteger(L, -1);
        luaL_argcheck(L, bytes > 0, 1, "memory: a number of bytes expected");
        limits.memory_bytes = (size_t)bytes;
    }
    if (lua_getfield(L, 1, "deadline") != LUA_TNIL) {
        limits.call_ns = check_deadline(L, -1, 1);
    }
    lua_pop(L, 2);
    return limits;
}


/* Runs in the policy's state, before anything else does. Nothing may be changed from there until
 * the context has a gate. */
static int remember_owner(lua_State *L, void *context) {
    struct cell *cell = context;
    lua_pushlightuserdata(L, cell);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &owner);
    pw_act_set_context(L, &cell->context);
    return 0;
}


/* [-0, +0, v] Adds the words of the list at `grants` of the options at 3. */
static void read_grants(lua_State *L, struct cell *cell) {
    if (lua_getfield(L, 3, "grants") != LUA_TNIL) {
        luaL_argcheck(L, lua_istable(L, -1), 3, "grants: a list of words expected");
        for (lua_Integer i = 1; lua_geti(L, -1, i) == LUA_TSTRING; i++) {
            struct pw_slice words;
            words.data = lua_tolstring(L, -1, &words.size);
            int error = pw_grants_add(&cell->grants, words);
            if (error) {
                luaL_error(L, "grants: '%s': %s", words.data,
                           error == -ENOMEM ? "not enough memory" : "no such grant");
            }
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}


/* [-0, +1, v] A field of the options at 3 as a boolean. */
static bool read_flag(lua_State *L, const char *name) {
    lua_getfield(L, 3, name);
    bool flag = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return flag;
}


/***
Lets the policy change what it was granted, through a gate. Once, before it starts; without this it
can change nothing.
@function cell:grant
@tparam gate gate
@tparam table options `{ name = "the name it acts under", grants = { "sysctl vm.swappiness", "oom" }
}`, and `dry_run = true` when nothing is to be written
*/
static int grant(lua_State *L) {
    static const char *const known[] = {"name", "grants", "dry_run", NULL};
    struct cell *cell = check_cell(L, 1);
    struct pw_gate *gate = pw_check_gate(L, 2);
    luaL_checktype(L, 3, LUA_TTABLE);
    pw_check_surplus(L, 3);
    pw_check_names(L, 3, known, "option");
    luaL_argcheck(L, !cell->context.gate, 1, "the policy has a gate already");
    luaL_argcheck(L, lua_getfield(L, 3, "name") == LUA_TSTRING, 3, "name: string expected");
    const char *name = lua_tostring(L, -1);
    lua_setiuservalue(L, 1, NAME);
    read_grants(L, cell);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, 1, GATE);
    cell->context = (struct pw_act_context){
        .gate = gate,
        .actor = {.policy = name, .grants = &cell->grants},
    };
    if (read_flag(L, "dry_run")) {
        cell->context.actor.overlay = &cell->overlay;
    }
    return 0;
}


/***
Gives each call from now on another deadline.
@function cell:set_deadline
@tparam number seconds of CPU time
*/
static int set_deadline(lua_State *L) {
    struct cell *cell = check_cell(L, 1);
    cell->state.deadline.limit_ns = check_deadline(L, 2, 2);
    return 0;
}


/***
Opens a Lua state for one policy, with its own memory, a deadline for each call, and libraries that
keep both. The host's modules can be required in it, those in Lua from `path`.
@function cell
@tparam table options `{ answer = function (…) … end, path = package.path }`; `memory` in bytes and
`deadline` in seconds of CPU time when they are not to be 4 MiB and 0.25
@treturn[1] cell
@return[2] nil
@treturn[2] string message
@treturn[2] integer errno
*/
int pw_new_cell(lua_State *L) {
    struct pw_policy_limits limits = check_limits(L);
    pw_check_surplus(L, 1);
    lua_getfield(L, 1, "path");
    const char *path = luaL_optstring(L, -1, NULL);
    struct cell *cell = lua_newuserdatauv(L, sizeof *cell, USER_VALUES);
    *cell = (struct cell){.open = false};
    luaL_setmetatable(L, CELL);
    luaL_argcheck(L, lua_getfield(L, 1, "answer") == LUA_TFUNCTION, 1, "answer: function expected");
    lua_setiuservalue(L, -2, ANSWER);
    int error = pw_policy_state_open(&cell->state, &limits, path);
    if (error) {
        return pw_fail(L, "cell", -error);
    }
    cell->open = true;
    if (pw_policy_state_call(&cell->state, remember_owner, cell) != PW_RETURNED) {
        return luaL_error(L, "%s", cell->state.message);
    }
    return 1;
}


void pw_define_cell(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"call", call},
        {"close", close_state},
        {"memory", memory},
        {"grant", grant},
        {"set_deadline", set_deadline},
        {"__close", close_state},
        {"__gc", close_state},
        {NULL, NULL},
    };
    luaL_newmetatable(L, CELL);
    luaL_setfuncs(L, methods, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}
