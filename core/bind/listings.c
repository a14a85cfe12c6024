/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.proc */
#include "bind/proc.h"
#include "read/diskstats.h"
#include "read/slabinfo.h"


/***
The kernel's own object caches, from /proc/slabinfo, which only root may read. Rows, not a map:
names need not be unique.
@function slabinfo
@treturn[1] table a list of `{ name =, active_objs =, num_objs =, objsize = (bytes), objperslab =,
pagesperslab =, limit =, batchcount =, sharedfactor =, active_slabs =, num_slabs =, sharedavail = }`
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
static int slabinfo(lua_State *L) {
    pw_check_surplus(L, 1);
    int failed = pw_read_machine_file(L, "proc/slabinfo");
    if (failed) {
        return failed;
    }
    struct pw_slice text = pw_text_read(L);
    struct pw_slab slab;
    struct pw_flaws flaws = {0};
    lua_newtable(L);
    while (pw_next_slab(&text, &slab, &flaws)) {
        lua_createtable(L, 0, PW_SLAB_NUMBERS + 1);
        pw_set_slice(L, "name", slab.name);
        pw_set_row(L, pw_slab_names, slab.numbers, PW_SLAB_NUMBERS, slab.present);
        pw_append(L);
    }
    pw_push_flaws(L, &flaws);
    return 2;
}


/* Unescaping never makes a name longer. */
static void push_swap_filename(lua_State *L, const struct pw_swap_area *area) {
    luaL_Buffer name;
    char *room = luaL_buffinitsize(L, &name, area->filename.size);
    luaL_pushresultsize(&name, pw_swap_filename(area, room, area->filename.size));
}


void pw_append_swap_area(lua_State *L, const struct pw_swap_area *area, const char *name_key) {
    lua_createtable(L, 0, 6);
    push_swap_filename(L, area);
    lua_setfield(L, -2, name_key);
    pw_set_slice(L, "type", area->type);
    pw_set_integer(L, "size", area->size_bytes);
    pw_set_integer(L, "used", area->used_bytes);
    pw_set_integer(L, "priority", area->priority);
    lua_pushboolean(L, area->deleted);
    lua_setfield(L, -2, "deleted");
    pw_append(L);
}


/***
The swap areas that are on, from /proc/swaps.
@function swaps
@treturn[1] table a list of `{ filename =, type = "partition" or "file", size = (bytes), used =
(bytes), priority =, deleted = false }`; empty without swap
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
static int swaps(lua_State *L) {
    pw_check_surplus(L, 1);
    int failed = pw_read_machine_file(L, "proc/swaps");
    if (failed) {
        return failed;
    }
    struct pw_slice text = pw_text_read(L);
    struct pw_swap_area area;
    struct pw_flaws flaws = {0};
    lua_newtable(L);
    while (pw_next_swap_area(&text, &area, &flaws)) {
        pw_append_swap_area(L, &area, "filename");
    }
    pw_push_flaws(L, &flaws);
    return 2;
}


/***
What each block device did since boot, from /proc/diskstats. Sectors are of 512 bytes.
@function diskstats
@treturn[1] table a list of `{ major =, minor =, name = "sda", reads_completed =, reads_merged =,
sectors_read =, read_ms =, writes_completed =, writes_merged =, sectors_written =, write_ms =,
in_flight =, io_ms =, weighted_io_ms = }`; then `discards_completed`, `discards_merged`,
`sectors_discarded`, `discard_ms` (Linux 4.18), `flushes_completed`, `flush_ms` (5.5)
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
static int diskstats(lua_State *L) {
    pw_check_surplus(L, 1);
    int failed = pw_read_machine_file(L, "proc/diskstats");
    if (failed) {
        return failed;
    }
    struct pw_slice text = pw_text_read(L);
    struct pw_disk disk;
    struct pw_flaws flaws = {0};
    lua_newtable(L);
    while (pw_next_disk(&text, &disk, &flaws)) {
        lua_createtable(L, 0, PW_DISK_NUMBERS + 3);
        pw_set_integer(L, "major", disk.device_major);
        pw_set_integer(L, "minor", disk.device_minor);
        pw_set_slice(L, "name", disk.name);
        pw_set_row(L, pw_disk_names, disk.numbers, PW_DISK_NUMBERS, disk.present);
        pw_append(L);
    }
    pw_push_flaws(L, &flaws);
    return 2;
}


const luaL_Reg pw_listing_methods[] = {
    {"slabinfo", slabinfo}, {"swaps", swaps}, {"diskstats", diskstats}, {NULL, NULL}};
