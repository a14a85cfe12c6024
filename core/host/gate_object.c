/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.host */
#include "host/gate_object.h"

#include <stdio.h>

#include <lauxlib.h>
#include <stdbool.h>

#include "bind/bind.h"
#include "host/loop_object.h"
#include "host/told.h"

#define GATE "pagewarden.gate"

struct gate_object {
    struct pw_gate gate;
    struct pw_told told;
    const struct pw_loop_object *loop; /* or NULL; kept by the user value */
    bool open;
};


static struct gate_object *check_gate(lua_State *L, int index) {
    struct gate_object *object = luaL_checkudata(L, index, GATE);
    luaL_argcheck(L, object->open, index, "the gate is closed");
    return object;
}


struct pw_gate *pw_check_gate(lua_State *L, int index) {
    return &check_gate(L, index)->gate;
}


static void tell(void *context, const char *event, const struct pw_event_field fields[],
                 int count) {
    pw_told_add(&((struct gate_object *)context)->told, event, fields, count);
}


static int64_t now_ns(void *context) {
    return pw_loop_now(&((const struct gate_object *)context)->loop->loop);
}


/* [-0, +0, v] Reads the options table at 2 into the object on top of the stack. */
static bool check_options(lua_State *L, struct gate_object *object) {
    static const char *const known[] = {"imagined", "loop", NULL};
    if (lua_isnoneornil(L, 2)) {
        return false;
    }
    luaL_checktype(L, 2, LUA_TTABLE);
    pw_check_names(L, 2, known, "option");
    if (lua_getfield(L, 2, "loop") != LUA_TNIL) {
        object->loop = luaL_testudata(L, -1, PW_LOOP);
        luaL_argcheck(L, object->loop, 2, "loop: a loop expected");
    }
    lua_setiuservalue(L, -2, 1);
    lua_getfield(L, 2, "imagined");
    bool imagined = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return imagined;
}


/***
Opens the gate that all changes of a host's policies go through, over one root. What dead processes
left is not touched until `recover` or `adopt`.
@function gate
@tparam string root
@tparam[opt] table options `{ imagined = true }` when a test's world is behind it, which itself does
what cannot be put back, such as killing, when it hears of the act; `loop` to measure cool-downs on
the clock of a loop
@treturn[1] gate
@return[2] nil
@treturn[2] string message
@treturn[2] integer errno
*/
int pw_new_gate(lua_State *L) {
    const char *root = luaL_checkstring(L, 1);
    pw_check_surplus(L, 2);
    lua_settop(L, 2);
    struct gate_object *object = lua_newuserdatauv(L, sizeof *object, 1);
    *object = (struct gate_object){.open = false};
    luaL_setmetatable(L, GATE);
    bool imagined = check_options(L, object);
    struct pw_hooks hooks = {
        .tell = tell, .now_ns = object->loop ? now_ns : NULL, .context = object};
    int error = pw_gate_open(&object->gate, root, &hooks);
    if (error) {
        return pw_fail(L, root, -error);
    }
    object->gate.imagined = imagined;
    object->open = true;
    return 1;
}


static int push_count(lua_State *L, int count) {
    if (count < 0) {
        return pw_fail(L, "journal", -count);
    }
    lua_pushinteger(L, count);
    return 1;
}


/* [-0, +0, v] Does something with a policy of the gate: the gate is at 1, the name at 2. */
static int for_policy(lua_State *L, void (*act)(struct pw_gate *gate, const char *policy)) {
    struct pw_gate *gate = pw_check_gate(L, 1);
    const char *policy = luaL_checkstring(L, 2);
    pw_check_surplus(L, 2);
    act(gate, policy);
    return 0;
}


/***
Undoes the leases that dead processes left.
@function gate:recover
@treturn[1] integer how many
@return[2] nil
@treturn[2] string message
@treturn[2] integer errno
*/
static int recover(lua_State *L) {
    struct pw_gate *gate = pw_check_gate(L, 1);
    pw_check_surplus(L, 1);
    return push_count(L, pw_gate_recover(gate));
}


/***
Takes over the leases that dead processes left, for policies of the same names to take up. What they
have not taken up is undone by `settle`.
@function gate:adopt
@treturn[1] integer how many
@return[2] nil
@treturn[2] string message
@treturn[2] integer errno
*/
static int adopt(lua_State *L) {
    struct pw_gate *gate = pw_check_gate(L, 1);
    pw_check_surplus(L, 1);
    return push_count(L, pw_gate_adopt(gate));
}


/***
Marks a policy's leases to be handed on to the one that takes its place.
@function gate:offer
@tparam string policy
*/
static int offer(lua_State *L) {
    return for_policy(L, pw_gate_offer);
}


/***
Undoes what was handed on and not taken up.
@function gate:settle
@tparam[opt] string policy all policies when it is nil
*/
static int settle(lua_State *L) {
    struct pw_gate *gate = pw_check_gate(L, 1);
    const char *policy = luaL_optstring(L, 2, NULL);
    pw_check_surplus(L, 2);
    pw_gate_settle(gate, policy);
    return 0;
}


