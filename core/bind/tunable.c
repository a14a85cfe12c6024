/* SPDX-License-Identifier: MIT */
#include "bind/tunable.h"

#include "bind/act.h"

static const char *const kind_names[] = {
    [PW_TUNABLE_NUMBER] = "number",
    [PW_TUNABLE_LIST] = "list",
    [PW_TUNABLE_WORD] = "word",
    [PW_TUNABLE_TRIGGER] = "trigger",
};


/* [-0, +0, m] Sets a field unless there is no text. */
static void set_text(lua_State *L, const char *name, const char *text) {
    if (text) {
        lua_pushstring(L, text);
        lua_setfield(L, -2, name);
    }
}


static void set_bound(lua_State *L, const char *name, int64_t bound) {
    if (bound != PW_ABSENT) {
        pw_set_integer(L, name, bound);
    }
}


/* [-0, +0, m] As kernels are called: 6.1, but 2.6.32. */
static void set_version(lua_State *L, const char *name, int64_t version) {
    int major = (int)(version >> 32), minor = version >> 16 & 0xffff, patch = version & 0xffff;
    if (version == 0) {
        return;
    }
    if (major < 3) {
        lua_pushfstring(L, "%d.%d.%d", major, minor, patch);
    } else {
        lua_pushfstring(L, "%d.%d", major, minor);
    }
    lua_setfield(L, -2, name);
}


static void set_flag(lua_State *L, const char *name, bool value) {
    lua_pushboolean(L, value);
    lua_setfield(L, -2, name);
}


static void set_era(lua_State *L, struct pw_reader *reader, const struct pw_tunable *tunable) {
    int64_t version = pw_kernel_version(&reader->source, &reader->buffer);
    const struct pw_era *era = pw_tunable_era(tunable, version);
    set_bound(L, "min", pw_tunable_min(tunable, era, reader->source.page_size_bytes));
    set_bound(L, "max", era->max);
    if (era->usual) {
        pw_push_setting(L, pw_slice_of(era->usual));
        lua_setfield(L, -2, "default");
    }
}


void pw_push_tunable(lua_State *L, struct pw_reader *reader, const struct pw_tunable *tunable,
                     const char *key, bool present) {
    lua_newtable(L);
    set_text(L, "key", key);
    set_flag(L, "known", tunable != NULL);
    set_flag(L, "present", present);
    if (!tunable) {
        return;
    }
    set_text(L, "kind", kind_names[tunable->kind]);
    set_text(L, "unit", tunable->unit);
    set_era(L, reader, tunable);
    set_version(L, "since", tunable->eras[0].since);
    set_version(L, "removed", tunable->removed);
    pw_set_integer(L, "danger", tunable->danger);
    set_text(L, "note", tunable->note);
    set_text(L, "partner", tunable->partner);
    set_flag(L, "action", tunable->acts);
    set_text(L, "replaced_by", tunable->instead);
}
