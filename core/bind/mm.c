/* SPDX-License-Identifier: MIT */
/***
The memory manager's settings and devices outside `/proc/sys`: `/sys/kernel/mm` (transparent huge
pages, KSM, multi-generational LRU, huge page pools), zswap and zram.

Names are paths from `/sys/kernel/mm`, and `zswap/NAME` and `zramN/NAME` for zswap's parameters
and the files of a zram device. Every function is also a method of what `open` returns.

@module pagewarden.mm
@pragma nostrip
*/
#include <errno.h>
#include <string.h>

#include "act/mm.h"
#include "bind/act.h"
#include "bind/tunable.h"
#include "bind/view.h"
#include "read/directory.h"
#include "read/knob.h"
#include "read/row.h"
#include "read/single.h"
#include "read/zram.h"

#define PW_MM "pagewarden.mm"

#define MM PW_MM_FOLDER
#define ZSWAP PW_ZSWAP_FOLDER
#define BLOCK "sys/block"


/* [-0, +1, v] The file that a name stands for. */
static const char *push_file(lua_State *L, const char *name) {
    if (strncmp(name, "zswap/", 6) == 0) {
        return lua_pushfstring(L, ZSWAP "/%s", name + 6);
    }
    if (strncmp(name, "zram", 4) == 0) {
        return lua_pushfstring(L, BLOCK "/%s", name);
    }
    return lua_pushfstring(L, MM "/%s", name);
}


/* Red Hat Enterprise Linux 6 has its own name for transparent_hugepage. */
static int read_name(lua_State *L, struct pw_reader *reader, const char *name) {
    int error = pw_source_read(&reader->source, push_file(L, name), &reader->buffer);
    if (error == -ENOENT && strncmp(name, "transparent_hugepage/", 21) == 0) {
        const char *file = lua_pushfstring(L, MM "/redhat_%s", name);
        error = pw_source_read(&reader->source, file, &reader->buffer);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return error;
}


static void push_choices(lua_State *L, struct pw_slice choice) {
    struct pw_choice word;
    lua_newtable(L);
    for (lua_Integer i = 1; pw_next_choice(&choice, &word); i++) {
        pw_push_slice(L, word.word);
        lua_rawseti(L, -2, i);
    }
}


static void push_knob(lua_State *L, const struct pw_knob *knob) {
    if (knob->kind == PW_KNOB_NUMBER) {
        pw_push_number(L, &knob->number);
    } else if (knob->kind == PW_KNOB_BOOLEAN) {
        lua_pushboolean(L, knob->boolean);
    } else {
        pw_push_slice(L, knob->text);
    }
}


/***
One setting.
@function get
@tparam string name such as "transparent_hugepage/enabled", "ksm/run", "zswap/enabled"
@treturn[1] integer|boolean|string its value: of "[always] madvise never" the chosen word
@treturn[1] ?{string,...} what can be chosen, where the kernel says so
@return[2] nil, message, errno, kind: "unsupported" when this kernel has no such file
@usage if mm.get "transparent_hugepage/enabled" == "always" then … end
*/
static int get(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_MM);
    const char *name = luaL_checkstring(L, 2);
    luaL_argcheck(L, name[0] != '/' && !strstr(name, ".."), 2, "not a name of /sys/kernel/mm");
    pw_check_surplus(L, 2);
    int error = read_name(L, reader, name);
    if (error) {
        return pw_fail_file(L, push_file(L, name), -error);
    }
    struct pw_knob knob = pw_parse_knob(pw_buffer_text(&reader->buffer));
    push_knob(L, &knob);
    if (knob.kind != PW_KNOB_CHOICE) {
        return 1;
    }
    push_choices(L, knob.choice);
    return 2;
}


/* [-0, +1, v] The value at `index`, in the one form that settings have here. */
static const char *push_value(lua_State *L, int index) {
    char value[PW_VALUE_BYTES];
    if (lua_isboolean(L, index)) {
        return lua_pushstring(L, lua_toboolean(L, index) ? "1" : "0");
    }
    const char *text = pw_push_act_value(L, index);
    if (pw_mm_value(pw_slice_of(text), value)) {
        return text; /* too long, which is what it is refused for */
    }
    return lua_pushstring(L, value);
}


