/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.loop */
#include "host/oom_handle.h"

#include "bind/oom_fields.h"
#include "host/handle.h"

struct oom_handle {
    struct pw_handle handle;
    struct pw_oom_kills kills;
};


static int push_event(lua_State *L, const struct pw_handle *handle, const void *context) {
    (void)handle;
    const struct pw_oom_event *event = context;
    lua_createtable(L, 0, PW_OOM_NUMBERS + PW_OOM_TEXTS + 3);
    pw_set_integer(L, "kills", event->kills);
    pw_set_integer(L, "lost", (int64_t)event->lost);
    lua_pushboolean(L, event->synthetic);
    lua_setfield(L, -2, "synthetic");
    if (event->report) {
        pw_set_oom_report(L, *event->report);
    }
    return 1;
}


static void deliver(struct pw_oom_kills *kills, const struct pw_oom_event *event, void *context) {
    (void)kills;
    pw_call_back(context, push_event, event);
}


static void end_oom(struct pw_handle *handle) {
    struct pw_oom_kills *kills = &((struct oom_handle *)handle)->kills;
    if (kills->loop) {
        pw_oom_kills_close(kills);
    }
}


/***
Calls a function whenever the kernel's OOM killer has killed a process: with its report from the
kernel log, or, where that may not be read, with a count that is looked at every 2 seconds.
@function loop:on_oom
@tparam function fn takes `{ kills = 1, lost = 0, synthetic = false, pid =, comm =, uid =,
constraint = "CONSTRAINT_MEMCG", cgroup =, oom_cgroup = (the one at its limit), total_vm = (this and
the next in bytes), anon_rss =, file_rss =, shmem_rss =, pgtables =, oom_score_adj = }`, less what
an older kernel does not say; or `{ kills =, lost = 0, synthetic = true }`. `lost` counts records of
the log that were overwritten before they could be read
@treturn[1] handle one with `cancel`
@return[2] nil, message, errno, kind: "unsupported" when there is neither log nor count
*/
int pw_loop_on_oom(lua_State *L) {
    struct pw_loop_object *owner = pw_check_loop(L);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    pw_check_surplus(L, 2);
    struct pw_reader *reader = pw_push_loop_reader(L);
    struct oom_handle *handle = pw_new_handle(L, sizeof *handle, 2, end_oom);
    handle->kills.action = deliver;
    handle->kills.context = handle;
    int error = pw_oom_kills_open(&handle->kills, &owner->loop, &reader->source, &reader->buffer);
    return error ? pw_fail_handle(L, "OOM kills", -error) : 1;
}


/* [-0, +1, v] A field of the table at 3; nil is fine. */
static bool push_field(lua_State *L, const char *name, int type) {
    int found = lua_getfield(L, 3, name);
    if (found != LUA_TNIL && found != type) {
        luaL_argerror(L, 3,
                      lua_pushfstring(L, "field '%s' must be a %s", name, lua_typename(L, type)));
    }
    return found != LUA_TNIL;
}


static int64_t check_number(lua_State *L, const char *name, int64_t otherwise) {
    int64_t number = push_field(L, name, LUA_TNUMBER) ? (int64_t)lua_tonumber(L, -1) : otherwise;
    lua_pop(L, 1);
    return number;
}


void pw_check_oom_event(lua_State *L, struct pw_oom_event *event, struct pw_oom_report *report) {
    static const char *const known[] = {"kills",     "lost",       "synthetic",     "pid",
                                        "uid",       "total_vm",   "anon_rss",      "file_rss",
                                        "shmem_rss", "pgtables",   "comm",          "constraint",
                                        "cgroup",    "oom_cgroup", "oom_score_adj", NULL};
    pw_check_names(L, 3, known, "field");
    luaL_checkstack(L, PW_OOM_TEXTS, NULL);
    for (int i = 0; i < PW_OOM_NUMBERS; i++) {
        *pw_oom_number(report, i) = check_number(L, pw_oom_numbers[i].name, PW_ABSENT);
    }
    for (int i = 0; i < PW_OOM_TEXTS; i++) {
        struct pw_slice *text = pw_oom_text(report, i);
        text->data = push_field(L, pw_oom_texts[i].name, LUA_TSTRING) ? lua_tostring(L, -1) : "";
        text->size = lua_rawlen(L, -1);
    }
    bool synthetic = push_field(L, "synthetic", LUA_TBOOLEAN) && lua_toboolean(L, -1);
    lua_pop(L, 1);
    *event = (struct pw_oom_event){
        .kills = check_number(L, "kills", 1),
        .report = synthetic ? NULL : report,
        .lost = (uint64_t)check_number(L, "lost", 0),
        .synthetic = synthetic,
    };
}
