/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "act/kernel.h"
#include "bind/reclaim.h"
#include "read/container.h"
#include "read/pressure.h"

/* Where nothing else is said, no act when so much of the last ten seconds was lost to waiting. */
#define MOST_PERCENT 10.0


/* [-0, +0, v] The percentage in the field `threshold`. */
static double check_threshold(lua_State *L, int index) {
    if (lua_getfield(L, index, "threshold") == LUA_TNIL) {
        lua_pop(L, 1);
        return MOST_PERCENT;
    }
    lua_Number percent = lua_tonumber(L, -1);
    luaL_argcheck(L, lua_type(L, -1) == LUA_TNUMBER && percent >= 0 && percent <= 100, index,
                  "threshold: a percentage expected");
    lua_pop(L, 1);
    return percent;
}


void pw_check_reclaim_terms(lua_State *L, int index, const char *const names[],
                            struct pw_reclaim_terms *terms) {
    *terms = (struct pw_reclaim_terms){.most_percent = MOST_PERCENT};
    if (lua_isnoneornil(L, index)) {
        return;
    }
    luaL_checktype(L, index, LUA_TTABLE);
    pw_check_names(L, index, names, "option");
    lua_getfield(L, index, "force");
    terms->force = lua_toboolean(L, -1);
    lua_pop(L, 1);
    terms->most_percent = check_threshold(L, index);
    terms->cooldown_ns = pw_check_cooldown(L, index);
}


static bool is_wanted(struct pw_slice key, const char *const names[]) {
    while (*names && !pw_slice_is(key, *names)) {
        names++;
    }
    return *names != NULL;
}


void pw_add_fields(lua_State *L, struct pw_slice text, pw_next_field *next,
                   const char *const names[]) {
    struct pw_flaws flaws = {0};
    struct pw_field field;
    while (next(&text, &field, &flaws)) {
        if (is_wanted(field.key, names)) {
            pw_push_slice(L, field.key);
            pw_push_number(L, &field.number);
            lua_rawset(L, -3);
        }
    }
}


static void add_file(lua_State *L, struct pw_reader *reader, const char *path, pw_next_field *next,
                     const char *const names[]) {
    if (*names && pw_source_read(&reader->source, path, &reader->buffer) == 0) {
        pw_add_fields(L, pw_buffer_text(&reader->buffer), next, names);
    }
}


void pw_push_figures(lua_State *L, struct pw_reader *reader, const char *const meminfo[],
                     const char *const vmstat[]) {
    lua_createtable(L, 0, 8);
    add_file(L, reader, "proc/meminfo", pw_next_colon_field, meminfo);
    add_file(L, reader, "proc/vmstat", pw_next_blank_field, vmstat);
}


void pw_push_outcome(lua_State *L, double seconds) {
    lua_createtable(L, 0, 4);
    lua_insert(L, -2);
    lua_setfield(L, -2, "after");
    lua_pushvalue(L, PW_BEFORE);
    lua_setfield(L, -2, "before");
    lua_pushnumber(L, seconds);
    lua_setfield(L, -2, "seconds");
}


int64_t pw_figure(lua_State *L, int index, const char *name) {
    lua_getfield(L, index, name);
    int64_t value = lua_tointeger(L, -1);
    lua_pop(L, 1);
    return value;
}


/* Whether the kernel has the file, and we may write it. Under a root that is not live there is
 * nobody to ask. */
static bool check_file(const struct pw_reclaim_check *check, struct pw_act_outcome *outcome) {
    const struct pw_source *source = &check->reader->source;
    if (!source->live || faccessat(source->root_fd, check->path, W_OK, AT_EACCESS) == 0) {
        return true;
    }
    int error = errno;
    if (error == ENOENT) {
        pw_refuse(outcome, EOPNOTSUPP, "%s", check->lacking);
    } else if (error == EACCES || error == EPERM) {
        pw_refuse(outcome, error, "permission denied; needs root");
    } else if (error == EROFS) {
        pw_refuse(outcome, EACCES, "/%s is write-protected, as in a container", check->path);
    } else {
        pw_refuse(outcome, error, "%s", strerror(error));
    }
    return false;
}


/* What is measured in a container, and what is done, is the whole machine's. */
static bool check_container(const struct pw_reclaim_check *check, struct pw_act_outcome *outcome) {
    struct pw_reader *reader = check->reader;
    const char *sign = pw_container_sign(&reader->source);
    if (sign) {
        pw_refuse(outcome, EPERM,
                  "this is a container (%s), and the machine is not its own; see force", sign);
    }
    return !sign;
}


static bool check_stall(const struct pw_reclaim_check *check, const char *resource,
                        struct pw_act_outcome *outcome) {
    struct pw_pressure pressure;
    struct pw_flaws flaws = {0};
    char path[32];
    snprintf(path, sizeof path, "proc/pressure/%s", resource);
    struct pw_reader *reader = check->reader;
    if (pw_source_read(&reader->source, path, &reader->buffer)) {
        return true;
    }
    pw_parse_pressure(pw_buffer_text(&reader->buffer), &pressure, &flaws);
    double lost_percent = pressure.some.present ? pressure.some.avg10_percent : 0;
    if (lost_percent > check->terms.most_percent) {
        pw_refuse(outcome, EAGAIN,
                  "%.1f %% of the last 10 s were lost to waiting for %s, and it would make that "
                  "worse; see force and threshold",
                  lost_percent, resource);
        return false;
    }
    return true;
}


bool pw_reclaim_check(void *context, struct pw_act_outcome *outcome) {
    const struct pw_reclaim_check *check = context;
    if (check->path && !check_file(check, outcome)) {
        return false;
    }
    if (check->terms.force) {
        return true;
    }
    return check_container(check, outcome) &&
           (!check->costs ||
            (check_stall(check, "memory", outcome) && check_stall(check, "io", outcome)));
}
