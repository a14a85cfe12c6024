/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.swap */
#include <string.h>

#include "act/swap_zram.h"
#include "bind/swap.h"

/* The options of a change that the gate wants besides. */
#define TERMS "lifetime", "cooldown", "progress"


/* [-0, +0, v] The field of this name in the table at 3, whole and not negative; `otherwise` without
 * it. */
static int64_t check_size(lua_State *L, const char *name, int64_t otherwise) {
    int64_t size = otherwise;
    if (lua_getfield(L, 3, name) != LUA_TNIL) {
        int is_integer;
        size = lua_tointegerx(L, -1, &is_integer);
        if (!is_integer || size < 0) {
            luaL_argerror(L, 2, lua_pushfstring(L, "%s: a number of bytes expected", name));
        }
    }
    lua_pop(L, 1);
    return size;
}


/* [-0, +0, v] As many whole pages as the size has. */
static int64_t check_area_size(lua_State *L) {
    long page_size_bytes = pw_check_view(L, 1, PW_SWAP)->source.page_size_bytes;
    uint64_t pages = pw_swap_pages(check_size(L, "size", 0), page_size_bytes);
    if (pages == 0) {
        luaL_argerror(L, 2, "size: a number of bytes expected, at least ten pages");
    }
    return (int64_t)pages * page_size_bytes;
}


static void check_label(lua_State *L, char label[PW_SWAP_LABEL_BYTES + 1]) {
    if (lua_getfield(L, 3, "label") != LUA_TNIL) {
        size_t size = 0;
        const char *text = lua_tolstring(L, -1, &size);
        luaL_argcheck(L, text && size <= PW_SWAP_LABEL_BYTES && strlen(text) == size, 2,
                      "label: a string of at most 16 bytes expected");
        strcpy(label, text);
    }
    lua_pop(L, 1);
}


/* [-0, +0, v] The UUID that is asked for, or a new one. */
static void check_uuid(lua_State *L, struct pw_uuid *uuid) {
    if (lua_getfield(L, 3, "uuid") != LUA_TNIL) {
        const char *text = lua_tostring(L, -1);
        luaL_argcheck(L, text && pw_uuid_parse(pw_slice_of(text), uuid), 2,
                      "uuid: one such as 'c1b9d5a2-f162-11cf-9ece-0020afc76f16' expected");
    } else if (pw_swap_new_uuid(uuid)) {
        luaL_error(L, "the kernel has no random numbers");
    }
    lua_pop(L, 1);
}


/* [-0, +0, v] What only a zram device has. */
static void check_compression(lua_State *L, struct pw_swap_change *change) {
    bool zram = pw_zram_is(luaL_checkstring(L, 2));
    if (lua_getfield(L, 3, "algorithm") != LUA_TNIL) {
        size_t size = 0;
        const char *name = lua_tolstring(L, -1, &size);
        luaL_argcheck(L, name && size < PW_SWAP_ALGORITHM_BYTES && strlen(name) == size, 2,
                      "algorithm: a name such as 'zstd' expected");
        strcpy(change->algorithm, name);
    }
    lua_pop(L, 1);
    change->limit_bytes = check_size(L, "limit", 0);
    luaL_argcheck(L, zram || !(change->algorithm[0] || change->limit_bytes), 2,
                  "algorithm, limit: only a zram device, such as /dev/zram0, has them");
}


static bool check_flag(lua_State *L, const char *name) {
    lua_getfield(L, 3, name);
    bool flag = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return flag;
}


static void push_made(lua_State *L, const struct pw_swap_state *state) {
    char uuid[PW_UUID_TEXT_BYTES];
    pw_uuid_format(&state->uuid, uuid);
    lua_createtable(L, 0, 3);
    pw_set_integer(L, "size", state->size_bytes);
    pw_set_slice(L, "uuid", pw_slice_of(uuid));
    pw_set_slice(L, "label", pw_slice_of(state->label));
}


/***
Makes a swap file, whole or not at all: of mode 0600, without holes, not copied on write, with a
header. It is not put on. At the path of a zram device that is not set up, sets that up instead:
swap compressed in memory, which `remove` resets again. A file is refused where there is a file
already, in a folder that others may change, on file systems that cannot have swap (tmpfs, overlay,
zfs, network), and when the disk would have less left than its reserve. In a policy, only a task may
call it.
@function make
@tparam string path
@tparam table options `{ size = (bytes, of which whole pages are used), label = "", uuid = (a new
one without it), reserve = (bytes to be left free on the disk; without it a twentieth of it, at most
1 GiB), written = (whether zeros are written though reserving room would do), algorithm = "zstd" (of
a zram device; the kernel's choice without it), limit = (bytes of memory that a zram device takes at
most), progress = (a function, told how many bytes there are), cooldown = (seconds, only under the
host) }`
@treturn[1] table `{ size =, uuid =, label = }`
@return[2] nil, "swap PATH: reason", errno, kind
@usage assert(swap.make("/var/swap/1", { size = 1 << 30 }))
*/
int pw_swap_make(lua_State *L) {
    static const char *const names[] = {"size",      "label", "uuid", "reserve", "written",
                                        "algorithm", "limit", TERMS,  NULL};
    struct pw_swap_change change = {.to = {.place = PW_SWAP_OFF}};
    pw_check_surplus(L, 3);
    luaL_checktype(L, 3, LUA_TTABLE);
    pw_check_names(L, 3, names, "option");
    change.to.size_bytes = check_area_size(L);
    check_label(L, change.to.label);
    check_uuid(L, &change.to.uuid);
    change.reserve_bytes = check_size(L, "reserve", -1);
    change.written = check_flag(L, "written");
    check_compression(L, &change);
    return pw_swap_run(L, &change, push_made);
}


