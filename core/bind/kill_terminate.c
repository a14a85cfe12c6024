/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.kill */
#include <errno.h>
#include <math.h>
#include <signal.h>

#include "bind/kill.h"
#include "bind/wait.h"

/* Without a descriptor that tells of the end it is looked for: soon at first, then less often. */
#define FIRST_LOOK_NS (INT64_C(20) * 1000 * 1000)
#define LAST_LOOK_NS (INT64_C(1000) * 1000 * 1000)


static int64_t now_ns(lua_State *L) {
    static const struct pw_hooks none = {0};
    const struct pw_act_context *context = pw_act_context_of(L);
    return pw_now_ns(context && context->gate ? &context->gate->hooks : &none);
}


/* [-0, +1, m] What became of it. */
static int push_outcome(lua_State *L, struct pw_kill_call *call, bool ended) {
    const struct pw_victims *victims = &call->victims;
    double seconds = (double)(now_ns(L) - call->termination.began_ns) / 1e9;
    bool reaped = call->reaper.begun && pw_reaper_join(&call->reaper) == 0;
    char state;
    lua_createtable(L, 0, 6);
    lua_pushboolean(L, ended);
    lua_setfield(L, -2, "ended");
    lua_pushstring(L, pw_signal_name(victims->signal) + 3);
    lua_setfield(L, -2, "signal");
    lua_pushnumber(L, seconds);
    lua_setfield(L, -2, "seconds");
    pw_set_integer(L, "processes", call->processes);
    if (!victims->members) {
        int64_t left_bytes = pw_victim_rss(&victims->killer, &victims->one, &state);
        pw_set_integer(L, "freed", victims->one.rss_bytes - (ended ? 0 : left_bytes));
        if (!ended) {
            pw_set_slice(L, "state", (struct pw_slice){&state, 1});
        }
    }
    if (reaped) {
        lua_pushboolean(L, true);
        lua_setfield(L, -2, "reaped");
    }
    return 1;
}


/* [-0, +1, m] It had ended before anything was done. */
static int push_gone(lua_State *L) {
    lua_createtable(L, 0, 2);
    lua_pushboolean(L, true);
    lua_setfield(L, -2, "ended");
    lua_pushnumber(L, 0);
    lua_setfield(L, -2, "seconds");
    return 1;
}


/* How long to wait before looking again, in seconds. */
static double next_look(const struct pw_kill_call *call, int64_t now) {
    int64_t wait_ns = call->termination.due_ns - now;
    if (call->victims.one.fd < 0) {
        int64_t look_ns = (now - call->termination.began_ns) / 8;
        look_ns = look_ns < FIRST_LOOK_NS ? FIRST_LOOK_NS : look_ns;
        look_ns = look_ns > LAST_LOOK_NS ? LAST_LOOK_NS : look_ns;
        wait_ns = wait_ns < look_ns ? wait_ns : look_ns;
    }
    return (double)wait_ns / 1e9;
}


/* [-0, +4 or 0, v] Kills what did not end when it was asked to. What has ended meanwhile is no
 * failure. */
static int escalate(lua_State *L, struct pw_kill_call *call) {
    struct pw_act_outcome outcome = {0};
    int asked = call->victims.signal, top = lua_gettop(L);
    call->victims.signal = SIGKILL;
    int failed = pw_send_signal(L, call, 0, &outcome);
    if (failed && outcome.error == ESRCH) {
        call->victims.signal = asked;
        lua_settop(L, top);
        failed = 0;
    }
    return failed;
}


/* What a whole forks while it is killed is part of what was let through. */
static void kill_the_rest(struct pw_kill_call *call) {
    struct pw_act_outcome outcome = {0};
    if (call->victims.members && call->termination.killed) {
        pw_victims_perform(&call->victims, &outcome);
    }
}


static void reap(struct pw_kill_call *call) {
    if (call->victims.one.fd >= 0) {
        pw_reaper_start(&call->reaper, call->victims.one.fd);
    }
}


static int go_on(lua_State *L, int status, lua_KContext index) {
    struct pw_kill_call *call = lua_touserdata(L, (int)index);
    (void)status;
    for (;;) {
        int failed;
        int64_t now = now_ns(L);
        bool ended = pw_victims_have_ended(&call->victims);
        switch (pw_termination_next(&call->termination, now, ended)) {
        case PW_TERMINATION_KILL:
            failed = escalate(L, call);
            if (failed) {
                return failed;
            }
            break;
        case PW_TERMINATION_REAP:
            reap(call);
            break;
        case PW_TERMINATION_END:
            return push_outcome(L, call, ended);
        case PW_TERMINATION_WAIT:
            kill_the_rest(call);
            return pw_wait_readable(L, call->victims.one.fd, next_look(call, now), index, go_on);
        }
    }
}


/***
Ends a process: asks it with a signal, waits until it has ended, kills it when its grace is over,
and takes the memory that it then still has (`process_mrelease`, Linux 5.15). A policy calls it in a
task (`pw:task`), which waits while the policy goes on; a plain program waits. What a killed process
has not ended after 5 seconds, mostly because it is in an uninterruptible sleep, is given up.

Until then, and for the interval after it, no policy of the host may kill again. In dry run all is
as if it had ended at once.
@function terminate
@tparam process|integer|string process or the path of a cgroup, for all processes in it
@tparam[opt] table options `{ signal = "TERM", grace = 10 (seconds; 0 to kill it right after), reap
= true }`, and `whole`, `protected`, `racy` and `interval` as for `signal`
@treturn[1] table `{ ended = true or false, signal = (the last one sent; nil when it had ended
before that), seconds = (it took), processes = (how many were signalled), freed = (bytes; of one
process), reaped = true (its memory was taken), state = "D" (when it has not ended) }`
@return[2] nil, "kill PID:START: reason", errno, kind: EAGAIN when a kill came before it so soon
@usage local done = assert(kill.terminate(process, { grace = 5 }))
if not done.ended then … end
*/
int pw_kill_terminate(lua_State *L) {
    static const char *const known[] = {"signal",    "grace", "reap",     "whole",
                                        "protected", "racy",  "interval", NULL};
    struct pw_kill_options options = {.signal = SIGTERM};
    struct pw_act_outcome outcome = {0};
    int failed;
    pw_check_surplus(L, 3);
    pw_check_kill_options(L, 3, known, &options);
    pw_check_may_wait(L);
    int index = pw_push_kill_call(L, &options, &failed);
    if (index == 0) {
        bool gone = lua_tointeger(L, -2) == ESRCH;
        return gone ? push_gone(L) : failed;
    }
    struct pw_kill_call *call = lua_touserdata(L, index);
    bool killed = options.signal == SIGKILL;
    int64_t grace_ns = killed ? 0 : options.grace_ns;
    call->victims.signal = options.signal;
    failed = pw_send_signal(L, call, pw_termination_longest_ns(grace_ns) + options.interval_ns,
                            &outcome);
    if (failed) {
        return outcome.error == ESRCH ? push_gone(L) : failed;
    }
    pw_termination_begin(&call->termination, now_ns(L), grace_ns, killed, options.reap);
    return outcome.verdict == PW_ACT_WOULD ? push_outcome(L, call, true) : go_on(L, LUA_OK, index);
}
