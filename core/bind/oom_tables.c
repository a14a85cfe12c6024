/* SPDX-License-Identifier: MIT */
#include "bind/oom_tables.h"

#include <string.h>

#include "bind/oom_fields.h"
#include "read/oom_dump.h"

static const char *const section_names[PW_OOM_SECTIONS] = {"invocation", "memory", "tasks", "kill"};


static void set_true(lua_State *L, const char *name) {
    lua_pushboolean(L, true);
    lua_setfield(L, -2, name);
}


static void note(struct pw_oom_tables *tables, enum pw_oom_section section) {
    tables->found |= 1U << section;
}


static bool has(const struct pw_oom_tables *tables, enum pw_oom_section section) {
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
        for (int i = 0; i < PW_OOM_SECTIONS; i++) {
            if (!has(tables, (enum pw_oom_section)i)) {
                lua_pushstring(L, section_names[i]);
                pw_append(L);
            }
        }
        lua_setfield(L, tables->report, "missing");
    }
    lua_pushnil(L);
    lua_replace(L, tables->report);
}


/* [-0, +0, m] Drops the first reports of more than are kept. */
static void drop_first(lua_State *L, const struct pw_oom_tables *tables) {
    lua_Integer count = (lua_Integer)lua_rawlen(L, tables->list);
    if (count <= tables->most) {
        return;
    }
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, tables->list, i + 1);
        lua_rawseti(L, tables->list, i);
    }
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
    drop_first(L, tables);
}


/* [-0, +1, m] The report that is written; a new one when its beginning was not seen. */
static void push_report(lua_State *L, struct pw_oom_tables *tables) {
    if (!is_open(L, tables) || has(tables, PW_OOM_HAS_KILL)) {
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
    note(tables, PW_OOM_HAS_INVOCATION);
    lua_newtable(L);
    pw_set_slice(L, "comm", invocation.comm);
    pw_set_known(L, "gfp_mask", invocation.gfp_mask);
    pw_set_text(L, "gfp_flags", invocation.gfp_flags);
    pw_set_known(L, "order", invocation.order);
    pw_set_known(L, "oom_adj", invocation.oom_adj);
    pw_set_known(L, "oom_score_adj", invocation.oom_score_adj);
    lua_setfield(L, tables->report, "invoked");
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
    note(tables, PW_OOM_HAS_TASKS);
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
    pw_set_text(L, "constraint", summary.constraint);
    pw_set_text(L, "cpuset", summary.cpuset);
    pw_set_text(L, "mems_allowed", summary.mems_allowed);
    pw_set_text(L, "cgroup", summary.cgroup);
    pw_set_text(L, "oom_cgroup", summary.oom_cgroup);
    pw_set_known(L, "uid", summary.uid);
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
        luaL_getsubtable(L, -1, "others");
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
    if (tables->grouped && has(tables, PW_OOM_HAS_KILL)) {
        push_last_report(L, tables);
        add_other(L, &kill);
    } else {
        push_report(L, tables);
        note(tables, PW_OOM_HAS_KILL);
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
    note(tables, PW_OOM_HAS_KILL);
    pw_set_slice(L, "panic", reason);
    lua_pop(L, 1);
    return true;
}


static bool take_no_victim(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    if (!pw_is_oom_without_victim(line)) {
        return false;
    }
    push_last_report(L, tables);
    note(tables, PW_OOM_HAS_KILL);
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
static pw_oom_take_line *const of_kills[] = {
    take_manual, take_invocation, take_limit, take_columns, take_choice,    take_summary,
    take_kill,   take_group,      take_panic, take_reaping, take_no_victim,
};


bool pw_oom_take_with(lua_State *L, struct pw_oom_tables *tables, pw_oom_take_line *const takers[],
                      size_t count, struct pw_slice line) {
    size_t i = 0;
    while (i < count && !takers[i](L, tables, line)) {
        i++;
    }
    return i < count;
}


static void take_one(lua_State *L, struct pw_oom_tables *tables, struct pw_slice line) {
    if (!pw_oom_take_with(L, tables, of_kills, sizeof of_kills / sizeof *of_kills, line) &&
        is_open(L, tables) && !has(tables, PW_OOM_HAS_KILL)) {
        lua_pushvalue(L, tables->report);
        pw_oom_take_dump(L, tables, line);
        lua_pop(L, 1);
    }
}


void pw_oom_tables_start(lua_State *L, struct pw_oom_tables *tables, lua_Integer most) {
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    *tables = (struct pw_oom_tables){
        .list = lua_gettop(L) + 1, .report = lua_gettop(L) + 2, .most = most};
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
