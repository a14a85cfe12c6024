/* SPDX-License-Identifier: MIT */
/***
Magic SysRq: letters that make the kernel do something at once.

A letter goes through `/proc/sysrq-trigger`, which asks for root and nothing else; the mask in
`kernel.sysrq` is for the keyboard alone. Every function is also a method of what `open` returns.

@module pagewarden.sysrq
@pragma nostrip
*/
#include "bind/sysrq.h"

#include <errno.h>
#include <string.h>

#include "read/container.h"
#include "read/single.h"

/* How long to wait until the kernel says that it is done. */
#define LIMIT_SECONDS 30.0


static const struct pw_sysrq_letter *check_letter(lua_State *L, int index) {
    size_t size;
    const char *text = luaL_checklstring(L, index, &size);
    luaL_argcheck(L, size == 1, index, "a single letter expected");
    return pw_sysrq_letter(text[0]);
}


static void push_letter(lua_State *L, char letter) {
    lua_pushlstring(L, &letter, 1);
}


/* [-0, +1, m] The name of the bit that lets the keyboard do it, or nil. */
static void push_group(lua_State *L, int64_t bit) {
    const struct pw_sysrq_group *group = pw_sysrq_groups;
    while (group->name && group->bit != bit) {
        group++;
    }
    lua_pushstring(L, group->name);
}


/***
What a letter does.
@function describe
@tparam string letter
@treturn[1] table `{ letter =, name = (the kernel's word for it), does =, group = (the part of the
mask that it belongs to; nil when only the mask 1 lets the keyboard do it), never = (why `trigger`
refuses it; nil when it does not) }`
@return[2] nil, "sysrq LETTER: reason", errno, "unsupported" for a letter that is not known
*/
static int describe(lua_State *L) {
    pw_check_view(L, 1, PW_SYSRQ);
    const struct pw_sysrq_letter *letter = check_letter(L, 2);
    pw_check_surplus(L, 2);
    if (!letter) {
        const char *what = lua_pushfstring(L, "sysrq %s", lua_tostring(L, 2));
        return pw_fail_because(L, what, "not a letter of every machine", EOPNOTSUPP,
                               PW_UNSUPPORTED);
    }
    lua_createtable(L, 0, 5);
    push_letter(L, letter->letter);
    lua_setfield(L, -2, "letter");
    lua_pushstring(L, letter->name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, letter->does);
    lua_setfield(L, -2, "does");
    push_group(L, letter->group_bit);
    lua_setfield(L, -2, "group");
    lua_pushstring(L, letter->never);
    lua_setfield(L, -2, "never");
    return 1;
}


static int fail_mask(lua_State *L, int error) {
    return error == ENOENT ? pw_fail_because(L, "sysrq mask", pw_sysrq_reason(EOPNOTSUPP),
                                             EOPNOTSUPP, PW_UNSUPPORTED)
                           : pw_fail(L, "sysrq mask", error);
}


/***
What the keyboard may: `kernel.sysrq`. It does not bind `trigger`.
@function mask
@treturn[1] table `{ value = 438, groups = { "sync", "boot", … } }`, of "loglevel", "keyboard",
"dump", "sync", "remount", "signal", "boot" and "nice" those that are let; all for 1, none for 0
@return[2] nil, "sysrq mask: reason", errno, kind: "unsupported" for a kernel without SysRq
*/
static int mask(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_SYSRQ);
    struct pw_number value;
    struct pw_flaws flaws = {0};
    pw_check_surplus(L, 1);
    int error = pw_source_read(&reader->source, PW_SYSRQ_MASK, &reader->buffer);
    if (!error && !pw_parse_single(pw_buffer_text(&reader->buffer), &value, &flaws)) {
        error = -EBADMSG;
    }
    if (error) {
        return fail_mask(L, -error);
    }
    lua_createtable(L, 0, 2);
    pw_set_integer(L, "value", value.value);
    lua_newtable(L);
    for (const struct pw_sysrq_group *group = pw_sysrq_groups; group->name; group++) {
        if (pw_sysrq_keyboard_may(value.value, group->bit)) {
            lua_pushstring(L, group->name);
            pw_append(L);
        }
    }
    lua_setfield(L, -2, "groups");
    return 1;
}


/***
Whether letters can be triggered here.
@function available
@treturn[1] boolean true
@return[2] nil, "sysrq: reason", errno, kind: "unsupported" when the kernel was built without it,
"denied" for who is not root and where the trigger is write-protected, as in containers
*/
static int available(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_SYSRQ);
    pw_check_surplus(L, 1);
    int error = pw_sysrq_available(&reader->source);
    if (error) {
        return pw_fail_because(L, "sysrq", pw_sysrq_reason(-error), -error, pw_sysrq_kind(-error));
    }
    lua_pushboolean(L, true);
    return 1;
}


enum pw_failure pw_sysrq_kind(int error) {
    return error == EROFS ? PW_DENIED : pw_failure_of(error);
}


/* [-0, +0, v] Raises for a letter that may not be triggered. */
static const struct pw_sysrq_letter *check_offered(lua_State *L) {
    const struct pw_sysrq_letter *letter = check_letter(L, 2);
    if (!letter) {
        luaL_argerror(L, 2, lua_pushfstring(L, "one of '%s' expected", pw_sysrq_offered()));
    } else if (letter->never) {
        luaL_argerror(
            L, 2,
            lua_pushfstring(L, "'%s' is never triggered: %s", lua_tostring(L, 2), letter->never));
    }
    return letter;
}


