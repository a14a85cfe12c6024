/* SPDX-License-Identifier: MIT */
/***
One process of a snapshot, as `each` and `get` hand it out. The fields that were asked for are its
fields; one that could not be read is nil. It is a view: a row of an earlier state of its snapshot
is an error to use. What it stands for can be kept with `process`.
@classmod row
*/
#include "bind/process.h"
#include "bind/snapshot.h"

#define PW_ROW "pagewarden.row"

/* A view on one stored row. Its user value is the snapshot. */
struct row {
    const struct pw_snapshot *snapshot;
    uint32_t number;
    uint32_t generation;
};


void pw_push_field(lua_State *L, const struct pw_snapshot *snapshot, enum pw_field_id id,
                   uint32_t row) {
    if (pw_field_is_text(id)) {
        struct pw_slice text = pw_columns_text(&snapshot->columns, id, row);
        if (text.data) {
            pw_push_slice(L, text);
        } else {
            lua_pushnil(L);
        }
        return;
    }
    int64_t number = pw_columns_number(&snapshot->columns, id, row);
    if (number == PW_ABSENT) {
        lua_pushnil(L);
    } else if (id == PW_STATE) {
        lua_pushlstring(L, &(char){(char)number}, 1);
    } else {
        lua_pushinteger(L, number);
    }
}


static struct row *check_row(lua_State *L) {
    struct row *row = luaL_checkudata(L, 1, PW_ROW);
    if (row->generation != row->snapshot->generation) {
        luaL_error(L, "this row is of an earlier state of its snapshot");
    }
    return row;
}


/***
The process of this row as an identity to keep. It is not looked whether it is still there.
@function row:process
@treturn process
@usage local largest = snapshot:get(pid):process()
*/
static int row_process(lua_State *L) {
    struct row *row = check_row(L);
    pw_check_surplus(L, 1);
    const struct pw_columns *columns = &row->snapshot->columns;
    const struct pw_identity identity = {
        .pid = columns->numbers[PW_PID][row->number],
        .start_ticks = columns->numbers[PW_START_TIME][row->number],
    };
    lua_getiuservalue(L, 1, 1);
    lua_getiuservalue(L, -1, PW_VALUE_READER);
    pw_push_process(L, lua_gettop(L), &identity);
    return 1;
}


/* Upvalue 1: a table from names to field numbers and methods, so that no name is compared twice. */
static int row_index(lua_State *L) {
    struct row *row = check_row(L);
    lua_pushvalue(L, 2);
    int type = lua_rawget(L, lua_upvalueindex(1));
    if (type == LUA_TFUNCTION) {
        return 1;
    }
    enum pw_field_id id = (enum pw_field_id)lua_tointeger(L, -1);
    if (type == LUA_TNIL || !(row->snapshot->asked & PW_BIT(id))) {
        id = pw_check_asked_field(L, 2, row->snapshot);
    }
    pw_push_field(L, row->snapshot, id, row->number);
    return 1;
}


void pw_define_row(lua_State *L) {
    luaL_newmetatable(L, PW_ROW);
    lua_createtable(L, 0, PW_FIELDS + 1);
    for (int id = 0; id < PW_FIELDS; id++) {
        lua_pushinteger(L, id);
        lua_setfield(L, -2, pw_field_name((enum pw_field_id)id));
    }
    lua_pushcfunction(L, row_process);
    lua_setfield(L, -2, "process");
    lua_pushcclosure(L, row_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}


void pw_push_row(lua_State *L, int snapshot, uint32_t number) {
    snapshot = lua_absindex(L, snapshot);
    struct row *row = lua_newuserdatauv(L, sizeof *row, 1);
    row->snapshot = lua_touserdata(L, snapshot);
    row->number = number;
    row->generation = row->snapshot->generation;
    lua_pushvalue(L, snapshot);
    lua_setiuservalue(L, -2, 1);
    luaL_setmetatable(L, PW_ROW);
}


/* Upvalues: the one row that is reused, the position of the next. */
static int next_row(lua_State *L) {
    struct row *row = lua_touserdata(L, lua_upvalueindex(1));
    const struct pw_columns *columns = &row->snapshot->columns;
    lua_Integer at = lua_tointeger(L, lua_upvalueindex(2));
    if (row->generation != row->snapshot->generation) {
        return luaL_error(L, "the snapshot changed while its rows were being visited");
    }
    if (at >= columns->visible) {
        return 0;
    }
    row->number = columns->order[at];
    lua_pushinteger(L, at + 1);
    lua_replace(L, lua_upvalueindex(2));
    lua_pushvalue(L, lua_upvalueindex(1));
    return 1;
}


int pw_push_row_iterator(lua_State *L, int index) {
    pw_push_row(L, index, 0);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_row, 2);
    return 1;
}


void pw_push_row_table(lua_State *L, const struct pw_snapshot *snapshot, uint32_t row) {
    lua_createtable(L, 0, PW_FIELDS);
    for (int id = 0; id < PW_FIELDS; id++) {
        if (snapshot->asked & PW_BIT(id)) {
            pw_push_field(L, snapshot, (enum pw_field_id)id, row);
            lua_setfield(L, -2, pw_field_name((enum pw_field_id)id));
        }
    }
}