/* [-0, +0, v] The table of options at 3, which need not be there. */
static bool check_options(lua_State *L, const char *const names[]) {
    pw_check_surplus(L, 3);
    if (lua_isnoneornil(L, 3)) {
        return false;
    }
    luaL_checktype(L, 3, LUA_TTABLE);
    pw_check_names(L, 3, names, "option");
    return true;
}


int pw_swap_check_priority(lua_State *L, int index) {
    int priority = PW_SWAP_ANY_PRIORITY;
    if (lua_getfield(L, index, "priority") != LUA_TNIL) {
        int is_integer;
        lua_Integer wanted = lua_tointegerx(L, -1, &is_integer);
        luaL_argcheck(L, is_integer && wanted >= 0 && wanted <= PW_SWAP_MOST_PRIORITY, index - 1,
                      "priority: 0 to 32767 expected");
        priority = (int)wanted;
    }
    lua_pop(L, 1);
    return priority;
}


enum pw_swap_discard pw_swap_check_discard(lua_State *L, int index) {
    enum pw_swap_discard discard = PW_SWAP_NO_DISCARD;
    if (lua_getfield(L, index, "discard") != LUA_TNIL) {
        const char *name = lua_tostring(L, -1);
        discard = pw_swap_discard_of(pw_slice_of(name ? name : ""));
        luaL_argcheck(L, discard, index - 1, "discard: 'once', 'pages' or 'both' expected");
    }
    lua_pop(L, 1);
    return discard;
}


static void push_true(lua_State *L, const struct pw_swap_state *state) {
    (void)state;
    lua_pushboolean(L, true);
}


/***
Puts a swap file or disk on. Areas of equal priority are filled evenly, those of a higher one first.
One that is on with the same priority stays so. In a policy, only a task may call it.
@function on
@tparam string path
@tparam[opt] table options `{ priority = 0 to 32767 (without it the kernel's choice, below all of
these, and lower for each area), discard = "once" (the whole area, now), "pages" (what is freed) or
"both", cooldown = }`
@treturn[1] boolean true
@return[2] nil, "swap PATH: reason", errno, kind: holes, another page size, …
@usage assert(swap.on("/var/swap/1", { priority = 10 }))
*/
int pw_swap_on(lua_State *L) {
    static const char *const names[] = {"priority", "discard", TERMS, NULL};
    struct pw_swap_change change = {.to = {PW_SWAP_ON, .priority = PW_SWAP_ANY_PRIORITY}};
    if (check_options(L, names)) {
        change.to.priority = pw_swap_check_priority(L, 3);
        change.to.discard = pw_swap_check_discard(L, 3);
    }
    return pw_swap_run(L, &change, push_true);
}


static int leave(lua_State *L, enum pw_swap_place place) {
    static const char *const names[] = {"force", TERMS, NULL};
    struct pw_swap_change change = {.to = {.place = place}};
    if (check_options(L, names)) {
        change.force = check_flag(L, "force");
    }
    return pw_swap_run(L, &change, push_true);
}


/***
Takes an area off: what is in it is read back into memory, which may take minutes. Refused unless
1.2 times as much memory is available; with `force` it is tried, in a process that the kernel kills
first when memory runs out, and the area stays on. In a policy, only a task may call it; a task that
is cancelled meanwhile gives it up.
@function off
@tparam string path
@tparam[opt] table options `{ force = false, progress = (a function, told how many bytes are still
in it), cooldown = }`
@treturn[1] boolean true
@return[2] nil, "swap PATH: reason", errno, kind
@usage assert(swap.off("/var/swap/1", { progress = print }))
*/
int pw_swap_off(lua_State *L) {
    return leave(L, PW_SWAP_OFF);
}


/***
Takes an area off as `off` does, if it is on, and removes its file.
@function remove
@tparam string path
@tparam[opt] table options as for `off`
@treturn[1] boolean true
@return[2] nil, "swap PATH: reason", errno, kind
*/
int pw_swap_remove(lua_State *L) {
    return leave(L, PW_SWAP_ABSENT);
}
