/* SPDX-License-Identifier: MIT */
/***
Memory accounting and limits of cgroups, version 1 and 2 behind the same functions.

Paths are as `/proc/PID/cgroup` prints them, `"/"` for the root. Every function is also a method of
what `open` returns. All that is a size comes in bytes; no limit is `math.huge`.

@module pagewarden.cgroup
*/
#include <errno.h>
#include <string.h>

#include "bind/view.h"
#include "read/cgroup.h"
#include "read/cgroupfs.h"
#include "read/keyed.h"
#include "read/pressure.h"

#define PW_CGROUP "pagewarden.cgroup"

/* What a call works on: where it reads, and the cgroup that argument 2 names. */
struct call {
    struct pw_reader *reader;
    struct pw_cgroups cgroups;
    const char *name;
    struct pw_slice path;
};


static bool climbs(const char *path) {
    for (const char *at = path; (at = strstr(at, "..")); at += 2) {
        bool starts = at == path || at[-1] == '/';
        if (starts && (at[2] == '\0' || at[2] == '/')) {
            return true;
        }
    }
    return false;
}


static struct call start(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_CGROUP);
    return (struct call){reader, pw_cgroups_find(&reader->source, &reader->buffer), NULL, {0}};
}


static struct call start_with_path(lua_State *L, int arguments) {
    struct call call = start(L);
    call.name = luaL_checklstring(L, 2, &call.path.size);
    call.path.data = call.name;
    luaL_argcheck(L, strlen(call.name) == call.path.size, 2, "path holds a NUL");
    luaL_argcheck(L, !climbs(call.name), 2, "path holds '..'");
    pw_check_surplus(L, arguments);
    return call;
}


/* No hierarchy means unsupported; a missing file, that the cgroup is gone or lacks such a file. */
static int fail(lua_State *L, const struct call *call, const char *file, int error) {
    if (!call->cgroups.version) {
        return pw_fail(L, "memory cgroups", EOPNOTSUPP);
    }
    bool gone =
        error == ENOENT && !pw_cgroup_exists(&call->reader->source, &call->cgroups, call->path);
    lua_pushfstring(L, "cgroup %s: %s", call->name, file ? file : "limit");
    const char *what = lua_tostring(L, -1);
    return gone ? pw_fail(L, what, error) : pw_fail_file(L, what, error);
}


static int read_file(const struct call *call, enum pw_cgroup_file file) {
    return call->cgroups.version ? pw_cgroup_read(&call->reader->source, &call->cgroups, call->path,
                                                  file, &call->reader->buffer)
                                 : -EOPNOTSUPP;
}


static int read_number(const struct call *call, enum pw_cgroup_file file,
                       struct pw_number *number) {
    return call->cgroups.version
               ? pw_cgroup_read_number(&call->reader->source, &call->cgroups, call->path, file,
                                       &call->reader->buffer, number)
               : -EOPNOTSUPP;
}


/* [-0, +0, m] Adds the fields of the file that was just read to the table on top of the stack. */
static void set_fields(lua_State *L, const struct call *call, struct pw_flaws *flaws) {
    struct pw_slice text = pw_buffer_text(&call->reader->buffer);
    struct pw_field field;
    while (pw_next_blank_field(&text, &field, flaws)) {
        pw_push_slice(L, field.key);
        pw_push_number(L, &field.number);
        lua_rawset(L, -3);
    }
}


static int push_fields(lua_State *L, enum pw_cgroup_file file) {
    struct call call = start_with_path(L, 2);
    int error = read_file(&call, file);
    if (error) {
        return fail(L, &call, pw_cgroup_file_name(&call.cgroups, file), -error);
    }
    struct pw_flaws flaws = {0};
    lua_newtable(L);
    set_fields(L, &call, &flaws);
    pw_push_flaws(L, &flaws);
    return 2;
}


/***
The version of the hierarchy that accounts memory. A hybrid has it in version 1, as a rule.
@function version
@treturn[1] integer 1 or 2
@return[2] nil, "memory cgroups: reason", errno, "unsupported"
*/
static int version(lua_State *L) {
    struct call call = start(L);
    pw_check_surplus(L, 1);
    if (!call.cgroups.version) {
        return fail(L, &call, NULL, EOPNOTSUPP);
    }
    lua_pushinteger(L, call.cgroups.version);
    return 1;
}


