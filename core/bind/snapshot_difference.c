/* SPDX-License-Identifier: MIT */
/*** @classmod snapshot */
#include "bind/snapshot.h"


/* What changed of one row; nil where there is nothing to compare with. */
static void subtract(const struct pw_columns *now, uint32_t row, const struct pw_columns *before,
                     uint32_t other, struct pw_row *difference) {
    for (int id = 0; id < PW_NUMBERS; id++) {
        int64_t a = pw_columns_number(now, (enum pw_field_id)id, row);
        difference->numbers[id] = a;
        if (!pw_field_is_gauge_or_counter((enum pw_field_id)id)) {
            continue;
        }
        int64_t b = other < before->rows ? pw_columns_number(before, (enum pw_field_id)id, other)
                                         : PW_ABSENT;
        difference->numbers[id] =
            a == PW_ABSENT || b == PW_ABSENT ? PW_ABSENT : pw_subtract_saturating(a, b);
    }
    for (int i = 0; i < PW_TEXTS; i++) {
        difference->texts[i] = pw_columns_text(now, (enum pw_field_id)(PW_NUMBERS + i), row);
    }
}


/* The same process in another snapshot, or its number of rows. */
static uint32_t find_same(const struct pw_columns *columns, uint32_t row,
                          const struct pw_columns *before, uint32_t hint) {
    uint32_t other = pw_columns_find(before, columns->numbers[PW_PID][row], hint);
    bool same = other < before->rows &&
                before->numbers[PW_START_TIME][other] == columns->numbers[PW_START_TIME][row];
    return same ? other : before->rows;
}


/***
What changed since an earlier snapshot: the same rows, with differences where the fields are memory,
faults or threads. A process that was not there before has nil in these.
@function snapshot:since
@tparam snapshot earlier
@treturn snapshot of differences; `elapsed` tells the seconds between
@usage for p in later:since(earlier):sort("rss", 5):each() do print(p.comm, p.rss) end
*/
static int since(lua_State *L) {
    struct pw_snapshot *now = pw_check_snapshot(L, 1);
    struct pw_snapshot *earlier = pw_check_snapshot(L, 2);
    pw_check_surplus(L, 2);
    lua_getiuservalue(L, 1, PW_VALUE_READER);
    struct pw_snapshot *difference = pw_new_snapshot(L, -1);
    int index = lua_gettop(L);
    difference->asked = now->asked;
    difference->elapsed_seconds = now->uptime_seconds - earlier->uptime_seconds;
    for (uint32_t at = 0; at < now->columns.visible; at++) {
        uint32_t row = now->columns.order[at];
        uint32_t other = find_same(&now->columns, row, &earlier->columns, at);
        struct pw_row values;
        subtract(&now->columns, row, &earlier->columns, other, &values);
        pw_reserve(L, index, difference, &values);
        pw_columns_append(&difference->columns, &values);
    }
    return 1;
}


/***
Seconds between the two snapshots of a difference, by the machine's uptime.
@function snapshot:elapsed
@treturn number
*/
static int elapsed(lua_State *L) {
    struct pw_snapshot *snapshot = pw_check_snapshot(L, 1);
    pw_check_surplus(L, 1);
    luaL_argcheck(L, !snapshot->sweep.backend, 1, "only a difference has an elapsed time");
    lua_pushnumber(L, snapshot->elapsed_seconds);
    return 1;
}


const luaL_Reg pw_snapshot_differences[] = {
    {"since", since},
    {"elapsed", elapsed},
    {NULL, NULL},
};
