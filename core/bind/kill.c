/* SPDX-License-Identifier: MIT */
/***
Signals to processes, and their end.

A process is what `proc.process` gives, or a pid; a pid alone means whoever has it now. Where it
says so, the path of a cgroup stands for all processes in it and below it. A signal goes to the very
process that was meant, or to none: through a pidfd, opened before its start time is looked at
(Linux 5.3). Never signalled are init, pagewarden itself and its parent, kernel threads, and,
unless asked for, processes that are protected by an `oom_score_adj` of -900 or less. Under the host
kills come one at a time, with a pause between them. Every function is also a method of what `open`
returns.

@module pagewarden.kill
@pragma nostrip
*/
#include "bind/kill.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "bind/process.h"
#include "bind/view.h"

#define CALL "pagewarden.kill_call"

/* With less, a policy in a loop could kill everything before it has looked again. */
#define SHORTEST_INTERVAL_SECONDS 0.1


/* [-0, +0, v] A field of the options at `index` as a boolean, `otherwise` when it is not there. */
static bool check_flag(lua_State *L, int index, const char *name, bool otherwise) {
    int type = lua_getfield(L, index, name);
    bool flag = type == LUA_TNIL ? otherwise : lua_toboolean(L, -1);
    if (type != LUA_TNIL && type != LUA_TBOOLEAN) {
        luaL_argerror(L, index, lua_pushfstring(L, "%s: a boolean expected", name));
    }
    lua_pop(L, 1);
    return flag;
}


/* [-0, +0, v] A field of the options at `index` in nanoseconds. */
static int64_t check_seconds(lua_State *L, int index, const char *name, double otherwise,
                             double least) {
    double seconds = otherwise;
    if (lua_getfield(L, index, name) != LUA_TNIL) {
        seconds = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : -1;
        if (!(seconds >= least && seconds <= 3600)) {
            luaL_argerror(L, index,
                          lua_pushfstring(L, "%s: seconds expected, %f to 3600", name, least));
        }
    }
    lua_pop(L, 1);
    return (int64_t)(seconds * 1e9);
}


/* [-0, +0, v] */
static enum pw_whole check_whole(lua_State *L, int index) {
    static const char *const names[] = {[PW_WHOLE_PROCESS] = "process",
                                        [PW_WHOLE_TREE] = "tree",
                                        [PW_WHOLE_GROUP] = "group",
                                        [PW_WHOLE_CGROUP] = "cgroup",
                                        [PW_WHOLE_CGROUP + 1] = NULL};
    int whole = 0;
    if (lua_getfield(L, index, "whole") != LUA_TNIL) {
        const char *name = lua_tostring(L, -1);
        while (names[whole] && !(name && strcmp(name, names[whole]) == 0)) {
            whole++;
        }
        luaL_argcheck(L, names[whole], index,
                      "whole: 'process', 'tree', 'group' or 'cgroup' expected");
    }
    lua_pop(L, 1);
    return (enum pw_whole)whole;
}


int pw_check_signal(lua_State *L, int index) {
    luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, index, "signal: a name expected");
    struct pw_slice name = pw_slice_of(lua_tostring(L, -1));
    int number = pw_signal_number(name);
    if (!number) {
        const char *nearest = pw_nearest(name, pw_signal_names);
        luaL_argerror(L, index,
                      nearest ? lua_pushfstring(L, "unknown signal '%s' (did you mean '%s'?)",
                                                name.data, nearest)
                              : lua_pushfstring(L, "unknown signal '%s'", name.data));
    }
    return number;
}


void pw_check_kill_options(lua_State *L, int index, const char *const known[],
                           struct pw_kill_options *options) {
    if (lua_isnoneornil(L, index)) {
        lua_settop(L, index - 1);
        lua_newtable(L);
    }
    luaL_checktype(L, index, LUA_TTABLE);
    pw_check_names(L, index, known, "option");
    options->whole = check_whole(L, index);
    options->protected_too = check_flag(L, index, "protected", false);
    options->racy = check_flag(L, index, "racy", false);
    options->interval_ns =
        check_seconds(L, index, "interval", PW_KILL_PAUSE_NS / 1e9, SHORTEST_INTERVAL_SECONDS);
    options->cooldown_ns = pw_check_cooldown(L, index);
    options->grace_ns = check_seconds(L, index, "grace", 10, 0);
    options->reap = check_flag(L, index, "reap", true);
    if (lua_getfield(L, index, "signal") != LUA_TNIL) {
        options->signal = pw_check_signal(L, index);
    }
    lua_pop(L, 1);
}


