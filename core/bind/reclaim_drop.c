/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.reclaim */
#include "act/reclaim.h"
#include "bind/reclaim.h"

static const char *const caches[] = {"Buffers",      "Cached",    "Dirty", "MemFree",
                                     "SReclaimable", "Writeback", NULL};
static const char *const counters[] = {"drop_pagecache", "drop_slab", NULL};

/* What each mode is, for the log. */
static const char *const values[] = {"drop the page cache", "drop dentries and inodes",
                                     "drop the page cache, dentries and inodes"};


static int64_t cached(lua_State *L, int index) {
    return pw_figure(L, index, "Buffers") + pw_figure(L, index, "Cached") +
           pw_figure(L, index, "SReclaimable");
}


static int finish(lua_State *L, const struct pw_job_news *news, double seconds, bool done) {
    (void)news, (void)done;
    pw_push_figures(L, pw_check_view(L, 1, PW_RECLAIM), caches, counters);
    int64_t freed_bytes = cached(L, PW_BEFORE) - cached(L, lua_gettop(L));
    pw_push_outcome(L, seconds);
    pw_set_integer(L, "freed", freed_bytes > 0 ? freed_bytes : 0);
    return 1;
}


/* [-0, +0, v] Whether to sync before: unless the option says no. */
static bool check_sync(lua_State *L, int index) {
    if (lua_isnoneornil(L, index)) {
        return true;
    }
    bool says_no = lua_getfield(L, index, "sync") == LUA_TBOOLEAN && !lua_toboolean(L, -1);
    lua_pop(L, 1);
    return !says_no;
}


/***
Drops what the kernel has cached, which it would do by itself when memory is wanted: for measuring,
not for making room. What is dirty, mapped or in use stays; so it is first written to disk.
Everything that reads files is slow for a while.

Refused, unless forced, in a container, where it would be the whole machine's caches, and while
programs wait for memory or disks. The value 4, after which the kernel never again logs it, is none
of the modes.
@function drop_caches
@tparam integer mode 1 the page cache, 2 dentries and inodes, 3 both
@tparam[opt] table options `{ sync = false, force = true, threshold = (the percentage of the last
ten seconds that may have been lost to waiting for memory or disks, 10), cooldown = (seconds before
the policy may do it again; only under the host) }`
@treturn[1] table `{ freed =, seconds =, before = { Cached =, Buffers =, SReclaimable =, MemFree =,
Dirty =, Writeback =, drop_pagecache =, drop_slab = }, after = { … } }` in bytes; the last two count
how often it was done since the boot
@return[2] nil, "reclaim drop_caches: reason", errno, kind
@usage print(assert(reclaim.drop_caches(1)).freed)
*/
int pw_reclaim_drop_caches(lua_State *L) {
    static const char *const names[] = {"sync", "force", "threshold", "cooldown", NULL};
    struct pw_reclaim_check check = {.reader = pw_check_view(L, 1, PW_RECLAIM),
                                     .path = PW_DROP_CACHES,
                                     .lacking = "this kernel cannot drop its caches",
                                     .costs = true};
    lua_Integer mode = luaL_checkinteger(L, 2);
    luaL_argcheck(L, mode >= 1 && mode <= 3, 2, "1, 2 or 3 expected");
    pw_check_reclaim_terms(L, 3, names, &check.terms);
    struct pw_reclaim_request request = {
        .path = PW_DROP_CACHES, .text = {(char)('0' + mode)}, .sync_first = check_sync(L, 3)};
    pw_check_surplus(L, 3);
    lua_settop(L, PW_BEFORE - 1);
    pw_push_figures(L, check.reader, caches, counters);
    struct pw_long_deed deed = {
        .deed = {.key = "reclaim drop_caches",
                 .value = values[mode - 1],
                 .cooldown_ns = check.terms.cooldown_ns,
                 .check = pw_reclaim_check,
                 .context = &check},
        .work = pw_reclaim_work,
        .arguments = &request,
        .finish = finish,
    };
    return pw_do_long_deed(L, check.reader, &deed);
}
