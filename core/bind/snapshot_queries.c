/* SPDX-License-Identifier: MIT */
/*** @classmod snapshot */
#include <math.h>

#include "bind/snapshot.h"


/***
The rows one after another, in the snapshot's order. The row is one object that is reused: what it
shows is valid for its step only.
@function snapshot:each
@treturn function an iterator for `for row in snapshot:each() do`
@usage for p in snapshot:each() do print(p.pid, p.comm, p.rss) end
*/
static int each(lua_State *L) {
    pw_check_snapshot(L, 1);
    pw_check_surplus(L, 1);
    return pw_push_row_iterator(L, 1);
}


/***
The row of a process, valid until the next refresh.
@function snapshot:get
@tparam integer pid
@treturn row or nil when it is not among the rows
*/
static int get(lua_State *L) {
    struct pw_snapshot *snapshot = pw_check_snapshot(L, 1);
    lua_Integer pid = luaL_checkinteger(L, 2);
    pw_check_surplus(L, 2);
    uint32_t row = pw_columns_find(&snapshot->columns, pid, 0);
    if (row == snapshot->columns.rows) {
        lua_pushnil(L);
    } else {
        pw_push_row(L, 1, row);
    }
    return 1;
}


/***
The sum of a field over the rows.
@function snapshot:sum
@tparam string field
@treturn integer sum over the rows that have the field
@treturn integer count of those rows
*/
static int sum(lua_State *L) {
    struct pw_snapshot *snapshot = pw_check_snapshot(L, 1);
    enum pw_field_id id = pw_check_number_field(L, 2, snapshot);
    pw_check_surplus(L, 2);
    int64_t total = 0;
    lua_Integer count = 0;
    for (uint32_t at = 0; at < snapshot->columns.visible; at++) {
        int64_t number = pw_columns_number(&snapshot->columns, id, snapshot->columns.order[at]);
        if (number != PW_ABSENT) {
            total = pw_add_saturating(total, number);
            count++;
        }
    }
    lua_pushinteger(L, total);
    lua_pushinteger(L, count);
    return 2;
}


/***
One field of every row as a list, nil where a process lacks it; `n` is the number of rows.
@function snapshot:column
@tparam string field
@treturn table
*/
static int column(lua_State *L) {
    struct pw_snapshot *snapshot = pw_check_snapshot(L, 1);
    enum pw_field_id id = pw_check_asked_field(L, 2, snapshot);
    pw_check_surplus(L, 2);
    const struct pw_columns *columns = &snapshot->columns;
    lua_createtable(L, (int)columns->visible, 1);
    for (uint32_t at = 0; at < columns->visible; at++) {
        pw_push_field(L, snapshot, id, columns->order[at]);
        lua_seti(L, -2, (lua_Integer)at + 1);
    }
    lua_pushinteger(L, columns->visible);
    lua_setfield(L, -2, "n");
    return 1;
}


/***
All rows as plain tables, to keep or to print: one table a process, so not for hot paths.
@function snapshot:table
@treturn table a list of `{ pid = 1, comm = "init", … }`
*/
static int table(lua_State *L) {
    struct pw_snapshot *snapshot = pw_check_snapshot(L, 1);
    pw_check_surplus(L, 1);
    const struct pw_columns *columns = &snapshot->columns;
    lua_createtable(L, (int)columns->visible, 0);
    for (uint32_t at = 0; at < columns->visible; at++) {
        pw_push_row_table(L, snapshot, columns->order[at]);
        lua_seti(L, -2, (lua_Integer)at + 1);
    }
    return 1;
}


/***
A process and its descendants, parents before their children. Needs the field `ppid`.
@function snapshot:tree
@tparam integer pid
@treturn table a list of rows as `table` makes them, each with its `depth` (0 for the process)
*/
static int tree(lua_State *L) {
    struct pw_snapshot *snapshot = pw_check_snapshot(L, 1);
    lua_Integer pid = luaL_checkinteger(L, 2);
    pw_check_surplus(L, 2);
    luaL_argcheck(L, snapshot->asked & PW_BIT(PW_PPID), 1, "a tree needs the field 'ppid'");
    return pw_push_tree(L, snapshot, pid);
}


