/* SPDX-License-Identifier: MIT */
/***
Memory accounting and limits of cgroups, version 1 and 2 behind the same functions.

Paths are as `/proc/PID/cgroup` prints them, `"/"` for the root. Every function is also a method of
what `open` returns. All that is a size comes in bytes; no limit is `math.huge`.

@module pagewarden.cgroup
@pragma nostrip
*/
#include "bind/cgroup.h"

#include <errno.h>

#include "read/container.h"


static int read_number(const struct pw_cgroup_call *call, enum pw_cgroup_file file,
                       struct pw_number *number) {
    return call->cgroups.version
               ? pw_cgroup_read_number(&call->reader->source, &call->cgroups, call->path, file,
                                       &call->reader->buffer, number)
               : -EOPNOTSUPP;
}


/* [-0, +n, v] A file that is one number, of the cgroup at 2. */
static int push_number(lua_State *L, enum pw_cgroup_file file) {
    struct pw_cgroup_call call = pw_cgroup_begin_with_path(L, 2);
    struct pw_number number;
    int error = read_number(&call, file, &number);
    if (error) {
        return pw_cgroup_fail(L, &call, pw_cgroup_file_name(&call.cgroups, file), -error);
    }
    pw_push_number(L, &number);
    return 1;
}


/***
The version of the hierarchy that accounts memory. A hybrid has it in version 1, as a rule.
@function version
@treturn[1] integer 1 or 2
@return[2] nil, "memory cgroups: reason", errno, "unsupported"
*/
static int version(lua_State *L) {
    struct pw_cgroup_call call = pw_cgroup_begin(L);
    pw_check_surplus(L, 1);
    if (!call.cgroups.version) {
        return pw_cgroup_fail(L, &call, NULL, EOPNOTSUPP);
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
    struct pw_cgroup_call call = pw_cgroup_begin(L);
    pw_check_surplus(L, 2);
    if (!call.cgroups.version) {
        return pw_cgroup_fail(L, &call, NULL, EOPNOTSUPP);
    }
    luaL_argcheck(L, lua_isnoneornil(L, 2) || luaL_checkinteger(L, 2) > 0, 2, "not a pid");
    lua_settop(L, 2);
    const char *file = lua_isnil(L, 2)
                           ? "proc/self/cgroup"
                           : lua_pushfstring(L, "proc/%I/cgroup", (LUAI_UACINT)lua_tointeger(L, 2));
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
    if (pw_cgroup_climbs(call.name)) {
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
    return push_number(L, PW_CGROUP_CURRENT);
}


/***
The most memory that a cgroup and those below it have used, since it was made or the file was reset.
@function peak
@tparam string path
@treturn[1] integer bytes
@return[2] nil, message, errno, kind: "unsupported" in version 2 before Linux 5.19
*/
static int peak(lua_State *L) {
    return push_number(L, PW_CGROUP_PEAK);
}


/***
What tells that this is a container, where the machine's figures and switches are not its own.
@function container
@treturn ?string such as "run/systemd/container" or "a pid namespace of its own"; nil outside
*/
static int container(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_CGROUP);
    pw_check_surplus(L, 1);
    lua_pushstring(L, pw_container_sign(&reader->source));
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
    struct pw_cgroup_call call = pw_cgroup_begin_with_path(L, 2);
    bool is_v1 = call.cgroups.version == 1;
    enum pw_cgroup_file file = is_v1 ? PW_CGROUP_MEMSW : PW_CGROUP_SWAP;
    struct pw_number swap, memory = {0};
    int error = read_number(&call, file, &swap);
    if (!error && is_v1) {
        error = read_number(&call, PW_CGROUP_CURRENT, &memory);
    }
    if (error) {
        return pw_cgroup_fail(L, &call, pw_cgroup_file_name(&call.cgroups, file), -error);
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
    {"max", PW_CGROUP_MAX},           {"high", PW_CGROUP_HIGH},
    {"low", PW_CGROUP_LOW},           {"min", PW_CGROUP_MIN},
    {"swap_max", PW_CGROUP_SWAP_MAX}, {"swap_high", PW_CGROUP_SWAP_HIGH},
    {"soft", PW_CGROUP_SOFT},         {"memsw_max", PW_CGROUP_MEMSW_MAX},
};


/***
The limits and protections set on a cgroup itself. Those that its version or kernel lacks are nil;
the root of version 2 has none.
@function limits
@tparam string path
@treturn[1] table `{ max=, high=, low=, min=, swap_max=, swap_high= }` in version 2; `max`, `soft`
and `memsw_max` (of memory and swap together) in version 1
@return[2] nil, message, errno, kind
*/
static int limits(lua_State *L) {
    struct pw_cgroup_call call = pw_cgroup_begin_with_path(L, 2);
    if (!call.cgroups.version ||
        !pw_cgroup_exists(&call.reader->source, &call.cgroups, call.path)) {
        return pw_cgroup_fail(L, &call, NULL, ENOENT);
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
    struct pw_cgroup_call call = pw_cgroup_begin_with_path(L, 3);
    enum pw_cgroup_file file = files[luaL_checkoption(L, 3, "max", names)];
    struct pw_cgroup_limit limit;
    int error = !call.cgroups.version
                    ? -EOPNOTSUPP
                    : pw_cgroup_effective(&call.reader->source, &call.cgroups, call.path, file,
                                          &call.reader->buffer, &limit);
    if (error) {
        return pw_cgroup_fail(L, &call, pw_cgroup_file_name(&call.cgroups, file), -error);
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
The functions of this module for another root, or another machine's capture, as methods.
@function open
@tparam[opt] string|reader root a folder, or a reader of `pagewarden.proc`; this machine without it
@treturn[1] cgroup an object with `close`, which frees what `open` opened
@return[2] nil, message, errno, kind
@usage assert(cgroup.open "captures/web1"):current "/system.slice"
*/

/***
Frees what `open` opened; the object may be closed again, and closes itself at the end of a
`local view <close>`.
@function cgroup:close
*/

PW_EXPORT int luaopen_pagewarden_cgroup(lua_State *L);

int luaopen_pagewarden_cgroup(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"version", version},
        {"own", own},
        {"container", container},
        {"current", current},
        {"peak", peak},
        {"limits", limits},
        {"effective", effective},
        {"stat", pw_cgroup_stat},
        {"events", pw_cgroup_events},
        {"swap", swap},
        {"numa_stat", pw_cgroup_numa_stat},
        {"pressure", pw_cgroup_pressure},
        {"procs", pw_cgroup_procs},
        {"state", pw_cgroup_state},
        {"id", pw_cgroup_id},
        {"preference", pw_cgroup_preference},
        {"set", pw_cgroup_set},
        {"freeze", pw_cgroup_freeze},
        {"kill", pw_cgroup_kill},
        {NULL, NULL},
    };
    return pw_push_view_module(L, PW_CGROUP, methods);
}