/* [-0, +0, v] The seconds in the field `limit`. */
static double check_limit(lua_State *L, int index) {
    if (lua_getfield(L, index, "limit") == LUA_TNIL) {
        lua_pop(L, 1);
        return LIMIT_SECONDS;
    }
    lua_Number seconds = lua_tonumber(L, -1);
    luaL_argcheck(L, lua_type(L, -1) == LUA_TNUMBER && seconds >= 0 && seconds < 1e6, index,
                  "limit: a number of seconds expected");
    lua_pop(L, 1);
    return seconds;
}


static void check_options(lua_State *L, struct pw_sysrq_call *call) {
    static const char *const names[] = {"limit", "force", "cooldown", NULL};
    call->limit_seconds = LIMIT_SECONDS;
    if (lua_isnoneornil(L, 3)) {
        return;
    }
    luaL_checktype(L, 3, LUA_TTABLE);
    pw_check_names(L, 3, names, "option");
    call->limit_seconds = check_limit(L, 3);
    call->cooldown_ns = pw_check_cooldown(L, 3);
    lua_getfield(L, 3, "force");
    call->force = lua_toboolean(L, -1);
    lua_pop(L, 1);
}


bool pw_sysrq_check(void *context, struct pw_act_outcome *outcome) {
    const struct pw_sysrq_call *call = context;
    const struct pw_source *source = &call->reader->source;
    int error = source->live ? pw_sysrq_available(source) : 0;
    const char *sign = call->force ? NULL : pw_container_sign(source);
    if (error) {
        pw_refuse(outcome, -error, "%s", pw_sysrq_reason(-error));
    } else if (sign) {
        pw_refuse(outcome, EPERM,
                  "this is a container (%s), and the machine is not its own; see force", sign);
    }
    return !error && !sign;
}


/* [-0, +1, m] */
static int finish(lua_State *L, const struct pw_job_news *news, double seconds, bool done) {
    bool confirmed = !done || news->figures[PW_SYSRQ_CONFIRMED];
    lua_createtable(L, 0, 3);
    lua_pushboolean(L, confirmed);
    lua_setfield(L, -2, "confirmed");
    lua_pushnumber(L, seconds);
    lua_setfield(L, -2, "seconds");
    if (!confirmed) {
        lua_pushstring(L, news->reason);
        lua_setfield(L, -2, "why");
    }
    return 1;
}


static int trigger_in_job(lua_State *L, struct pw_sysrq_call *call) {
    struct pw_sysrq_request request = {call->letter->letter, (int64_t)(call->limit_seconds * 1e9)};
    struct pw_long_deed deed = {
        .deed = {.key = lua_pushfstring(L, "sysrq %c", call->letter->letter),
                 .value = call->letter->does,
                 .cooldown_ns = call->cooldown_ns,
                 .check = pw_sysrq_check,
                 .context = call},
        .work = pw_sysrq_work,
        .arguments = &request,
        .finish = finish,
    };
    return pw_do_long_deed(L, call->reader, &deed);
}


/***
Triggers a letter, and waits until the kernel has done it; in a policy only a task may
(`pw:task`). The letters:

`f` kills the process that the OOM killer would, however much memory is free; first it is looked
which that will be. `h` logs the letters there are, `l` what each CPU does, `m` the memory's state,
`p` registers and performance counters, `q` the timers, `t` all tasks, and `w` those that wait
uninterruptibly. `s` writes all that is dirty to disk.

All other letters are refused: they end all processes, or restart, crash or power off the machine.
@function trigger
@tparam string letter
@tparam[opt] table options `{ limit = (the seconds to wait for the kernel to say that it is done,
30), force = (in a container too, where it is done to the whole machine), cooldown = (seconds before
the policy may do it again; only under the host) }`
@treturn[1] table `{ confirmed = (whether the kernel is known to have done it), why = (if not),
seconds = }`; of `f` also `expected` and `killed`, tables with `pid`, `comm` and more. `killed` is
nil where the log cannot be read
@return[2] nil, "sysrq LETTER: reason", errno, kind: "unsupported" for a kernel without SysRq;
ESRCH when `f` found nobody that it may kill; ETIMEDOUT when the kernel did not say that it is done
@usage local done = assert(sysrq.trigger "s")
*/
static int trigger(lua_State *L) {
    struct pw_sysrq_call call = {.reader = pw_check_view(L, 1, PW_SYSRQ),
                                 .letter = check_offered(L)};
    check_options(L, &call);
    pw_check_surplus(L, 3);
    pw_check_may_wait(L);
    return call.letter->letter == 'f' ? pw_sysrq_kill(L, &call) : trigger_in_job(L, &call);
}


/***
The functions of this module for another root, or another machine's capture, as methods.
@function open
@tparam[opt] string|reader root a folder, or a reader of `pagewarden.proc`; this machine without it
@treturn[1] sysrq an object with `close`, which frees what `open` opened
@return[2] nil, message, errno, kind
*/

/***
Frees what `open` opened; the object may be closed again, and closes itself at the end of a
`local view <close>`.
@function sysrq:close
*/

PW_EXPORT int luaopen_pagewarden_sysrq(lua_State *L);

int luaopen_pagewarden_sysrq(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"available", available}, {"describe", describe}, {"mask", mask},
        {"trigger", trigger},     {NULL, NULL},
    };
    return pw_push_view_module(L, PW_SYSRQ, methods);
}
