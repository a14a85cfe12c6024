/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <string.h>

#include "host/loop_object.h"
#include "host/signals.h"

#define TIMER "pagewarden.timer"
#define SIGNALS "pagewarden.signals"

#define SHORTEST_PERIOD_SECONDS 0.001

/* A handle's user values: its function, and the loop it belongs to. */
enum { FUNCTION = 1, OWNER = 2 };

struct timer_object {
    struct pw_timer timer;
    struct pw_loop_object *owner;
};

struct signals_object {
    struct pw_signals signals;
    struct pw_loop_object *owner;
};

static const struct {
    const char *name;
    int number;
} signal_names[] = {
    {"SIGHUP", SIGHUP},   {"SIGINT", SIGINT},   {"SIGQUIT", SIGQUIT}, {"SIGUSR1", SIGUSR1},
    {"SIGUSR2", SIGUSR2}, {"SIGTERM", SIGTERM}, {"SIGCHLD", SIGCHLD}, {"SIGWINCH", SIGWINCH},
};


/* The message with a traceback; an error that is not a string stays as it is. */
static int add_traceback(lua_State *L) {
    const char *message = lua_tostring(L, 1);
    if (message) {
        luaL_traceback(L, L, message, 1);
    }
    return 1;
}


/* [-0, +2, -] The handle at `address` and its function. Both are looked up, never allocated. */
static void push_handle(lua_State *L, const void *address) {
    lua_getiuservalue(L, 1, PW_LOOP_HANDLES);
    lua_rawgetp(L, -1, address);
    lua_remove(L, -2);
    lua_getiuservalue(L, -1, FUNCTION);
}


/* [-0, +0, m] Lets go of a handle of the loop at `loop_index`. */
static void forget(lua_State *L, int loop_index, const void *address) {
    lua_getiuservalue(L, loop_index, PW_LOOP_HANDLES);
    lua_pushnil(L);
    lua_rawsetp(L, -2, address);
    lua_pop(L, 1);
}


/* [-(arguments + 2), +0, -] Calls the function below its arguments, with its handle below it. A
 * failure stays on the stack, stops the loop, and is raised once the loop has come to its end. */
static void call_back(struct pw_loop_object *object, int arguments) {
    lua_State *L = object->L;
    int handle = lua_gettop(L) - arguments - 1;
    lua_pushcfunction(L, add_traceback);
    lua_insert(L, handle + 1);
    if (lua_pcall(L, arguments, 0, handle + 1) == LUA_OK) {
        lua_settop(L, handle - 1);
        return;
    }
    object->failed = true;
    pw_loop_stop(&object->loop);
}


static void fire(struct pw_timer *timer, void *context) {
    struct timer_object *object = context;
    lua_State *L = object->owner->L;
    push_handle(L, object);
    if (timer->place == 0) {
        forget(L, 1, object);
    }
    call_back(object->owner, 0);
}


static void push_signal_name(lua_State *L, int number) {
    for (size_t i = 0; i < sizeof signal_names / sizeof *signal_names; i++) {
        if (signal_names[i].number == number) {
            lua_pushstring(L, signal_names[i].name);
            return;
        }
    }
    lua_pushinteger(L, number);
}


static void deliver(struct pw_signals *signals, int number, void *context) {
    (void)signals;
    struct signals_object *object = context;
    push_handle(object->owner->L, object);
    push_signal_name(object->owner->L, number);
    call_back(object->owner, 1);
}


/* [-0, +1, m] A handle for the loop at 1 with the function at `function`, not yet armed. */
static void *new_handle(lua_State *L, size_t size, const char *class, int function) {
    void *handle = lua_newuserdatauv(L, size, 2);
    memset(handle, 0, size);
    lua_pushvalue(L, function);
    lua_setiuservalue(L, -2, FUNCTION);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, OWNER);
    luaL_setmetatable(L, class);
    return handle;
}


/* [-0, +0, m] Keeps the handle on top of the stack, of the loop at 1, until it is forgotten. */
static void remember(lua_State *L, const void *address) {
    lua_getiuservalue(L, 1, PW_LOOP_HANDLES);
    lua_pushvalue(L, -2);
    lua_rawsetp(L, -2, address);
    lua_pop(L, 1);
}


static bool check_background(lua_State *L, int index) {
    static const char *const known[] = {"background", NULL};
    if (lua_isnoneornil(L, index)) {
        return false;
    }
    luaL_checktype(L, index, LUA_TTABLE);
    pw_check_names(L, index, known, "field");
    lua_getfield(L, index, "background");
    bool background = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return background;
}


