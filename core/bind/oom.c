/* SPDX-License-Identifier: MIT */
/***
Whom the kernel kills when memory runs out.

A process is what `proc.process` gives, or a pid; a pid alone means whoever has it now. Every
function is also a method of what `open` returns.

@module pagewarden.oom
@pragma nostrip
*/
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "bind/act.h"
#include "bind/oom.h"
#include "bind/process.h"
#include "read/badness.h"
#include "read/single.h"

/* Which process a call is about. */
struct call {
    struct pw_reader *reader;
    struct pw_identity process;
};


/* [-0, +0, v] The process at 2, read where it was found; a pid, through the view at 1. */
static struct call begin(lua_State *L) {
    struct call call = {.reader = pw_check_view(L, 1, PW_OOM)};
    call.process = pw_check_process_or_pid(L, 2, &call.reader);
    return call;
}


/* [-0, +4, m] nil, "oom PID: reason", errno, kind. */
static int fail(lua_State *L, const struct call *call, int error) {
    const char *what = lua_pushfstring(L, "oom %I", (LUAI_UACINT)call->process.pid);
    return error == ESRCH ? pw_fail_because(L, what, "the process has ended", error, PW_GONE)
                          : pw_fail_file(L, what, error);
}


/* Opens the process's directory, and finds out when it started: the descriptor or -errno. */
static int open_process(struct call *call) {
    struct pw_stat stat;
    struct pw_flaws flaws = {0};
    int fd = pw_process_open(&call->reader->source, &call->process, &call->reader->buffer, &stat,
                             &flaws);
    if (fd >= 0) {
        call->process.start_ticks = stat.starttime_ticks;
    }
    return fd;
}


/* Reads a file of one number: 0 or -errno. */
static int read_number(const struct call *call, int fd, const char *name, int64_t *value) {
    struct pw_number number;
    struct pw_flaws flaws = {0};
    struct pw_buffer *buffer = &call->reader->buffer;
    int error = pw_process_read_at(&call->reader->source, &call->process, fd, name, buffer);
    if (error) {
        return error;
    }
    if (!pw_parse_single(pw_buffer_text(buffer), &number, &flaws)) {
        return -EBADMSG;
    }
    *value = number.value;
    return 0;
}


void pw_oom_value_of(const struct pw_source *source, const struct pw_identity *process,
                     lua_Integer adj, struct pw_oom_value *value) {
    struct pw_buffer buffer = {0};
    value->converted = pw_process_read(source, process, "oom_score_adj", &buffer) == -ENOENT &&
                       pw_process_read(source, process, "oom_adj", &buffer) == 0;
    pw_buffer_free(&buffer);
    if (value->converted) {
        pw_setting_of_oom_adj(process, &value->setting);
        adj = pw_nearest_oom_adj(adj);
    } else {
        pw_setting_of_oom(process, &value->setting);
    }
    snprintf(value->text, sizeof value->text, "%lld", (long long)adj);
}


lua_Integer pw_oom_adj_kept(const struct pw_oom_value *value, const char *kept) {
    struct pw_number number = {0};
    pw_parse_number(pw_slice_of(kept), &number);
    return value->converted ? pw_adj_of_oom_adj(number.value) : number.value;
}


/***
How badly the kernel rates the process: the highest is killed first.
@function score
@tparam process|integer process
@treturn[1] integer 0 and up
@return[2] nil, "oom PID: reason", errno, kind
*/
static int score(lua_State *L) {
    struct call call = begin(L);
    int64_t value;
    pw_check_surplus(L, 2);
    int fd = open_process(&call);
    if (fd < 0) {
        return fail(L, &call, -fd);
    }
    int error = read_number(&call, fd, "oom_score", &value);
    close(fd);
    if (error) {
        return fail(L, &call, -error);
    }
    lua_pushinteger(L, value);
    return 1;
}


/***
What is added to the process's score, in thousandths of all memory. Linux before 2.6.36 has only
`oom_adj`, -17 to 15, of which the score was shifted: what later kernels make of one.
@function adj
@tparam process|integer process
@treturn[1] integer -1000 (never killed) to 1000
@return[2] nil, "oom PID: reason", errno, kind
*/
static int adj(lua_State *L) {
    struct call call = begin(L);
    int64_t value;
    pw_check_surplus(L, 2);
    int fd = open_process(&call);
    if (fd < 0) {
        return fail(L, &call, -fd);
    }
    int error = read_number(&call, fd, "oom_score_adj", &value);
    if (error == -ENOENT && read_number(&call, fd, "oom_adj", &value) == 0) {
        value = pw_adj_of_oom_adj(value);
        error = 0;
    }
    close(fd);
    if (error) {
        return fail(L, &call, -error);
    }
    lua_pushinteger(L, value);
    return 1;
}


/***
Changes it. Children that are started later inherit it; those that there are do not. It goes to the
very process that was meant, or to none. Never touched are init and kernel threads, nor the process
that calls unless it says so. Going below what a process was given needs CAP_SYS_RESOURCE. What is
undone is the adj, and not the floor below which a process without that right may not set its own:
it is what was written last by somebody with it.

Before Linux 2.6.36 the nearest `oom_adj` is set, and put back as it was.
@function set_adj
@tparam process|integer process
@tparam integer adj -1000 to 1000
@tparam[opt] table options `{ lifetime =, cooldown = }` as for `sysctl.set`, and `self = true`
@treturn[1] integer what the kernel has now
@treturn[1] ?string "oom_adj -15", where that is what was set
@return[2] nil, "oom PID:START: reason", errno, kind
*/
static int set_adj(lua_State *L) {
    struct call call = begin(L);
    struct pw_oom_value value;
    struct pw_act act = {.setting = &value.setting, .value = value.text};
    char kept[PW_VALUE_BYTES];
    lua_Integer wanted = luaL_checkinteger(L, 3);
    luaL_argcheck(L, wanted >= -1000 && wanted <= 1000, 3, "-1000 to 1000 expected");
    pw_check_act_options(L, 4, &act, "self", &act.self);
    pw_check_surplus(L, 4);
    int fd = open_process(&call);
    if (fd < 0) {
        return fail(L, &call, -fd);
    }
    close(fd);
    pw_oom_value_of(&call.reader->source, &call.process, wanted, &value);
    int failed = pw_do_act(L, call.reader, &act, kept);
    if (failed) {
        return failed;
    }
    lua_pushinteger(L, pw_oom_adj_kept(&value, kept));
    if (!value.converted) {
        return 1;
    }
    lua_pushfstring(L, "oom_adj %s", kept);
    return 2;
}


/***
The functions of this module for another root, or another machine's capture, as methods.
@function open
@tparam[opt] string|reader root a folder, or a reader of `pagewarden.proc`; this machine without it
@treturn[1] oom an object with `close`, which frees what `open` opened
@return[2] nil, message, errno, kind
*/

/***
Frees what `open` opened; the object may be closed again, and closes itself at the end of a
`local view <close>`.
@function oom:close
*/

PW_EXPORT int luaopen_pagewarden_oom(lua_State *L);

int luaopen_pagewarden_oom(lua_State *L) {
    static const luaL_Reg methods[] = {{"score", score},
                                       {"adj", adj},
                                       {"set_adj", set_adj},
                                       {"protect", pw_oom_protect},
                                       {"unprotect", pw_oom_unprotect},
                                       {"tree", pw_oom_tree},
                                       {"victims", pw_oom_victims},
                                       {NULL, NULL}};
    return pw_push_view_module(L, PW_OOM, methods);
}
