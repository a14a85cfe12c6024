/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.oom */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "bind/oom.h"
#include "bind/process.h"
#include "read/daemon.h"
#include "read/tree.h"

/* How many pids are named when a description fits several. */
#define NAMED_PIDS 4

/* What a table describes. */
struct description {
    struct pw_daemon daemon;
    bool list;        /* of processes, in place of a daemon */
    bool all;         /* several trees may be meant */
    const char *what; /* "name sshd", for messages */
};

/* The keys of a description, in the order of enum pw_daemon_by. */
static const char *const keys[] = {"name", "unit", "cgroup", "pid_file", "port", NULL};
static const char *const words[] = {"name", "unit", "cgroup", "pid file", "port"};


/* [-0, +1, v] A port's number, or text without a NUL that is not empty. */
static void check_value(lua_State *L, int index, int by, struct pw_daemon *daemon) {
    const char *key = keys[by];
    lua_getfield(L, index, key);
    daemon->by = (enum pw_daemon_by)by;
    if (by == PW_BY_PORT) {
        daemon->port = lua_tointeger(L, -1);
        luaL_argcheck(L, lua_isinteger(L, -1) && daemon->port > 0 && daemon->port < 65536, index,
                      "port: 1 to 65535 expected");
        return;
    }
    size_t size = 0;
    daemon->text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &size) : NULL;
    bool is_path = by == PW_BY_CGROUP || by == PW_BY_PID_FILE;
    if (!size || strlen(daemon->text) != size || (is_path && daemon->text[0] != '/')) {
        luaL_argerror(
            L, index,
            lua_pushfstring(
                L, is_path ? "%s: a path from the root expected" : "%s: a name expected", key));
    }
}


/* [-0, +2, v] The description at `index`; its texts stay on the stack. */
static struct description check_description(lua_State *L, int index) {
    static const char *const known[] = {"name", "unit", "cgroup", "pid_file",
                                        "port", "all",  "except", NULL};
    struct description description = {.what = "processes"};
    int given = 0;
    luaL_checktype(L, index, LUA_TTABLE);
    pw_check_names(L, index, known, "field");
    lua_getfield(L, index, "all");
    description.all = lua_toboolean(L, -1);
    description.list = lua_rawlen(L, index) > 0;
    lua_pop(L, 1);
    lua_pushnil(L);
    for (int by = 0; keys[by]; by++) {
        if (lua_getfield(L, index, keys[by]) != LUA_TNIL) {
            check_value(L, index, by, &description.daemon);
            lua_replace(L, -3);
            given++;
        }
        lua_pop(L, 1);
    }
    luaL_argcheck(L, given + description.list == 1, index,
                  "one of name, unit, cgroup, pid_file and port expected, or a list of processes");
    if (given) {
        description.what =
            lua_pushfstring(L, "%s %s", words[description.daemon.by], luaL_tolstring(L, -1, NULL));
        lua_remove(L, -2);
    } else {
        lua_pushnil(L);
    }
    return description;
}


bool pw_oom_mark_list(lua_State *L, int index, int argument, const struct pw_columns *columns,
                      bool marked[]) {
    bool any = false;
    lua_Integer count = (lua_Integer)lua_rawlen(L, index);
    memset(marked, 0, columns->rows * sizeof *marked);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, index, i);
        const struct pw_identity *process = pw_test_process(L, -1);
        luaL_argcheck(L, process || lua_isinteger(L, -1), argument, "a list of processes expected");
        uint32_t row = pw_columns_find(columns, process ? process->pid : lua_tointeger(L, -1), 0);
        bool there =
            row < columns->rows && (!process || process->start_ticks == PW_ABSENT ||
                                    columns->numbers[PW_START_TIME][row] == process->start_ticks);
        if (there) {
            marked[row] = any = true;
        }
        lua_pop(L, 1);
    }
    return any;
}


const bool *pw_oom_push_listed(lua_State *L, int index, const char *field,
                               const struct pw_columns *columns) {
    if (lua_getfield(L, index, field) == LUA_TNIL) {
        return NULL;
    }
    if (!lua_istable(L, -1)) {
        luaL_argerror(L, index, lua_pushfstring(L, "%s: a list of processes expected", field));
    }
    bool *listed = lua_newuserdatauv(L, columns->rows * sizeof *listed + 1, 0);
    pw_oom_mark_list(L, lua_gettop(L) - 1, index, columns, listed);
    lua_replace(L, -2);
    return listed;
}


/* [-0, +4, m] "name sshd: 812 and 990 are …". */
static int fail_ambiguous(lua_State *L, const char *what, const struct pw_oom_tree *tree) {
    const struct pw_columns *columns = &tree->snapshot->columns;
    luaL_Buffer reason;
    luaL_buffinit(L, &reason);
    for (uint32_t i = 0; i < tree->mains && i < NAMED_PIDS; i++) {
        lua_pushfstring(L, i ? ", %I" : "%I",
                        (LUAI_UACINT)columns->numbers[PW_PID][columns->order[i]]);
        luaL_addvalue(&reason);
    }
    luaL_addstring(&reason, tree->mains > NAMED_PIDS ? ", …" : "");
    luaL_addstring(&reason, " are trees of their own; say all = true for all of them, or which "
                            "by its unit, pid_file or port");
    luaL_pushresult(&reason);
    return pw_fail_because(L, what, lua_tostring(L, -1), ENOTUNIQ, PW_BROKEN);
}


