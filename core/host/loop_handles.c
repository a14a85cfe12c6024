/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.loop */
#include <signal.h>
#include <string.h>

#include "host/handle.h"
#include "host/signals.h"

#define SHORTEST_PERIOD_SECONDS 0.001

/* How late a tick may be, so that those of many policies come with one wake-up: this part of its
 * period, and at most so much. */
#define SLACK_PART 64
#define MOST_SLACK_NS (PW_SECOND_NS / 5)

struct timer_handle {
    struct pw_handle handle;
    struct pw_timer timer;
};

struct signals_handle {
    struct pw_handle handle;
    struct pw_signals signals;
};

static const struct {
    const char *name;
    int number;
} signal_names[] = {
    {"SIGHUP", SIGHUP},   {"SIGINT", SIGINT},   {"SIGQUIT", SIGQUIT}, {"SIGUSR1", SIGUSR1},
    {"SIGUSR2", SIGUSR2}, {"SIGTERM", SIGTERM}, {"SIGCHLD", SIGCHLD}, {"SIGWINCH", SIGWINCH},
    {"SIGTSTP", SIGTSTP}, {"SIGCONT", SIGCONT},
};


static void fire(struct pw_timer *timer, void *context) {
    struct pw_handle *handle = context;
    if (timer->period_ns > 0) {
        pw_call_back(handle, NULL, NULL);
    } else {
        pw_call_back_last(handle, NULL, NULL);
    }
}


static void end_timer(struct pw_handle *handle) {
    pw_loop_cancel(&handle->owner->loop, &((struct timer_handle *)handle)->timer);
}


static int push_signal_name(lua_State *L, const struct pw_handle *handle, const void *event) {
    (void)handle;
    int number = *(const int *)event;
    for (size_t i = 0; i < sizeof signal_names / sizeof *signal_names; i++) {
        if (signal_names[i].number == number) {
            lua_pushstring(L, signal_names[i].name);
        }
    }
    return 1;
}


static void deliver(struct pw_signals *signals, int number, void *context) {
    (void)signals;
    pw_call_back(context, push_signal_name, &number);
}


static void end_signals(struct pw_handle *handle) {
    pw_signals_close(&((struct signals_handle *)handle)->signals);
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


/* On a virtual clock nobody is woken. */
static int64_t slack_of(const struct pw_loop *loop, int64_t period_ns) {
    int64_t slack_ns = period_ns / SLACK_PART;
    if (pw_clock_is_virtual(&loop->clock)) {
        return 0;
    }
    return slack_ns < MOST_SLACK_NS ? slack_ns : MOST_SLACK_NS;
}


static int start_timer(lua_State *L, bool repeats) {
    struct pw_loop_object *owner = pw_check_loop(L);
    int64_t delay_ns = pw_check_duration(L, 2, repeats ? SHORTEST_PERIOD_SECONDS : 0);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    bool background = check_background(L, 4);
    pw_check_surplus(L, 4);
    struct timer_handle *handle = pw_new_handle(L, sizeof *handle, 3, end_timer);
    handle->timer.action = fire;
    handle->timer.context = handle;
    handle->timer.period_ns = repeats ? delay_ns : 0;
    handle->timer.slack_ns = slack_of(&owner->loop, handle->timer.period_ns);
    handle->timer.background = background;
    int error = pw_loop_arm(&owner->loop, &handle->timer, delay_ns);
    return error ? luaL_error(L, "timer: %s", strerror(-error)) : 1;
}


/***
Calls a function once.
@function loop:after
@number seconds how long from now
@tparam function fn
@tparam[opt] table options `{ background = true }`: `run` does not wait for this timer
@treturn handle one with `cancel`
*/
int pw_loop_after(lua_State *L) {
    return start_timer(L, false);
}


/***
Calls a function again and again, the first time after one period. It does not drift, and ticks
that were missed (a busy loop, a machine that slept) come as one. On the machine's clock a tick may
be late by a 64th of the period, at most 0.2 s, so that one wake-up does for many.
@function loop:every
@number seconds the period, at least 0.001
@tparam function fn
@tparam[opt] table options as for `after`
@treturn handle one with `cancel`
*/
int pw_loop_every(lua_State *L) {
    return start_timer(L, true);
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
@treturn handle one with `cancel`
*/
int pw_loop_on_signal(lua_State *L) {
    struct pw_loop_object *owner = pw_check_loop(L);
    sigset_t wanted = check_signals(L);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    pw_check_surplus(L, 3);
    struct signals_handle *handle = pw_new_handle(L, sizeof *handle, 3, end_signals);
    handle->signals.action = deliver;
    handle->signals.context = handle;
    handle->signals.fd = -1;
    int error = pw_signals_open(&handle->signals, &owner->loop, &wanted);
    return error ? luaL_error(L, "signals: %s", strerror(-error)) : 1;
}
