/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.cgroup */
#include <errno.h>
#include <string.h>

#include "act/cgroup.h"
#include "bind/act.h"
#include "bind/cgroup.h"


/* [-0, +0, v] The name of a file that may be set, at 3. */
static const char *check_file(lua_State *L) {
    const char *file = luaL_checkstring(L, 3);
    for (const char *const *known = pw_cgroup_settings; *known; known++) {
        if (strcmp(file, *known) == 0) {
            return file;
        }
    }
    const char *nearest = pw_nearest(pw_slice_of(file), pw_cgroup_settings);
    luaL_argerror(L, 3,
                  nearest
                      ? lua_pushfstring(L, "'%s' cannot be set (did you mean '%s'?)", file, nearest)
                      : lua_pushfstring(L, "'%s' cannot be set", file));
    return NULL;
}


/* [-0, +4 or 0, v] Sets a file of the call's cgroup; the options are at `options`. Returns 0, or
 * the number of results that say why not. */
static int set_file(lua_State *L, const struct pw_cgroup_call *call, const char *file,
                    const char *value, int options, char kept[PW_VALUE_BYTES]) {
    struct pw_setting setting;
    struct pw_act act = {.setting = &setting, .value = value};
    pw_check_act_options(L, options, &act, NULL, NULL);
    int error = pw_setting_of_cgroup(&call->reader->source, &call->reader->buffer, call->path, file,
                                     &setting);
    luaL_argcheck(L, error != -EINVAL, 2, "not the path of a cgroup");
    return error ? pw_cgroup_fail(L, call, file, -error) : pw_do_act(L, call->reader, &act, kept);
}


/***
Changes a setting of a cgroup and reads it back; the kernel rounds sizes down to whole pages. Limits
of units that systemd manages go through it (`systemctl set-property --runtime`), for it would write
its own again.
@function set
@tparam string path
@tparam string file its name in this version: "memory.high", "memory.max", "cgroup.freeze", …
@tparam integer|string value bytes for sizes; `math.huge` for no limit
@tparam[opt] table options `{ lifetime =, cooldown = }` as for `sysctl.set`
@treturn[1] number|string what the kernel has now
@return[2] nil, "cgroup PATH FILE: reason", errno, kind
@usage assert(cgroup.set("/user.slice", "memory.high", 4 << 30))
*/
int pw_cgroup_set(lua_State *L) {
    struct pw_cgroup_call call = pw_cgroup_begin_with_path(L, 5);
    const char *file = check_file(L);
    lua_settop(L, 5);
    const char *value = pw_push_act_value(L, 4);
    char kept[PW_VALUE_BYTES];
    int failed = set_file(L, &call, file, value, 5, kept);
    if (failed) {
        return failed;
    }
    pw_push_setting(L, pw_slice_of(kept));
    return 1;
}


/***
Stops all processes of a cgroup and of those below it where they are, or lets them go on:
cgroup.freeze of version 2 (Linux 5.2), freezer.state of version 1. As every setting it is put back
when a policy ends, however that ended. Never frozen is what pagewarden or init is in.
@function freeze
@tparam string path
@tparam boolean frozen
@tparam[opt] table options `{ lifetime =, cooldown = }` as for `sysctl.set`
@treturn[1] boolean what was set; `state(path).frozen` tells when all have stopped
@return[2] nil, "cgroup PATH FILE: reason", errno, kind
*/
int pw_cgroup_freeze(lua_State *L) {
    struct pw_cgroup_call call = pw_cgroup_begin_with_path(L, 4);
    luaL_checktype(L, 3, LUA_TBOOLEAN);
    bool frozen = lua_toboolean(L, 3), is_v1 = call.cgroups.version == 1;
    const char *value = is_v1 ? (frozen ? "FROZEN" : "THAWED") : (frozen ? "1" : "0");
    char kept[PW_VALUE_BYTES];
    int failed = set_file(L, &call, is_v1 ? PW_FREEZER_STATE : "cgroup.freeze", value, 4, kept);
    if (failed) {
        return failed;
    }
    lua_pushboolean(L, frozen);
    return 1;
}
