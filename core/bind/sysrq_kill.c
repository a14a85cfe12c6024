/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "act/manual_oom.h"
#include "bind/oom_fields.h"
#include "bind/sysrq.h"

int luaopen_pagewarden_oom(lua_State *L);

#define KEY "sysrq f"
#define WATCH "pagewarden.manual_oom"

/* How often vmstat is looked at, and the clock. */
#define TICK_SECONDS 0.1

/* Where on the stack what follows the arguments is. */
enum { EXPECTED = 4, VALUE, WATCHED };

/* From before it is asked for until the kernel has said what it did. */
struct watch {
    struct pw_manual_oom oom;
    int silent_fd; /* is never readable: what to wait for where the log cannot be */
    int64_t started_ns, end_ns;
};


/* [-0, +1, v] Whom the kernel would take, a table of `oom.victims`, or nil when nobody is known. */
static void push_expected(lua_State *L) {
    luaL_requiref(L, "pagewarden.oom", luaopen_pagewarden_oom, 0);
    lua_getfield(L, -1, "open");
    pw_push_view_reader(L, 1, PW_SYSRQ);
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "victims");
    lua_insert(L, -2);
    lua_createtable(L, 0, 1);
    pw_set_integer(L, "top", 1);
    lua_call(L, 2, 1);
    if (lua_istable(L, -1)) {
        lua_geti(L, -1, 1);
        lua_remove(L, -2);
    }
    lua_remove(L, -2);
}


/* [-0, +1, v] What is done, for the log: "kill hog (812)". A child may have to die for it. */
static void push_value(lua_State *L) {
    if (!lua_istable(L, EXPECTED)) {
        lua_pushliteral(L, "kill whom the OOM killer would");
        return;
    }
    lua_getfield(L, EXPECTED, "comm");
    lua_getfield(L, EXPECTED, "instead");
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_getfield(L, EXPECTED, "pid");
        lua_pushfstring(L, "kill %s (%d)", lua_tostring(L, -2), (int)lua_tointeger(L, -1));
    } else {
        lua_pushfstring(L, "kill %d, a child of %s", (int)lua_tointeger(L, -1),
                        lua_tostring(L, -2));
    }
    lua_replace(L, -3);
    lua_pop(L, 1);
}


static int close_watch(lua_State *L) {
    struct watch *watch = lua_touserdata(L, 1);
    pw_manual_oom_close(&watch->oom);
    if (watch->silent_fd >= 0) {
        close(watch->silent_fd);
        watch->silent_fd = -1;
    }
    return 0;
}


static void push_watch(lua_State *L, const struct pw_sysrq_call *call) {
    static const luaL_Reg events[] = {
        {"__gc", close_watch}, {"__close", close_watch}, {NULL, NULL}};
    struct watch *watch = lua_newuserdatauv(L, sizeof *watch, 0);
    *watch = (struct watch){.oom.tail.fd = -EBADF, .silent_fd = -1};
    luaL_newmetatable(L, WATCH);
    luaL_setfuncs(L, events, 0);
    lua_setmetatable(L, -2);
    lua_toclose(L, -1);
    watch->silent_fd = eventfd(0, EFD_CLOEXEC);
    pw_manual_oom_begin(&watch->oom, &call->reader->source, &call->reader->buffer);
    watch->started_ns = pw_boot_time_ns();
    watch->end_ns = watch->started_ns + (int64_t)(call->limit_seconds * 1e9);
}


/* What the deed needs to know. */
struct kill {
    struct pw_sysrq_call *call;
    int64_t expected_pid;
    bool performed;
};


static bool check(void *context, struct pw_act_outcome *outcome) {
    const struct kill *kill = context;
    struct pw_reader *reader = kill->call->reader;
    const char *taboo = pw_manual_oom_taboo(&reader->source, &reader->buffer);
    if (taboo) {
        pw_refuse(outcome, EPERM, "%s", taboo);
        return false;
    }
    if (!pw_sysrq_check(kill->call, outcome)) {
        return false;
    }
    bool is_self = reader->source.live && kill->expected_pid == getpid();
    if (is_self) {
        pw_refuse(outcome, EPERM, "it would kill pagewarden itself");
    }
    return !is_self;
}


static bool perform(void *context, struct pw_act_outcome *outcome) {
    struct kill *kill = context;
    int error = pw_sysrq_press(&kill->call->reader->source, 'f');
    kill->performed = error == 0;
    if (error) {
        pw_refuse(outcome, -error, "%s", pw_sysrq_reason(-error));
    }
    return kill->performed;
}


/* [-0, +1, m] */
static void push_result(lua_State *L, double seconds) {
    lua_createtable(L, 0, 4);
    lua_pushboolean(L, true);
    lua_setfield(L, -2, "confirmed");
    lua_pushnumber(L, seconds);
    lua_setfield(L, -2, "seconds");
    lua_pushvalue(L, EXPECTED);
    lua_setfield(L, -2, "expected");
}


static int finish(lua_State *L, const struct watch *watch) {
    push_result(L, (double)(pw_boot_time_ns() - watch->started_ns) / 1e9);
    if (watch->oom.reported) {
        lua_newtable(L);
        pw_set_oom_report(L, watch->oom.report);
        lua_setfield(L, -2, "killed");
    }
    return 1;
}


static int fail(lua_State *L, const char *reason, int error) {
    return pw_fail_deed(L, KEY, lua_tostring(L, VALUE), reason, error);
}


static int look(lua_State *L, int status, lua_KContext unused) {
    struct watch *watch = lua_touserdata(L, WATCHED);
    bool last = pw_boot_time_ns() >= watch->end_ns;
    (void)status, (void)unused;
    switch (pw_manual_oom_look(&watch->oom, last)) {
    case PW_MANUAL_OOM_KILLED:
        return finish(L, watch);
    case PW_MANUAL_OOM_NOBODY:
        return fail(L, "there is no process that the kernel may kill", ESRCH);
    default:
        break;
    }
    if (last) {
        return fail(L, "the kernel did not say in time whom it killed", ETIMEDOUT);
    }
    return pw_wait_readable(L, watch->oom.tail.fd < 0 ? watch->silent_fd : watch->oom.tail.fd,
                            TICK_SECONDS, 0, look);
}


/* [-0, +1, m] The result where nothing was done: as if the one expected had been killed. */
static int finish_as_if(lua_State *L) {
    push_result(L, 0);
    lua_pushvalue(L, EXPECTED);
    lua_setfield(L, -2, "killed");
    return 1;
}


int pw_sysrq_kill(lua_State *L, struct pw_sysrq_call *call) {
    struct kill kill = {.call = call};
    struct pw_act_outcome outcome;
    lua_settop(L, EXPECTED - 1);
    push_expected(L);
    if (lua_istable(L, EXPECTED) && lua_getfield(L, EXPECTED, "pid")) {
        kill.expected_pid = lua_tointeger(L, -1);
        lua_pop(L, 1);
    }
    push_value(L);
    push_watch(L, call);
    struct pw_deed deed = {
        .key = KEY,
        .value = lua_tostring(L, VALUE),
        .cooldown_ns = call->cooldown_ns,
        .kill_ns = PW_KILL_PAUSE_NS,
        .check = check,
        .perform = perform,
        .context = &kill,
    };
    int failed = pw_do_deed(L, call->reader, &deed, &outcome);
    if (failed) {
        return failed;
    }
    return kill.performed ? look(L, LUA_OK, 0) : finish_as_if(L);
}
