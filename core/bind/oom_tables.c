/* SPDX-License-Identifier: MIT */
#include "bind/oom_tables.h"

#include <string.h>

#include "bind/oom_fields.h"
#include "read/oom_dump.h"

/* What a whole report has; the names are those of its list of what is missing. */
enum section { INVOCATION, MEMORY, TASKS, KILL, SECTIONS };

static const char *const section_names[SECTIONS] = {"invocation", "memory", "tasks", "kill"};

/* Takes a line, if it is one of its kind. */
typedef bool take_line(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line);


/* [-0, +0, m] Sets a field of the table on top of the stack, if there is such a number. */
static void set_known(lua_State *L, const char *name, int64_t number) {
    if (number != PW_ABSENT) {
        pw_set_integer(L, name, number);
    }
}


/* [-0, +0, m] The same for a text. */
static void set_text(lua_State *L, const char *name, struct pw_slice text) {
    if (text.size > 0) {
        pw_set_slice(L, name, text);
    }
}


static void set_true(lua_State *L, const char *name) {
    lua_pushboolean(L, true);
    lua_setfield(L, -2, name);
}


/* [-0, +0, m] Sets the fields of a text in the table on top of the stack. */
static void set_fields(lua_State *L, struct pw_slice text) {
    struct pw_field field;
    while (pw_next_oom_field(&text, &field)) {
        pw_push_slice(L, field.key);
        pw_push_number(L, &field.number);
        lua_rawset(L, -3);
    }
}


static void note(struct pw_oom_tables *tables, enum section section) {
    tables->found |= 1U << section;
}


static bool has(const struct pw_oom_tables *tables, enum section section) {
    return tables->found >> section & 1;
}


static bool is_open(lua_State *L, const struct pw_oom_tables *tables) {
    return lua_istable(L, tables->report);
}


/* [-0, +0, m] Ends the report, and says what it lacks: its beginning was overwritten, its end was
 * not written yet, or vm.oom_dump_tasks is 0. */
static void close_report(lua_State *L, struct pw_oom_tables *tables) {
    if (is_open(L, tables)) {
        lua_newtable(L);
        for (int i = 0; i < SECTIONS; i++) {
            if (!has(tables, (enum section)i)) {
                lua_pushstring(L, section_names[i]);
                pw_append(L);
            }
        }
        lua_setfield(L, tables->report, "missing");
    }
    lua_pushnil(L);
    lua_replace(L, tables->report);
}


/* [-0, +0, m] Begins a report in place of the one before. */
static void open_report(lua_State *L, struct pw_oom_tables *tables) {
    close_report(L, tables);
    tables->part = PW_OOM_NO_PART;
    tables->found = 0;
    tables->grouped = false;
    tables->heading_bytes = 0;
    lua_newtable(L);
    if (tables->time_us != PW_ABSENT) {
        lua_pushnumber(L, (lua_Number)tables->time_us / 1e6);
        lua_setfield(L, -2, "time");
    }
    if (tables->asked) {
        set_true(L, "manual");
    }
    tables->asked = false;
    lua_pushvalue(L, -1);
    lua_replace(L, tables->report);
    lua_pushvalue(L, tables->list);
    lua_insert(L, -2);
    pw_append(L);
    lua_pop(L, 1);
}


/* [-0, +1, m] The report that is written; a new one when its beginning was not seen. */
static void push_report(lua_State *L, struct pw_oom_tables *tables) {
    if (!is_open(L, tables) || has(tables, KILL)) {
        open_report(L, tables);
    }
    lua_pushvalue(L, tables->report);
}


/* [-0, +1, m] The last report, even when its victim was told already. */
static void push_last_report(lua_State *L, struct pw_oom_tables *tables) {
    if (!is_open(L, tables)) {
        open_report(L, tables);
    }
    lua_pushvalue(L, tables->report);
}


static bool take_manual(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    (void)L;
    bool mine = pw_is_oom_manual(line);
    tables->asked = tables->asked || mine;
    return mine;
}


static bool take_invocation(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_oom_invocation invocation;
    if (!pw_parse_oom_invocation(line, &invocation)) {
        return false;
    }
    tables->asked = tables->asked || invocation.order == -1;
    open_report(L, tables);
    note(tables, INVOCATION);
    lua_newtable(L);
    pw_set_slice(L, "comm", invocation.comm);
    set_known(L, "gfp_mask", invocation.gfp_mask);
    set_text(L, "gfp_flags", invocation.gfp_flags);
    set_known(L, "order", invocation.order);
    set_known(L, "oom_adj", invocation.oom_adj);
    set_known(L, "oom_score_adj", invocation.oom_score_adj);
    lua_setfield(L, tables->report, "invoked");
    return true;
}


