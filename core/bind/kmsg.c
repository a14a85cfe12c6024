/* SPDX-License-Identifier: MIT */
/***
The kernel's log, and what it says of the kernel's OOM killer.

Every function is also a method of what `open` returns.

@module pagewarden.kmsg
@pragma nostrip
*/
#include <errno.h>

#include "bind/oom_tables.h"
#include "bind/view.h"
#include "read/log.h"

#define PW_KMSG "pagewarden.kmsg"


/* [-0, +2, m] The reports in a text, and { lines =, lost =, file = }. */
static int push_reports(lua_State *L, struct pw_slice text, const char *file, lua_Integer most) {
    char room[PW_LOG_LINE_BYTES];
    struct pw_oom_tables tables;
    struct pw_log_gaps gaps = {0};
    struct pw_log_line line;
    struct pw_slice one;
    int64_t lines = 0;
    pw_oom_tables_start(L, &tables, most);
    for (; pw_take_line(&text, &one); lines++) {
        pw_parse_log_line(one, room, &line);
        if (line.sequence != PW_ABSENT) {
            pw_log_gaps_note(&gaps, &line);
        }
        pw_oom_tables_add(L, &tables, &line);
    }
    pw_oom_tables_finish(L, &tables);
    lua_newtable(L);
    pw_set_integer(L, "lines", lines);
    pw_set_integer(L, "lost", (int64_t)gaps.lost);
    lua_pushstring(L, file);
    lua_setfield(L, -2, "file");
    return 2;
}


static int fail(lua_State *L, const char *path, int error) {
    return error == EPERM ? pw_fail_because(L, path,
                                            "permission denied; kernel.dmesg_restrict is 1, and "
                                            "reading the log then needs CAP_SYSLOG",
                                            error, PW_DENIED)
                          : pw_fail_file(L, path, error);
}


/* [-0, +0, v] How many reports the options at 3 want at most. */
static lua_Integer check_most(lua_State *L) {
    static const char *const names[] = {"last", NULL};
    if (lua_isnoneornil(L, 3)) {
        return LUA_MAXINTEGER;
    }
    luaL_checktype(L, 3, LUA_TTABLE);
    pw_check_names(L, 3, names, "option");
    lua_Integer most =
        lua_getfield(L, 3, "last") == LUA_TNIL ? LUA_MAXINTEGER : lua_tointeger(L, -1);
    luaL_argcheck(L, most > 0, 3, "last: a positive integer expected");
    lua_pop(L, 1);
    return most;
}


/***
What the kernel wrote about the processes that its OOM killer killed, oldest first.

Without a text, the log of this machine is read, `/dev/kmsg` from the oldest record that is left,
without waiting for more; under another root its file `dev/kmsg`, or else `var/log/dmesg`. A text
may be what `cat /dev/kmsg`, dmesg(1) and journalctl(1) print, or what a syslog daemon wrote, with
whatever those put before each line. Lines of others between those of a report are passed over.

A report has what its kernel said (2.6.32 to 6.x), under these names:

 - `pid comm uid total_vm anon_rss file_rss shmem_rss pgtables oom_score_adj constraint cgroup
 oom_cgroup`: the victim, as in `loop:on_oom`
 - `time`: seconds since the boot; `manual`: true when sysrq f was the reason
 - `invoked`: who ran out, `{ comm =, pid =, gfp_mask =, gfp_flags =, order =, oom_score_adj =,
 oom_adj =, kernel = (its release) }`; with `cpuset` and `mems_allowed`
 - `memory`: where it was. `pages` by kind; `nodes` by number and the list `zones`, each with the
 kernel's names in bytes, a zone with `node`, `zone`, `lowmem_reserve` (pages) and `blocks` (how
many are free by their size); `hugepages`; `swap_free` and `swap_total` in bytes; `ram_pages`,
 `reserved_pages`, `pagecache_pages`, …
 - of a cgroup's limit instead: `usage`, such as `{ memory = { usage =, limit =, failcnt = },
 swap = … }` in bytes, and the list `stats` of `{ cgroup =, stat = memory.stat }`
 - `slabs`: `{ name =, used =, total = }` in bytes, when they took more than all else
 - `tasks`: a list with the kernel's columns, of which `total_vm`, `rss` and its parts, and
 `swapents` are pages: `pid uid tgid total_vm rss pgtables_bytes swapents oom_score_adj name`
 - `chosen`: `{ pid =, comm =, score = }` before 5.0, when a child could be killed instead
 - `reaped`: what was left after the reaper, `{ anon_rss =, file_rss =, shmem_rss = }`, or false
when it gave up
 - `group` and `others`: the cgroup with `memory.oom.group`, and who was killed with the victim
 - `panic`: the reason, when it panicked instead; `nobody`: true when it found nobody to kill
 - `missing`: which of `"invocation"`, `"memory"`, `"tasks"` and `"kill"` are not in the log,
because that was overwritten, or `vm.oom_dump_tasks` is 0, or the kernel held back, as it does when
reports come often

@function reports
@tparam[opt] string text
@tparam[opt] table options `last = n` for no more than the last so many
@treturn[1] {table,...} reports
@treturn[1] table `{ lines =, lost = (records that were overwritten meanwhile), file = (what was
 read) }`
@return[2] nil, message, errno, kind: "denied" without CAP_SYSLOG where kernel.dmesg_restrict is 1
@usage for _, report in ipairs(assert(kmsg.reports())) do print(report.time, report.comm) end
*/
static int reports(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_KMSG);
    lua_Integer most = check_most(L);
    pw_check_surplus(L, 3);
    if (!lua_isnoneornil(L, 2)) {
        struct pw_slice text;
        text.data = luaL_checklstring(L, 2, &text.size);
        return push_reports(L, text, NULL, most);
    }
    const char *path;
    int error = pw_log_read(&reader->source, &reader->buffer, &path);
    return error ? fail(L, path, -error)
                 : push_reports(L, pw_buffer_text(&reader->buffer), path, most);
}


/***
The functions of this module for another root, or another machine's capture, as methods.
@function open
@tparam[opt] string|reader root a folder, or a reader of `pagewarden.proc`; this machine without it
@treturn[1] kmsg an object with `close`, which frees what `open` opened
@return[2] nil, message, errno, kind
*/

/***
Frees what `open` opened; the object may be closed again, and closes itself at the end of a
`local view <close>`.
@function kmsg:close
*/

PW_EXPORT int luaopen_pagewarden_kmsg(lua_State *L);

int luaopen_pagewarden_kmsg(lua_State *L) {
    static const luaL_Reg methods[] = {{"reports", reports}, {NULL, NULL}};
    return pw_push_view_module(L, PW_KMSG, methods);
}
