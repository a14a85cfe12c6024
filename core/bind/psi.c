/* SPDX-License-Identifier: MIT */
/***
How much time is lost to waiting for memory, processors and disks.

For programs with a loop of their own, or none: `pagewarden.loop` and a policy's `pw:on_pressure`
wait without blocking, and make do where the kernel grants no trigger. Every function is also a
method of what `open` returns.

@module pagewarden.psi
@pragma nostrip
*/
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "bind/pressure_request.h"
#include "bind/view.h"
#include "read/pressure.h"

#define PW_PSI "pagewarden.psi"
#define PW_TRIGGER "pagewarden.trigger"

/* The texts are literals, but for the cgroup's, which lies in `text`, as the path does. */
struct trigger {
    int fd; /* -1: closed */
    struct pw_pressure_subject subject;
    char text[];
};


/* [-0, +0, v] The subject of `read`: a resource at 2, a cgroup at 3. */
static int check_read_subject(lua_State *L, struct pw_reader *reader,
                              struct pw_pressure_subject *subject) {
    lua_createtable(L, 0, 2);
    lua_pushvalue(L, 2);
    lua_setfield(L, -2, "resource");
    lua_pushvalue(L, 3);
    lua_setfield(L, -2, "cgroup");
    return pw_check_pressure_subject(L, lua_gettop(L), reader, subject);
}


/***
How much of the time tasks waited for a resource, of the machine or of a cgroup (Linux 4.20).
@function read
@tparam string resource "cpu", "memory", "io" or "irq"
@tparam[opt] string cgroup a path of the second version's hierarchy
@treturn[1] table `{ some = { avg10 =, avg60 =, avg300 = (percent), total = (microseconds) }, full =
… }`
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
static int read_pressure(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_PSI);
    struct pw_pressure_subject subject;
    luaL_checkoption(L, 2, NULL, pw_pressure_resources);
    luaL_argcheck(L, lua_isnoneornil(L, 3) || lua_type(L, 3) == LUA_TSTRING, 3, "a path expected");
    pw_check_surplus(L, 3);
    lua_settop(L, 3);
    int error = check_read_subject(L, reader, &subject);
    if (!error) {
        error = pw_source_read(&reader->source, subject.path, &reader->buffer);
    }
    if (error) {
        return pw_fail_pressure(L, &subject, 0, error);
    }
    struct pw_pressure pressure;
    struct pw_flaws flaws = {0};
    pw_parse_pressure(pw_buffer_text(&reader->buffer), &pressure, &flaws);
    pw_push_pressure(L, &pressure);
    pw_push_flaws(L, &flaws);
    return 2;
}


/* [-0, +1, m] A trigger with copies of the subject's texts, not yet open. */
static struct trigger *new_trigger(lua_State *L, const struct pw_pressure_subject *subject) {
    size_t path_size = strlen(subject->path) + 1;
    size_t cgroup_size = subject->cgroup ? strlen(subject->cgroup) + 1 : 0;
    struct trigger *trigger = lua_newuserdatauv(L, sizeof *trigger + path_size + cgroup_size, 1);
    trigger->fd = -1;
    trigger->subject = *subject;
    trigger->subject.path = memcpy(trigger->text, subject->path, path_size);
    if (subject->cgroup) {
        trigger->subject.cgroup = memcpy(trigger->text + path_size, subject->cgroup, cgroup_size);
    }
    luaL_setmetatable(L, PW_TRIGGER);
    return trigger;
}


/* [-0, +4, m] Why there is no trigger. */
static int fail_trigger(lua_State *L, const struct pw_pressure_subject *subject, int64_t window_us,
                        int error) {
    switch (error) {
    case -EACCES:
        return pw_fail_because(L, subject->path,
                               "permission denied; before Linux 6.5 triggers need CAP_SYS_RESOURCE",
                               EACCES, PW_DENIED);
    case -EINVAL:
        return pw_fail_because(L, subject->path, "this kernel makes no triggers; Linux 5.2 does",
                               EINVAL, PW_UNSUPPORTED);
    case -EROFS:
        return pw_fail_because(L, subject->path, "only this machine's own root has triggers", EROFS,
                               PW_UNSUPPORTED);
    default:
        return pw_fail_pressure(L, subject, window_us, error);
    }
}


