/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.oom */
#include <errno.h>

#include "bind/oom.h"
#include "read/cgroup.h"
#include "read/victims.h"

/* How many victims there are by default. */
#define DEFAULT_TOP 10

struct options {
    lua_Integer top;
    struct pw_slice cgroup; /* data is NULL when there is none */
    bool spared;            /* those that cannot be killed are asked for */
};


/* [-0, +1, v] The options at 2; the name of the cgroup stays on the stack. */
static struct options check_options(lua_State *L) {
    static const char *const names[] = {"top", "cgroup", "spared", NULL};
    struct options options = {.top = DEFAULT_TOP};
    pw_check_surplus(L, 2);
    lua_settop(L, 2);
    if (lua_isnil(L, 2)) {
        lua_pushnil(L);
        return options;
    }
    luaL_checktype(L, 2, LUA_TTABLE);
    pw_check_names(L, 2, names, "option");
    if (lua_getfield(L, 2, "top") != LUA_TNIL) {
        options.top = lua_tointeger(L, -1);
        luaL_argcheck(L, options.top > 0, 2, "top: a positive integer expected");
    }
    lua_getfield(L, 2, "spared");
    options.spared = lua_toboolean(L, -1);
    lua_pop(L, 2);
    if (lua_getfield(L, 2, "cgroup") != LUA_TNIL) {
        options.cgroup.data = lua_tolstring(L, -1, &options.cgroup.size);
        luaL_argcheck(L, options.cgroup.size > 0 && options.cgroup.data[0] == '/', 2,
                      "cgroup: a path such as '/user.slice' expected");
    }
    return options;
}


/* [-0, +1, m] A snapshot of who is there, with pid, start time, name and cgroup. */
static int push_processes(lua_State *L, struct pw_reader *reader, bool with_cgroups) {
    pw_push_view_reader(L, 1, PW_OOM);
    struct pw_snapshot *snapshot = pw_new_snapshot(L, -1);
    lua_remove(L, -2);
    snapshot->asked = PW_BIT(PW_COMM) | (with_cgroups ? PW_BIT(PW_CGROUP) : 0);
    int error = pw_scan_open(&snapshot->scan, &reader->source, &reader->buffer);
    snapshot->sweep.files = pw_files_of(snapshot->asked);
    error = error ? error : pw_take_pass(L, lua_gettop(L), snapshot);
    pw_sweep_close(&snapshot->sweep);
    return error;
}


/* [-0, +1, m] Every process of the snapshot on top of the stack that is in the cgroup. Those that
 * ended meanwhile are left out. */
static struct pw_victims *push_victims(lua_State *L, struct pw_reader *reader,
                                       const struct pw_snapshot *snapshot, struct pw_slice cgroup) {
    const struct pw_columns *columns = &snapshot->columns;
    struct pw_victims *victims =
        lua_newuserdatauv(L, sizeof *victims + pw_victims_size(columns->rows), 0);
    pw_victims_begin(victims, &reader->source, &reader->buffer, columns->rows, victims + 1);
    for (uint32_t row = 0; row < columns->rows; row++) {
        struct pw_identity process = {pw_columns_number(columns, PW_PID, row),
                                      pw_columns_number(columns, PW_START_TIME, row)};
        if (!cgroup.data || pw_cgroup_is_within(pw_columns_text(columns, PW_CGROUP, row), cgroup)) {
            pw_victims_add(victims, &process);
        }
    }
    return victims;
}


static void set_bytes(lua_State *L, const char *name, const struct pw_reader *reader,
                      int64_t pages) {
    struct pw_number bytes = {.value = pages};
    pw_scale_number(&bytes, reader->source.page_size_bytes);
    pw_set_integer(L, name, bytes.value);
}


/* [-0, +1, m] Who it is. */
static void push_identity(lua_State *L, const struct pw_snapshot *snapshot,
                          const struct pw_ranked *ranked) {
    uint32_t row = pw_columns_find(&snapshot->columns, ranked->pid, 0);
    lua_newtable(L);
    pw_set_integer(L, "pid", ranked->pid);
    pw_set_integer(L, "start_time", ranked->start_ticks);
    pw_set_slice(L, "comm", pw_columns_text(&snapshot->columns, PW_COMM, row));
}


