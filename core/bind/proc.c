/* SPDX-License-Identifier: MIT */
/***
The kernel's memory files as Lua values.

Keys are the kernel's own; what it prints in kB comes as integer bytes, everything else in the
kernel's unit. A field that this kernel lacks is nil; one that cannot be read is skipped and
counted in the second result. Every function here is also a method of a reader made by `open`.

@module pagewarden.proc
*/
#include "bind/bind.h"
#include "bind/reader.h"
#include "bind/snapshot.h"
#include "read/keyed.h"

typedef bool next_field(struct pw_slice *rest, struct pw_field *field, struct pw_flaws *flaws);


/* [-0, +2, m] A table with one entry a field, and the flaws. Fills the table at `into` instead of
 * making one, when there is one: keys are interned strings, so that makes no garbage. */
static int push_fields(lua_State *L, struct pw_slice text, next_field *next, int into) {
    struct pw_flaws flaws = {0};
    struct pw_field field;
    if (lua_istable(L, into)) {
        lua_pushvalue(L, into);
    } else {
        lua_createtable(L, 0, 64);
    }
    while (next(&text, &field, &flaws)) {
        pw_push_slice(L, field.key);
        pw_push_number(L, &field.number);
        lua_rawset(L, -3);
    }
    pw_push_flaws(L, &flaws);
    return 2;
}


/***
Where the machine's memory is, from /proc/meminfo.
@function meminfo
@tparam[opt] table into a table of an earlier call to fill again
@treturn[1] table `{ MemTotal = 16777216, ["Active(anon)"] = … }`, bytes; HugePages_* are counts
@treturn[1] table flaws `{ skipped = 0, clamped = 0 }`
@return[2] nil
@treturn[2] string "proc/meminfo: reason"
@treturn[2] integer errno
@treturn[2] string "gone", "denied", "unsupported" or "broken"
@usage local available = proc.meminfo().MemAvailable
*/
static int meminfo(lua_State *L) {
    struct pw_reader *reader = pw_check_reader(L, 1);
    pw_check_surplus(L, 2);
    lua_settop(L, 2);
    int error = pw_source_read(&reader->source, "proc/meminfo", &reader->buffer);
    if (error) {
        return pw_fail_file(L, "proc/meminfo", -error);
    }
    return push_fields(L, pw_buffer_text(&reader->buffer), pw_next_colon_field, 2);
}


/***
A reader for another root: a captured tree, or a fake one.
@function open
@tparam[opt="/"] string root
@treturn[1] reader an object with every function of this module as a method, and `close`
@return[2] nil
@treturn[2] string message
@treturn[2] integer errno
*/
static int open_reader(lua_State *L) {
    const char *root = luaL_optstring(L, 1, "/");
    pw_check_surplus(L, 1);
    struct pw_reader *reader = pw_new_reader(L);
    int error = pw_source_open(&reader->source, root);
    return error ? pw_fail(L, root, -error) : 1;
}


static const luaL_Reg methods[] = {
    {"meminfo", meminfo},
    {NULL, NULL},
};


PW_EXPORT int luaopen_pagewarden_proc(lua_State *L);

int luaopen_pagewarden_proc(lua_State *L) {
    pw_define_reader(L, methods);
    pw_define_reader(L, pw_processes_methods);
    pw_define_snapshot(L);
    lua_newtable(L);
    pw_set_functions_of_default_reader(L, methods);
    pw_set_functions_of_default_reader(L, pw_processes_methods);
    lua_pushcfunction(L, open_reader);
    lua_setfield(L, -2, "open");
    return 1;
}