static int start_timer(lua_State *L, bool repeats) {
    struct pw_loop_object *owner = pw_check_loop(L);
    int64_t delay_ns = pw_check_duration(L, 2, repeats ? SHORTEST_PERIOD_SECONDS : 0);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    bool background = check_background(L, 4);
    pw_check_surplus(L, 4);
    struct timer_object *object = new_handle(L, sizeof *object, TIMER, 3);
    object->owner = owner;
    object->timer.action = fire;
    object->timer.context = object;
    object->timer.period_ns = repeats ? delay_ns : 0;
    object->timer.background = background;
    remember(L, object);
    int error = pw_loop_arm(&owner->loop, &object->timer, delay_ns);
    return error ? luaL_error(L, "timer: %s", strerror(-error)) : 1;
}


/***
Calls a function once.
@function loop:after
@number seconds how long from now
@tparam function fn
@tparam[opt] table options `{ background = true }`: `run` does not wait for this timer
@treturn timer a handle with `cancel`
*/
int pw_loop_after(lua_State *L) {
    return start_timer(L, false);
}


/***
Calls a function again and again, the first time after one period. It does not drift, and ticks
that were missed (a busy loop, a machine that slept) come as one.
@function loop:every
@number seconds the period, at least 0.001
@tparam function fn
@tparam[opt] table options as for `after`
@treturn timer a handle with `cancel`
*/
int pw_loop_every(lua_State *L) {
    return start_timer(L, true);
}


/* Ends the timer, in O(log n); harmless when it has fired or was cancelled.
 * @function timer:cancel */
static int cancel_timer(lua_State *L) {
    struct timer_object *object = luaL_checkudata(L, 1, TIMER);
    lua_getiuservalue(L, 1, OWNER);
    if (object->timer.place > 0) {
        pw_loop_cancel(&object->owner->loop, &object->timer);
        forget(L, lua_gettop(L), object);
    }
    return 0;
}


static int check_signal(lua_State *L, const char *name) {
    for (size_t i = 0; i < sizeof signal_names / sizeof *signal_names; i++) {
        if (strcmp(signal_names[i].name, name) == 0) {
            return signal_names[i].number;
        }
    }
    return luaL_argerror(L, 2, lua_pushfstring(L, "unknown signal '%s'", name));
}


static sigset_t check_signals(lua_State *L) {
    sigset_t set;
    sigemptyset(&set);
    luaL_checktype(L, 2, LUA_TTABLE);
    for (lua_Integer i = 1; lua_geti(L, 2, i) != LUA_TNIL; i++) {
        luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, 2, "list of signal names expected");
        sigaddset(&set, check_signal(L, lua_tostring(L, -1)));
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return set;
}


/***
Calls a function with the name of each of these signals that arrives. They are blocked meanwhile,
and do not keep `run` waiting.
@function loop:on_signal
@tparam {string,...} names such as `{ "SIGINT", "SIGTERM" }`
@tparam function fn
@treturn signals a handle with `cancel`
*/
int pw_loop_on_signal(lua_State *L) {
    struct pw_loop_object *owner = pw_check_loop(L);
    sigset_t wanted = check_signals(L);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    pw_check_surplus(L, 3);
    struct signals_object *object = new_handle(L, sizeof *object, SIGNALS, 3);
    object->owner = owner;
    object->signals.action = deliver;
    object->signals.context = object;
    object->signals.fd = -1;
    remember(L, object);
    int error = pw_signals_open(&object->signals, &owner->loop, &wanted);
    return error ? luaL_error(L, "signals: %s", strerror(-error)) : 1;
}


/* Lets the signals through again; harmless when done already.
 * @function signals:cancel */
static int cancel_signals(lua_State *L) {
    struct signals_object *object = luaL_checkudata(L, 1, SIGNALS);
    lua_getiuservalue(L, 1, OWNER);
    if (object->signals.fd >= 0) {
        pw_signals_close(&object->signals);
        forget(L, lua_gettop(L), object);
    }
    return 0;
}


/* Only signals hold a descriptor of their own. */
void pw_close_handles(lua_State *L) {
    if (lua_getiuservalue(L, 1, PW_LOOP_HANDLES) != LUA_TTABLE) {
        lua_pop(L, 1);
        return;
    }
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        struct signals_object *object = luaL_testudata(L, -1, SIGNALS);
        if (object) {
            pw_signals_close(&object->signals);
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}


void pw_define_handles(lua_State *L) {
    static const luaL_Reg timer_methods[] = {
        {"cancel", cancel_timer}, {"__close", cancel_timer}, {NULL, NULL}};
    static const luaL_Reg signals_methods[] = {
        {"cancel", cancel_signals}, {"__close", cancel_signals}, {NULL, NULL}};
    pw_define_class(L, TIMER, timer_methods);
    pw_define_class(L, SIGNALS, signals_methods);
}
