/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.cgroup */
#include <errno.h>
#include <string.h>

#include "bind/cgroup.h"
#include "read/cgroup_preference.h"
#include "read/keyed.h"
#include "read/single.h"

/* Where version 1 freezes, from the root. */
static const struct pw_cgroups freezer = {1, "sys/fs/cgroup/freezer"};


/***
The processes in a cgroup itself, not in those below it. One of another pid namespace, which cannot
be seen from here, is 0.
@function procs
@tparam string path
@treturn[1] {integer,...} pids
@return[2] nil, message, errno, kind
*/
int pw_cgroup_procs(lua_State *L) {
    struct pw_cgroup_call call = pw_cgroup_begin_with_path(L, 2);
    struct pw_slice rest, line;
    struct pw_number pid;
    int error = pw_cgroup_read_file(&call, PW_CGROUP_PROCS);
    if (error) {
        return pw_cgroup_fail(L, &call, "cgroup.procs", -error);
    }
    rest = pw_buffer_text(&call.reader->buffer);
    lua_newtable(L);
    while (pw_take_line(&rest, &line)) {
        if (pw_parse_number(pw_slice_trim(line), &pid)) {
            lua_pushinteger(L, pid.value);
            pw_append(L);
        }
    }
    return 1;
}


/* [-0, +0, m] Sets a field of the table on top of the stack. */
static void set_boolean(lua_State *L, const char *name, bool value) {
    lua_pushboolean(L, value);
    lua_setfield(L, -2, name);
}


/* [-0, +0, m] Sets what cgroup.events says: 0 or -errno. */
static int set_events(lua_State *L, const struct pw_cgroup_call *call) {
    struct pw_field field;
    struct pw_flaws flaws = {0};
    int error = pw_cgroup_read_named(&call->reader->source, &call->cgroups, call->path,
                                     "cgroup.events", &call->reader->buffer);
    struct pw_slice rest = pw_buffer_text(&call->reader->buffer);
    while (!error && pw_next_blank_field(&rest, &field, &flaws)) {
        pw_push_slice(L, field.key);
        lua_pushboolean(L, field.number.value != 0);
        lua_rawset(L, -3);
    }
    return error;
}


/* [-0, +0, m] Sets whether all that are in it are killed together. */
static void set_oom_group(lua_State *L, const struct pw_cgroup_call *call) {
    struct pw_number number;
    struct pw_flaws flaws = {0};
    if (pw_cgroup_read_named(&call->reader->source, &call->cgroups, call->path, "memory.oom.group",
                             &call->reader->buffer) == 0 &&
        pw_parse_single(pw_buffer_text(&call->reader->buffer), &number, &flaws)) {
        set_boolean(L, "oom_group", number.value != 0);
    }
}


/* [-0, +0, m] Sets what version 1 tells: 0 or -errno. */
static int set_freezer_state(lua_State *L, const struct pw_cgroup_call *call) {
    int error = pw_cgroup_read_named(&call->reader->source, &freezer, call->path, "freezer.state",
                                     &call->reader->buffer);
    if (!error) {
        struct pw_slice text = pw_slice_trim(pw_buffer_text(&call->reader->buffer));
        set_boolean(L, "frozen", pw_slice_starts(text, "FROZEN"));
    }
    return error;
}


/***
How it is with a cgroup. What its version or kernel does not tell is nil.
@function state
@tparam string path
@treturn[1] table `{ populated = (there are processes in it or below it), frozen = (all of them have
stopped), oom_group = (they are killed together when memory runs out) }`; in version 1 `frozen` only
@return[2] nil, message, errno, kind; the root of version 2 has no state
*/
int pw_cgroup_state(lua_State *L) {
    struct pw_cgroup_call call = pw_cgroup_begin_with_path(L, 2);
    bool is_v1 = call.cgroups.version == 1;
    lua_createtable(L, 0, 3);
    int error = !call.cgroups.version ? -EOPNOTSUPP
                : is_v1               ? set_freezer_state(L, &call)
                                      : set_events(L, &call);
    if (error) {
        return pw_cgroup_fail(L, &call, is_v1 ? "freezer.state" : "cgroup.events", -error);
    }
    if (!is_v1) {
        set_oom_group(L, &call);
    }
    return 1;
}


/***
A number that a cgroup keeps as long as it is there: one that was removed and made again under the
same path has another, and its counters begin anew.
@function id
@tparam string path
@treturn[1] integer the inode number of its folder
@return[2] nil, message, errno, kind
*/
int pw_cgroup_id(lua_State *L) {
    struct pw_cgroup_call call = pw_cgroup_begin_with_path(L, 2);
    int64_t inode;
    int error = call.cgroups.version
                    ? pw_cgroup_inode(&call.reader->source, &call.cgroups, call.path, &inode)
                    : -EOPNOTSUPP;
    if (error) {
        return pw_cgroup_fail(L, &call, "folder", -error);
    }
    lua_pushinteger(L, inode);
    return 1;
}


/* What is written at a cgroup for whom the third argument names, or for anybody: 0 or -errno. */
static int read_preference(lua_State *L, const struct pw_cgroup_call *call,
                           enum pw_cgroup_preference *preference) {
    struct pw_slice watched = {0};
    if (lua_isnoneornil(L, 3)) {
        return pw_cgroup_read_preference(&call->reader->source, &call->cgroups, call->path,
                                         preference);
    }
    watched.data = luaL_checklstring(L, 3, &watched.size);
    luaL_argcheck(L, strlen(watched.data) == watched.size, 3, "path holds a NUL");
    luaL_argcheck(L, !pw_cgroup_climbs(watched.data), 3, "path holds '..'");
    return pw_cgroup_read_own_preference(&call->reader->source, &call->cgroups, call->path, watched,
                                         preference);
}


/***
What an administrator wrote at a cgroup, or one above it, for those who end programs when memory is
short: the extended attributes `oomd_prefer`, `oomd_avoid` and `oomd_omit` of oomd and systemd-oomd
(`ManagedOOMPreference=`). Of several the strongest counts, omit before avoid before prefer. Those
in the namespace `user` count only at cgroups of root: nobody may exempt himself.

With `watched`, a cgroup above, only what systemd-oomd would go by that watches it:
`user.oomd_avoid` and `user.oomd_omit` of the cgroup itself, where it is root's or has the owner of
the watched one.
@function preference
@tparam string path
@tparam[opt] string watched
@treturn[1] string|boolean `"prefer"`, `"avoid"`, `"omit"` or false
@return[2] nil, message, errno, kind
*/
int pw_cgroup_preference(lua_State *L) {
    static const char *const names[] = {[PW_PREFERENCE_PREFER] = "prefer",
                                        [PW_PREFERENCE_AVOID] = "avoid",
                                        [PW_PREFERENCE_OMIT] = "omit"};
    struct pw_cgroup_call call = pw_cgroup_begin_with_path(L, 3);
    enum pw_cgroup_preference preference;
    int error = call.cgroups.version ? read_preference(L, &call, &preference) : -EOPNOTSUPP;
    if (error) {
        return pw_cgroup_fail(L, &call, "folder", -error);
    }
    if (preference == PW_PREFERENCE_NONE) {
        lua_pushboolean(L, false);
    } else {
        lua_pushstring(L, names[preference]);
    }
    return 1;
}
