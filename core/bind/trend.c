/* SPDX-License-Identifier: MIT */
/***
Bounded history and robust statistics: does a series grow, how fast, and could it be chance?

`slope` and `mann_kendall` take plain lists. An `envelope` keeps the lower envelope of one series
in bounded memory, a `history` those of many processes. Nothing here reads a file or knows a clock:
times are seconds of whatever clock the caller uses, as long as it does not go back.

@module pagewarden.trend
@usage
local trend = require "pagewarden.trend"
local slope, intercept = trend.slope({ 0, 1, 2, 3 }, { 10, 12, 14, 16 })   -- 2, 10
*/
#include "bind/trend.h"

#include <math.h>

#include "trend/theil_sen.h"


/* The numbers of the list at `index`; raises for anything else. */
static size_t check_series(lua_State *L, int index, double *values) {
    luaL_checktype(L, index, LUA_TTABLE);
    size_t count = lua_rawlen(L, index);
    luaL_argcheck(L, count >= 2 && count <= PW_MOST_POINTS, index, "2 to 128 numbers expected");
    for (size_t i = 0; i < count; i++) {
        int is_number;
        lua_rawgeti(L, index, (lua_Integer)i + 1);
        values[i] = (double)lua_tonumberx(L, -1, &is_number);
        luaL_argcheck(L, is_number && isfinite(values[i]), index, "finite numbers expected");
        lua_pop(L, 1);
    }
    return count;
}


/***
The Theil-Sen line through points: the median of the slopes of all pairs.
@function slope
@tparam {number,...} times 2 to 128 of them, at least two different
@tparam {number,...} values as many
@treturn number slope, in units of the values a second
@treturn number intercept: the value at time 0
@treturn number lower end of the slope's 95 % interval
@treturn number upper end
@usage local slope, _, low, high = trend.slope(times, sizes)
*/
static int slope(lua_State *L) {
    double times[PW_MOST_POINTS], values[PW_MOST_POINTS];
    struct pw_line line;
    pw_check_surplus(L, 2);
    size_t count = check_series(L, 1, times);
    luaL_argcheck(L, check_series(L, 2, values) == count, 2, "as many values as times expected");
    luaL_argcheck(L, pw_theil_sen(times, values, count, &line), 1, "two different times expected");
    lua_pushnumber(L, line.slope);
    lua_pushnumber(L, line.intercept);
    lua_pushnumber(L, line.low);
    lua_pushnumber(L, line.high);
    return 4;
}


/***
The Mann-Kendall test for an upward trend, with ties counted truly.
@function mann_kendall
@tparam {number,...} values 2 to 128, in the order of their times
@treturn number p, the probability of as much rise without a trend; small means that it rises
@treturn number z, in standard deviations
@treturn integer S, pairs that rise less pairs that fall
@treturn number the variance of S
@usage if trend.mann_kendall(sizes) < 0.01 then … end
*/
static int mann_kendall(lua_State *L) {
    double values[PW_MOST_POINTS];
    struct pw_mann_kendall test;
    pw_check_surplus(L, 1);
    size_t count = check_series(L, 1, values);
    pw_mann_kendall(values, count, &test);
    lua_pushnumber(L, test.p);
    lua_pushnumber(L, test.z);
    lua_pushinteger(L, test.s);
    lua_pushnumber(L, test.variance);
    return 4;
}


/***
Makes an empty envelope.
@function envelope
@tparam table options
@number options.bucket width of a bucket at first, seconds
@int[opt=32] options.capacity buckets, 4 to 128: it takes 40 bytes and 4 for each
@number[opt=0] options.window merge buckets until they span at least this many seconds
@treturn envelope
*/

/***
Makes an empty history.
@function history
@tparam[opt] table options
@int[opt=1] options.columns series of each process, 1 to 8
@number[opt=0] options.screen a rise from which on the series of a process are kept
@number[opt=11.1] options.finest width of the finest buckets in seconds, at most 11.1: those of the
coarsest scale are 7776 times as wide, a day
@int[opt=1024] options.processes most that are followed at a time
@int[opt=1024] options.series most of them whose series are kept
@tparam[opt=0] number|{number,...} options.least rise that is worth a word, of all columns or of
each
@number[opt=129600] options.patience seconds in which what doubles is called a leak; what grows
faster is called one sooner, what grows slower later
@number[opt=0.05] options.share least growth of a leak, as a part of what was there before
@number[opt=0.01] options.false_finding part of the leaks found together that may be chance
@treturn history
*/

PW_EXPORT int luaopen_pagewarden_trend(lua_State *L);

int luaopen_pagewarden_trend(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"slope", slope},
        {"mann_kendall", mann_kendall},
        {"envelope", pw_new_envelope},
        {"history", pw_new_history},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
