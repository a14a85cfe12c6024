/* SPDX-License-Identifier: MIT */
/***
The sizes of many processes over time, each known by its pid and start time, and which of them leak.

Every column of a process is a series of sizes, of which the lower envelope is kept at six scales:
820 bytes for 48 days, but only from the first rise on that is worth it. Before that a process costs
44 bytes, and 4 for each column. It starts small and grows by half while processes come, up to its
limits; all of it is memory that Lua accounts for.

`judge` looks at what is new. A series that rises is "growing"; a "leak" has grown by much or for
long (times as large, times the time that took, is the patience or more), in each part of that time,
its tops with its floor, without slowing down, above what it was known to reach in calm times, and
with statistics that leave no doubt even though so many are looked at.

@classmod history
@usage
local history = trend.history { columns = 1, least = { 16 << 20 }, patience = 36 * 3600 }
history:add(now, p.pid, p.start_time, p.rss_anon + p.swap)
history:judge()
for _, pid, start_time, column, verdict in history:suspects() do
  print(pid, verdict, history:finding(pid, start_time, column).slope)
end
history:expire(now - 60)
*/
#include "trend/history.h"

#include <math.h>

#include "bind/trend.h"
#include "trend/record.h"

#define HISTORY "pagewarden.history"

#define FEWEST_PROCESSES 4
#define MOST_PROCESSES (1 << 20)
#define MOST_COLUMNS 8
#define LEAST_FINEST_SECONDS 0.01

/* The block lies in a second userdata, the object's user value, so it can be replaced. */
struct object {
    struct pw_history *history;
    struct pw_history_room limit;
    struct pw_terms terms[MOST_COLUMNS];
};


static struct object *check_object(lua_State *L) {
    return luaL_checkudata(L, 1, HISTORY);
}


/* [-0, +1, m] A block of this room. */
static struct pw_history *push_block(lua_State *L, const struct pw_history_shape *shape,
                                     const struct pw_history_room *room) {
    struct pw_history *history = lua_newuserdatauv(L, pw_history_bytes(shape, room), 0);
    pw_history_init(history, shape, room);
    return history;
}


static uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}


static uint32_t larger(uint32_t room, uint32_t limit) {
    return smaller(room + room / 2 + 1, limit);
}


/* Gives the object at index 1 a block of more room; false when that is its limit. */
static bool grow(lua_State *L, struct object *object, struct pw_history_room room) {
    const struct pw_history_room *now = &object->history->room;
    if (room.processes == now->processes && room.series == now->series) {
        return false;
    }
    struct pw_history *block = push_block(L, &object->history->shape, &room);
    pw_history_copy(block, object->history);
    object->history = block;
    lua_setiuservalue(L, 1, 1);
    return true;
}


static bool grow_processes(lua_State *L, struct object *object) {
    struct pw_history_room room = object->history->room;
    room.processes = larger(room.processes, object->limit.processes);
    return grow(L, object, room);
}


static bool grow_series(lua_State *L, struct object *object) {
    struct pw_history_room room = object->history->room;
    room.series = larger(room.series, object->limit.series);
    return grow(L, object, room);
}


static int32_t check_pid(lua_State *L, int index) {
    lua_Integer pid = luaL_checkinteger(L, index);
    luaL_argcheck(L, pid > 0 && pid <= INT32_MAX, index, "pid above 0 expected");
    return (int32_t)pid;
}


static struct pw_followed *follow(lua_State *L, struct object *object, int32_t pid,
                                  int64_t start_time) {
    struct pw_followed *followed = pw_history_follow(object->history, pid, start_time);
    if (!followed && grow_processes(L, object)) {
        followed = pw_history_follow(object->history, pid, start_time);
    }
    return followed;
}


/***
Takes a sample of each column of a process, and follows it if it is new.
@function add
@number time seconds from 0; not before the last
@int pid
@int start_time
@number ... one size for each column, 0 or more
@treturn ?boolean true; false when it has risen and there is no room for its series; nil when there
is none for the process: see `expire`
*/
static int add(lua_State *L) {
    struct object *object = check_object(L);
    int columns = (int)object->history->shape.columns;
    double sizes[MOST_COLUMNS];
    lua_Number seconds = luaL_checknumber(L, 2);
    int32_t pid = check_pid(L, 3);
    lua_Integer start_time = luaL_checkinteger(L, 4);
    for (int i = 0; i < columns; i++) {
        sizes[i] = (double)luaL_checknumber(L, 5 + i);
    }
    pw_check_surplus(L, 4 + columns);
    struct pw_followed *followed = follow(L, object, pid, start_time);
    if (!followed) {
        lua_pushnil(L);
        return 1;
    }
    bool added = pw_history_add(object->history, followed, (double)seconds, sizes);
    if (!added && grow_series(L, object)) {
        followed = pw_history_find(object->history, pid, start_time);
        added = pw_history_add(object->history, followed, (double)seconds, sizes);
    }
    lua_pushboolean(L, added);
    return 1;
}


