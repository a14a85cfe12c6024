/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.cgroup */
#include <errno.h>

#include "bind/cgroup.h"
#include "read/cgroup.h"
#include "read/keyed.h"
#include "read/pressure.h"


/* [-0, +0, m] Adds the fields of the file that was just read to the table on top of the stack. */
static void set_fields(lua_State *L, const struct pw_cgroup_call *call, struct pw_flaws *flaws) {
    struct pw_slice text = pw_buffer_text(&call->reader->buffer);
    struct pw_field field;
    while (pw_next_blank_field(&text, &field, flaws)) {
        pw_push_slice(L, field.key);
        pw_push_number(L, &field.number);
        lua_rawset(L, -3);
    }
}


static int push_fields(lua_State *L, const struct pw_cgroup_call *call, enum pw_cgroup_file file) {
    int error = pw_cgroup_read_file(call, file);
    if (error) {
        return pw_cgroup_fail(L, call, pw_cgroup_file_name(&call->cgroups, file), -error);
    }
    struct pw_flaws flaws = {0};
    lua_newtable(L);
    set_fields(L, call, &flaws);
    pw_push_flaws(L, &flaws);
    return 2;
}


/***
What a cgroup's memory consists of: memory.stat, in the keys of its version.
@function stat
@tparam string path
@treturn[1] table bytes, and counts of events
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
int pw_cgroup_stat(lua_State *L) {
    struct pw_cgroup_call call = pw_cgroup_begin_with_path(L, 2);
    return push_fields(L, &call, PW_CGROUP_STAT);
}


/***
How often a cgroup met its limits: memory.events in version 2 (`low high max oom oom_kill …`),
memory.oom_control in version 1 (`oom_kill_disable under_oom oom_kill`).
@function events
@tparam string path
@tparam[opt="all"] string which in version 2: "local" leaves out the cgroups below it
(memory.events.local, Linux 5.2), "swap" is of memory.swap.events
@treturn[1] table counts
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
int pw_cgroup_events(lua_State *L) {
    static const char *const names[] = {"all", "local", "swap", NULL};
    static const enum pw_cgroup_file files[] = {PW_CGROUP_EVENTS, PW_CGROUP_EVENTS_LOCAL,
                                                PW_CGROUP_SWAP_EVENTS};
    struct pw_cgroup_call call = pw_cgroup_begin_with_path(L, 3);
    return push_fields(L, &call, files[luaL_checkoption(L, 3, "all", names)]);
}


/* [-0, +1, m] The values of one line by node, and its total. */
static void push_nodes(lua_State *L, struct pw_numa_line *line, struct pw_flaws *flaws) {
    struct pw_numa_value value;
    lua_newtable(L);
    if (line->has_total) {
        pw_push_number(L, &line->total);
        lua_setfield(L, -2, "total");
    }
    while (pw_next_numa_value(&line->nodes, &value, flaws)) {
        pw_push_number(L, &value.number);
        lua_rawseti(L, -2, value.node);
    }
}


/***
A cgroup's memory by NUMA node, in the keys of its version.
@function numa_stat
@tparam string path
@treturn[1] table `{ anon = { [0] = bytes, [1] = … }, … }`; in version 1 pages, with a `total`
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
int pw_cgroup_numa_stat(lua_State *L) {
    struct pw_cgroup_call call = pw_cgroup_begin_with_path(L, 2);
    int error = pw_cgroup_read_file(&call, PW_CGROUP_NUMA_STAT);
    if (error) {
        return pw_cgroup_fail(L, &call, pw_cgroup_file_name(&call.cgroups, PW_CGROUP_NUMA_STAT),
                              -error);
    }
    struct pw_slice text = pw_buffer_text(&call.reader->buffer);
    struct pw_numa_line line;
    struct pw_flaws flaws = {0};
    lua_newtable(L);
    while (pw_next_numa_line(&text, &line, &flaws)) {
        pw_push_slice(L, line.key);
        push_nodes(L, &line, &flaws);
        lua_rawset(L, -3);
    }
    pw_push_flaws(L, &flaws);
    return 2;
}


/***
How much of the time a cgroup's tasks waited for a resource: version 2 alone, since Linux 4.20.
@function pressure
@tparam string path
@tparam string resource "cpu", "memory", "io" or "irq"
@treturn[1] table `{ some = { avg10=, avg60=, avg300= (percent), total= (microseconds) }, full = …
}`
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
int pw_cgroup_pressure(lua_State *L) {
    static const char *const names[] = {"cpu", "memory", "io", "irq", NULL};
    static const char *const files[] = {"cpu.pressure", "memory.pressure", "io.pressure",
                                        "irq.pressure"};
    struct pw_cgroup_call call = pw_cgroup_begin_with_path(L, 3);
    const char *file = files[luaL_checkoption(L, 3, NULL, names)];
    int error = EOPNOTSUPP;
    if (call.cgroups.version == 2) {
        error = -pw_cgroup_read_named(&call.reader->source, &call.cgroups, call.path, file,
                                      &call.reader->buffer);
    }
    if (error) {
        return pw_cgroup_fail(L, &call, file, error);
    }
    struct pw_pressure stalls;
    struct pw_flaws flaws = {0};
    pw_parse_pressure(pw_buffer_text(&call.reader->buffer), &stalls, &flaws);
    pw_push_pressure(L, &stalls);
    pw_push_flaws(L, &flaws);
    return 2;
}