/***
Asks the kernel to tell when so much time was lost within a window, at most once a window. Windows
that are no multiples of 2 seconds need CAP_SYS_RESOURCE.
@function trigger
@tparam table request `{ resource = "memory", kind = "some", stall = 0.15, window = 2, cgroup =
"/system.slice" }`: `resource` is `"cpu"`, `"memory"`, `"io"` or `"irq"`; `kind` is `"some"` (the
default) or `"full"`; `stall` and `window` (0.5 to 10, 2 by default) are seconds; `cgroup` is a path
of the second version's hierarchy, and none the whole machine
@treturn[1] trigger
@return[2] nil, message, errno, kind: "unsupported" without pressure information or triggers (Linux
5.2), "denied" when the window needs CAP_SYS_RESOURCE
@usage local trigger <close> = assert(psi.trigger { resource = "memory", stall = 0.1 })
while trigger:wait() do print "memory is short" end
*/
static int make_trigger(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_PSI);
    struct pw_pressure_request request = pw_check_pressure_request(L, 2);
    struct pw_pressure_subject subject;
    pw_check_surplus(L, 2);
    int error = pw_check_pressure_subject(L, 2, reader, &subject);
    if (error) {
        return pw_fail_pressure(L, &subject, request.window_us, error);
    }
    struct trigger *trigger = new_trigger(L, &subject);
    request.path = trigger->subject.path;
    request.full = subject.full;
    trigger->fd = pw_pressure_file_open(&reader->source, &request);
    return trigger->fd < 0 ? fail_trigger(L, &subject, request.window_us, trigger->fd) : 1;
}


static struct trigger *check_trigger(lua_State *L) {
    struct trigger *trigger = luaL_checkudata(L, 1, PW_TRIGGER);
    luaL_argcheck(L, trigger->fd >= 0, 1, "trigger is closed");
    return trigger;
}


/* [-0, +0, v] Seconds at 2 as poll() takes them; for ever without. */
static int check_timeout(lua_State *L) {
    if (lua_isnoneornil(L, 2)) {
        return -1;
    }
    lua_Number milliseconds = luaL_checknumber(L, 2) * 1000;
    luaL_argcheck(L, milliseconds >= 0, 2, "seconds expected");
    return milliseconds < INT_MAX ? (int)milliseconds : INT_MAX;
}


/***
Waits until time was lost, and blocks the program meanwhile.
@function trigger:wait
@tparam[opt] number timeout seconds; for ever when left out
@treturn[1] boolean true when it was, false when the time is over
@return[2] nil, message, errno, kind: "gone" when the cgroup is, "broken" with EINTR when a signal
came
*/
static int wait_for_trigger(lua_State *L) {
    struct trigger *trigger = check_trigger(L);
    struct pollfd waited = {.fd = trigger->fd, .events = POLLPRI};
    int timeout = check_timeout(L);
    pw_check_surplus(L, 2);
    int ready = poll(&waited, 1, timeout);
    if (ready < 0) {
        return pw_fail(L, trigger->subject.path, errno);
    }
    if (waited.revents & POLLERR) {
        return pw_fail_because(L, trigger->subject.path, "the cgroup was removed", ENOENT, PW_GONE);
    }
    lua_pushboolean(L, ready > 0);
    return 1;
}


/***
Its descriptor, for a poll of one's own: POLLPRI says that time was lost, POLLERR that the cgroup is
gone. A poll takes the event; one that an epoll in an epoll makes takes it from whoever polls the
inner one.
@function trigger:fd
@treturn integer
*/
static int trigger_fd(lua_State *L) {
    lua_pushinteger(L, check_trigger(L)->fd);
    return 1;
}


/***
Ends it; it may be closed again, and ends itself at the end of a `local trigger <close>`.
@function trigger:close
*/
static int close_trigger(lua_State *L) {
    struct trigger *trigger = luaL_checkudata(L, 1, PW_TRIGGER);
    if (trigger->fd >= 0) {
        close(trigger->fd);
    }
    trigger->fd = -1;
    return 0;
}


static void define_trigger(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"wait", wait_for_trigger}, {"fd", trigger_fd},      {"close", close_trigger},
        {"__close", close_trigger}, {"__gc", close_trigger}, {NULL, NULL},
    };
    luaL_newmetatable(L, PW_TRIGGER);
    luaL_setfuncs(L, methods, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}


/***
The functions of this module for another root, or another machine's capture, as methods.
@function open
@tparam[opt] string|reader root a folder, or a reader of `pagewarden.proc`; this machine without it
@treturn[1] psi an object with `close`, which frees what `open` opened
@return[2] nil, message, errno, kind
*/

/***
Frees what `open` opened; the object may be closed again, and closes itself at the end of a
`local view <close>`.
@function psi:close
*/

PW_EXPORT int luaopen_pagewarden_psi(lua_State *L);

int luaopen_pagewarden_psi(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"read", read_pressure}, {"trigger", make_trigger}, {NULL, NULL}};
    define_trigger(L);
    return pw_push_view_module(L, PW_PSI, methods);
}