/***
Judges what is new in all series: see `suspects`. A look at many costs little, so it may follow each
round of samples.
@function judge
*/
static int judge(lua_State *L) {
    struct object *object = check_object(L);
    pw_check_surplus(L, 1);
    pw_history_judge(object->history, object->terms);
    return 0;
}


static const char *const verdict_names[] = {NULL, "growing", "leak"};


/* [-0, +5, m] The suspect at a number, which counts series by process and column. */
static bool push_suspect(lua_State *L, struct pw_history *history, lua_Integer number) {
    uint32_t columns = history->shape.columns, column = (uint32_t)(number % columns);
    size_t scale;
    const struct pw_followed *followed = pw_history_at(history, (uint32_t)(number / columns));
    if (followed->pid == 0 || followed->series == PW_NO_SERIES) {
        return false;
    }
    enum pw_verdict verdict =
        pw_series_verdict(pw_history_series(history, followed, column), &scale);
    if (verdict == PW_CALM) {
        return false;
    }
    lua_pushinteger(L, number + 1);
    lua_pushinteger(L, followed->pid);
    lua_pushinteger(L, followed->start_time);
    lua_pushinteger(L, column + 1);
    lua_pushstring(L, verdict_names[verdict]);
    return true;
}


static int next_suspect(lua_State *L) {
    struct pw_history *history = check_object(L)->history;
    lua_Integer series = (lua_Integer)history->room.processes * history->shape.columns;
    for (lua_Integer i = luaL_checkinteger(L, 2); i >= 0 && i < series; i++) {
        if (push_suspect(L, history, i)) {
            return 5;
        }
    }
    return 0;
}


/***
The series that were found to be more than calm when their newest buckets were new. Nothing may be
added meanwhile.
@function suspects
@return an iterator: a number, pid, start_time, column, "growing" or "leak"
*/
static int suspects(lua_State *L) {
    check_object(L);
    pw_check_surplus(L, 1);
    lua_pushcfunction(L, next_suspect);
    lua_pushvalue(L, 1);
    lua_pushinteger(L, 0);
    return 3;
}


/* The series that the arguments from 2 on mean; NULL when none is kept. */
static const struct pw_series *check_series(lua_State *L, struct object *object, uint32_t *column) {
    struct pw_history *history = object->history;
    int32_t pid = check_pid(L, 2);
    lua_Integer start_time = luaL_checkinteger(L, 3);
    lua_Integer number = luaL_optinteger(L, 4, 1);
    pw_check_surplus(L, 4);
    luaL_argcheck(L, number >= 1 && number <= history->shape.columns, 4, "no such column");
    *column = (uint32_t)number - 1;
    const struct pw_followed *followed = pw_history_find(history, pid, start_time);
    return followed ? pw_history_series(history, followed, *column) : NULL;
}


static void push_finding(lua_State *L, const struct pw_finding *finding, double bucket_seconds,
                         const struct pw_terms *terms) {
    lua_createtable(L, 0, 15);
    pw_set_integer(L, "points", (int64_t)finding->points);
    pw_set_integer(L, "rises", finding->rises);
    pw_set_number(L, "bucket", bucket_seconds);
    pw_set_number(L, "seconds", finding->seconds);
    pw_set_number(L, "first", finding->first);
    pw_set_number(L, "last", finding->last);
    pw_set_number(L, "slope", finding->slope);
    pw_set_number(L, "low", finding->low);
    pw_set_number(L, "high", finding->high);
    pw_set_number(L, "early", finding->early);
    pw_set_number(L, "late", finding->late);
    pw_set_number(L, "kept", finding->kept);
    pw_set_number(L, "grounds", finding->grounds);
    pw_set_number(L, "p", finding->p);
    pw_set_number(L, "confidence", pw_confidence(finding, terms));
}