/***
The cgroup that accounts a process's memory, as it can be seen from here: in a container, from the
container's own root.
@function own
@tparam[opt] integer pid this process when left out
@treturn[1] string path such as "/system.slice/cron.service"
@return[2] nil, message, errno, kind ("gone", "denied", "unsupported" or "broken")
*/
static int own(lua_State *L) {
    struct call call = start(L);
    pw_check_surplus(L, 2);
    if (!call.cgroups.version) {
        return fail(L, &call, NULL, EOPNOTSUPP);
    }
    luaL_argcheck(L, lua_isnoneornil(L, 2) || luaL_checkinteger(L, 2) > 0, 2, "not a pid");
    lua_settop(L, 2);
    const char *pid = lua_isnil(L, 2) ? "self" : luaL_tolstring(L, 2, NULL);
    const char *file = lua_pushfstring(L, "proc/%s/cgroup", pid);
    int error = pw_source_read(&call.reader->source, file, &call.reader->buffer);
    if (error) {
        return pw_fail(L, file, -error);
    }
    struct pw_slice path;
    if (!pw_cgroup_of_process(&call.cgroups, pw_buffer_text(&call.reader->buffer), &path)) {
        return pw_fail(L, file, EOPNOTSUPP);
    }
    pw_push_slice(L, path);
    path.data = call.name = lua_tostring(L, -1);
    if (climbs(call.name)) {
        return pw_fail(L, file, ENOENT);
    }
    struct pw_slice part = pw_cgroup_visible(&call.reader->source, &call.cgroups, path);
    lua_pushfstring(L, part.size && part.data[0] == '/' ? "%s" : "/%s", part.size ? part.data : "");
    return 1;
}


/***
The memory that a cgroup and those below it use.
@function current
@tparam string path
@treturn[1] integer bytes
@return[2] nil, message, errno, kind: "gone" when the cgroup is, "unsupported" when it has no such
file
*/
static int current(lua_State *L) {
    struct call call = start_with_path(L, 2);
    struct pw_number number;
    int error = read_number(&call, PW_CGROUP_CURRENT, &number);
    if (error) {
        return fail(L, &call, pw_cgroup_file_name(&call.cgroups, PW_CGROUP_CURRENT), -error);
    }
    pw_push_number(L, &number);
    return 1;
}


/***
The swap that a cgroup and those below it use.
@function swap
@tparam string path
@treturn[1] integer bytes
@return[2] nil, message, errno, kind: "unsupported" too when the kernel does not account swap
*/
static int swap(lua_State *L) {
    struct call call = start_with_path(L, 2);
    bool is_v1 = call.cgroups.version == 1;
    enum pw_cgroup_file file = is_v1 ? PW_CGROUP_MEMSW : PW_CGROUP_SWAP;
    struct pw_number swap, memory = {0};
    int error = read_number(&call, file, &swap);
    if (!error && is_v1) {
        error = read_number(&call, PW_CGROUP_CURRENT, &memory);
    }
    if (error) {
        return fail(L, &call, pw_cgroup_file_name(&call.cgroups, file), -error);
    }
    int64_t bytes = swap.value - memory.value; /* of two moments: may come out below nothing */
    lua_pushinteger(L, bytes > 0 ? bytes : 0);
    return 1;
}


struct limit {
    const char *key;
    enum pw_cgroup_file file;
};

static const struct limit limit_files[] = {
    {"max", PW_CGROUP_MAX},
    {"high", PW_CGROUP_HIGH},
    {"low", PW_CGROUP_LOW},
    {"min", PW_CGROUP_MIN},
    {"swap_max", PW_CGROUP_SWAP_MAX},
    {"soft", PW_CGROUP_SOFT},
    {"memsw_max", PW_CGROUP_MEMSW_MAX},
};


