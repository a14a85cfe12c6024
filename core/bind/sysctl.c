/* SPDX-License-Identifier: MIT */
/***
The kernel's settings below /proc/sys.

A key is named with dots or slashes, as sysctl(8) takes it: `"vm.swappiness"`, `"vm/swappiness"`.
Every function is also a method of what `open` returns. Under the host, a policy may set what it was
granted; a plain Lua program sets with its own rights, and nothing undoes it.

@module pagewarden.sysctl
@pragma nostrip
*/
#include <errno.h>
#include <string.h>

#include "act/sysctl.h"
#include "act/sysctl_lint.h"
#include "bind/sysctl.h"
#include "bind/tunable.h"
#include "read/directory.h"


void pw_check_sysctl(lua_State *L, struct pw_setting *setting) {
    struct pw_slice name;
    name.data = luaL_checklstring(L, 2, &name.size);
    luaL_argcheck(L, pw_setting_of_sysctl(name, setting) == 0, 2,
                  "not the name of a key below /proc/sys");
}


/***
A setting.
@function get
@tparam string key
@treturn[1] integer|{integer,...}|string a list where the kernel has several numbers
@return[2] nil, "sysctl KEY: reason", errno, kind: "unsupported" when this kernel has no such key
@usage if sysctl.get "vm.swappiness" > 60 then … end
*/
static int get(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_SYSCTL);
    struct pw_setting setting;
    pw_check_sysctl(L, &setting);
    pw_check_surplus(L, 2);
    int error = pw_source_read(&reader->source, setting.paths[0], &reader->buffer);
    if (error) {
        return pw_fail_setting(L, &setting, -error);
    }
    pw_push_setting(L, pw_buffer_text(&reader->buffer));
    return 1;
}


/***
Changes a setting and reads it back, for the kernel ignores some values without a word and rounds
others. Of the pairs of which one is in force (`vm.dirty_bytes` and `vm.dirty_ratio`, …) the kernel
makes the partner 0; what undoes it restores the one that was not 0. In dry run nothing is written,
and later reads agree.

A table in place of key and value, `{ ["vm.overcommit_memory"] = 2, ["vm.overcommit_ratio"] = 80 }`,
changes several settings as one: all of them, or none. When one is refused, what was set before it
is put back, and the message says so. The order is the one that does no harm on the way. Of a pair
the member that is 0 may be there, and is left to the kernel. What has no value, such as
`vm.drop_caches`, cannot be part of it. The options come second then, and the result is a table of
what the kernel has now.
@function set
@tparam string|table key
@tparam integer|{integer,...}|string value
@tparam[opt] table options `{ lifetime = "lease" or "keep", cooldown = (seconds before the policy
may set the key again), dangerous = true }`, the first two only under the host; without the third a
value is refused that is out of the range of `describe`, or that would do harm: too much or too
little in `vm.min_free_kbytes`, a commit limit below what is promised already, a panic that nothing
ends, `vm.vfs_cache_pressure` 0
@treturn[1] integer|{integer,...}|string|table what the kernel has now
@return[2] nil, "sysctl KEY: reason", errno, kind: "denied" too when another policy owns the key
@usage assert(sysctl.set("vm.swappiness", 40))
assert(sysctl.set { ["vm.dirty_bytes"] = 256 << 20, ["vm.dirty_background_bytes"] = 64 << 20 })
*/
static int set(lua_State *L) {
    if (lua_istable(L, 2)) {
        return pw_sysctl_set_all(L);
    }
    struct pw_reader *reader = pw_check_view(L, 1, PW_SYSCTL);
    struct pw_setting setting;
    struct pw_act act = {.setting = &setting};
    char kept[PW_VALUE_BYTES];
    pw_check_sysctl(L, &setting);
    pw_check_act_options(L, 4, &act, "dangerous", &act.dangerous);
    pw_check_surplus(L, 4);
    act.value = pw_push_act_value(L, 3);
    int failed = pw_do_act(L, reader, &act, kept);
    if (failed) {
        return failed;
    }
    pw_push_setting(L, pw_slice_of(kept));
    return 1;
}


/***
What there is to know of a setting, whether this kernel has it or not. Bounds and default are those
of the kernel whose root is read; a bound that is nil is one that the kernel does not have.
@function describe
@tparam string key
@treturn table `{ key = "vm.dirty_bytes", known = true (false for a key that pagewarden has never
heard of: then all that follows is missing, but present), present = whether this kernel has it, kind
= "number", "list", "word" or "trigger" (which has no value), unit =, min =, max =, default =, since
= (release), removed =, danger = (0 harmless, 1 slower, 2 much slower, 3 kills programs, 4 kills the
machine), note = (a sentence), partner = (the key that the kernel makes 0 when this one is written),
action = true when writing it does something at once, replaced_by = (where it is gone) }`
@usage if sysctl.describe("vm.swappiness").max == 200 then … end
*/
static int describe(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_SYSCTL);
    struct pw_setting setting;
    pw_check_sysctl(L, &setting);
    pw_check_surplus(L, 2);
    const char *key = strchr(setting.key, ' ') + 1;
    bool present = pw_source_has(&reader->source, setting.paths[0]);
    pw_push_tunable(L, reader, pw_tunable_find(pw_sysctl_tunables, pw_slice_of(key)), key, present);
    return 1;
}