/* [-0, +0, m] What the badness is made of; before 2.6.36 it is not pages of anything. */
static void set_shares(lua_State *L, const struct pw_reader *reader,
                       const struct pw_victims *victims, uint32_t number) {
    const struct pw_rated *rated = &victims->candidates[number].rated;
    const struct pw_badness *badness = &victims->badness[number];
    set_bytes(L, "rss", reader, rated->rss_pages);
    set_bytes(L, "swap", reader, rated->swap_pages);
    set_bytes(L, "page_tables", reader, rated->page_table_pages);
    pw_set_integer(L, "oom_score_adj", rated->oom_score_adj);
    pw_set_integer(L, "oom_score",
                   pw_badness_score(&victims->rules, badness, victims->total_pages));
    set_bytes(L, "badness", reader, badness->pages);
    if (!victims->rules.by_size) {
        set_bytes(L, "from_adj", reader, badness->adj_pages);
        set_bytes(L, "from_root", reader, badness->root_pages);
    }
}


/* [-0, +1, m] */
static void push_ranked(lua_State *L, const struct pw_reader *reader,
                        const struct pw_snapshot *snapshot, const struct pw_victims *victims,
                        const struct pw_ranked *ranked) {
    push_identity(L, snapshot, ranked);
    set_shares(L, reader, victims, ranked->row);
    if (ranked->instead_pid) {
        pw_set_integer(L, "instead", ranked->instead_pid);
    }
}


/* [-0, +1, m] The list of those that cannot be killed, which are the last of the ranking. */
static void push_spared(lua_State *L, const struct pw_snapshot *snapshot,
                        const struct pw_victims *victims) {
    lua_newtable(L);
    for (uint32_t i = 0; i < victims->count; i++) {
        const struct pw_ranked *ranked = &victims->ranked[i];
        if (ranked->spared) {
            push_identity(L, snapshot, ranked);
            const struct pw_candidate *candidate = &victims->candidates[ranked->row];
            lua_pushstring(L, pw_spared_name(candidate->spared));
            lua_setfield(L, -2, "reason");
            pw_append(L);
        }
    }
}


/***
Whom the kernel would kill next for memory, rated as the running kernel does: since Linux 5.9 by
resident, swapped and page-table memory, moved by `oom_score_adj`; since 2.6.36 the same with a
bonus for root until 4.16; before, by what it says itself. The kernel looks again when the time
comes, and takes who runs swapoff first; in an out-of-memory of a cpuset or memory policy it looks
at fewer.
@function victims
@tparam[opt] table options `top = n` (10 by default), `cgroup = path` for when that cgroup runs into
its limit, `spared = true` for the second result
@treturn[1] {table,...} the next one first, each `{ pid =, start_time =, comm =, badness = (bytes),
rss =, swap =, page_tables =, from_adj =, from_root =, oom_score_adj =, oom_score = }`; `badness` is
the sum of what stands behind it, and in `instead` is the pid of the child that kernels before 5.1
kill for it. The list's `total` is what `from_adj` is a share of
@treturn[1] ?{table,...} those that cannot be killed, `{ pid =, start_time =, comm =, reason = }`:
"init", "kernel thread", "adj" (of -1000), "no memory", or "kernel" when it gives no score to what
has memory: between vfork and exec, or dying already
@return[2] nil, message, errno, kind
@usage for _, victim in ipairs(oom.victims { top = 3 }) do print(victim.comm, victim.badness) end
*/
int pw_oom_victims(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_OOM);
    struct options options = check_options(L);
    int64_t total_pages = pw_machine_pages(&reader->source, &reader->buffer);
    int error = options.cgroup.data ? pw_cgroup_pages(&reader->source, options.cgroup,
                                                      &reader->buffer, &total_pages)
                                    : 0;
    if (error) {
        return pw_fail(L, lua_pushfstring(L, "cgroup %s", options.cgroup.data), -error);
    }
    error = push_processes(L, reader, options.cgroup.data);
    if (error) {
        return pw_fail_file(L, "proc", -error);
    }
    const struct pw_snapshot *snapshot = lua_touserdata(L, -1);
    struct pw_victims *victims = push_victims(L, reader, snapshot, options.cgroup);
    pw_victims_rank(victims, total_pages, (size_t)options.top);
    lua_newtable(L);
    set_bytes(L, "total", reader, total_pages);
    for (uint32_t i = 0; i < victims->count && i < options.top; i++) {
        if (!victims->ranked[i].spared) {
            push_ranked(L, reader, snapshot, victims, &victims->ranked[i]);
            pw_append(L);
        }
    }
    if (!options.spared) {
        return 1;
    }
    push_spared(L, snapshot, victims);
    return 2;
}