static bool take_invoker(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_oom_invoker invoker;
    (void)tables;
    if (!pw_parse_oom_invoker(line, &invoker)) {
        return false;
    }
    if (lua_getfield(L, -1, "invoked") == LUA_TTABLE) {
        pw_set_integer(L, "pid", invoker.pid);
        set_text(L, "kernel", invoker.kernel);
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
    set_text(L, "cpuset", cpuset.cpuset);
    set_text(L, "mems_allowed", cpuset.mems_allowed);
    return true;
}


static bool take_limit(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_oom_limit limit;
    if (!pw_parse_oom_limit(line, &limit)) {
        return false;
    }
    push_report(L, tables);
    pw_set_slice(L, "cgroup", limit.cgroup);
    pw_set_slice(L, "oom_cgroup", limit.oom_cgroup);
    pw_set_slice(L, "constraint", pw_slice_of("CONSTRAINT_MEMCG"));
    lua_pop(L, 1);
    return true;
}


/* [-0, +1, m] The table in a field of the table on top of the stack, made if it is missing. */
static void push_part(lua_State *L, const char *name) {
    luaL_getsubtable(L, -1, name);
}


static bool take_usage(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_oom_usage usage;
    if (!pw_parse_oom_usage(line, &usage)) {
        return false;
    }
    note(tables, MEMORY);
    push_part(L, "usage");
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
    push_part(L, "stats");
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
    push_part(L, name);
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
    push_part(L, "stat");
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
    note(tables, MEMORY);
    return true;
}


static bool take_totals(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    if (tables->part != PW_OOM_MEMORY || !pw_is_oom_totals(line)) {
        return false;
    }
    push_part(L, "memory");
    push_part(L, "pages");
    set_fields(L, line);
    lua_pop(L, 2);
    return true;
}


static bool take_node(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_oom_place place;
    if (tables->part != PW_OOM_MEMORY || !pw_parse_oom_node(line, &place)) {
        return false;
    }
    push_part(L, "memory");
    push_part(L, "nodes");
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
    push_part(L, "memory");
    push_part(L, "zones");
    lua_newtable(L);
    set_fields(L, place.rest);
    set_known(L, "node", place.node);
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
    push_part(L, "memory");
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
    push_part(L, "memory");
    push_part(L, "zones");
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
    push_part(L, "memory");
    push_part(L, "hugepages");
    lua_newtable(L);
    set_fields(L, place.rest);
    set_known(L, "node", place.node);
    pw_append(L);
    lua_pop(L, 2);
    return true;
}


static bool take_count(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_oom_count count;
    if (tables->part != PW_OOM_MEMORY || !pw_parse_oom_count(line, &count)) {
        return false;
    }
    push_part(L, "memory");
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
    push_part(L, "slabs");
    lua_newtable(L);
    pw_set_slice(L, "name", slab.name);
    pw_set_integer(L, "used", slab.used_bytes.value);
    pw_set_integer(L, "total", slab.total_bytes.value);
    pw_append(L);
    lua_pop(L, 1);
    return true;
}


static bool take_columns(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_slice columns;
    if (!pw_parse_oom_columns(line, &columns) || columns.size > sizeof tables->heading) {
        return false;
    }
    push_report(L, tables);
    lua_pop(L, 1);
    memcpy(tables->heading, columns.data, columns.size);
    tables->heading_bytes = columns.size;
    tables->part = PW_OOM_TASKS;
    note(tables, TASKS);
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
    push_part(L, "tasks");
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


static bool take_choice(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_oom_choice choice;
    if (!pw_parse_oom_choice(line, &choice)) {
        return false;
    }
    push_report(L, tables);
    lua_newtable(L);
    pw_set_integer(L, "pid", choice.pid);
    pw_set_slice(L, "comm", choice.comm);
    pw_set_integer(L, "score", choice.score);
    lua_setfield(L, -2, "chosen");
    lua_pop(L, 1);
    return true;
}


static bool take_summary(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_oom_summary summary;
    if (!pw_parse_oom_summary(line, &summary)) {
        return false;
    }
    push_report(L, tables);
    set_text(L, "constraint", summary.constraint);
    set_text(L, "cpuset", summary.cpuset);
    set_text(L, "mems_allowed", summary.mems_allowed);
    set_text(L, "cgroup", summary.cgroup);
    set_text(L, "oom_cgroup", summary.oom_cgroup);
    set_known(L, "uid", summary.uid);
    lua_pop(L, 1);
    return true;
}


static bool take_group(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_slice cgroup;
    if (!pw_parse_oom_group(line, &cgroup)) {
        return false;
    }
    tables->grouped = true;
    push_last_report(L, tables);
    pw_set_slice(L, "group", cgroup);
    lua_pop(L, 1);
    return true;
}


/* [-0, +0, m] Adds who was killed with the victim to the report on top of the stack; of the victim
 * the kernel tells again. */
static void add_other(lua_State *L, const struct pw_oom_report *kill) {
    lua_getfield(L, -1, "pid");
    bool victim = lua_tointeger(L, -1) == kill->pid;
    lua_pop(L, 1);
    if (!victim) {
        push_part(L, "others");
        lua_newtable(L);
        pw_set_oom_report(L, *kill);
        pw_append(L);
        lua_pop(L, 1);
    }
}


static bool take_kill(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_oom_report kill;
    if (!pw_parse_oom_kill(line, &kill)) {
        return false;
    }
    if (tables->grouped && has(tables, KILL)) {
        push_last_report(L, tables);
        add_other(L, &kill);
    } else {
        push_report(L, tables);
        note(tables, KILL);
        pw_set_oom_report(L, kill);
    }
    lua_pop(L, 1);
    return true;
}


static bool take_panic(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_slice reason;
    if (!pw_parse_oom_panic(line, &reason)) {
        return false;
    }
    push_last_report(L, tables);
    note(tables, KILL);
    pw_set_slice(L, "panic", reason);
    lua_pop(L, 1);
    return true;
}


static bool take_no_victim(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    if (!pw_is_oom_without_victim(line)) {
        return false;
    }
    push_last_report(L, tables);
    note(tables, KILL);
    set_true(L, "nobody");
    lua_pop(L, 1);
    return true;
}


/* [-0, +0, m] Sets what the reaper left of a victim in the table on top of the stack, or false. */
static void set_reaped(lua_State *L, struct pw_oom_reaping *reaping) {
    struct pw_field field;
    if (!reaping->reaped) {
        lua_pushboolean(L, false);
        lua_setfield(L, -2, "reaped");
        return;
    }
    lua_newtable(L);
    while (pw_next_oom_field(&reaping->left, &field)) {
        pw_push_slice(L, field.key);
        luaL_gsub(L, lua_tostring(L, -1), "-", "_");
        pw_push_number(L, &field.number);
        lua_rawset(L, -4);
        lua_pop(L, 1);
    }
    lua_setfield(L, -2, "reaped");
}


/* The reaper may come after the next report has begun; the last one of the pid is meant. */
static bool take_reaping(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    struct pw_oom_reaping reaping;
    if (!pw_parse_oom_reaping(line, &reaping)) {
        return false;
    }
    for (lua_Integer i = (lua_Integer)lua_rawlen(L, tables->list); i > 0; i--) {
        lua_rawgeti(L, tables->list, i);
        lua_getfield(L, -1, "pid");
        bool mine = lua_tointeger(L, -1) == reaping.pid;
        lua_pop(L, 1);
        if (mine) {
            set_reaped(L, &reaping);
        }
        lua_pop(L, 1);
        if (mine) {
            break;
        }
    }
    return true;
}


/* Lines that only a report of a kill has. They find their report, or begin one whose beginning was
 * not seen. */
static take_line *const of_kills[] = {
    take_manual, take_invocation, take_limit, take_columns, take_choice,    take_summary,
    take_kill,   take_group,      take_panic, take_reaping, take_no_victim,
};

/* Lines that the kernel writes on other occasions too: these take them into the report on top of
 * the stack, between its beginning and the kill. */
static take_line *const of_dumps[] = {
    take_task,    take_stat,      take_totals, take_node,    take_zone,
    take_reserve, take_free_list, take_count,  take_memory,  take_hugepages,
    take_usage,   take_stats,     take_slab,   take_invoker, take_cpuset,
};


static bool take_with(lua_State *L, struct pw_oom_tables *tables, take_line *const takers[],
                      size_t count, struct pw_slice line) {
    size_t i = 0;
    while (i < count && !takers[i](L, tables, line)) {
        i++;
    }
    return i < count;
}


static void take_one(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    if (!take_with(L, tables, of_kills, sizeof of_kills / sizeof *of_kills, line) &&
        is_open(L, tables) && !has(tables, KILL)) {
        lua_pushvalue(L, tables->report);
        take_with(L, tables, of_dumps, sizeof of_dumps / sizeof *of_dumps, line);
        lua_pop(L, 1);
    }
}


void pw_oom_tables_start(lua_State *L, struct pw_oom_tables *tables) {
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    *tables = (struct pw_oom_tables){.list = lua_gettop(L) + 1, .report = lua_gettop(L) + 2};
    lua_newtable(L);
    lua_pushnil(L);
}


void pw_oom_tables_add(lua_State *L, struct pw_oom_tables *tables, const struct pw_log_line *line) {
    struct pw_slice rest = line->text, text;
    if (!line->from_kernel) {
        return;
    }
    tables->time_us = line->time_us;
    while (pw_take_line(&rest, &text)) {
        take_one(L, tables, pw_slice_trim(text));
    }
}


void pw_oom_tables_finish(lua_State *L, struct pw_oom_tables *tables) {
    close_report(L, tables);
    lua_settop(L, tables->list);
}
