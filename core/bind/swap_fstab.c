/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.swap */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "act/fstab.h"
#include "bind/act.h"
#include "bind/swap.h"
#include "read/fstab.h"

/* Four for each byte of a path, and the options. */
#define LINE_BYTES (PATH_MAX * 4 + 256)

#define OPTIONS_BYTES 128


static bool is_set(lua_State *L, const char *name) {
    lua_getfield(L, 3, name);
    bool set = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return set;
}


/* [-0, +0, v] What fstab's fourth field says. Unless `required` is set, a boot goes on without the
 * area. */
static void write_options(lua_State *L, char options[OPTIONS_BYTES]) {
    char *out = stpcpy(options, "sw");
    if (!lua_istable(L, 3)) {
        strcpy(out, ",nofail");
        return;
    }
    int priority = pw_swap_check_priority(L, 3);
    if (priority != PW_SWAP_ANY_PRIORITY) {
        out += sprintf(out, ",pri=%d", priority);
    }
    enum pw_swap_discard discard = pw_swap_check_discard(L, 3);
    if (discard == PW_SWAP_DISCARD_BOTH) {
        out = stpcpy(out, ",discard");
    } else if (discard != PW_SWAP_NO_DISCARD) {
        out = stpcpy(stpcpy(out, ",discard="), pw_swap_discard_name(discard));
    }
    if (!is_set(L, "required")) {
        strcpy(out, ",nofail");
    }
}


static int fail(lua_State *L, const char *path, int error) {
    const char *what = lua_pushfstring(L, "/etc/fstab: %s", path);
    const char *reason = error == EEXIST  ? "there is a line for it already"
                         : error == ELOOP ? "it is a link, or no file"
                                          : strerror(error);
    return pw_fail_because(L, what, reason, error,
                           error == EEXIST ? PW_DENIED : pw_failure_of(error));
}


/* What boots the machine is an administrator's; no policy is granted it. */
static int change(lua_State *L, const char *path, const char *line, bool write) {
    const struct pw_reader *reader = pw_check_view(L, 1, PW_SWAP);
    if (pw_act_context_of(L)) {
        return pw_fail_because(L, lua_pushfstring(L, "/etc/fstab: %s", path),
                               "a policy does not change what is on after a boot", EPERM,
                               PW_DENIED);
    }
    int error =
        write ? pw_fstab_add(&reader->source, path, line) : pw_fstab_remove(&reader->source, path);
    if (error < 0) {
        return fail(L, path, -error);
    }
    lua_pushstring(L, line);
    return 1;
}


/***
The line of /etc/fstab for an area: it is on after every boot. The line is only returned, unless it
is to be written or removed; then the file is replaced in one step, with its mode and owner, and all
else in it stays. Only programs may do that, not policies.
@function fstab
@tparam string path
@tparam[opt] table options `{ priority =, discard = as for `on`, required = (whether a boot without
it is to fail), write = (whether to add the line; refused when there is one for the path), remove =
(whether to take out the lines for the path) }`
@treturn[1] string the line, without a newline
@return[2] nil, "/etc/fstab: PATH: reason", errno, kind
@usage print(swap.fstab("/var/swap/1", { priority = 10 }))
*/
int pw_swap_fstab(lua_State *L) {
    static const char *const names[] = {"priority", "discard", "required", "write", "remove", NULL};
    char line[LINE_BYTES], options[OPTIONS_BYTES];
    size_t size;
    const char *path = luaL_checklstring(L, 2, &size);
    luaL_argcheck(L, path[0] == '/' && size < PATH_MAX && strlen(path) == size, 2,
                  "an absolute path expected");
    pw_check_surplus(L, 3);
    lua_settop(L, 3);
    if (!lua_isnil(L, 3)) {
        luaL_checktype(L, 3, LUA_TTABLE);
        pw_check_names(L, 3, names, "option");
    }
    write_options(L, options);
    pw_fstab_write(path, options, line, sizeof line);
    bool write = lua_istable(L, 3) && is_set(L, "write");
    if (write || (lua_istable(L, 3) && is_set(L, "remove"))) {
        return change(L, path, line, write);
    }
    lua_pushstring(L, line);
    return 1;
}
