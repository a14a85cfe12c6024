/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "bind/oom_fields.h"
#include "bind/oom_tables.h"
#include "read/oom_dump.h"


/* [-0, +0, m] Sets the fields of a text in the table on top of the stack. */
static void set_fields(lua_State *L, struct pw_slice text) {
    struct pw_field field;
    while (pw_next_oom_field(&text, &field)) {
        pw_push_slice(L, field.key);
        pw_push_number(L, &field.number);
        lua_rawset(L, -3);
    }
}


/* This and the following take a line of their kind into the report on top of the stack. */
static bool take_invoker(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_oom_invoker invoker;
    (void)tables;
    if (!pw_parse_oom_invoker(line, &invoker)) {
        return false;
    }
    if (lua_getfield(L, -1, "invoked") == LUA_TTABLE) {
        pw_set_integer(L, "pid", invoker.pid);
        pw_set_text(L, "kernel", invoker.kernel);
    }
    lua_pop(L, 1);
    return true;
}


static bool take_cpuset(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_oom_cpuset cpuset;
    (void)tables;
    if (!pw_parse_oom_cpuset(line, &cpuset)) {
        return false;
    }
    pw_set_text(L, "cpuset", cpuset.cpuset);
    pw_set_text(L, "mems_allowed", cpuset.mems_allowed);
    return true;
}


static bool take_usage(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_oom_usage usage;
    if (!pw_parse_oom_usage(line, &usage)) {
        return false;
    }
    tables->found |= 1U << PW_OOM_HAS_MEMORY;
    luaL_getsubtable(L, -1, "usage");
    pw_push_slice(L, usage.name);
    lua_newtable(L);
    pw_set_integer(L, "usage", usage.usage_bytes.value);
    pw_push_number(L, &usage.limit_bytes);
    lua_setfield(L, -2, "limit");
    pw_set_integer(L, "failcnt", usage.failures.value);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    return true;
}


static bool take_stats(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_oom_stats stats;
    if (!pw_parse_oom_stats(line, &stats)) {
        return false;
    }
    tables->part = PW_OOM_STATS;
    luaL_getsubtable(L, -1, "stats");
    lua_newtable(L);
    pw_set_slice(L, "cgroup", stats.cgroup);
    lua_newtable(L);
    set_fields(L, stats.fields);
    lua_setfield(L, -2, "stat");
    pw_append(L);
    lua_pop(L, 1);
    return true;
}


/* [-0, +1, m] The last element of a list in a field, or an empty table. */
static void push_last(lua_State *L, const char *name) {
    luaL_getsubtable(L, -1, name);
    if (lua_rawgeti(L, -1, (lua_Integer)lua_rawlen(L, -1)) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
    }
    lua_remove(L, -2);
}


static bool take_stat(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_field field;
    if (tables->part != PW_OOM_STATS || !pw_parse_oom_stat(line, &field)) {
        return false;
    }
    push_last(L, "stats");
    luaL_getsubtable(L, -1, "stat");
    pw_push_slice(L, field.key);
    pw_push_number(L, &field.number);
    lua_rawset(L, -3);
    lua_pop(L, 2);
    return true;
}


static bool take_memory(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    (void)L;
    if (!pw_slice_is(line, "Mem-Info:")) {
        return false;
    }
    tables->part = PW_OOM_MEMORY;
    tables->found |= 1U << PW_OOM_HAS_MEMORY;
    return true;
}


static bool take_totals(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    if (tables->part != PW_OOM_MEMORY || !pw_is_oom_totals(line)) {
        return false;
    }
    luaL_getsubtable(L, -1, "memory");
    luaL_getsubtable(L, -1, "pages");
    set_fields(L, line);
    lua_pop(L, 2);
    return true;
}


static bool take_node(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_oom_place place;
    if (tables->part != PW_OOM_MEMORY || !pw_parse_oom_node(line, &place)) {
        return false;
    }
    luaL_getsubtable(L, -1, "memory");
    luaL_getsubtable(L, -1, "nodes");
    lua_newtable(L);
    set_fields(L, place.rest);
    lua_rawseti(L, -2, place.node);
    lua_pop(L, 2);
    return true;
}


static bool take_zone(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_oom_place place;
    if (tables->part != PW_OOM_MEMORY || !pw_parse_oom_zone(line, &place)) {
        return false;
    }
    luaL_getsubtable(L, -1, "memory");
    luaL_getsubtable(L, -1, "zones");
    lua_newtable(L);
    set_fields(L, place.rest);
    pw_set_known(L, "node", place.node);
    pw_set_slice(L, "zone", place.zone);
    pw_append(L);
    lua_pop(L, 2);
    return true;
}


