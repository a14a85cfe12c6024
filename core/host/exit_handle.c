/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.loop */
#include <string.h>

#include "bind/process.h"
#include "host/exits.h"
#include "host/handle.h"

struct exit_handle {
    struct pw_handle handle;
    struct pw_exit exit;
};


static int push_identity(lua_State *L, const struct pw_handle *handle, const void *event) {
    (void)handle;
    const struct pw_identity *identity = event;
    lua_createtable(L, 0, 2);
    pw_set_integer(L, "pid", identity->pid);
    pw_set_integer(L, "start_time", identity->start_ticks);
    return 1;
}


static void deliver(struct pw_exit *exit, void *context) {
    pw_call_back_last(context, push_identity, &exit->identity);
}


static void end_exit(struct pw_handle *handle) {
    struct pw_exit *exit = &((struct exit_handle *)handle)->exit;
    if (exit->loop) {
        pw_exit_close(exit);
    }
}


/* [-0, +1, v] The process or pid at 2, and the reader that it is of. */
static struct pw_reader *check_identity(lua_State *L, struct pw_identity *identity) {
    const struct pw_identity *process = pw_test_process(L, 2);
    if (!process) {
        *identity = (struct pw_identity){luaL_checkinteger(L, 2), PW_ABSENT};
        return pw_push_loop_reader(L);
    }
    *identity = *process;
    lua_getiuservalue(L, 2, 1);
    return pw_check_reader(L, lua_gettop(L));
}


/***
Calls a function once, with `{ pid =, start_time = }`, when a process has exited with all its
threads, be it waited for or not (Linux 5.3).
@function loop:on_exit
@tparam process|integer process one from `pagewarden.proc`, or whoever has this pid now
@tparam function fn
@treturn[1] handle one with `cancel`
@return[2] nil, message, errno, kind: "gone" when it has exited, "unsupported" before Linux 5.3 and
for a process that is not this machine's
*/
int pw_loop_on_exit(lua_State *L) {
    struct pw_loop_object *owner = pw_check_loop(L);
    struct pw_identity identity;
    pw_check_surplus(L, 3);
    struct pw_reader *reader = check_identity(L, &identity);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    const char *what = lua_pushfstring(L, "process %I", (LUAI_UACINT)identity.pid);
    struct exit_handle *handle = pw_new_handle(L, sizeof *handle, 3, end_exit);
    handle->exit.action = deliver;
    handle->exit.context = handle;
    int error =
        pw_exit_open(&handle->exit, &owner->loop, &reader->source, &identity, &reader->buffer);
    return error ? pw_fail_handle(L, what, -error) : 1;
}