/***
What speaks for the verdict on a series, at the coarsest scale where it is that bad.
@function finding
@int pid
@int start_time
@int[opt=1] column
@treturn ?table `bucket` (seconds), `points` and `seconds` since the floor, `first` and `last` size
(medians of the first and the last sixth), `slope` a second with the ends of its 95 % interval `low`
and `high`, the rise of the first two fifths (`early`) and of the last two (`late`), `rises` (of 5,
from one sixth to the next), `kept` (0 to 1: the part of the buckets that no later one fell below),
`grounds` (times as large, times seconds), `p` (could it be chance? 1 where nothing else speaks for
a leak) and `confidence` (0 to 1, an order rather than a probability); nil for a series that is calm
*/
static int finding(lua_State *L) {
    struct object *object = check_object(L);
    uint32_t column;
    size_t scale;
    struct pw_points points;
    struct pw_finding found;
    const struct pw_series *series = check_series(L, object, &column);
    if (!series || pw_series_verdict(series, &scale) == PW_CALM) {
        lua_pushnil(L);
        return 1;
    }
    pw_look(series, scale, &object->terms[column], &points, &found);
    if (points.count >= 2) {
        pw_test(&points, &found);
    }
    push_finding(L, &found, pw_scale_seconds(series, scale), &object->terms[column]);
    return 1;
}


/***
The finished buckets of a series, oldest first, at the scale that `finding` speaks of.
@function points
@int pid
@int start_time
@int[opt=1] column
@treturn[1] {number,...} the middles of the buckets, seconds
@treturn[1] {number,...} their minima
@return[2] nil when no series is kept
*/
static int points(lua_State *L) {
    struct object *object = check_object(L);
    uint32_t column;
    size_t scale;
    struct pw_points all;
    const struct pw_series *series = check_series(L, object, &column);
    if (!series) {
        lua_pushnil(L);
        return 1;
    }
    pw_series_verdict(series, &scale);
    pw_scale_points(series, scale, &all);
    pw_push_numbers(L, all.times, all.count);
    pw_push_numbers(L, all.values, all.count);
    return 2;
}


/***
Stops following every process that was last added before a time.
@function expire
@number time seconds
@treturn integer how many
*/
static int expire(lua_State *L) {
    struct pw_history *history = check_object(L)->history;
    pw_check_surplus(L, 2);
    lua_pushinteger(L, pw_history_expire(history, (double)luaL_checknumber(L, 2)));
    return 1;
}


/***
Stops following a process.
@function forget
@int pid
@int start_time
@treturn boolean whether it was followed
*/
static int forget(lua_State *L) {
    struct pw_history *history = check_object(L)->history;
    int32_t pid = check_pid(L, 2);
    lua_Integer start_time = luaL_checkinteger(L, 3);
    pw_check_surplus(L, 3);
    struct pw_followed *followed = pw_history_find(history, pid, start_time);
    if (followed) {
        pw_history_forget(history, followed);
    }
    lua_pushboolean(L, followed != NULL);
    return 1;
}


/***
What is worth remembering, as bytes for `load`: of each process with series the three coarsest
scales, 24 bytes and 412 for each column.
@function save
@int[opt] most so many bytes at most
@treturn string
*/
static int save(lua_State *L) {
    struct pw_history *history = check_object(L)->history;
    size_t most = (size_t)luaL_optinteger(L, 2, INT32_MAX);
    size_t size = pw_record_bytes(&history->shape), bytes = pw_record_head_bytes();
    pw_check_surplus(L, 2);
    /* luaL_Buffer does not survive a lack of memory for its first box */
    char *to = lua_newuserdatauv(L, bytes + history->series_count * size, 0);
    pw_record_begin(&history->shape, to);
    for (uint32_t i = 0; i < history->room.processes && bytes + size <= most; i++) {
        const struct pw_followed *followed = pw_history_at(history, i);
        if (followed->pid != 0 && pw_record_write(history, followed, to + bytes)) {
            bytes += size;
        }
    }
    lua_pushlstring(L, to, bytes);
    return 1;
}


/* It does not say of what there was too little room: of both there is more then. */
static bool load_record(lua_State *L, struct object *object, double now, const char *record) {
    if (pw_record_read(object->history, now, record)) {
        return true;
    }
    bool has_processes = grow_processes(L, object), has_series = grow_series(L, object);
    return (has_processes || has_series) && pw_record_read(object->history, now, record);
}