/***
Ends a policy: undoes its leases, last first, and gives up its keys.
@function gate:stop
@tparam string policy
*/
static int stop(lua_State *L) {
    return for_policy(L, pw_gate_stop);
}


/* [-0, +1, m] { event =, policy =, … }, all strings. */
static void push_event(lua_State *L, const struct pw_told_event *told) {
    const char *string = told->strings;
    lua_createtable(L, 0, told->field_count + 1);
    lua_pushstring(L, string);
    lua_setfield(L, -2, "event");
    for (int i = 0; i < told->field_count; i++) {
        const char *name = pw_told_next(string);
        string = pw_told_next(name);
        lua_pushstring(L, string);
        lua_setfield(L, -2, name);
    }
}


/***
Makes what a policy that took the place of another and failed has changed what that other, which
goes on, had made of it: instead of `settle`.
@function gate:retract
@tparam string policy
*/
static int retract(lua_State *L) {
    return for_policy(L, pw_gate_retract);
}


/***
Makes keeps of the leases of a policy that did not say how long they are for.
@function gate:keep
@tparam string policy
*/
static int keep(lua_State *L) {
    return for_policy(L, pw_gate_keep);
}


/***
What was done, refused or undone since this was last asked, in order.
@function gate:events
@treturn table a list of `{ event = "act", policy = …, key = …, value = …, … }`, all strings
@treturn integer how many were lost for want of memory
*/
static int events(lua_State *L) {
    struct pw_told *told = &check_gate(L, 1)->told;
    pw_check_surplus(L, 1);
    lua_newtable(L);
    while (told->first) {
        push_event(L, told->first);
        pw_append(L);
        pw_told_pop(told);
    }
    lua_pushinteger(L, told->dropped);
    told->dropped = 0;
    return 2;
}


/* Of that policy. */
static void forget_word(struct pw_gate *gate, const char *policy) {
    if (pw_fallback_is_of(&gate->fallback, policy)) {
        pw_fallback_forget(&gate->fallback);
    }
}


/***
Forgets whom a policy said to kill in its place (`kill.fallback`).
@function gate:forget_fallback
@tparam string policy
*/
static int forget_fallback(lua_State *L) {
    return for_policy(L, forget_word);
}


/***
Kills in the place of a policy that has failed, if it left word of that and memory is as short as it
said. The act is among the events. To be called again and again, until there is no word of it or
another of its name has left one.
@function gate:fall_back
@tparam string policy
@tparam[opt] boolean first it has failed just now
@treturn boolean|string false when there is no word of it, else "not short", "nobody", "would" or
"killed"
*/
static int fall_back(lua_State *L) {
    static const char *const verdicts[] = {[PW_FALLBACK_NOT_SHORT] = "not short",
                                           [PW_FALLBACK_NOBODY] = "nobody",
                                           [PW_FALLBACK_WOULD] = "would",
                                           [PW_FALLBACK_KILLED] = "killed"};
    struct pw_gate *gate = pw_check_gate(L, 1);
    const char *policy = luaL_checkstring(L, 2);
    struct pw_identity process;
    pw_check_surplus(L, 3);
    enum pw_fallback_verdict verdict = PW_FALLBACK_NO_WORD;
    bool is_its = pw_fallback_is_of(&gate->fallback, policy);
    gate->fallback.abandoned = gate->fallback.abandoned || (is_its && lua_toboolean(L, 3));
    if (is_its && gate->fallback.abandoned) {
        verdict = pw_fallback_act(&gate->fallback, &gate->source, gate->imagined, &process);
    }
    if (verdict == PW_FALLBACK_NO_WORD) {
        lua_pushboolean(L, false);
        return 1;
    }
    if (verdict >= PW_FALLBACK_WOULD) {
        char key[64];
        snprintf(key, sizeof key, "kill %lld:%lld", (long long)process.pid,
                 (long long)process.start_ticks);
        struct pw_event_field fields[] = {{"policy", policy}, {"key", key}, {"value", "SIGKILL"}};
        pw_tell(&gate->hooks, verdict == PW_FALLBACK_WOULD ? "would" : "act", fields, 3);
    }
    lua_pushstring(L, verdicts[verdict]);
    return 1;
}


/***
Gives up all keys. Leases that are still held are left to who starts next; stop the policies first.
@function gate:close
*/
static int close_gate(lua_State *L) {
    struct gate_object *object = luaL_checkudata(L, 1, GATE);
    if (object->open) {
        object->open = false;
        pw_gate_close(&object->gate);
    }
    pw_told_clear(&object->told);
    return 0;
}


void pw_define_gate(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"fall_back", fall_back}, {"forget_fallback", forget_fallback},
        {"recover", recover},     {"adopt", adopt},
        {"offer", offer},         {"settle", settle},
        {"retract", retract},     {"keep", keep},
        {"stop", stop},           {"events", events},
        {"close", close_gate},    {"__close", close_gate},
        {"__gc", close_gate},     {NULL, NULL},
    };
    luaL_newmetatable(L, GATE);
    luaL_setfuncs(L, methods, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}