/***
Orders the rows by a field, largest first, and keeps the first `top` of them.
@function snapshot:sort
@tparam string field a number; processes without it come last
@tparam[opt] integer top
@treturn snapshot itself
*/
static int sort(lua_State *L) {
    struct pw_snapshot *snapshot = pw_check_snapshot(L, 1);
    enum pw_field_id id = pw_check_number_field(L, 2, snapshot);
    lua_Integer top = luaL_optinteger(L, 3, 0);
    pw_check_surplus(L, 3);
    luaL_argcheck(L, lua_isnoneornil(L, 3) || (top > 0 && top <= UINT32_MAX), 3,
                  "a positive integer expected");
    snapshot->generation++;
    pw_columns_sort(&snapshot->columns, id, (uint32_t)top);
    lua_settop(L, 1);
    return 1;
}


static double read_budget(lua_State *L, int options) {
    static const char *const known[] = {"budget", NULL};
    if (lua_isnoneornil(L, options)) {
        return HUGE_VAL;
    }
    luaL_checktype(L, options, LUA_TTABLE);
    pw_check_names(L, options, known, "option");
    lua_getfield(L, options, "budget");
    double seconds = lua_isnil(L, -1) ? HUGE_VAL : luaL_checknumber(L, -1);
    lua_pop(L, 1);
    luaL_argcheck(L, seconds >= 0, options, "budget: seconds, not negative, expected");
    return pw_monotonic_seconds() + seconds;
}


static pw_field_set read_field_list(lua_State *L, int index) {
    pw_field_set fields = 0;
    luaL_checktype(L, index, LUA_TTABLE);
    for (lua_Integer i = 1; lua_geti(L, index, i) == LUA_TSTRING; i++) {
        struct pw_slice name;
        name.data = lua_tolstring(L, -1, &name.size);
        enum pw_field_id id = pw_field_of(name);
        if (id == PW_FIELDS) {
            luaL_error(L, "unknown field '%s'", name.data);
        }
        fields |= PW_BIT(id);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return fields;
}


/***
Adds fields to the rows there are, in their order, for as long as the budget lasts. Made for `pss`
and `uss`, whose file takes 8.5 ms a GiB of memory: sort by rss, take the top, enrich those.
@function snapshot:enrich
@tparam table fields
@tparam[opt] table options `{ budget = 0.05 }` in seconds
@treturn integer rows read
@treturn integer rows left; their new fields are nil
@usage snapshot:enrich({ "pss", "uss" }, { budget = 0.05 })
*/
static int enrich(lua_State *L) {
    struct pw_snapshot *snapshot = pw_check_snapshot(L, 1);
    pw_field_set fields = read_field_list(L, 2);
    double deadline = read_budget(L, 3);
    pw_check_surplus(L, 3);
    luaL_argcheck(L, snapshot->sweep.backend, 1, "a difference cannot be read again");
    snapshot->generation++;
    pw_resize(L, 1, snapshot, snapshot->columns.fields | fields, snapshot->columns.capacity);
    snapshot->asked |= fields;
    uint32_t left = pw_read_late(L, 1, snapshot, fields, deadline);
    lua_pushinteger(L, snapshot->columns.visible - left);
    lua_pushinteger(L, left);
    return 2;
}


/***
What the last pass could not read: processes and files that were gone, denied, unsupported or
broken, and fields skipped or clamped. None of these ends a pass.
@function snapshot:flaws
@treturn table `{ gone = 0, denied = 0, unsupported = 0, broken = 0, skipped = 0, clamped = 0 }`
*/
static int flaws(lua_State *L) {
    struct pw_snapshot *snapshot = pw_check_snapshot(L, 1);
    pw_check_surplus(L, 1);
    pw_push_flaws(L, &snapshot->sweep.reader.flaws);
    for (enum pw_failure kind = 0; kind < PW_FAILURES; kind++) {
        lua_pushinteger(L, snapshot->sweep.reader.failures[kind]);
        lua_setfield(L, -2, pw_failure_name(kind));
    }
    return 1;
}


static int length(lua_State *L) {
    lua_pushinteger(L, pw_check_snapshot(L, 1)->columns.visible);
    return 1;
}


const luaL_Reg pw_snapshot_queries[] = {
    {"each", each},   {"get", get},      {"sum", sum},   {"column", column},
    {"table", table}, {"tree", tree},    {"sort", sort}, {"enrich", enrich},
    {"flaws", flaws}, {"__len", length}, {NULL, NULL},
};
