/* SPDX-License-Identifier: MIT */
#include "bind/bind.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "read/nearest.h"


int pw_fail_because(lua_State *L, const char *what, const char *reason, int error,
                    enum pw_failure failure) {
    luaL_pushfail(L);
    lua_pushfstring(L, "%s: %s", what, reason);
    lua_pushinteger(L, error);
    lua_pushstring(L, pw_failure_name(failure));
    return 4;
}


int pw_fail(lua_State *L, const char *what, int error) {
    return pw_fail_because(L, what, strerror(error), error, pw_failure_of(error));
}


int pw_fail_file(lua_State *L, const char *what, int error) {
    return pw_fail_because(L, what, strerror(error), error,
                           error == ENOENT ? PW_UNSUPPORTED : pw_failure_of(error));
}


void pw_push_slice(lua_State *L, struct pw_slice slice) {
    lua_pushlstring(L, slice.data, slice.size);
}


void pw_push_number(lua_State *L, const struct pw_number *number) {
    if (number->unlimited) {
        lua_pushnumber(L, (lua_Number)HUGE_VAL);
    } else {
        lua_pushinteger(L, number->value);
    }
}


void pw_push_flaws(lua_State *L, const struct pw_flaws *flaws) {
    lua_createtable(L, 0, 2);
    lua_pushinteger(L, flaws->skipped);
    lua_setfield(L, -2, "skipped");
    lua_pushinteger(L, flaws->clamped);
    lua_setfield(L, -2, "clamped");
}


/* Sets a field of the table on top of the stack. */
static void set_stall(lua_State *L, const char *name, const struct pw_stall *stall) {
    if (!stall->present) {
        return;
    }
    lua_createtable(L, 0, 4);
    lua_pushnumber(L, stall->avg10_percent);
    lua_setfield(L, -2, "avg10");
    lua_pushnumber(L, stall->avg60_percent);
    lua_setfield(L, -2, "avg60");
    lua_pushnumber(L, stall->avg300_percent);
    lua_setfield(L, -2, "avg300");
    lua_pushinteger(L, stall->total_microseconds);
    lua_setfield(L, -2, "total");
    lua_setfield(L, -2, name);
}


void pw_push_pressure(lua_State *L, const struct pw_pressure *pressure) {
    lua_createtable(L, 0, 2);
    set_stall(L, "some", &pressure->some);
    set_stall(L, "full", &pressure->full);
}


/* Fields may be set to nil during a traversal. */
static void empty_table(lua_State *L, int index) {
    lua_pushnil(L);
    while (lua_next(L, index)) {
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        lua_pushnil(L);
        lua_rawset(L, index);
    }
}


void pw_push_into(lua_State *L, int into, int size) {
    if (lua_istable(L, into)) {
        empty_table(L, into);
        lua_pushvalue(L, into);
    } else {
        lua_createtable(L, 0, size);
    }
}


int pw_push_fields(lua_State *L, struct pw_slice text, pw_next_field *next, int into) {
    struct pw_flaws flaws = {0};
    struct pw_field field;
    pw_push_into(L, into, 64);
    while (next(&text, &field, &flaws)) {
        pw_push_slice(L, field.key);
        pw_push_number(L, &field.number);
        lua_rawset(L, -3);
    }
    pw_push_flaws(L, &flaws);
    return 2;
}


void pw_set_integer(lua_State *L, const char *name, int64_t value) {
    lua_pushstring(L, name);
    lua_pushinteger(L, value);
    lua_rawset(L, -3);
}


void pw_set_slice(lua_State *L, const char *name, struct pw_slice value) {
    lua_pushstring(L, name);
    pw_push_slice(L, value);
    lua_rawset(L, -3);
}


void pw_set_row(lua_State *L, const char *const names[], const int64_t numbers[], int count,
                uint64_t present) {
    for (int i = 0; i < count; i++) {
        if (present >> i & 1) {
            pw_set_integer(L, names[i], numbers[i]);
        }
    }
}


void pw_append(lua_State *L) {
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
}


void pw_check_surplus(lua_State *L, int count) {
    int surplus = lua_gettop(L) - count;
    if (surplus > 0) {
        luaL_error(L, "%d argument%s too many", surplus, surplus == 1 ? "" : "s");
    }
}


const char *pw_nearest(struct pw_slice name, const char *const candidates[]) {
    struct pw_nearest_search search = pw_nearest_start(name);
    const char *nearest = NULL;
    for (; *candidates; candidates++) {
        if (pw_nearest_offer(&search, pw_slice_of(*candidates))) {
            nearest = *candidates;
        }
    }
    return nearest;
}


static bool is_known(const char *name, const char *const known[]) {
    while (*known && strcmp(name, *known) != 0) {
        known++;
    }
    return *known != NULL;
}


void pw_check_names(lua_State *L, int index, const char *const known[], const char *what) {
    lua_pushnil(L);
    while (lua_next(L, index)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING || is_known(lua_tostring(L, -1), known)) {
            continue;
        }
        const char *name = lua_tostring(L, -1);
        const char *nearest = pw_nearest(pw_slice_of(name), known);
        if (nearest) {
            luaL_error(L, "unknown %s '%s' (did you mean '%s'?)", what, name, nearest);
        }
        luaL_error(L, "unknown %s '%s'", what, name);
    }
}