/* [-0, +0, v] The setting that the name at 2 is of. */
static void check_setting(lua_State *L, struct pw_reader *reader, struct pw_setting *setting) {
    struct pw_slice name;
    name.data = luaL_checklstring(L, 2, &name.size);
    luaL_argcheck(L, pw_setting_of_mm(&reader->source, name, setting) == 0, 2,
                  "not the name of a setting of /sys/kernel/mm or zswap");
}


/***
Changes a setting and reads it back. What `sysctl.set` says of leases, owners and dry runs holds
here too; the grant is `mm = { "ksm/run" }`. A word has to be one of those there are, and a number
in the range of `describe`.
@function set
@tparam string name as `get` takes it, but for zram devices, which are set up in steps
@tparam integer|boolean|string value
@tparam[opt] table options `{ lifetime =, cooldown =, dangerous = }` as for `sysctl.set`
@treturn[1] integer|boolean|string what the kernel has now
@return[2] nil, "mm NAME: reason", errno, kind
@usage assert(mm.set("transparent_hugepage/enabled", "madvise"))
*/
static int set(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_MM);
    struct pw_setting setting;
    struct pw_act act = {.setting = &setting};
    char kept[PW_VALUE_BYTES];
    check_setting(L, reader, &setting);
    pw_check_act_options(L, 4, &act, "dangerous", &act.dangerous);
    pw_check_surplus(L, 4);
    act.value = push_value(L, 3);
    int failed = pw_do_act(L, reader, &act, kept);
    if (failed) {
        return failed;
    }
    struct pw_knob knob = pw_parse_knob(pw_slice_of(kept));
    if (!setting.action &&
        pw_source_read(&reader->source, setting.paths[0], &reader->buffer) == 0) {
        knob = pw_parse_knob(pw_buffer_text(&reader->buffer));
    }
    push_knob(L, &knob);
    return 1;
}


/***
What there is to know of a setting, whether this kernel has it or not.
@function describe
@tparam string name as `set` takes it
@treturn table as of `sysctl.describe`, and `choices = {…}` where the kernel says what there is to
choose from; the range of truths is 0 to 1
*/
static int describe(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_MM);
    struct pw_setting setting;
    check_setting(L, reader, &setting);
    pw_check_surplus(L, 2);
    const char *name = strchr(setting.key, ' ') + 1;
    bool present = pw_source_has(&reader->source, setting.paths[0]);
    pw_push_tunable(L, reader, pw_tunable_find(pw_mm_tunables, pw_slice_of(name)), name, present);
    if (pw_source_read(&reader->source, setting.paths[0], &reader->buffer) == 0) {
        struct pw_knob knob = pw_parse_knob(pw_buffer_text(&reader->buffer));
        if (knob.kind == PW_KNOB_CHOICE) {
            push_choices(L, knob.choice);
            lua_setfield(L, -2, "choices");
        }
    }
    return 1;
}


/* [-0, +1 or 0, m] A list of the names in a directory; nothing pushed when it is none. 0 or
 * -errno. */
static int push_names(lua_State *L, struct pw_reader *reader, const char *path) {
    int error = pw_directory_read(&reader->source, path, &reader->buffer);
    if (error) {
        return error;
    }
    struct pw_slice rest = pw_buffer_text(&reader->buffer), name;
    lua_newtable(L);
    for (lua_Integer i = 1; pw_take_name(&rest, &name); i++) {
        pw_push_slice(L, name);
        lua_rawseti(L, -2, i);
    }
    return 0;
}


/* [-0, +0, m] Sets table[key] to the value of a file, unless it cannot be read. */
static void set_knob(lua_State *L, int table, struct pw_reader *reader, const char *name,
                     const char *key) {
    if (read_name(L, reader, name) == 0) {
        struct pw_knob knob = pw_parse_knob(pw_buffer_text(&reader->buffer));
        push_knob(L, &knob);
        lua_setfield(L, table, key);
    }
}


/* [-0, +1, m] All settings of a directory of one level; nil when there is none. */
static void push_settings(lua_State *L, struct pw_reader *reader, const char *path,
                          const char *prefix) {
    if (push_names(L, reader, path)) {
        lua_pushnil(L);
        return;
    }
    lua_newtable(L);
    int settings = lua_gettop(L);
    for (lua_Integer i = 1; lua_rawgeti(L, settings - 1, i) == LUA_TSTRING; i++) {
        const char *name = lua_tostring(L, -1);
        set_knob(L, settings, reader, lua_pushfstring(L, "%s/%s", prefix, name), name);
        lua_settop(L, settings);
    }
    lua_settop(L, settings);
    lua_remove(L, settings - 1);
}


