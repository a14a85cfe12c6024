/* SPDX-License-Identifier: MIT */
#include "bind/pressure_request.h"

#include <errno.h>
#include <string.h>

#include "read/cgroupfs.h"

const char *const pw_pressure_resources[] = {"cpu", "memory", "io", "irq", NULL};
static const char *const kinds[] = {"some", "full", NULL};


/* [-0, +0, v] One of the words, from a field of the table at `index`; the first when there is
 * none and that is allowed. */
static const char *check_word(lua_State *L, int index, const char *field, const char *const words[],
                              bool optional) {
    lua_getfield(L, index, field);
    const char *word = lua_tostring(L, -1);
    bool absent = optional && lua_isnil(L, -1);
    lua_pop(L, 1);
    for (int i = 0; words[i]; i++) {
        if (absent || (word && strcmp(word, words[i]) == 0)) {
            return words[i];
        }
    }
    luaL_argerror(
        L, index,
        lua_pushfstring(L, "field '%s': unknown %s '%s'", field, field, word ? word : "nil"));
    return NULL;
}


/* [-0, +1, v] The field cgroup of the table at `index`, or nil. */
static const char *check_cgroup(lua_State *L, int index) {
    if (lua_getfield(L, index, "cgroup") == LUA_TNIL) {
        return NULL;
    }
    bool is_path = lua_type(L, -1) == LUA_TSTRING && lua_tostring(L, -1)[0] == '/';
    luaL_argcheck(L, is_path && !strstr(lua_tostring(L, -1), ".."), index,
                  "field 'cgroup' must be a path from '/'");
    return lua_tostring(L, -1);
}


int pw_check_pressure_subject(lua_State *L, int index, struct pw_reader *reader,
                              struct pw_pressure_subject *subject) {
    subject->resource = check_word(L, index, "resource", pw_pressure_resources, false);
    subject->kind = check_word(L, index, "kind", kinds, true);
    subject->full = subject->kind == kinds[1];
    subject->cgroup = check_cgroup(L, index);
    if (!subject->cgroup) {
        subject->path = lua_pushfstring(L, "proc/pressure/%s", subject->resource);
        return 0;
    }
    struct pw_cgroups cgroups = pw_cgroups_find(&reader->source, &reader->buffer);
    subject->path = lua_pushfstring(L, "%s%s/%s.pressure", cgroups.mount ? cgroups.mount : "",
                                    subject->cgroup, subject->resource);
    return cgroups.version == 2 ? 0 : -EOPNOTSUPP;
}


/* [-0, +0, v] Seconds in a field of the table at `index`, between two limits, in microseconds. */
static int64_t check_microseconds(lua_State *L, int index, const char *field, int64_t least_us,
                                  int64_t most_us, int64_t otherwise_us) {
    if (lua_getfield(L, index, field) == LUA_TNIL && otherwise_us) {
        lua_pop(L, 1);
        return otherwise_us;
    }
    lua_Number microseconds = lua_tonumber(L, -1) * 1e6;
    if (!lua_isnumber(L, -1) || !(microseconds >= (lua_Number)least_us) ||
        !(microseconds <= (lua_Number)most_us)) {
        luaL_argerror(L, index,
                      lua_pushfstring(L, "field '%s' must be %f to %f seconds", field,
                                      (lua_Number)least_us / 1e6, (lua_Number)most_us / 1e6));
    }
    lua_pop(L, 1);
    return (int64_t)(microseconds + 0.5);
}


struct pw_pressure_request pw_check_pressure_request(lua_State *L, int index) {
    static const char *const known[] = {"resource", "kind", "stall", "window", "cgroup", NULL};
    struct pw_pressure_request request = {0};
    luaL_checktype(L, index, LUA_TTABLE);
    pw_check_names(L, index, known, "field");
    request.window_us =
        check_microseconds(L, index, "window", PW_PRESSURE_LEAST_WINDOW_US,
                           PW_PRESSURE_MOST_WINDOW_US, PW_PRESSURE_UNPRIVILEGED_WINDOW_US);
    request.stall_us = check_microseconds(L, index, "stall", 1, request.window_us, 0);
    return request;
}


int pw_fail_pressure(lua_State *L, const struct pw_pressure_subject *subject, int64_t window_us,
                     int error) {
    if (error != -EPERM) {
        return subject->cgroup ? pw_fail(L, subject->path, -error)
                               : pw_fail_file(L, subject->path, -error);
    }
    const char *reason = lua_pushfstring(L,
                                         "a window of %f seconds needs CAP_SYS_RESOURCE; without "
                                         "it windows are multiples of 2 seconds",
                                         (lua_Number)window_us / 1e6);
    return pw_fail_because(L, subject->path, reason, EPERM, PW_DENIED);
}
