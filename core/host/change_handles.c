/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.loop */
#include <errno.h>
#include <string.h>
#include <sys/inotify.h>

#include "host/handle.h"
#include "host/memory_events.h"
#include "read/cgroupfs.h"

struct change_handle {
    struct pw_handle handle;
    struct pw_file_watch watch;
    char path[];
};

struct memory_handle {
    struct pw_handle handle;
    struct pw_memory_events events;
    const char *cgroup;
    char text[]; /* the cgroup's path, and what events' paths are */
};

struct change {
    const char *what, *name;
};

/* As inotify(7) calls it; the first that fits is told. */
static const struct {
    uint32_t bit;
    const char *what;
} changes[] = {
    {IN_IGNORED, "gone"},
    {IN_Q_OVERFLOW, "overflow"},
    {IN_CREATE, "create"},
    {IN_DELETE, "delete"},
    {IN_MOVED_FROM, "moved_from"},
    {IN_MOVED_TO, "moved_to"},
    {IN_CLOSE_WRITE, "close_write"},
    {IN_MODIFY, "modify"},
};

#define CHANGES (sizeof changes / sizeof *changes)
#define WANTED (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_MODIFY)


static int push_change(lua_State *L, const struct pw_handle *handle, const void *context) {
    const struct change *change = context;
    lua_createtable(L, 0, 3);
    lua_pushstring(L, ((const struct change_handle *)handle)->path);
    lua_setfield(L, -2, "path");
    lua_pushstring(L, change->what);
    lua_setfield(L, -2, "change");
    if (*change->name) {
        lua_pushstring(L, change->name);
        lua_setfield(L, -2, "name");
    }
    return 1;
}


static void deliver_change(struct pw_file_watch *watch, uint32_t mask, const char *name,
                           void *context) {
    (void)watch;
    size_t i = 0;
    while (i < CHANGES - 1 && !(mask & changes[i].bit)) {
        i++;
    }
    struct change change = {changes[i].what, name};
    if (mask & IN_IGNORED) {
        pw_call_back_last(context, push_change, &change);
    } else {
        pw_call_back(context, push_change, &change);
    }
}


static void end_change(struct pw_handle *handle) {
    pw_file_watch_close(&((struct change_handle *)handle)->watch);
}


/***
Calls a function whenever a file, or an entry of a folder, changes. Also a file of sysfs or of a
cgroup that the kernel announces changes of.
@function loop:on_change
@string path from the root that the loop's reader has
@tparam function fn takes `{ path =, change =, name = (in a folder) }`; `change` is `"create"`,
`"delete"`, `"moved_from"`, `"moved_to"`, `"modify"`, `"close_write"` (what a program wrote is whole
then), `"overflow"` (too much happened to tell), or `"gone"`, which comes last
@treturn[1] handle one with `cancel`
@return[2] nil, message, errno, kind
*/
int pw_loop_on_change(lua_State *L) {
    struct pw_loop_object *owner = pw_check_loop(L);
    const char *path = luaL_checkstring(L, 2);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    pw_check_surplus(L, 3);
    struct pw_reader *reader = pw_push_loop_reader(L);
    size_t size = strlen(path) + 1;
    struct change_handle *handle = pw_new_handle(L, sizeof *handle + size, 3, end_change);
    memcpy(handle->path, path, size);
    handle->watch.action = deliver_change;
    handle->watch.context = handle;
    int error = pw_file_watch_open(&handle->watch, &owner->changes, &owner->loop, &reader->source,
                                   path, WANTED);
    return error ? pw_fail_handle(L, path, -error) : 1;
}


/* [-0, +1, m] A table of the counters' values, or of how much those that grew have grown. */
static void push_counters(lua_State *L, const struct pw_memory_events *events, bool growth) {
    lua_createtable(L, 0, events->count);
    for (int i = 0; i < events->count; i++) {
        const struct pw_memory_counter *counter = &events->counters[i];
        if (!growth || counter->growth != 0) {
            pw_set_integer(L, counter->name, growth ? counter->growth : counter->value);
        }
    }
}