static int settings_of(lua_State *L, const char *path, const char *prefix) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_MM);
    pw_check_surplus(L, 1);
    push_settings(L, reader, path, prefix);
    return lua_isnil(L, -1) ? pw_fail_file(L, path, ENOENT) : 1;
}


/***
Kernel same-page merging: every file of `/sys/kernel/mm/ksm` under its own name. Pages are pages.
@function ksm
@treturn[1] table `{ run = 0, pages_shared = 0, … }`
@return[2] nil, message, errno, kind
*/
static int ksm(lua_State *L) {
    return settings_of(L, MM "/ksm", "ksm");
}


/***
The parameters of zswap, the compressed cache before swap, under their own names.
@function zswap
@treturn[1] table `{ enabled = false, max_pool_percent = 20, compressor = "lzo", … }`
@return[2] nil, message, errno, kind
*/
static int zswap(lua_State *L) {
    return settings_of(L, ZSWAP, "zswap");
}


/* "hugepages-2048kB" in bytes, or 0. */
static int64_t size_of_hugepages(const char *name) {
    struct pw_slice size = pw_slice_of(name);
    struct pw_number number;
    if (!pw_slice_starts(size, "hugepages-") || size.size < 13) {
        return 0;
    }
    size = pw_slice_skip(size, 10);
    size.size -= 2;
    if (!pw_parse_number(size, &number)) {
        return 0;
    }
    pw_scale_number(&number, 1024);
    return number.value;
}


/***
The pools of huge pages, one for each size this machine has.
@function hugepages
@treturn[1] {table,...} `{ { size = 2097152 (bytes), nr_hugepages=, free_hugepages=,
 resv_hugepages=, surplus_hugepages=, nr_overcommit_hugepages= } … }`, counts of pages
@return[2] nil, message, errno, kind
*/
static int hugepages(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_MM);
    pw_check_surplus(L, 1);
    int error = push_names(L, reader, MM "/hugepages");
    if (error) {
        return pw_fail_file(L, MM "/hugepages", -error);
    }
    lua_newtable(L);
    for (lua_Integer i = 1, count = 0; lua_rawgeti(L, 2, i) == LUA_TSTRING; i++) {
        const char *name = lua_tostring(L, -1);
        int64_t size = size_of_hugepages(name);
        if (size > 0) {
            const char *path = lua_pushfstring(L, MM "/hugepages/%s", name);
            push_settings(L, reader, path, path + sizeof MM);
            lua_pushinteger(L, size);
            lua_setfield(L, -2, "size");
            lua_rawseti(L, 3, ++count);
        }
        lua_settop(L, 3);
    }
    lua_settop(L, 3);
    return 1;
}


/* [-0, +0, m] Adds the columns of a row of numbers to the device on top of the stack. */
static void set_row(lua_State *L, struct pw_reader *reader, const char *device, const char *file,
                    const char *const names[], int count) {
    int error = read_name(L, reader, lua_pushfstring(L, "%s/%s", device, file));
    lua_pop(L, 1);
    if (error) {
        return;
    }
    int64_t numbers[PW_ROW_LIMIT];
    struct pw_flaws flaws = {0};
    struct pw_slice line = pw_buffer_text(&reader->buffer);
    uint64_t present = pw_parse_row(&line, numbers, count, &flaws);
    for (int i = 0; i < count; i++) {
        if (present >> i & 1) {
            lua_pushinteger(L, numbers[i]);
            lua_setfield(L, -2, names[i]);
        }
    }
}


/* Since 4.2 mm_stat holds the sizes; before it they were files of their own. */
static const char *const zram_files[] = {
    "disksize",     "initstate",      "comp_algorithm",  "max_comp_streams",
    "backing_dev",  "orig_data_size", "compr_data_size", "mem_used_total",
    "mem_used_max", "mem_limit",      "writeback_limit", "writeback_limit_enable",
};


static void push_zram(lua_State *L, struct pw_reader *reader, const char *device) {
    lua_newtable(L);
    int table = lua_gettop(L);
    lua_pushstring(L, device);
    lua_setfield(L, table, "name");
    for (size_t i = 0; i < sizeof zram_files / sizeof *zram_files; i++) {
        const char *name = lua_pushfstring(L, "%s/%s", device, zram_files[i]);
        set_knob(L, table, reader, name, zram_files[i]);
        lua_settop(L, table);
    }
    set_row(L, reader, device, "mm_stat", pw_zram_mm_stat_names, PW_ZRAM_MM_STAT);
    set_row(L, reader, device, "io_stat", pw_zram_io_stat_names, PW_ZRAM_IO_STAT);
    set_row(L, reader, device, "bd_stat", pw_zram_bd_stat_names, PW_ZRAM_BD_STAT);
}


