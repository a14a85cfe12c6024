/* SPDX-License-Identifier: MIT */
/***
Ways to get memory back.

What takes long runs in a process of its own: a plain program waits for it, and in a policy a task
may (`pw:task`), while the others go on. Every function is also a method of what `open` returns. In
dry run and in a test's world the figures from after are those from before.

@module pagewarden.reclaim
@pragma nostrip
*/
#include "bind/reclaim.h"

#include <string.h>

#include "act/reclaim.h"

static const char *const dirty[] = {"Dirty", "Writeback", NULL};
static const char *const nothing[] = {NULL};


static int finish_sync(lua_State *L, const struct pw_job_news *news, double seconds, bool done) {
    (void)news, (void)done;
    pw_push_figures(L, pw_check_view(L, 1, PW_RECLAIM), dirty, nothing);
    pw_push_outcome(L, seconds);
    return 1;
}


/* Syncs what the request says; the options are at `options`. */
static int run_sync(lua_State *L, const char *key, const struct pw_sync_request *request,
                    int options) {
    static const char *const names[] = {"cooldown", NULL};
    struct pw_reader *reader = pw_check_view(L, 1, PW_RECLAIM);
    struct pw_reclaim_terms terms;
    pw_check_reclaim_terms(L, options, names, &terms);
    lua_settop(L, PW_BEFORE - 1);
    pw_push_figures(L, reader, dirty, nothing);
    struct pw_long_deed deed = {
        .deed = {.key = key,
                 .value = "write what is dirty to disk",
                 .cooldown_ns = terms.cooldown_ns},
        .work = pw_sync_work,
        .arguments = request,
        .finish = finish_sync,
    };
    return pw_do_long_deed(L, reader, &deed);
}


/***
Writes all that is dirty to disk, and waits for it: sync(2).
@function sync
@tparam[opt] table options `{ cooldown = (seconds before the policy may do it again) }`, only under
the host
@treturn[1] table `{ before = { Dirty =, Writeback = }, after = { … }, seconds = }`, in bytes.
Others go on writing, so what is dirty afterwards need not be nothing
@return[2] nil, "reclaim sync: reason", errno, kind
*/
static int sync_all(lua_State *L) {
    pw_check_surplus(L, 2);
    return run_sync(L, "reclaim sync", &(struct pw_sync_request){NULL}, 2);
}


/***
The same for one file system: syncfs(2).
@function syncfs
@tparam string path a folder in it
@tparam[opt] table options as for `sync`
@treturn[1] table as of `sync`, of all file systems together
@return[2] nil, "reclaim syncfs PATH: reason", errno, kind; EIO or ENOSPC too when something could
not be written earlier
*/
static int sync_one(lua_State *L) {
    size_t size;
    const char *path = luaL_checklstring(L, 2, &size);
    luaL_argcheck(L, path[0] == '/', 2, "the whole path of a folder expected");
    luaL_argcheck(L, strlen(path) == size, 2, "path holds a NUL");
    pw_check_surplus(L, 3);
    lua_settop(L, 3);
    const char *key = lua_pushfstring(L, "reclaim syncfs %s", path);
    return run_sync(L, key, &(struct pw_sync_request){path}, 3);
}


static const char *const free_memory[] = {"MemFree", NULL};
static const char *const moved_pages[] = {"compact_isolated", "compact_migrate_scanned",
                                          "pgmigrate_success", NULL};


static int finish_compact(lua_State *L, const struct pw_job_news *news, double seconds, bool done) {
    (void)news, (void)done;
    pw_push_figures(L, pw_check_view(L, 1, PW_RECLAIM), free_memory, moved_pages);
    pw_push_outcome(L, seconds);
    return 1;
}


/***
Moves pages together, so that what is free becomes large blocks: /proc/sys/vm/compact_memory. All
programs may have to wait for it. `proc.buddyinfo` tells what came of it.
@function compact
@tparam[opt] table options `{ force =, threshold =, cooldown = }` as for `drop_caches`
@treturn[1] table `{ before = { MemFree =, compact_isolated =, compact_migrate_scanned =,
pgmigrate_success = }, after = { … }, seconds = }`: bytes, and then pages since the boot
@return[2] nil, "reclaim compact: reason", errno, kind: "unsupported" without CONFIG_COMPACTION
*/
static int compact(lua_State *L) {
    static const char *const names[] = {"force", "threshold", "cooldown", NULL};
    struct pw_reclaim_check check = {.reader = pw_check_view(L, 1, PW_RECLAIM),
                                     .path = PW_COMPACT_MEMORY,
                                     .lacking = "this kernel was built without CONFIG_COMPACTION",
                                     .costs = true};
    struct pw_reclaim_request request = {.path = PW_COMPACT_MEMORY, .text = "1"};
    pw_check_reclaim_terms(L, 2, names, &check.terms);
    pw_check_surplus(L, 2);
    lua_settop(L, PW_BEFORE - 1);
    pw_push_figures(L, check.reader, free_memory, moved_pages);
    struct pw_long_deed deed = {
        .deed = {.key = "reclaim compact",
                 .value = "make large blocks of what is free",
                 .cooldown_ns = check.terms.cooldown_ns,
                 .check = pw_reclaim_check,
                 .context = &check},
        .work = pw_reclaim_work,
        .arguments = &request,
        .finish = finish_compact,
    };
    return pw_do_long_deed(L, check.reader, &deed);
}


/***
The functions of this module for another root, or another machine's capture, as methods. Nothing is
done under another root than this machine's.
@function open
@tparam[opt] string|reader root a folder, or a reader of `pagewarden.proc`; this machine without it
@treturn[1] reclaim an object with `close`, which frees what `open` opened
@return[2] nil, message, errno, kind
*/

/***
Frees what `open` opened; the object may be closed again, and closes itself at the end of a
`local view <close>`.
@function reclaim:close
*/

PW_EXPORT int luaopen_pagewarden_reclaim(lua_State *L);

int luaopen_pagewarden_reclaim(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"sync", sync_all},
        {"syncfs", sync_one},
        {"compact", compact},
        {"drop_caches", pw_reclaim_drop_caches},
        {"pageout", pw_reclaim_pageout},
        {"cold", pw_reclaim_cold},
        {"cgroup", pw_reclaim_cgroup},
        {NULL, NULL},
    };
    return pw_push_view_module(L, PW_RECLAIM, methods);
}