/***
Follows processes as `save` wrote them, until they expire. They have to be of the same boot.
@function load
@number time seconds, of the same clock
@string saved
@treturn integer how many; 0 for what another version wrote
*/
static int load(lua_State *L) {
    struct object *object = check_object(L);
    double now = (double)luaL_checknumber(L, 2);
    size_t bytes, records = 0;
    const char *saved = luaL_checklstring(L, 3, &bytes);
    lua_Integer loaded = 0;
    pw_check_surplus(L, 3);
    if (pw_record_check(&object->history->shape, saved, bytes, &records)) {
        saved += pw_record_head_bytes();
    }
    for (size_t i = 0; i < records; i++) {
        size_t at = i * pw_record_bytes(&object->history->shape);
        loaded += load_record(L, object, now, saved + at);
    }
    lua_pushinteger(L, loaded);
    return 1;
}


/***
How many processes are followed: `#history`.
@function __len
*/
static int length(lua_State *L) {
    lua_pushinteger(L, check_object(L)->history->count);
    return 1;
}


static void set_class(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"add", add},         {"judge", judge},   {"suspects", suspects},
        {"finding", finding}, {"points", points}, {"save", save},
        {"load", load},       {"expire", expire}, {"forget", forget},
        {"__len", length},    {NULL, NULL}};
    luaL_newmetatable(L, HISTORY);
    luaL_setfuncs(L, methods, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}


static uint32_t check_count(lua_State *L, const char *name, lua_Number missing, uint32_t most) {
    lua_Number count = pw_number_field(L, 1, name, missing);
    if (!(count >= 1 && count <= (lua_Number)most)) {
        luaL_error(L, "bad field '%s' (1 to %d expected)", name, (int)most);
    }
    return (uint32_t)count;
}


/* Finer scales would be noise, and coarser ones never fill. */
static double check_finest(lua_State *L) {
    lua_Number finest = pw_number_field(L, 1, "finest", PW_FINEST_SECONDS);
    if (!(finest >= LEAST_FINEST_SECONDS && finest <= PW_FINEST_SECONDS)) {
        luaL_error(L, "bad field 'finest' (0.01 to 11.1 expected)");
    }
    return (double)finest;
}


static double check_amount(lua_State *L, const char *name, lua_Number missing) {
    lua_Number amount = pw_number_field(L, 1, name, missing);
    if (!(amount >= 0 && isfinite(amount))) {
        luaL_error(L, "bad field '%s' (a number from 0 expected)", name);
    }
    return (double)amount;
}


/* The least rise of each column: one number for all, or a list. */
static void check_least(lua_State *L, struct object *object, uint32_t columns) {
    bool is_list = lua_getfield(L, 1, "least") == LUA_TTABLE;
    for (uint32_t i = 0; i < columns; i++) {
        int is_number = 1;
        if (is_list) {
            lua_geti(L, -1, i + 1);
            object->terms[i].least = (double)lua_tonumberx(L, -1, &is_number);
            lua_pop(L, 1);
        } else if (!lua_isnil(L, -1)) {
            object->terms[i].least = (double)lua_tonumberx(L, -1, &is_number);
        }
        if (!is_number || !(object->terms[i].least >= 0)) {
            luaL_error(L, "bad field 'least' (a size, or a list of one for each column, expected)");
        }
    }
    lua_pop(L, 1);
}


static void check_terms(lua_State *L, struct object *object, uint32_t columns) {
    for (uint32_t i = 0; i < columns; i++) {
        object->terms[i] = (struct pw_terms){
            .share = check_amount(L, "share", 0.05),
            .patience = check_amount(L, "patience", PW_PATIENCE_SECONDS),
            .false_finding = check_amount(L, "false_finding", 0.01),
        };
    }
    check_least(L, object, columns);
}


int pw_new_history(lua_State *L) {
    static const char *const names[] = {"columns", "screen", "finest",   "processes",
                                        "series",  "least",  "patience", "false_finding",
                                        "share",   NULL};
    pw_check_surplus(L, 1);
    lua_settop(L, 1);
    if (lua_isnil(L, 1)) {
        lua_newtable(L);
        lua_replace(L, 1);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    pw_check_names(L, 1, names, "field");
    struct pw_history_shape shape = {check_count(L, "columns", 1, MOST_COLUMNS),
                                     check_amount(L, "screen", 0), check_finest(L)};
    struct pw_history_room limit = {check_count(L, "processes", 1024, MOST_PROCESSES),
                                    check_count(L, "series", 1024, MOST_PROCESSES)};
    struct pw_history_room room = {.processes = smaller(FEWEST_PROCESSES, limit.processes)};
    struct object *object = lua_newuserdatauv(L, sizeof *object, 1);
    object->limit = limit;
    check_terms(L, object, shape.columns);
    object->history = push_block(L, &shape, &room);
    lua_setiuservalue(L, -2, 1);
    set_class(L);
    return 1;
}
