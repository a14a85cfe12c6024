/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.loop */
#include "host/pressure_handle.h"

#include <string.h>

#include "bind/pressure_request.h"
#include "host/handle.h"

/* The subject's texts are literals, but for the cgroup's, which lies in `text`, as the path does.
 */
struct pressure_handle {
    struct pw_handle handle;
    struct pw_pressure_trigger trigger;
    struct pw_pressure_subject subject;
    char text[];
};


static int push_event(lua_State *L, const struct pw_handle *handle, const void *context) {
    const struct pw_pressure_subject *subject = &((const struct pressure_handle *)handle)->subject;
    const struct pw_pressure_event *event = context;
    lua_createtable(L, 0, 7);
    lua_pushstring(L, subject->resource);
    lua_setfield(L, -2, "resource");
    lua_pushstring(L, subject->kind);
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, subject->cgroup);
    lua_setfield(L, -2, "cgroup");
    pw_set_integer(L, "total", event->total_us);
    lua_pushnumber(L, event->avg10_percent);
    lua_setfield(L, -2, "avg10");
    lua_pushboolean(L, event->synthetic);
    lua_setfield(L, -2, "synthetic");
    lua_pushboolean(L, event->gone);
    lua_setfield(L, -2, "gone");
    return 1;
}


static void deliver(struct pw_pressure_trigger *trigger, const struct pw_pressure_event *event,
                    void *context) {
    (void)trigger;
    if (event->gone) {
        pw_call_back_last(context, push_event, event);
    } else {
        pw_call_back(context, push_event, event);
    }
}


static void end_pressure(struct pw_handle *handle) {
    struct pw_pressure_trigger *trigger = &((struct pressure_handle *)handle)->trigger;
    if (trigger->loop) {
        pw_pressure_close(trigger);
    }
}


/* [-0, +1, m] A handle with copies of the subject's texts. */
static struct pressure_handle *new_handle(lua_State *L, const struct pw_pressure_subject *subject) {
    size_t path_size = strlen(subject->path) + 1;
    size_t cgroup_size = subject->cgroup ? strlen(subject->cgroup) + 1 : 0;
    struct pressure_handle *handle =
        pw_new_handle(L, sizeof *handle + path_size + cgroup_size, 3, end_pressure);
    handle->subject = *subject;
    handle->subject.path = memcpy(handle->text, subject->path, path_size);
    if (subject->cgroup) {
        handle->subject.cgroup = memcpy(handle->text + path_size, subject->cgroup, cgroup_size);
    }
    return handle;
}


/***
Calls a function when so much time was lost to waiting for a resource within a window, at most once
a window. Events come from the kernel where it makes triggers for the caller (Linux 5.2; windows
that are no multiples of 2 seconds need CAP_SYS_RESOURCE), else from comparing `total=` once a
window, and are then `synthetic`.
@function loop:on_pressure
@tparam table request `{ resource = "memory", kind = "some", stall = 0.15, window = 2, cgroup =
"/system.slice" }`: `resource` is `"cpu"`, `"memory"`, `"io"` or `"irq"`; `kind` is `"some"` (the
default) or `"full"`; `stall` and `window` (0.5 to 10, 2 by default) are seconds; `cgroup` is a path
of the second version's hierarchy, and none the whole machine
@tparam function fn takes `{ resource =, kind =, cgroup =, total = (µs), avg10 = (%), synthetic =,
gone = }`; the last event of a cgroup that was removed has `gone` true and no figures
@treturn[1] handle one with `cancel`
@return[2] nil, message, errno, kind: "unsupported" without pressure information, "denied" when the
window needs CAP_SYS_RESOURCE
*/
int pw_loop_on_pressure(lua_State *L) {
    struct pw_loop_object *owner = pw_check_loop(L);
    struct pw_pressure_request request = pw_check_pressure_request(L, 2);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    pw_check_surplus(L, 3);
    struct pw_reader *reader = pw_push_loop_reader(L);
    struct pw_pressure_subject subject;
    int error = pw_check_pressure_subject(L, 2, reader, &subject);
    if (error) {
        return pw_fail_pressure(L, &subject, request.window_us, error);
    }
    struct pressure_handle *handle = new_handle(L, &subject);
    request.path = handle->subject.path;
    request.full = subject.full;
    handle->trigger.action = deliver;
    handle->trigger.context = handle;
    error = pw_pressure_open(&handle->trigger, &owner->loop, &reader->source, &request,
                             &reader->buffer);
    if (error) {
        pw_fail_handle(L, subject.path, -error);
        return pw_fail_pressure(L, &subject, request.window_us, error);
    }
    return 1;
}


/* [-0, +0, v] A number in a field of the table at 3; 0 when there is none. */
static lua_Number optional_number(lua_State *L, const char *field) {
    lua_getfield(L, 3, field);
    if (!lua_isnoneornil(L, -1) && lua_type(L, -1) != LUA_TNUMBER) {
        luaL_argerror(L, 3, lua_pushfstring(L, "field '%s' must be a number", field));
    }
    lua_Number number = lua_tonumber(L, -1);
    lua_pop(L, 1);
    return number;
}


static bool optional_boolean(lua_State *L, const char *field) {
    lua_getfield(L, 3, field);
    bool boolean = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return boolean;
}


int pw_check_pressure_news(lua_State *L, struct pw_pressure_news *news) {
    static const char *const known[] = {"resource", "kind",      "cgroup", "total",
                                        "avg10",    "synthetic", "gone",   NULL};
    struct pw_pressure_subject subject;
    pw_check_names(L, 3, known, "field");
    int error = pw_check_pressure_subject(L, 3, pw_push_loop_reader(L), &subject);
    *news = (struct pw_pressure_news){
        .path = subject.path,
        .full = subject.full,
        .event = {(int64_t)optional_number(L, "total"), optional_number(L, "avg10"),
                  optional_boolean(L, "synthetic"), optional_boolean(L, "gone")},
    };
    return error;
}
