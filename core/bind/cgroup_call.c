/* SPDX-License-Identifier: MIT */
#include "bind/cgroup.h"

#include <errno.h>
#include <string.h>


bool pw_cgroup_climbs(const char *path) {
    for (const char *at = path; (at = strstr(at, "..")); at += 2) {
        bool starts = at == path || at[-1] == '/';
        if (starts && (at[2] == '\0' || at[2] == '/')) {
            return true;
        }
    }
    return false;
}


struct pw_cgroup_call pw_cgroup_begin(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_CGROUP);
    return (struct pw_cgroup_call){
        reader, pw_cgroups_find(&reader->source, &reader->buffer), NULL, {0}};
}


struct pw_cgroup_call pw_cgroup_begin_with_path(lua_State *L, int arguments) {
    struct pw_cgroup_call call = pw_cgroup_begin(L);
    call.name = luaL_checklstring(L, 2, &call.path.size);
    call.path.data = call.name;
    luaL_argcheck(L, strlen(call.name) == call.path.size, 2, "path holds a NUL");
    luaL_argcheck(L, !pw_cgroup_climbs(call.name), 2, "path holds '..'");
    pw_check_surplus(L, arguments);
    return call;
}


int pw_cgroup_fail(lua_State *L, const struct pw_cgroup_call *call, const char *file, int error) {
    if (!call->cgroups.version) {
        return pw_fail(L, "memory cgroups", EOPNOTSUPP);
    }
    bool gone =
        error == ENOENT && !pw_cgroup_exists(&call->reader->source, &call->cgroups, call->path);
    lua_pushfstring(L, "cgroup %s: %s", call->name, file ? file : "limit");
    const char *what = lua_tostring(L, -1);
    return gone ? pw_fail(L, what, error) : pw_fail_file(L, what, error);
}


int pw_cgroup_read_file(const struct pw_cgroup_call *call, enum pw_cgroup_file file) {
    return call->cgroups.version ? pw_cgroup_read(&call->reader->source, &call->cgroups, call->path,
                                                  file, &call->reader->buffer)
                                 : -EOPNOTSUPP;
}