static int push_memory_event(lua_State *L, const struct pw_handle *handle, const void *context) {
    const struct memory_handle *memory = (const struct memory_handle *)handle;
    bool gone = *(const bool *)context;
    lua_createtable(L, 0, 4);
    lua_pushstring(L, memory->cgroup);
    lua_setfield(L, -2, "cgroup");
    lua_pushboolean(L, gone);
    lua_setfield(L, -2, "gone");
    if (!gone) {
        push_counters(L, &memory->events, true);
        lua_setfield(L, -2, "changed");
        push_counters(L, &memory->events, false);
        lua_setfield(L, -2, "counters");
    }
    return 1;
}


static void deliver_memory_event(struct pw_memory_events *events, bool gone, void *context) {
    (void)events;
    if (gone) {
        pw_call_back_last(context, push_memory_event, &gone);
    } else {
        pw_call_back(context, push_memory_event, &gone);
    }
}


static void end_memory_events(struct pw_handle *handle) {
    pw_memory_events_close(&((struct memory_handle *)handle)->events);
}


/* [-0, +1, m] A handle with the cgroup's path, and its files': "/a/b" has sys/fs/cgroup/a/b's
 * memory.events and sys/fs/cgroup/a above. */
static struct memory_handle *new_memory_handle(lua_State *L, const char *mount,
                                               struct pw_slice cgroup) {
    const char *own = lua_pushlstring(L, cgroup.data, cgroup.size);
    pw_cgroup_parent(&cgroup);
    const char *above = lua_pushlstring(L, cgroup.data, cgroup.size);
    const char *path = lua_pushfstring(L, "%s%s/memory.events", mount, own);
    const char *parent = lua_pushfstring(L, "%s%s", mount, above);
    size_t own_size = strlen(own) + 1, path_size = strlen(path) + 1;
    struct memory_handle *handle = pw_new_handle(
        L, sizeof *handle + own_size + path_size + strlen(parent) + 1, 3, end_memory_events);
    handle->cgroup = strcpy(handle->text, own);
    handle->events.path = strcpy(handle->text + own_size, path);
    handle->events.parent = strcpy(handle->text + own_size + path_size, parent);
    return handle;
}


static struct pw_slice check_cgroup(lua_State *L) {
    struct pw_slice cgroup;
    cgroup.data = luaL_checklstring(L, 2, &cgroup.size);
    luaL_argcheck(L, cgroup.data[0] == '/' && strlen(cgroup.data) == cgroup.size, 2,
                  "path of a cgroup from '/' expected");
    luaL_argcheck(L, !strstr(cgroup.data, ".."), 2, "path holds '..'");
    while (cgroup.size > 0 && cgroup.data[cgroup.size - 1] == '/') {
        cgroup.size--;
    }
    return cgroup;
}


/***
Calls a function whenever a counter of a cgroup's memory.events has grown: it was reclaimed from,
reached a limit, or lost a process to the OOM killer.
@function loop:on_memory_events
@string cgroup its path in the second version's hierarchy, such as `"/system.slice"`
@tparam function fn takes `{ cgroup =, changed = { high = 3 }, counters = { low = 0, high = 12, … },
gone = false }`: how much counters have grown since the last event, and what they are; when the
cgroup was removed, for the last time with `gone` true and no counters
@treturn[1] handle one with `cancel`
@return[2] nil, message, errno, kind: "gone" when there is no such cgroup, "unsupported" where the
second version is not in use
*/
int pw_loop_on_memory_events(lua_State *L) {
    struct pw_loop_object *owner = pw_check_loop(L);
    struct pw_slice cgroup = check_cgroup(L);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    pw_check_surplus(L, 3);
    struct pw_reader *reader = pw_push_loop_reader(L);
    struct pw_cgroups cgroups = pw_cgroups_find(&reader->source, &reader->buffer);
    if (cgroups.version != 2) {
        return pw_fail(L, "memory.events", EOPNOTSUPP);
    }
    struct memory_handle *handle = new_memory_handle(L, cgroups.mount, cgroup);
    handle->events.action = deliver_memory_event;
    handle->events.context = handle;
    int error = pw_memory_events_open(&handle->events, &owner->changes, &owner->loop,
                                      &reader->source, &reader->buffer);
    return error ? pw_fail_handle(L, luaL_checkstring(L, 2), -error) : 1;
}