/* [-0, +0, m] Appends a finding to the list on top of the stack. */
static void append_finding(void *context, const struct pw_sysctl_finding *finding) {
    lua_State *L = context;
    lua_newtable(L);
    pw_set_slice(L, "key", pw_slice_of(finding->key));
    pw_push_setting(L, pw_slice_of(finding->value));
    lua_setfield(L, -2, "value");
    pw_set_integer(L, "danger", finding->danger);
    pw_set_slice(L, "problem", pw_slice_of(finding->problem));
    pw_set_slice(L, "advice", pw_slice_of(finding->advice));
    pw_append(L);
}


/***
What is a mistake among the settings of the root: values that the kernel takes and that still do
harm, alone, together, or on this machine.
@function lint
@treturn[1] {table,...} `{ { key = "vm.panic_on_oom", value = 1, danger = (0 to 4, as of describe),
problem = (a clause), advice = (another) }, … }`, empty when nothing is
@return[2] nil, "sysctl lint: reason", errno, kind
@usage for _, found in ipairs(assert(sysctl.lint())) do print(found.key, found.problem) end
*/
static int lint(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_SYSCTL);
    pw_check_surplus(L, 1);
    if (!pw_source_has(&reader->source, PW_SYSCTL_FOLDER "vm")) {
        return pw_fail_file(L, "sysctl lint", ENOENT);
    }
    lua_newtable(L);
    pw_sysctl_lint(&reader->source, &reader->buffer, append_finding, L);
    return 1;
}


/* [-1, +1, m] Appends the keys of a folder to the list on top of the stack: of its files, each name
 * behind `prefix`. */
static void append_keys(lua_State *L, const struct pw_source *source, struct pw_slice names,
                        const char *folder, const char *prefix) {
    struct pw_slice name;
    struct pw_buffer unused = {0};
    while (pw_take_name(&names, &name)) {
        const char *path = lua_pushfstring(L, "%s/%s", folder, name.data);
        bool is_folder = pw_directory_read(source, path, &unused) != -ENOTDIR;
        pw_buffer_free(&unused);
        lua_pop(L, 1);
        if (!is_folder) {
            lua_pushfstring(L, "%s.%s", prefix, name.data);
            pw_append(L);
        }
    }
}


/***
The keys there are on this kernel.
@function list
@tparam[opt="vm"] string folder
@treturn[1] {string,...} in no order, without those of folders in the folder
@return[2] nil, "sysctl FOLDER: reason", errno, kind
*/
static int list(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_SYSCTL);
    const char *folder = luaL_optstring(L, 2, "vm");
    char dotted[NAME_MAX], path[NAME_MAX + sizeof PW_SYSCTL_FOLDER];
    luaL_argcheck(L, pw_sysctl_name(pw_slice_of(folder), dotted, sizeof dotted), 2,
                  "not the name of a folder below /proc/sys");
    pw_check_surplus(L, 2);
    pw_sysctl_path(dotted, path, sizeof path);
    int error = pw_directory_read(&reader->source, path, &reader->buffer);
    if (error) {
        return pw_fail_file(L, lua_pushfstring(L, "sysctl %s", dotted), -error);
    }
    lua_newtable(L);
    append_keys(L, &reader->source, pw_buffer_text(&reader->buffer), path, dotted);
    return 1;
}


/***
The functions of this module for another root, or another machine's capture, as methods.
@function open
@tparam[opt] string|reader root a folder, or a reader of `pagewarden.proc`; this machine without it
@treturn[1] sysctl an object with `close`, which frees what `open` opened
@return[2] nil, message, errno, kind
*/

/***
Frees what `open` opened; the object may be closed again, and closes itself at the end of a
`local view <close>`.
@function sysctl:close
*/

PW_EXPORT int luaopen_pagewarden_sysctl(lua_State *L);

int luaopen_pagewarden_sysctl(lua_State *L) {
    static const luaL_Reg methods[] = {{"get", get},
                                       {"set", set},
                                       {"list", list},
                                       {"describe", describe},
                                       {"lint", lint},
                                       {"save", pw_sysctl_save},
                                       {"restore", pw_sysctl_restore},
                                       {NULL, NULL}};
    return pw_push_view_module(L, PW_SYSCTL, methods);
}
