/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.reclaim */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "act/kernel.h"
#include "act/reclaim.h"
#include "bind/cgroup.h"
#include "bind/reclaim.h"

/* One call. */
struct call {
    struct pw_reclaim_check check; /* its path is the cgroup's memory.reclaim */
    struct pw_cgroups cgroups;
    struct pw_slice path;
    int64_t bytes;
};


/* [-0, +1, m] { current = (bytes) }; the root of version 2 has no such file. */
static void push_current(lua_State *L, struct pw_reader *reader, const struct pw_cgroups *cgroups,
                         struct pw_slice path) {
    struct pw_number number;
    lua_createtable(L, 0, 1);
    if (cgroups->version && pw_cgroup_read_number(&reader->source, cgroups, path, PW_CGROUP_CURRENT,
                                                  &reader->buffer, &number) == 0) {
        pw_set_integer(L, "current", number.value);
    }
}


/* [-0, +0, m] What was reclaimed, where it can be told. Meanwhile the cgroup goes on using memory,
 * so it may be less than the kernel gave. */
static void set_reclaimed(lua_State *L) {
    lua_getfield(L, -1, "before");
    lua_getfield(L, -2, "after");
    int64_t before = pw_figure(L, -2, "current"), after = pw_figure(L, -1, "current");
    bool known = lua_getfield(L, -1, "current") == LUA_TNUMBER;
    lua_pop(L, 3);
    if (known) {
        pw_set_integer(L, "reclaimed", before > after ? before - after : 0);
    }
}


static int finish(lua_State *L, const struct pw_job_news *news, double seconds, bool done) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_RECLAIM);
    struct pw_cgroups cgroups = pw_cgroups_find(&reader->source, &reader->buffer);
    push_current(L, reader, &cgroups, pw_slice_of(lua_tostring(L, 2)));
    pw_push_outcome(L, seconds);
    set_reclaimed(L);
    lua_pushboolean(L, !done || !news->figures[PW_RECLAIM_SHORT]);
    lua_setfield(L, -2, "complete");
    return 1;
}


/* Whether there is such a cgroup, of a kernel that has memory.reclaim. Another root shows that too,
 * though it is done to this machine only. */
static bool check_cgroup(const struct call *call, struct pw_act_outcome *outcome) {
    const struct pw_source *source = &call->check.reader->source;
    if (call->cgroups.version != 2) {
        pw_refuse(outcome, EOPNOTSUPP,
                  call->cgroups.version
                      ? "memory cgroups are of version 1 here, which reclaims all "
                        "or nothing"
                      : "there are no memory cgroups");
    } else if (!pw_cgroup_exists(source, &call->cgroups, call->path)) {
        pw_refuse(outcome, ENOENT, "no such cgroup");
    } else if (faccessat(source->root_fd, call->check.path, F_OK, 0) && errno == ENOENT) {
        pw_refuse(outcome, EOPNOTSUPP, "%s", call->check.lacking);
    } else {
        return true;
    }
    return false;
}


static bool check(void *context, struct pw_act_outcome *outcome) {
    struct call *call = context;
    return check_cgroup(call, outcome) && pw_reclaim_check(&call->check, outcome);
}


/* [-0, +0, v] What is written: the size, and a swappiness. */
static void write_request(lua_State *L, const struct call *call,
                          struct pw_reclaim_request *request) {
    int size = snprintf(request->text, sizeof request->text, "%" PRId64, call->bytes);
    if (lua_isnoneornil(L, 4) || lua_getfield(L, 4, "swappiness") == LUA_TNIL) {
        return;
    }
    lua_Integer swappiness = lua_tointeger(L, -1);
    luaL_argcheck(L, lua_isinteger(L, -1) && swappiness >= 0 && swappiness <= 200, 4,
                  "swappiness: 0 to 200 expected");
    request->invalid = "this kernel takes no swappiness here";
    snprintf(request->text + size, sizeof request->text - (size_t)size, " swappiness=%d",
             (int)swappiness);
}


/* [-0, +1, v] A call's arguments, and the path of the file on the stack. */
static void begin(lua_State *L, struct call *call) {
    static const char *const names[] = {"swappiness", "force", "cooldown", NULL};
    struct pw_reader *reader = pw_check_view(L, 1, PW_RECLAIM);
    call->path.data = luaL_checklstring(L, 2, &call->path.size);
    luaL_argcheck(L,
                  call->path.data[0] == '/' && strlen(call->path.data) == call->path.size &&
                      !pw_cgroup_climbs(call->path.data),
                  2, "not the path of a cgroup");
    call->bytes = luaL_checkinteger(L, 3);
    luaL_argcheck(L, call->bytes > 0, 3, "a number of bytes expected");
    pw_check_reclaim_terms(L, 4, names, &call->check.terms);
    pw_check_surplus(L, 4);
    lua_settop(L, 4);
    call->cgroups = pw_cgroups_find(&reader->source, &reader->buffer);
    call->check.reader = reader;
    call->check.lacking = "this kernel has no memory.reclaim, which came with Linux 5.19";
    call->check.path =
        lua_pushfstring(L, "%s%s/memory.reclaim", call->cgroups.mount, call->path.data);
}


/***
Reclaims memory of a cgroup and those below it: memory.reclaim of version 2. The kernel may not find
as much as was asked for; that is no failure.
@function cgroup
@tparam string path as `/proc/PID/cgroup` prints it
@tparam integer bytes
@tparam[opt] table options `{ swappiness = (0 to 200, since Linux 6.8; the machine's otherwise),
force = true (in a container), cooldown = }`
@treturn[1] table `{ complete = (whether it was as much as asked for), reclaimed = (how much less
the cgroup has now), before = { current = }, after = { current = }, seconds = }`, in bytes. The root
does not tell what it has
@return[2] nil, "reclaim cgroup PATH: reason", errno, kind: "unsupported" before Linux 5.19 and for
version 1
@usage local got = assert(reclaim.cgroup("/system.slice/backup.service", 256 << 20))
*/
int pw_reclaim_cgroup(lua_State *L) {
    struct call call = {.bytes = 0};
    begin(L, &call);
    struct pw_reclaim_request request = {.path = call.check.path, .may_fall_short = true};
    write_request(L, &call, &request);
    lua_settop(L, PW_BEFORE - 1);
    push_current(L, call.check.reader, &call.cgroups, call.path);
    struct pw_long_deed deed = {
        .deed = {.key = lua_pushfstring(L, "reclaim cgroup %s", call.path.data),
                 .value = request.text,
                 .cooldown_ns = call.check.terms.cooldown_ns,
                 .check = check,
                 .context = &call},
        .work = pw_reclaim_work,
        .arguments = &request,
        .finish = finish,
    };
    return pw_do_long_deed(L, call.check.reader, &deed);
}
