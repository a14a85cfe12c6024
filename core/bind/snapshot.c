/* SPDX-License-Identifier: MIT */
/***
Many processes at once.

A snapshot holds the asked fields of the processes in columns of its own memory: no Lua object a
process. Which fields are asked decides which files are read, and when: what only the rows in the
result need is read after `where` and `top`.

@classmod snapshot
*/
#include "bind/snapshot.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

#define FIRST_ROWS 64
#define FIRST_TEXT_BYTES 4096


struct pw_snapshot *pw_new_snapshot(lua_State *L, int reader) {
    reader = lua_absindex(L, reader);
    struct pw_snapshot *snapshot = lua_newuserdatauv(L, sizeof *snapshot, PW_SNAPSHOT_VALUES);
    memset(snapshot, 0, sizeof *snapshot);
    snapshot->by = PW_FIELDS;
    luaL_setmetatable(L, PW_SNAPSHOT);
    lua_pushvalue(L, reader);
    lua_setiuservalue(L, -2, PW_VALUE_READER);
    return snapshot;
}


struct pw_snapshot *pw_check_snapshot(lua_State *L, int index) {
    struct pw_snapshot *snapshot = luaL_checkudata(L, index, PW_SNAPSHOT);
    luaL_argcheck(L, !snapshot->closed, index, "snapshot is closed");
    return snapshot;
}


void pw_resize(lua_State *L, int index, struct pw_snapshot *snapshot, pw_field_set fields,
               uint32_t capacity) {
    void *memory = lua_newuserdatauv(L, pw_columns_size(fields, capacity), 0);
    pw_columns_move(&snapshot->columns, fields, capacity, memory);
    lua_setiuservalue(L, index, PW_VALUE_ROWS);
}


/* The next capacity that holds `needed`, doubling so that growing stays linear. */
static uint32_t grown(lua_State *L, uint32_t capacity, size_t needed, uint32_t first) {
    size_t size = capacity ? capacity : first;
    while (size < needed) {
        size *= 2;
    }
    if (size > UINT32_MAX / 2) {
        luaL_error(L, "snapshot too large");
    }
    return (uint32_t)size;
}


/* Identity is stored whether it was asked for or not. */
static pw_field_set stored_fields(const struct pw_snapshot *snapshot) {
    pw_field_set by = snapshot->by == PW_FIELDS ? 0 : PW_BIT(snapshot->by);
    return snapshot->asked | by | PW_BIT(PW_PID) | PW_BIT(PW_START_TIME);
}


static void reserve_text(lua_State *L, int index, struct pw_columns *columns,
                         const struct pw_row *row) {
    size_t needed = columns->text_size_bytes;
    for (int i = 0; i < PW_TEXTS; i++) {
        needed += row->texts[i].size;
    }
    uint32_t capacity = grown(L, columns->text_capacity_bytes, needed, FIRST_TEXT_BYTES);
    pw_columns_move_text(columns, capacity, lua_newuserdatauv(L, capacity, 0));
    lua_setiuservalue(L, index, PW_VALUE_TEXT);
}


void pw_reserve(lua_State *L, int index, struct pw_snapshot *snapshot, const struct pw_row *row) {
    struct pw_columns *columns = &snapshot->columns;
    if (!pw_columns_has_room(columns)) {
        uint32_t capacity = grown(L, columns->capacity, (size_t)columns->rows + 1, FIRST_ROWS);
        pw_resize(L, index, snapshot, stored_fields(snapshot), capacity);
    }
    if (!pw_columns_has_text_room(columns, row)) {
        reserve_text(L, index, columns, row);
    }
}


double pw_monotonic_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}


