/* SPDX-License-Identifier: MIT */
/***
The lower envelope of one series in bounded memory.

It keeps the least value of each bucket of time. When it is full, it merges pairs of buckets until
it spans the window, and from then on drops the oldest bucket for each new one.

@classmod envelope
@usage
local envelope = trend.envelope { bucket = 5, capacity = 32, window = 3600 }
envelope:add(pw:now(), size)
local growth = envelope:growth()
if growth and growth.p < 0.01 then print(growth.slope) end
*/
#include "bind/trend.h"

#include <math.h>

#define ENVELOPE "pagewarden.envelope"


lua_Number pw_number_field(lua_State *L, int index, const char *name, lua_Number missing) {
    int is_number = 1;
    lua_Number number = missing;
    if (lua_getfield(L, index, name) != LUA_TNIL) {
        number = lua_tonumberx(L, -1, &is_number);
    }
    if (!is_number) {
        luaL_error(L, "bad field '%s' (number expected, got %s)", name, luaL_typename(L, -1));
    }
    lua_pop(L, 1);
    return number;
}


struct pw_envelope_shape pw_check_envelope_shape(lua_State *L, int index) {
    double bucket = (double)pw_number_field(L, index, "bucket", 0);
    double window = (double)pw_number_field(L, index, "window", 0);
    double capacity = (double)pw_number_field(L, index, "capacity", 32);
    if (!(capacity >= 4 && capacity <= PW_MOST_POINTS)) {
        luaL_error(L, "bad field 'capacity' (4 to %d expected)", PW_MOST_POINTS);
    }
    struct pw_envelope_shape shape = {bucket, window, (uint32_t)capacity};
    if (!(isfinite(bucket) && bucket > 0)) {
        luaL_error(L, "bad field 'bucket' (seconds above 0 expected)");
    }
    if (!pw_envelope_shape_is_valid(&shape)) {
        luaL_error(L, "bad field 'window' (seconds from 0 expected)");
    }
    return shape;
}


void pw_set_number(lua_State *L, const char *name, double number) {
    lua_pushnumber(L, number);
    lua_setfield(L, -2, name);
}


int pw_push_growth(lua_State *L, const struct pw_envelope *envelope) {
    struct pw_growth growth;
    if (!pw_growth_of(envelope, &growth)) {
        lua_pushnil(L);
        return 1;
    }
    lua_createtable(L, 0, 11);
    lua_pushinteger(L, (lua_Integer)growth.points);
    lua_setfield(L, -2, "points");
    pw_set_number(L, "seconds", growth.seconds);
    pw_set_number(L, "first", growth.first);
    pw_set_number(L, "last", growth.last);
    pw_set_number(L, "slope", growth.slope);
    pw_set_number(L, "low", growth.low);
    pw_set_number(L, "high", growth.high);
    pw_set_number(L, "early", growth.early);
    pw_set_number(L, "late", growth.late);
    pw_set_number(L, "kept", growth.kept);
    pw_set_number(L, "p", growth.p);
    return 1;
}


/***
Takes a sample.
@function add
@number time seconds; not before the newest bucket began
@number value
@treturn boolean false, and nothing changed, for a time of the past, NaN and infinity
*/
static int add(lua_State *L) {
    struct pw_envelope *envelope = luaL_checkudata(L, 1, ENVELOPE);
    pw_check_surplus(L, 3);
    double seconds = (double)luaL_checknumber(L, 2);
    lua_pushboolean(L, pw_envelope_add(envelope, seconds, (double)luaL_checknumber(L, 3)));
    return 1;
}


/***
By how much the newest finished bucket is above the least one: a cheap screen before `growth`.
@function rise
@treturn number 0 or more
*/
static int rise(lua_State *L) {
    lua_pushnumber(L, pw_envelope_rise(luaL_checkudata(L, 1, ENVELOPE)));
    return 1;
}


/***
How the series grows since it last stood at its floor.
@function growth
@treturn ?table `points` (buckets) and `seconds` since then, `first` and `last` value, `slope` a
second with the ends of its 95 % interval `low` and `high`, the slopes of the `early` and the `late`
half, `kept` (0 to 1: the part of all buckets that no later one fell below) and `p` (whether it
could be chance, over all buckets); nil while fewer than four buckets are finished since the floor
*/
static int growth(lua_State *L) {
    return pw_push_growth(L, luaL_checkudata(L, 1, ENVELOPE));
}


void pw_push_numbers(lua_State *L, const double *numbers, size_t count) {
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_pushnumber(L, numbers[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}


/***
The finished buckets, oldest first.
@function points
@treturn {number,...} the middles of the buckets, seconds
@treturn {number,...} their minima
*/
static int points(lua_State *L) {
    double times[PW_MOST_POINTS], values[PW_MOST_POINTS];
    size_t count = pw_envelope_points(luaL_checkudata(L, 1, ENVELOPE), times, values);
    pw_push_numbers(L, times, count);
    pw_push_numbers(L, values, count);
    return 2;
}


static void set_class(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"add", add}, {"rise", rise}, {"growth", growth}, {"points", points}, {NULL, NULL}};
    luaL_newmetatable(L, ENVELOPE);
    luaL_setfuncs(L, methods, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}


int pw_new_envelope(lua_State *L) {
    static const char *const names[] = {"bucket", "capacity", "window", NULL};
    luaL_checktype(L, 1, LUA_TTABLE);
    pw_check_surplus(L, 1);
    pw_check_names(L, 1, names, "field");
    struct pw_envelope_shape shape = pw_check_envelope_shape(L, 1);
    struct pw_envelope *envelope = lua_newuserdatauv(L, pw_envelope_bytes(&shape), 0);
    pw_envelope_init(envelope, &shape);
    set_class(L);
    return 1;
}