static int close_call(lua_State *L) {
    struct pw_kill_call *call = lua_touserdata(L, 1);
    pw_reaper_join(&call->reaper);
    pw_victims_release(&call->victims);
    if (call->gate) {
        pw_gate_end_kill(call->gate, call->next_kill_ns, call->options.interval_ns);
        call->gate = NULL;
    }
    return 0;
}


/* [-0, +1, m] A call about nobody yet. */
static struct pw_kill_call *push_call(lua_State *L, const struct pw_kill_options *options,
                                      bool whole) {
    static const luaL_Reg events[] = {{"__close", close_call}, {"__gc", close_call}, {NULL, NULL}};
    size_t size = whole ? sizeof(struct pw_kill_call) : offsetof(struct pw_kill_call, members);
    struct pw_kill_call *call = lua_newuserdatauv(L, size, 0);
    memset(call, 0, size);
    call->options = *options;
    call->victims.one.fd = -1;
    luaL_newmetatable(L, CALL);
    luaL_setfuncs(L, events, 0);
    lua_setmetatable(L, -2);
    lua_toclose(L, -1);
    return call;
}


/* [-0, +1, v] The process or pid at 2, and the reader that it is of, which stays on the stack. */
static struct pw_identity check_target(lua_State *L, struct pw_reader **reader) {
    const struct pw_identity *process = pw_test_process(L, 2);
    *reader = pw_check_view(L, 1, PW_KILL);
    if (process) {
        lua_getiuservalue(L, 2, 1);
        *reader = pw_check_reader(L, -1);
        return *process;
    }
    lua_pushnil(L);
    luaL_argcheck(L, lua_isinteger(L, 2) && lua_tointeger(L, 2) > 0, 2,
                  "a process, a pid or the path of a cgroup expected");
    return (struct pw_identity){lua_tointeger(L, 2), PW_ABSENT};
}


/* [-0, +1, m] "kill 812:45678", or "kill cgroup /web". */
static const char *push_key(lua_State *L, const struct pw_identity *process,
                            const struct pw_members *members) {
    static const char *const words[] = {
        [PW_WHOLE_PROCESS] = "", [PW_WHOLE_TREE] = " tree", [PW_WHOLE_GROUP] = " group"};
    enum pw_whole whole = members ? members->whole : PW_WHOLE_PROCESS;
    if (whole == PW_WHOLE_CGROUP) {
        return lua_pushfstring(L, "kill cgroup %s", members->cgroup);
    }
    return lua_pushfstring(L, "kill %I:%I%s", (LUAI_UACINT)process->pid,
                           (LUAI_UACINT)process->start_ticks, words[whole]);
}


/* [-0, +4, m] Whom there is no call about. */
static int fail(lua_State *L, const char *whom, int error) {
    const char *what = lua_pushfstring(L, "kill %s", whom);
    switch (error) {
    case ESRCH:
        return pw_fail_because(L, what, "the process has ended", ESRCH, PW_GONE);
    case ENOENT:
        return pw_fail_because(L, what, "there is no such cgroup", ESRCH, PW_GONE);
    case EPERM:
        return pw_fail_because(L, what, "the root cgroup is the whole machine", error, PW_DENIED);
    case EOPNOTSUPP:
        return pw_fail_because(L, what, "there are no cgroups here", error, PW_UNSUPPORTED);
    default:
        return pw_fail(L, what, error);
    }
}


/* [-0, +0, v] Finds out what a whole is made of. */
static int find_whole(lua_State *L, struct pw_kill_call *call, struct pw_identity *process) {
    const struct pw_source *source = &call->reader->source;
    struct pw_members *members = &call->members;
    call->victims.members = members;
    if (lua_type(L, 2) == LUA_TSTRING) {
        int error = pw_members_of_cgroup(members, source, &call->reader->buffer,
                                         pw_slice_of(lua_tostring(L, 2)));
        luaL_argcheck(L, error != -EINVAL, 2, "not the path of a cgroup");
        return error;
    }
    int error =
        pw_members_of_process(members, source, &call->reader->buffer, call->options.whole, process);
    *process = members->list[0];
    return error;
}


/* Fills in when the process started, which is part of the key. */
static int find_process(struct pw_kill_call *call, struct pw_identity *process) {
    struct pw_stat stat;
    struct pw_flaws flaws = {0};
    struct pw_reader *reader = call->reader;
    int fd = pw_process_open(&reader->source, process, &reader->buffer, &stat, &flaws);
    if (fd < 0) {
        return fd;
    }
    close(fd);
    process->start_ticks = stat.starttime_ticks;
    return 0;
}