/***
The limits and protections set on a cgroup itself. Those that its version or kernel lacks are nil;
the root of version 2 has none.
@function limits
@tparam string path
@treturn[1] table `{ max=, high=, low=, min=, swap_max= }` in version 2; `max`, `soft` and
 `memsw_max` (of memory and swap together) in version 1
@return[2] nil, message, errno, kind
*/
static int limits(lua_State *L) {
    struct call call = start_with_path(L, 2);
    if (!call.cgroups.version ||
        !pw_cgroup_exists(&call.reader->source, &call.cgroups, call.path)) {
        return fail(L, &call, NULL, ENOENT);
    }
    lua_newtable(L);
    for (size_t i = 0; i < sizeof limit_files / sizeof *limit_files; i++) {
        struct pw_number number;
        if (read_number(&call, limit_files[i].file, &number) == 0) {
            pw_push_number(L, &number);
            lua_setfield(L, -2, limit_files[i].key);
        }
    }
    return 1;
}


/***
The limit that holds a cgroup in effect: the smallest from it up to the root.
@function effective
@tparam string path
@tparam[opt="max"] string limit "max", "high" or "swap_max"; "memsw_max" in version 1
@treturn[1] number bytes, or `math.huge`
@treturn[1] ?string the cgroup that sets it, when it can be seen
@return[2] nil, message, errno, kind
*/
static int effective(lua_State *L) {
    static const char *const names[] = {"max", "high", "swap_max", "memsw_max", NULL};
    static const enum pw_cgroup_file files[] = {PW_CGROUP_MAX, PW_CGROUP_HIGH, PW_CGROUP_SWAP_MAX,
                                                PW_CGROUP_MEMSW_MAX};
    struct call call = start_with_path(L, 3);
    enum pw_cgroup_file file = files[luaL_checkoption(L, 3, "max", names)];
    struct pw_cgroup_limit limit;
    int error = !call.cgroups.version
                    ? -EOPNOTSUPP
                    : pw_cgroup_effective(&call.reader->source, &call.cgroups, call.path, file,
                                          &call.reader->buffer, &limit);
    if (error) {
        return fail(L, &call, pw_cgroup_file_name(&call.cgroups, file), -error);
    }
    pw_push_number(L, &limit.number);
    if (limit.path.data) {
        pw_push_slice(L, limit.path);
    } else {
        lua_pushnil(L);
    }
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
static int stat(lua_State *L) {
    return push_fields(L, PW_CGROUP_STAT);
}


/***
How often a cgroup met its limits: memory.events in version 2 (`low high max oom oom_kill …`),
memory.oom_control in version 1 (`oom_kill_disable under_oom oom_kill`).
@function events
@tparam string path
@treturn[1] table counts
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
static int events(lua_State *L) {
    return push_fields(L, PW_CGROUP_EVENTS);
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
static int numa_stat(lua_State *L) {
    struct call call = start_with_path(L, 2);
    int error = read_file(&call, PW_CGROUP_NUMA_STAT);
    if (error) {
        return fail(L, &call, pw_cgroup_file_name(&call.cgroups, PW_CGROUP_NUMA_STAT), -error);
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
static int pressure(lua_State *L) {
    static const char *const names[] = {"cpu", "memory", "io", "irq", NULL};
    static const char *const files[] = {"cpu.pressure", "memory.pressure", "io.pressure",
                                        "irq.pressure"};
    struct call call = start_with_path(L, 3);
    const char *file = files[luaL_checkoption(L, 3, NULL, names)];
    int error = EOPNOTSUPP;
    if (call.cgroups.version == 2) {
        error = -pw_cgroup_read_named(&call.reader->source, &call.cgroups, call.path, file,
                                      &call.reader->buffer);
    }
    if (error) {
        return fail(L, &call, file, error);
    }
    struct pw_pressure stalls;
    struct pw_flaws flaws = {0};
    pw_parse_pressure(pw_buffer_text(&call.reader->buffer), &stalls, &flaws);
    pw_push_pressure(L, &stalls);
    pw_push_flaws(L, &flaws);
    return 2;
}


PW_EXPORT int luaopen_pagewarden_cgroup(lua_State *L);

int luaopen_pagewarden_cgroup(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"version", version},     {"own", own},           {"current", current}, {"limits", limits},
        {"effective", effective}, {"stat", stat},         {"events", events},   {"swap", swap},
        {"numa_stat", numa_stat}, {"pressure", pressure}, {NULL, NULL},
    };
    return pw_push_view_module(L, PW_CGROUP, methods);
}