/***
The zram devices: swap, or other block devices, compressed in memory.
@function zram
@treturn[1] {table,...} `{ { name = "zram0", disksize=, orig_data_size=, compr_data_size=,
 mem_used_total=, mem_limit=, mem_used_max= (bytes), comp_algorithm=, initstate= (1 when set up),
 same_pages=, … } … }`, with the columns of mm_stat, io_stat and bd_stat that this kernel has
@return[2] nil, message, errno, kind
*/
static int zram(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_MM);
    pw_check_surplus(L, 1);
    int error = push_names(L, reader, BLOCK);
    if (error) {
        return pw_fail_file(L, BLOCK, -error);
    }
    lua_newtable(L);
    for (lua_Integer i = 1, count = 0; lua_rawgeti(L, 2, i) == LUA_TSTRING; i++) {
        const char *device = lua_tostring(L, -1);
        if (strncmp(device, "zram", 4) == 0) {
            push_zram(L, reader, device);
            lua_rawseti(L, 3, ++count);
        }
        lua_settop(L, 3);
    }
    lua_settop(L, 3);
    return 1;
}


/* Trees that are no settings: requests to DAMON, and a bitmap of all pages. */
static bool is_listed(const char *name) {
    return strcmp(name, "damon") != 0 && strcmp(name, "page_idle") != 0;
}


/* [-0, +0, m] Appends to the list at 3 the names in a directory, each behind its prefix. -errno
 * when it is no directory. */
static int append_names(lua_State *L, struct pw_reader *reader, const char *path,
                        const char *prefix) {
    int error = push_names(L, reader, path);
    if (error) {
        return error;
    }
    int names = lua_gettop(L);
    for (lua_Integer i = 1; lua_rawgeti(L, names, i) == LUA_TSTRING; i++) {
        const char *name = lua_tostring(L, -1);
        if (is_listed(name)) {
            lua_pushfstring(L, "%s%s", prefix, name);
            lua_rawseti(L, 3, (lua_Integer)lua_rawlen(L, 3) + 1);
        }
        lua_settop(L, names);
    }
    lua_settop(L, names - 1);
    return 0;
}


/***
The names that `get` takes on this machine, in no order; those of zram devices are in `zram`.
@function list
@treturn[1] {string,...}
@return[2] nil, message, errno, kind
*/
static int list(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_MM);
    pw_check_surplus(L, 1);
    lua_newtable(L); /* 2: settings */
    lua_newtable(L); /* 3: names to look at, which grows on the way */
    int error = append_names(L, reader, MM, "");
    append_names(L, reader, ZSWAP, "zswap/");
    for (lua_Integer i = 1; lua_rawgeti(L, 3, i) == LUA_TSTRING; i++) {
        const char *path = push_file(L, lua_tostring(L, 4));
        const char *prefix = lua_pushfstring(L, "%s/", lua_tostring(L, 4));
        if (append_names(L, reader, path, prefix) == -ENOTDIR) {
            lua_pushvalue(L, 4);
            lua_rawseti(L, 2, (lua_Integer)lua_rawlen(L, 2) + 1);
        }
        lua_settop(L, 3);
    }
    lua_settop(L, 2);
    return error ? pw_fail_file(L, MM, -error) : 1;
}


/***
The functions of this module for another root, or another machine's capture, as methods.
@function open
@tparam[opt] string|reader root a folder, or a reader of `pagewarden.proc`; this machine without it
@treturn[1] mm an object with `close`, which frees what `open` opened
@return[2] nil, message, errno, kind
@usage assert(mm.open "captures/web1"):zswap()
*/

/***
Frees what `open` opened; the object may be closed again, and closes itself at the end of a
`local view <close>`.
@function mm:close
*/

PW_EXPORT int luaopen_pagewarden_mm(lua_State *L);

int luaopen_pagewarden_mm(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"get", get},   {"set", set},     {"describe", describe},
        {"list", list}, {"ksm", ksm},     {"hugepages", hugepages},
        {"zram", zram}, {"zswap", zswap}, {NULL, NULL},
    };
    return pw_push_view_module(L, PW_MM, methods);
}
