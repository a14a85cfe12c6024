/* SPDX-License-Identifier: MIT */
/*** @classmod process */
#include <errno.h>

#include "bind/process.h"
#include "read/maps.h"
#include "read/rollup.h"


/* A kernel thread and a zombie have no memory of their own: then smaps_rollup says ESRCH though
 * the process is there, and smaps is empty. 0 or -errno: EOPNOTSUPP for those. */
static int read_rollup(lua_State *L) {
    const struct pw_identity *process = pw_check_process(L, 1);
    struct pw_reader *reader = pw_reader_of_process(L);
    int error = pw_process_read_rollup(&reader->source, process, &reader->buffer);
    bool nothing = error == -ESRCH || (!error && reader->buffer.size_bytes == 0);
    if (!nothing) {
        return error;
    }
    int still_there = pw_process_read(&reader->source, process, "stat", &reader->buffer);
    return still_there == 0 ? -EOPNOTSUPP : still_there;
}


/***
What the process maps, in sums of bytes: smaps_rollup, or the same made from smaps before Linux
4.14. Expensive: it walks the page tables, some 9 ms a GiB, and holds up the process meanwhile.
Needs the rights of a debugger.
@function process:rollup
@tparam[opt] table into a table of an earlier call to fill again
@treturn[1] table `{ Rss =, Pss =, Private_Clean =, Private_Dirty =, Swap =, SwapPss =, … }`, bytes
@treturn[1] table flaws
@return[2] nil
@treturn[2] string message
@treturn[2] integer errno
@treturn[2] string "gone", "denied", "unsupported" (also for a kernel thread or a zombie, which has
no memory) or "broken"
*/
static int rollup(lua_State *L) {
    pw_check_surplus(L, 2);
    lua_settop(L, 2);
    int error = read_rollup(L);
    if (error) {
        return pw_fail_process(L, "smaps_rollup", -error);
    }
    struct pw_rollup sums;
    struct pw_flaws flaws = {0};
    pw_parse_rollup(pw_buffer_text(&pw_reader_of_process(L)->buffer), &sums, &flaws);
    pw_push_into(L, 2, sums.count);
    for (int i = 0; i < sums.count; i++) {
        pw_push_slice(L, sums.fields[i].key);
        pw_push_number(L, &sums.fields[i].number);
        lua_rawset(L, -3);
    }
    pw_push_flaws(L, &flaws);
    return 2;
}


/* Unescaping never makes a path longer. */
static void push_path(lua_State *L, const struct pw_mapping *mapping) {
    luaL_Buffer path;
    char *room = luaL_buffinitsize(L, &path, mapping->path.size);
    luaL_pushresultsize(&path, pw_mapping_path(mapping, room, mapping->path.size));
}


static void set_path(lua_State *L, const struct pw_mapping *mapping) {
    if (mapping->path.size == 0) {
        return;
    }
    push_path(L, mapping);
    lua_setfield(L, -2, "path");
    pw_set_slice(L, "raw_path", mapping->path);
    lua_pushboolean(L, mapping->deleted);
    lua_setfield(L, -2, "deleted");
}


/* [-0, +1, m] A mapping, which is also the last of the list on top of the stack. */
static void begin_mapping(lua_State *L, const struct pw_mapping *mapping, int fields) {
    lua_createtable(L, 0, 10 + fields);
    pw_set_integer(L, "start", (int64_t)mapping->start);
    pw_set_integer(L, "end_", (int64_t)mapping->end);
    pw_set_slice(L, "perms", mapping->permissions);
    pw_set_integer(L, "offset", (int64_t)mapping->offset_bytes);
    pw_set_integer(L, "major", (int64_t)mapping->device_major);
    pw_set_integer(L, "minor", (int64_t)mapping->device_minor);
    pw_set_integer(L, "inode", mapping->inode);
    set_path(L, mapping);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, (lua_Integer)lua_rawlen(L, -3) + 1);
}


/* Adds a line under its mapping on top of the stack. */
static void set_line(lua_State *L, const struct pw_smaps_line *line) {
    if (line->kind == PW_SMAPS_FLAGS) {
        pw_set_slice(L, "VmFlags", line->flags);
        return;
    }
    pw_push_slice(L, line->field.key);
    pw_push_number(L, &line->field.number);
    lua_rawset(L, -3);
}


static int push_mappings(lua_State *L, const char *name, int fields) {
    pw_check_surplus(L, 1);
    int failed = pw_read_process_file(L, name);
    if (failed) {
        return failed;
    }
    struct pw_slice text = pw_buffer_text(&pw_reader_of_process(L)->buffer);
    struct pw_smaps_line line;
    struct pw_flaws flaws = {0};
    lua_newtable(L);
    int list = lua_gettop(L);
    while (pw_next_smaps_line(&text, &line, &flaws)) {
        if (line.kind == PW_SMAPS_MAPPING) {
            lua_settop(L, list);
            begin_mapping(L, &line.mapping, fields);
        } else if (lua_gettop(L) > list) {
            set_line(L, &line);
        } else {
            flaws.skipped++;
        }
    }
    lua_settop(L, list);
    pw_push_flaws(L, &flaws);
    return 2;
}


/***
The mappings with what each holds, from smaps: as expensive as `rollup`, and as long as the process
has mappings. Needs the rights of a debugger.
@function process:smaps
@treturn[1] table a list like that of `maps`, each with `Size`, `Rss`, `Pss` and so on in bytes, and
`VmFlags` as text; empty for a kernel thread
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
static int smaps(lua_State *L) {
    return push_mappings(L, "smaps", 25);
}


/***
The mappings, from maps. Needs the rights of a debugger.
@function process:maps
@treturn[1] table a list of `{ start =, end_ = (the first address behind it), perms = "r-xp",
offset = (bytes), major =, minor =, inode = }`, addresses above 2^63 being negative; those of a file
have `path`, `raw_path` (as the kernel wrote it, newline being `\012`) and `deleted`, which is true
when the name ends in " (deleted)". Empty for a kernel thread
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
static int maps(lua_State *L) {
    return push_mappings(L, "maps", 0);
}


const luaL_Reg pw_mappings_methods[] = {
    {"rollup", rollup}, {"smaps", smaps}, {"maps", maps}, {NULL, NULL}};
