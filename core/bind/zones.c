/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.proc */
#include "bind/proc.h"
#include "read/buddyinfo.h"
#include "read/zoneinfo.h"


static void set_list(lua_State *L, const char *name, const int64_t numbers[], int count) {
    lua_createtable(L, count, 0);
    for (int i = 0; i < count; i++) {
        lua_pushinteger(L, numbers[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, name);
}


/* [-0, +1, m] The list or table under `name` in the table on top of the stack, made if need be. */
static void push_inner(lua_State *L, const char *name) {
    if (lua_getfield(L, -1, name) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, name);
    }
}


static void set_field(lua_State *L, const struct pw_field *field) {
    pw_push_slice(L, field->key);
    pw_push_number(L, &field->number);
    lua_rawset(L, -3);
}


static void set_protection(lua_State *L, struct pw_slice list, struct pw_flaws *flaws) {
    struct pw_number pages;
    lua_newtable(L);
    while (pw_next_protection(&list, &pages, flaws)) {
        pw_push_number(L, &pages);
        pw_append(L);
    }
    lua_setfield(L, -2, "protection");
}


/* The last pageset takes the field; one that comes before any CPU has no place. */
static void set_in_pageset(lua_State *L, const struct pw_field *field, struct pw_flaws *flaws) {
    push_inner(L, "pagesets");
    if (lua_rawgeti(L, -1, (lua_Integer)lua_rawlen(L, -1)) == LUA_TTABLE) {
        set_field(L, field);
    } else {
        flaws->skipped++;
    }
    lua_pop(L, 2);
}


static void begin_pageset(lua_State *L, const struct pw_number *cpu) {
    push_inner(L, "pagesets");
    lua_createtable(L, 0, 6);
    pw_set_integer(L, "cpu", cpu->value);
    pw_append(L);
    lua_pop(L, 1);
}


static void set_per_node(lua_State *L, const struct pw_field *field) {
    push_inner(L, "per_node");
    set_field(L, field);
    lua_pop(L, 1);
}


/* [-0, +0, m] Adds what a line says to the zone on top of the stack. */
static void set_in_zone(lua_State *L, const struct pw_zone_line *line, struct pw_flaws *flaws) {
    switch (line->kind) {
    case PW_ZONE_COUNTER:
        set_field(L, &line->field);
        break;
    case PW_ZONE_PER_NODE:
        set_per_node(L, &line->field);
        break;
    case PW_ZONE_PROTECTION:
        set_protection(L, line->list, flaws);
        break;
    case PW_ZONE_CPU:
        begin_pageset(L, &line->field.number);
        break;
    case PW_ZONE_PAGESET:
        set_in_pageset(L, &line->field, flaws);
        break;
    case PW_ZONE_BEGIN:
        break;
    }
}


/* [-0, +1, m] A zone, which is also the last of the list on top of the stack. */
static void begin_zone(lua_State *L, const struct pw_zone_line *line) {
    lua_createtable(L, 0, 48);
    pw_set_integer(L, "node", line->node);
    pw_set_slice(L, "zone", line->name);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, (lua_Integer)lua_rawlen(L, -3) + 1);
}


/***
The zones of each memory node with their watermarks and counters, from /proc/zoneinfo; all in pages.
@function zoneinfo
@treturn[1] table a list of `{ node = 0, zone = "DMA32", free =, min =, low =, high =, spanned =,
present =, managed =, protection = { … }, nr_free_pages =, …, pagesets = { { cpu = 0, count =,
high =, batch = }, … } }`; the first zone of a node has `per_node = { nr_active_anon = … }` as well,
for the whole node (Linux 4.8)
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
static int zoneinfo(lua_State *L) {
    pw_check_surplus(L, 1);
    int failed = pw_read_machine_file(L, "proc/zoneinfo");
    if (failed) {
        return failed;
    }
    struct pw_zone_walk walk = {.rest = pw_text_read(L)};
    struct pw_zone_line line;
    struct pw_flaws flaws = {0};
    lua_newtable(L);
    int list = lua_gettop(L);
    while (pw_next_zone_line(&walk, &line, &flaws)) {
        if (line.kind == PW_ZONE_BEGIN) {
            lua_settop(L, list);
            begin_zone(L, &line);
        } else if (lua_gettop(L) > list) {
            set_in_zone(L, &line, &flaws);
        } else {
            flaws.skipped++;
        }
    }
    lua_settop(L, list);
    pw_push_flaws(L, &flaws);
    return 2;
}


static void append_blocks(lua_State *L, const struct pw_free_blocks *blocks) {
    lua_createtable(L, 0, 4);
    pw_set_integer(L, "node", blocks->node);
    pw_set_slice(L, "zone", blocks->zone);
    if (blocks->type.size > 0) {
        pw_set_slice(L, "type", blocks->type);
    }
    if (blocks->capped) {
        lua_pushboolean(L, true);
        lua_setfield(L, -2, "capped");
    }
    set_list(L, "free", blocks->free, blocks->orders);
    pw_append(L);
}


static int push_blocks(lua_State *L, const char *path,
                       bool next(struct pw_slice *, struct pw_free_blocks *, struct pw_flaws *)) {
    pw_check_surplus(L, 1);
    int failed = pw_read_machine_file(L, path);
    if (failed) {
        return failed;
    }
    struct pw_slice text = pw_text_read(L);
    struct pw_free_blocks blocks;
    struct pw_flaws flaws = {0};
    lua_newtable(L);
    while (next(&text, &blocks, &flaws)) {
        append_blocks(L, &blocks);
    }
    pw_push_flaws(L, &flaws);
    return 2;
}


/***
Free memory by size of block, from /proc/buddyinfo.
@function buddyinfo
@treturn[1] table a list of `{ node = 0, zone = "DMA32", free = { … } }`, where `free[1]` counts
single pages, `free[2]` pairs, and `free[i]` blocks of 2^(i-1) pages
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
static int buddyinfo(lua_State *L) {
    return push_blocks(L, "proc/buddyinfo", pw_next_buddy);
}


/***
The same by kind of use, from /proc/pagetypeinfo. Only root may read it (Linux 5.4), and it is
costly: the kernel walks its free lists.
@function pagetypeinfo
@treturn[1] table a list of `{ node =, zone =, type = "Movable", free = { … } }`; `capped` is true
when a count stands for "more than 100000"
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
static int pagetypeinfo(lua_State *L) {
    return push_blocks(L, "proc/pagetypeinfo", pw_next_page_type);
}


const luaL_Reg pw_zones_methods[] = {
    {"zoneinfo", zoneinfo}, {"buddyinfo", buddyinfo}, {"pagetypeinfo", pagetypeinfo}, {NULL, NULL}};
