/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.proc */
#include "bind/snapshot.h"


/***
Reads processes into a snapshot.

Fields: `pid ppid pgrp comm state threads start_time vsize rss minflt majflt` come from one cheap
file; `uid rss_anon rss_file rss_shmem swap` from a second; `oom_score oom_score_adj cmdline` have
one each, and `cgroup unit` (of systemd) another; `pss uss` are expensive. Memory is in bytes,
`start_time` in clock ticks after boot.

@function processes
@tparam table options the fields as a list, and `where = { rss = { min = n, max = n }, comm = "name"
or { "name", … }, uid = 0 }`, `by = field` to order by, largest first, `top = n` to keep the first n
@treturn[1] snapshot
@return[2] nil
@treturn[2] string message
@treturn[2] integer errno
@usage local largest = proc.processes { "pid", "comm", "rss", by = "rss", top = 10 }
*/
static int processes(lua_State *L) {
    static const char *const known[] = {"where", "by", "top", NULL};
    struct pw_reader *reader = pw_check_reader(L, 1);
    pw_check_surplus(L, 2);
    luaL_checktype(L, 2, LUA_TTABLE);
    struct pw_snapshot *snapshot = pw_new_snapshot(L, 1);
    pw_read_snapshot_options(L, 3, 2, known);
    int error = pw_scan_open(&snapshot->scan, &reader->source, &reader->buffer);
    if (!error) {
        error = pw_take_pass(L, 3, snapshot);
    }
    return error ? pw_fail_file(L, "proc", -error) : 1;
}


/***
A process and its descendants as they are now, parents before their children.
@function tree
@tparam integer pid
@treturn[1] table a list of `{ pid =, ppid =, comm =, start_time =, depth = }`; empty when there is
no such process
@return[2] nil
@treturn[2] string message
@treturn[2] integer errno
*/
static int process_tree(lua_State *L) {
    lua_Integer pid = luaL_checkinteger(L, 2);
    pw_check_surplus(L, 2);
    lua_settop(L, 1);
    lua_newtable(L);
    static const enum pw_field_id fields[] = {PW_PID, PW_PPID, PW_COMM, PW_START_TIME};
    for (int i = 0; i < 4; i++) {
        lua_pushstring(L, pw_field_name(fields[i]));
        lua_seti(L, -2, i + 1);
    }
    int results = processes(L);
    if (results != 1) {
        return results;
    }
    return pw_push_tree(L, lua_touserdata(L, -1), pid);
}


/***
Follows chosen processes, whose files stay open: a refresh then costs about half of opening them
again. It is a snapshot in every other respect. Descriptors are held for as many processes as
`descriptors` allows, by default half of RLIMIT_NOFILE; the others are read just as well.
@function watch
@tparam table options as for `processes`, and `pids = { 1, process, … }` to begin with,
`descriptors = n`
@treturn[1] snapshot with `add`, `remove` and `held`
@return[2] nil
@treturn[2] string message
@treturn[2] integer errno
@usage
local followed = proc.watch { "pid", "rss", "swap", pids = { 812, 813 } }
followed:refresh()
*/
static int watch(lua_State *L) {
    static const char *const known[] = {"where", "by", "top", "pids", "descriptors", NULL};
    struct pw_reader *reader = pw_check_reader(L, 1);
    pw_check_surplus(L, 2);
    luaL_checktype(L, 2, LUA_TTABLE);
    struct pw_snapshot *snapshot = pw_new_snapshot(L, 1);
    pw_read_snapshot_options(L, 3, 2, known);
    int error = pw_open_watch(L, snapshot, reader, 2);
    if (error) {
        return pw_fail_file(L, "proc", -error);
    }
    pw_follow_all(L, 3, 2);
    error = pw_take_pass(L, 3, snapshot);
    lua_settop(L, 3);
    return error ? pw_fail_file(L, "proc", -error) : 1;
}


const luaL_Reg pw_processes_methods[] = {
    {"processes", processes},
    {"tree", process_tree},
    {"watch", watch},
    {NULL, NULL},
};
