/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.loop */
#include "host/pressure_handle.h"

#include <errno.h>
#include <string.h>

#include "host/handle.h"
#include "read/cgroupfs.h"

#define MICROSECOND_NS 1000

static const char *const resources[] = {"cpu", "memory", "io", "irq", NULL};
static const char *const kinds[] = {"some", "full", NULL};

/* The texts live as long as what was read or pushed for them stays on the stack. */
struct subject {
    const char *resource, *kind;
    const char *cgroup; /* NULL: the whole machine */
    const char *path;   /* of the file, from the reader's root */
};

/* The subject's texts are literals, but for the cgroup's, which lies in `text`, as the path does.
 */
struct pressure_handle {
    struct pw_handle handle;
    struct pw_pressure_trigger trigger;
    struct subject subject;
    char text[];
};


static int push_event(lua_State *L, const struct pw_handle *handle, const void *context) {
    const struct subject *subject = &((const struct pressure_handle *)handle)->subject;
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


/* [-0, +0, v] One of the words, from a field of the table at `index`; the first when there is
 * none and that is allowed. */
static const char *check_word(lua_State *L, int index, const char *field, const char *const words[],
                              bool optional) {
    lua_getfield(L, index, field);
    const char *word = lua_tostring(L, -1);
    bool absent = optional && lua_isnil(L, -1);
    lua_pop(L, 1);
    for (int i = 0; words[i]; i++) {
        if (absent || (word && strcmp(word, words[i]) == 0)) {
            return words[i];
        }
    }
    luaL_argerror(
        L, index,
        lua_pushfstring(L, "field '%s': unknown %s '%s'", field, field, word ? word : "nil"));
    return NULL;
}


/* [-0, +1, v] The field cgroup of the table at `index`, or nil. */
static const char *check_cgroup(lua_State *L, int index) {
    if (lua_getfield(L, index, "cgroup") == LUA_TNIL) {
        return NULL;
    }
    bool is_path = lua_type(L, -1) == LUA_TSTRING && lua_tostring(L, -1)[0] == '/';
    luaL_argcheck(L, is_path && !strstr(lua_tostring(L, -1), ".."), index,
                  "field 'cgroup' must be a path from '/'");
    return lua_tostring(L, -1);
}


/* [-0, +2, v] Reads { resource =, kind =, cgroup = } at `index`. Returns 0, or -EOPNOTSUPP for a
 * cgroup where the second version is not in use. */
static int check_subject(lua_State *L, int index, struct pw_reader *reader,
                         struct subject *subject) {
    subject->resource = check_word(L, index, "resource", resources, false);
    subject->kind = check_word(L, index, "kind", kinds, true);
    subject->cgroup = check_cgroup(L, index);
    if (!subject->cgroup) {
        subject->path = lua_pushfstring(L, "proc/pressure/%s", subject->resource);
        return 0;
    }
    struct pw_cgroups cgroups = pw_cgroups_find(&reader->source, &reader->buffer);
    subject->path = lua_pushfstring(L, "%s%s/%s.pressure", cgroups.mount ? cgroups.mount : "",
                                    subject->cgroup, subject->resource);
    return cgroups.version == 2 ? 0 : -EOPNOTSUPP;
}


/* [-0, +0, v] Seconds in a field of the table at 2, between two limits, in microseconds. */
static int64_t check_microseconds(lua_State *L, const char *field, int64_t least_us,
                                  int64_t most_us, int64_t otherwise_us) {
    if (lua_getfield(L, 2, field) == LUA_TNIL && otherwise_us) {
        lua_pop(L, 1);
        return otherwise_us;
    }
    lua_Number microseconds = lua_tonumber(L, -1) * 1e6;
    if (!lua_isnumber(L, -1) || !(microseconds >= (lua_Number)least_us) ||
        !(microseconds <= (lua_Number)most_us)) {
        luaL_argerror(L, 2,
                      lua_pushfstring(L, "field '%s' must be %f to %f seconds", field,
                                      (lua_Number)least_us / 1e6, (lua_Number)most_us / 1e6));
    }
    lua_pop(L, 1);
    return (int64_t)(microseconds + 0.5);
}


static struct pw_pressure_request check_request(lua_State *L) {
    struct pw_pressure_request request = {0};
    request.window_us =
        check_microseconds(L, "window", PW_PRESSURE_LEAST_WINDOW_US, PW_PRESSURE_MOST_WINDOW_US,
                           PW_PRESSURE_UNPRIVILEGED_WINDOW_US);
    request.stall_us = check_microseconds(L, "stall", 1, request.window_us, 0);
    return request;
}


/* [-0, +1, m] A handle with copies of the subject's texts. */
static struct pressure_handle *new_handle(lua_State *L, const struct subject *subject) {
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


static int fail(lua_State *L, const struct subject *subject,
                const struct pw_pressure_request *request, int error) {
    if (error != -EPERM) {
        return subject->cgroup ? pw_fail(L, subject->path, -error)
                               : pw_fail_file(L, subject->path, -error);
    }
    luaL_pushfail(L);
    lua_pushfstring(L,
                    "%s: a window of %f seconds needs CAP_SYS_RESOURCE; without it windows are "
                    "multiples of 2 seconds",
                    subject->path, (lua_Number)request->window_us / 1e6);
    lua_pushinteger(L, EPERM);
    lua_pushstring(L, pw_failure_name(PW_DENIED));
    return 4;
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
    static const char *const known[] = {"resource", "kind", "stall", "window", "cgroup", NULL};
    struct pw_loop_object *owner = pw_check_loop(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    pw_check_names(L, 2, known, "field");
    luaL_checktype(L, 3, LUA_TFUNCTION);
    pw_check_surplus(L, 3);
    struct pw_reader *reader = pw_push_loop_reader(L);
    struct subject subject;
    struct pw_pressure_request request = check_request(L);
    int error = check_subject(L, 2, reader, &subject);
    if (error) {
        return fail(L, &subject, &request, error);
    }
    struct pressure_handle *handle = new_handle(L, &subject);
    request.path = handle->subject.path;
    request.full = subject.kind == kinds[1];
    handle->trigger.action = deliver;
    handle->trigger.context = handle;
    error = pw_pressure_open(&handle->trigger, &owner->loop, &reader->source, &request,
                             &reader->buffer);
    if (error) {
        pw_fail_handle(L, subject.path, -error);
        return fail(L, &subject, &request, error);
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
    struct subject subject;
    pw_check_names(L, 3, known, "field");
    int error = check_subject(L, 3, pw_push_loop_reader(L), &subject);
    *news = (struct pw_pressure_news){
        .path = subject.path,
        .full = subject.kind == kinds[1],
        .event = {(int64_t)optional_number(L, "total"), optional_number(L, "avg10"),
                  optional_boolean(L, "synthetic"), optional_boolean(L, "gone")},
    };
    return error;
}