uint32_t pw_read_late(lua_State *L, int index, struct pw_snapshot *snapshot, pw_field_set fields,
                      double deadline) {
    struct pw_columns *columns = &snapshot->columns;
    struct pw_sweep *sweep = &snapshot->sweep;
    struct pw_row row = {0};
    for (uint32_t at = 0; at < columns->visible; at++) {
        if (deadline < HUGE_VAL && pw_monotonic_seconds() >= deadline) {
            return columns->visible - at;
        }
        uint32_t number = columns->order[at];
        row.numbers[PW_PID] = columns->numbers[PW_PID][number];
        row.numbers[PW_START_TIME] = columns->numbers[PW_START_TIME][number];
        int error = pw_read_more(&sweep->reader, sweep->proc_fd, pw_files_of(fields), &row);
        if (error) {
            pw_row_failed(&sweep->reader, error);
            continue;
        }
        if (!pw_columns_has_text_room(columns, &row)) {
            reserve_text(L, index, columns, &row);
        }
        pw_columns_fill(columns, number, fields, &row);
    }
    return 0;
}


/* When the pass began, by the root's own clock: a captured or virtual machine has its own time. */
static double read_uptime(struct pw_snapshot *snapshot) {
    struct pw_buffer *buffer = snapshot->sweep.reader.buffer;
    struct pw_slice text, word;
    double seconds;
    if (pw_source_read(snapshot->sweep.reader.source, "proc/uptime", buffer)) {
        return NAN;
    }
    text = pw_buffer_text(buffer);
    return pw_take_word(&text, &word) && pw_parse_decimal(word, &seconds) ? seconds : NAN;
}


int pw_take_pass(lua_State *L, int index, struct pw_snapshot *snapshot) {
    struct pw_row row;
    pw_columns_clear(&snapshot->columns);
    snapshot->generation++;
    snapshot->uptime_seconds = read_uptime(snapshot);
    int found = pw_sweep_begin(&snapshot->sweep);
    if (found) {
        return found;
    }
    while ((found = pw_sweep_next(&snapshot->sweep, &row)) > 0) {
        if (pw_filter_accepts(&snapshot->filter, &row)) {
            pw_reserve(L, index, snapshot, &row);
            pw_columns_append(&snapshot->columns, &row);
        }
    }
    if (snapshot->by != PW_FIELDS) {
        pw_columns_sort(&snapshot->columns, snapshot->by, snapshot->top);
    }
    if (snapshot->late) {
        pw_read_late(L, index, snapshot, snapshot->late, HUGE_VAL);
    }
    return found;
}


/***
Reads everything anew into the same memory. Rows handed out before are stale.
@function snapshot:refresh
@treturn[1] snapshot itself
@return[2] nil
@treturn[2] string message
@treturn[2] integer errno
*/
static int refresh(lua_State *L) {
    struct pw_snapshot *snapshot = pw_check_snapshot(L, 1);
    pw_check_surplus(L, 1);
    luaL_argcheck(L, snapshot->sweep.backend, 1, "a difference cannot be read again");
    int error = pw_take_pass(L, 1, snapshot);
    if (error) {
        return pw_fail(L, "proc", -error);
    }
    lua_settop(L, 1);
    return 1;
}


/***
Frees the memory and closes what is open; a snapshot may be closed again, and closes itself at the
end of a `local snapshot <close>`.
@function snapshot:close
*/
static int close_snapshot(lua_State *L) {
    struct pw_snapshot *snapshot = luaL_checkudata(L, 1, PW_SNAPSHOT);
    pw_sweep_close(&snapshot->sweep);
    memset(&snapshot->columns, 0, sizeof snapshot->columns);
    snapshot->generation++;
    snapshot->closed = true;
    for (int value = PW_VALUE_ROWS; value <= PW_SNAPSHOT_VALUES; value++) {
        lua_pushnil(L);
        lua_setiuservalue(L, 1, value);
    }
    return 0;
}


static const luaL_Reg methods[] = {
    {"refresh", refresh},
    {"close", close_snapshot},
    {"__close", close_snapshot},
    {"__gc", close_snapshot},
    {NULL, NULL},
};


void pw_define_snapshot(lua_State *L) {
    luaL_newmetatable(L, PW_SNAPSHOT);
    luaL_setfuncs(L, methods, 0);
    luaL_setfuncs(L, pw_snapshot_queries, 0);
    luaL_setfuncs(L, pw_snapshot_differences, 0);
    luaL_setfuncs(L, pw_watch_methods, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    pw_define_row(L);
}