static bool take_reserve(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_slice pages, word;
    struct pw_number number;
    if (tables->part != PW_OOM_MEMORY || !pw_parse_oom_reserve(line, &pages)) {
        return false;
    }
    luaL_getsubtable(L, -1, "memory");
    push_last(L, "zones");
    lua_newtable(L);
    while (pw_take_word(&pages, &word) && pw_parse_number(word, &number)) {
        lua_pushinteger(L, number.value);
        pw_append(L);
    }
    lua_setfield(L, -2, "lowmem_reserve");
    lua_pop(L, 2);
    return true;
}


/* [-0, +0, m] Whether the zone on top of the stack is that of the place. */
static bool is_place(lua_State *L, const struct pw_oom_place *place) {
    lua_getfield(L, -1, "zone");
    lua_getfield(L, -2, "node");
    size_t size;
    const char *zone = lua_tolstring(L, -2, &size);
    int64_t node = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : PW_ABSENT;
    bool same = node == place->node && size == place->zone.size &&
                memcmp(zone, place->zone.data, size) == 0;
    lua_pop(L, 2);
    return same;
}


/* [-0, +1, m] The zone of a place in the list on top of the stack; false, and nothing pushed, when
 * it has none. */
static bool push_zone(lua_State *L, const struct pw_oom_place *place) {
    for (lua_Integer i = (lua_Integer)lua_rawlen(L, -1); i > 0; i--) {
        lua_rawgeti(L, -1, i);
        if (is_place(L, place)) {
            return true;
        }
        lua_pop(L, 1);
    }
    return false;
}


static bool take_free_list(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_oom_place place;
    struct pw_oom_blocks blocks;
    if (tables->part != PW_OOM_MEMORY || !pw_parse_oom_free_list(line, &place)) {
        return false;
    }
    luaL_getsubtable(L, -1, "memory");
    luaL_getsubtable(L, -1, "zones");
    if (push_zone(L, &place)) {
        lua_newtable(L);
        while (pw_next_oom_blocks(&place.rest, &blocks)) {
            lua_pushinteger(L, blocks.count);
            lua_rawseti(L, -2, blocks.size_bytes);
        }
        lua_setfield(L, -2, "blocks");
        lua_pop(L, 1);
    }
    lua_pop(L, 2);
    return true;
}


static bool take_hugepages(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_oom_place place;
    if (tables->part != PW_OOM_MEMORY || !pw_parse_oom_hugepages(line, &place)) {
        return false;
    }
    luaL_getsubtable(L, -1, "memory");
    luaL_getsubtable(L, -1, "hugepages");
    lua_newtable(L);
    set_fields(L, place.rest);
    pw_set_known(L, "node", place.node);
    pw_append(L);
    lua_pop(L, 2);
    return true;
}


static bool take_count(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_oom_count count;
    if (tables->part != PW_OOM_MEMORY || !pw_parse_oom_count(line, &count)) {
        return false;
    }
    luaL_getsubtable(L, -1, "memory");
    pw_set_integer(L, count.key, count.number.value);
    lua_pop(L, 1);
    return true;
}


static bool take_slab(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_oom_slab slab;
    if (pw_slice_is(line, "Unreclaimable slab info:")) {
        tables->part = PW_OOM_SLABS;
        return true;
    }
    if (tables->part != PW_OOM_SLABS || !pw_parse_oom_slab(line, &slab)) {
        return false;
    }
    luaL_getsubtable(L, -1, "slabs");
    lua_newtable(L);
    pw_set_slice(L, "name", slab.name);
    pw_set_integer(L, "used", slab.used_bytes.value);
    pw_set_integer(L, "total", slab.total_bytes.value);
    pw_append(L);
    lua_pop(L, 1);
    return true;
}


/* A row that is cut has the columns before the cut. */
static bool take_task(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_slice columns = {tables->heading, tables->heading_bytes};
    struct pw_oom_task task;
    struct pw_oom_column column;
    if (tables->part != PW_OOM_TASKS || !pw_parse_oom_task(line, &task)) {
        return false;
    }
    luaL_getsubtable(L, -1, "tasks");
    lua_newtable(L);
    pw_set_integer(L, "pid", task.pid);
    while (pw_next_oom_column(&columns, &task.values, &column)) {
        pw_push_slice(L, column.key);
        if (column.is_text) {
            pw_push_slice(L, column.text);
        } else {
            pw_push_number(L, &column.number);
        }
        lua_rawset(L, -3);
    }
    pw_append(L);
    lua_pop(L, 1);
    return true;
}


bool pw_oom_take_dump(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    static pw_oom_take_line *const takers[] = {
        take_task,    take_stat,      take_totals, take_node,    take_zone,
        take_reserve, take_free_list, take_count,  take_memory,  take_hugepages,
        take_usage,   take_stats,     take_slab,   take_invoker, take_cpuset,
    };
    return pw_oom_take_with(L, tables, takers, sizeof takers / sizeof *takers, line);
}