int pw_push_kill_call(lua_State *L, const struct pw_kill_options *options, int *failed) {
    bool of_cgroup = lua_type(L, 2) == LUA_TSTRING;
    bool whole = of_cgroup || options->whole != PW_WHOLE_PROCESS;
    struct pw_reader *reader = of_cgroup ? pw_check_view(L, 1, PW_KILL) : NULL;
    struct pw_identity process = {0};
    if (!of_cgroup) {
        process = check_target(L, &reader);
    }
    struct pw_kill_call *call = push_call(L, options, whole);
    int index = lua_gettop(L);
    struct pw_killer killer = {&reader->source, &reader->buffer, options->protected_too,
                               options->racy};
    call->reader = reader;
    pw_victims_of_process(&call->victims, &killer, &process);
    int error = whole ? find_whole(L, call, &process) : find_process(call, &process);
    if (error) {
        const char *whom =
            of_cgroup ? lua_tostring(L, 2) : lua_pushfstring(L, "%I", (LUAI_UACINT)process.pid);
        *failed = fail(L, whom, -error);
        return 0;
    }
    call->victims.one.process = process;
    call->key = push_key(L, &process, call->victims.members);
    return index;
}


int pw_send_signal(lua_State *L, struct pw_kill_call *call, int64_t kill_ns,
                   struct pw_act_outcome *outcome) {
    const struct pw_act_context *context = pw_act_context_of(L);
    struct pw_deed deed = {
        .key = call->key,
        .value = pw_signal_name(call->victims.signal),
        .cooldown_ns = call->options.cooldown_ns,
        .kill_ns = kill_ns,
        .check = pw_victims_check,
        .perform = pw_victims_perform,
        .context = &call->victims,
    };
    int failed = pw_do_deed(L, call->reader, &deed, outcome);
    if (!failed) {
        call->processes = call->victims.count;
    }
    if (!failed && context && kill_ns > 0) {
        call->gate = context->gate;
        call->next_kill_ns = context->gate->next_kill_ns;
    }
    return failed;
}


/***
Sends a process one signal, and does not wait for what comes of it.
@function signal
@tparam process|integer|string process or the path of a cgroup, for all processes in it
@tparam string name `"TERM"`, `"KILL"`, `"INT"`, `"QUIT"`, `"ABRT"`, `"HUP"`, `"USR1"`, `"USR2"`,
`"STOP"` or `"CONT"`
@tparam[opt] table options `{ whole = "tree", "group" or "cgroup" (all it started, its process group
or its cgroup besides itself), protected = true, racy = true (before Linux 5.3, where the pid may be
another's by then), interval = 1 (seconds before the next kill; at least 0.1), cooldown = (seconds
before the policy may signal it again) }`
@treturn[1] boolean true
@return[2] nil, "kill PID:START: reason", errno, kind: "gone" when it has ended, and EAGAIN when a
kill came before it so soon
@usage assert(kill.signal(process, "USR1"))
*/
static int signal_once(lua_State *L) {
    static const char *const known[] = {"whole", "protected", "racy", "interval", "cooldown", NULL};
    struct pw_kill_options options = {0};
    struct pw_act_outcome outcome = {0};
    int failed;
    pw_check_surplus(L, 4);
    lua_pushvalue(L, 3);
    int number = pw_check_signal(L, 3);
    lua_pop(L, 1);
    pw_check_kill_options(L, 4, known, &options);
    int index = pw_push_kill_call(L, &options, &failed);
    if (index == 0) {
        return failed;
    }
    struct pw_kill_call *call = lua_touserdata(L, index);
    call->victims.signal = number;
    failed = pw_send_signal(L, call, pw_signal_ends(number) ? options.interval_ns : 0, &outcome);
    if (failed) {
        return failed;
    }
    lua_pushboolean(L, true);
    return 1;
}


/***
The functions of this module for another root, where a test's world does what is asked for.
@function open
@tparam[opt] string|reader root a folder, or a reader of `pagewarden.proc`; this machine without it
@treturn[1] kill an object with `close`, which frees what `open` opened
@return[2] nil, message, errno, kind
*/

/***
Frees what `open` opened; the object may be closed again, and closes itself at the end of a
`local view <close>`.
@function kill:close
*/

PW_EXPORT int luaopen_pagewarden_kill(lua_State *L);

int luaopen_pagewarden_kill(lua_State *L) {
    static const luaL_Reg methods[] = {{"signal", signal_once},
                                       {"terminate", pw_kill_terminate},
                                       {"fallback", pw_kill_fallback},
                                       {NULL, NULL}};
    return pw_push_view_module(L, PW_KILL, methods);
}
