/* SPDX-License-Identifier: MIT */
/***
The kernel's memory files as Lua values.

Keys are the kernel's own; what it prints in kB comes as integer bytes, everything else in the
kernel's unit. A field that this kernel lacks is nil; one that cannot be read is skipped and
counted in the second result. Every function here is also a method of a reader made by `open`.

@module pagewarden.proc
*/
#include <limits.h>
#include <unistd.h>

#include "bind/proc.h"
#include "bind/process.h"
#include "bind/reader.h"
#include "bind/snapshot.h"


/***
A process, to be asked for more. It is its pid and its start time, so it is never mistaken for
another that got the same pid: then every method says "gone".
@function process
@tparam integer pid
@treturn[1] process with the fields `pid` and `start_time` (clock ticks after boot)
@return[2] nil
@treturn[2] string "process 123: No such process"
@treturn[2] integer errno
@treturn[2] string "gone", "denied", "unsupported" or "broken"
@usage
local init = assert(proc.process(1))
print(init:status().VmRSS, init:rollup().Pss)
*/
static int process(lua_State *L) {
    struct pw_reader *reader = pw_check_reader(L, 1);
    struct pw_identity identity = {luaL_checkinteger(L, 2), PW_ABSENT};
    luaL_argcheck(L, identity.pid > 0, 2, "not a pid");
    pw_check_surplus(L, 2);
    struct pw_stat stat;
    struct pw_flaws flaws = {0};
    int fd = pw_process_open(&reader->source, &identity, &reader->buffer, &stat, &flaws);
    if (fd < 0) {
        return pw_fail(L, lua_pushfstring(L, "process %I", (LUAI_UACINT)identity.pid), -fd);
    }
    close(fd);
    identity.start_ticks = stat.starttime_ticks;
    pw_push_process(L, 1, &identity);
    return 1;
}


static const luaL_Reg process_methods[] = {{"process", process}, {NULL, NULL}};


/* A positive number of the options at index 2, or what it was. */
static long option(lua_State *L, const char *name, long before) {
    if (lua_getfield(L, 2, name) == LUA_TNIL) {
        return before;
    }
    lua_Integer value = lua_tointeger(L, -1);
    if (value <= 0 || value > LONG_MAX) {
        luaL_argerror(L, 2, lua_pushfstring(L, "%s: a positive integer expected", name));
    }
    return (long)value;
}


/***
A reader for another root: a captured tree, or a fake one. Symbolic links in it cannot lead out of
it, and its page size and clock tick may be those of another machine.
@function open
@tparam[opt="/"] string root
@tparam[opt] table options `{ page_size = (bytes), clock_ticks = (a second) }`
@treturn[1] reader an object with every function of this module as a method, and `close`
@return[2] nil
@treturn[2] string message
@treturn[2] integer errno
@treturn[2] string "gone", "denied", "unsupported" or "broken"
@usage local capture <close> = assert(proc.open("captures/web1", { page_size = 65536 }))
*/
static int open_reader(lua_State *L) {
    static const char *const names[] = {"page_size", "clock_ticks", NULL};
    const char *path = luaL_optstring(L, 1, "/");
    pw_check_surplus(L, 2);
    lua_settop(L, 2);
    if (!lua_isnil(L, 2)) {
        luaL_checktype(L, 2, LUA_TTABLE);
        pw_check_names(L, 2, names, "option");
    }
    int error = pw_new_reader(L, path);
    if (error) {
        return pw_fail(L, path, -error);
    }
    if (lua_istable(L, 2)) {
        struct pw_source *source = &pw_check_reader(L, 3)->source;
        source->page_size_bytes = option(L, "page_size", source->page_size_bytes);
        source->clock_ticks_per_second = option(L, "clock_ticks", source->clock_ticks_per_second);
        lua_settop(L, 3);
    }
    return 1;
}


/***
Closes a reader and frees its memory; closing it again does nothing. `<close>` and the collector do
the same.
@function reader:close
*/

PW_EXPORT int luaopen_pagewarden_proc(lua_State *L);

int luaopen_pagewarden_proc(lua_State *L) {
    static const luaL_Reg *const parts[] = {pw_machine_methods, pw_zones_methods,
                                            pw_listing_methods, process_methods,
                                            pw_processes_methods};
    pw_define_snapshot(L);
    pw_define_process(L);
    lua_newtable(L);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        pw_define_reader(L, parts[i]);
        pw_set_functions_of_default_reader(L, parts[i]);
    }
    lua_pushcfunction(L, open_reader);
    lua_setfield(L, -2, "open");
    return 1;
}