/* [-0, +1, m] Who is there, with the fields that the description needs. 0 or -errno. */
static int push_processes(lua_State *L, const struct description *description) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_OOM);
    pw_push_view_reader(L, 1, PW_OOM);
    struct pw_snapshot *snapshot = pw_new_snapshot(L, -1);
    lua_remove(L, -2);
    snapshot->asked = pw_daemon_fields(&description->daemon);
    int error = pw_scan_open(&snapshot->scan, &reader->source, &reader->buffer);
    snapshot->sweep.files = pw_files_of(snapshot->asked);
    return error ? error : pw_take_pass(L, lua_gettop(L), snapshot);
}


/* [-0, +1, v] The rows that fit the description, as memory on the stack; or why there are none. */
static bool *push_marks(lua_State *L, int index, const struct description *description,
                        const struct pw_columns *columns, struct pw_daemon_miss *miss) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_OOM);
    bool *marked = lua_newuserdatauv(L, columns->rows * sizeof *marked + 1, 0);
    bool found = description->list ? pw_oom_mark_list(L, index, index, columns, marked)
                                   : pw_daemon_mark(&description->daemon, &reader->source,
                                                    &reader->buffer, columns, marked, miss);
    return found ? marked : NULL;
}


static int find_tree(lua_State *L, int index, struct pw_oom_tree *tree) {
    int base = lua_gettop(L);
    struct description description = check_description(L, index);
    struct pw_daemon_miss miss = {ESRCH, "they have ended"};
    int error = push_processes(L, &description);
    int snapshot = lua_gettop(L);
    tree->snapshot = lua_touserdata(L, snapshot);
    if (error) {
        return pw_fail_file(L, "proc", -error);
    }
    struct pw_columns *columns = &tree->snapshot->columns;
    const bool *left_out = pw_oom_push_listed(L, index, "except", columns);
    bool *marked = push_marks(L, index, &description, columns, &miss);
    if (!marked) {
        return pw_fail_because(L, description.what, miss.reason, miss.error,
                               miss.error == ENOENT ? PW_GONE : pw_failure_of(miss.error));
    }
    void *scratch = lua_newuserdatauv(L, pw_tree_scratch_size(columns->rows) + 1, 0);
    tree->mains = pw_tree_narrow(columns, marked, description.list, left_out, scratch);
    bool one = description.daemon.by == PW_BY_NAME || description.daemon.by == PW_BY_PORT;
    if (tree->mains > 1 && one && !description.list && !description.all) {
        return fail_ambiguous(L, description.what, tree);
    }
    lua_settop(L, snapshot);
    lua_replace(L, base + 1);
    lua_settop(L, base + 1);
    return 0;
}


int pw_oom_find_tree(lua_State *L, int index, struct pw_oom_tree *tree) {
    const pw_field_set late = PW_BIT(PW_RSS) | PW_BIT(PW_SWAP) | PW_BIT(PW_OOM_SCORE_ADJ);
    tree->snapshot = NULL;
    int failed = find_tree(L, index, tree);
    if (!failed) {
        struct pw_columns *columns = &tree->snapshot->columns;
        pw_resize(L, lua_gettop(L), tree->snapshot, columns->fields | late, columns->capacity);
        pw_read_late(L, lua_gettop(L), tree->snapshot, late, HUGE_VAL);
    }
    if (tree->snapshot) {
        pw_sweep_close(&tree->snapshot->sweep); /* not left open until it is collected */
    }
    return failed;
}


/***
A daemon and all that it started, as they are now. Found is it by exactly one of: `name`, that of
its process; `unit`, of systemd; `cgroup`; `pid_file`, which is not believed when it is older than
the process it names or belongs to somebody else; `port`, on which it listens (TCP). When a name or
a port fits several trees none is meant, unless `all = true`. Of a list each is a main process.
Those in the list `except` are left out with all that they started, unless they are main processes.
Anybody may give a process any name, so where it matters say the unit.
@function tree
@tparam table description `{ name = "sshd" }`, `{ port = 5432 }`; or a list of processes or pids
@treturn[1] {table,...} the main processes first, each `{ pid =, ppid =, start_time =, comm =, rss
=, swap =, oom_score_adj =, main = (true or nil) }`
@return[2] nil, "name sshd: reason", errno, kind: "gone" when there is nobody
@usage for _, process in ipairs(assert(oom.tree { unit = "ssh.service" })) do print(process.pid) end
*/
int pw_oom_tree(lua_State *L) {
    static const enum pw_field_id shown[] = {PW_PID, PW_PPID, PW_START_TIME,   PW_COMM,
                                             PW_RSS, PW_SWAP, PW_OOM_SCORE_ADJ};
    struct pw_oom_tree tree;
    pw_check_view(L, 1, PW_OOM);
    pw_check_surplus(L, 2);
    int failed = pw_oom_find_tree(L, 2, &tree);
    if (failed) {
        return failed;
    }
    const struct pw_columns *columns = &tree.snapshot->columns;
    lua_createtable(L, (int)columns->visible, 0);
    for (uint32_t i = 0; i < columns->visible; i++) {
        lua_newtable(L);
        for (size_t field = 0; field < sizeof shown / sizeof *shown; field++) {
            pw_push_field(L, tree.snapshot, shown[field], columns->order[i]);
            lua_setfield(L, -2, pw_field_name(shown[field]));
        }
        if (i < tree.mains) {
            lua_pushboolean(L, true);
            lua_setfield(L, -2, "main");
        }
        pw_append(L);
    }
    return 1;
}
