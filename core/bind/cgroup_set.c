/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.cgroup */
#include <errno.h>
#include <string.h>

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


/***
Changes a setting of a cgroup and reads it back; the kernel rounds sizes down to whole pages.
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
    struct pw_setting setting;
    struct pw_act act = {.setting = &setting};
    char kept[PW_VALUE_BYTES];
    pw_check_act_options(L, 5, &act, NULL, NULL);
    act.value = pw_push_act_value(L, 4);
    int error =
        pw_setting_of_cgroup(&call.reader->source, &call.reader->buffer, call.path, file, &setting);
    luaL_argcheck(L, error != -EINVAL, 2, "not the path of a cgroup");
    if (error) {
        return pw_cgroup_fail(L, &call, file, -error);
    }
    int failed = pw_do_act(L, call.reader, &act, kept);
    if (failed) {
        return failed;
    }
    pw_push_setting(L, pw_slice_of(kept));
    return 1;
}
