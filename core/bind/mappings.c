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


/* Which mappings are wanted, and which of their fields. */
struct choice {
    int fields;          /* where a table is whose keys they are; 0: all of them */
    int64_t least_bytes; /* in memory and swap together */
};


/* [-0, +1, v] The options at 2; what is pushed is the table of fields, or nil. */
static struct choice check_choice(lua_State *L) {
    static const char *const names[] = {"least", NULL};
    struct choice choice = {0};
    lua_settop(L, 2);
    if (lua_isnil(L, 2)) {
        lua_pushnil(L);
        return choice;
    }
    luaL_checktype(L, 2, LUA_TTABLE);
    pw_check_names(L, 2, names, "option");
    lua_getfield(L, 2, "least");
    choice.least_bytes = luaL_optinteger(L, -1, 0);
    lua_pop(L, 1);
    lua_newtable(L);
    for (lua_Integer i = 1; lua_geti(L, 2, i) != LUA_TNIL; i++) {
        luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, 2, "names of fields expected");
        lua_pushboolean(L, true);
        lua_rawset(L, 3);
        choice.fields = 3;
    }
    lua_pop(L, 1);
    return choice;
}


/* [-0, +0, m] Adds a line under its mapping on top of the stack, if it is wanted. */
static void set_line(lua_State *L, const struct choice *choice, const struct pw_smaps_line *line) {
    bool is_flags = line->kind == PW_SMAPS_FLAGS;
    pw_push_slice(L, is_flags ? pw_slice_of("VmFlags") : line->field.key);
    if (choice->fields) {
        lua_pushvalue(L, -1);
        if (lua_rawget(L, choice->fields) == LUA_TNIL) {
            lua_pop(L, 2);
            return;
        }
        lua_pop(L, 1);
    }
    if (is_flags) {
        pw_push_slice(L, line->flags);
    } else {
        pw_push_number(L, &line->field.number);
    }
    lua_rawset(L, -3);
}


/* What the mapping whose lines the text begins with has in memory and swap. */
static int64_t held_bytes(struct pw_slice text) {
    struct pw_smaps_line line;
    struct pw_flaws flaws = {0};
    int64_t held = 0;
    while (pw_next_smaps_line(&text, &line, &flaws) && line.kind != PW_SMAPS_MAPPING) {
        bool holds = line.kind == PW_SMAPS_FIELD &&
                     (pw_slice_is(line.field.key, "Rss") || pw_slice_is(line.field.key, "Swap"));
        held = holds ? pw_add_saturating(held, line.field.number.value) : held;
    }
    return held;
}


/* [-0, +0, m] Takes the next line into the list at `list`: its mapping is on top of that, if it is
 * wanted. Whether any mapping has begun. */
static bool take_line(lua_State *L, int list, const struct choice *choice,
                      const struct pw_smaps_line *line, struct pw_slice rest, bool begun) {
    if (line->kind == PW_SMAPS_MAPPING) {
        lua_settop(L, list);
        if (choice->least_bytes <= 0 || held_bytes(rest) >= choice->least_bytes) {
            begin_mapping(L, &line->mapping, choice->fields ? 4 : 25);
        }
        return true;
    }
    if (lua_gettop(L) > list) {
        set_line(L, choice, line);
    }
    return begun;
}


/* [-0, +n, m] The results of smaps and maps. */
static int push_mappings(lua_State *L, const char *name, const struct choice *choice) {
    int failed = pw_read_process_file(L, name);
    if (failed) {
        return failed;
    }
    struct pw_slice text = pw_buffer_text(&pw_reader_of_process(L)->buffer);
    struct pw_smaps_line line;
    struct pw_flaws flaws = {0};
    bool begun = false;
    lua_newtable(L);
    int list = lua_gettop(L);
    while (pw_next_smaps_line(&text, &line, &flaws)) {
        begun = take_line(L, list, choice, &line, text, begun);
        flaws.skipped += !begun;
    }
    lua_settop(L, list);
    pw_push_flaws(L, &flaws);
    return 2;
}


/***
The mappings with what each holds, from smaps: as expensive as `rollup`, and as long as the process
has mappings. Needs the rights of a debugger.
@function process:smaps
@tparam[opt] table options the fields that are wanted, all when none is named, and of which
mappings: `{ "Rss", "Swap", least = (bytes that Rss and Swap must come to) }`
@treturn[1] table a list like that of `maps`, each with `Size`, `Rss`, `Pss` and so on in bytes, and
`VmFlags` as text; empty for a kernel thread
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
static int smaps(lua_State *L) {
    pw_check_surplus(L, 2);
    struct choice choice = check_choice(L);
    return push_mappings(L, "smaps", &choice);
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
    pw_check_surplus(L, 1);
    return push_mappings(L, "maps", &(struct choice){0});
}


const luaL_Reg pw_mappings_methods[] = {
    {"rollup", rollup}, {"smaps", smaps}, {"maps", maps}, {NULL, NULL}};
