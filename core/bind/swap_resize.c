/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.swap */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "act/swap_path.h"
#include "act/swap_plan.h"
#include "bind/swap.h"
#include "bind/wait.h"
#include "read/directory.h"

#define NAME "pagewarden-"
#define FILE_BYTES ((int64_t)256 << 20)

/* Where the folder, the options and the plan are on the stack. */
enum { FOLDER = 2, OPTIONS, THE_PLAN };

/* nil, message, errno, kind */
#define FAILURE_RESULTS 4

/* A plan that is carried out, and the step that is being taken. */
struct course {
    struct pw_swap_plan plan;
    struct pw_swap_plan_step step;
};


/* [-0, +0, v] A size in the options. */
static int64_t check_size(lua_State *L, const char *name, int64_t otherwise) {
    int64_t size = otherwise;
    if (lua_getfield(L, OPTIONS, name) != LUA_TNIL) {
        int is_integer;
        size = lua_tointegerx(L, -1, &is_integer);
        if (!is_integer || size < 0) {
            luaL_argerror(L, FOLDER, lua_pushfstring(L, "%s: a number of bytes expected", name));
        }
    }
    lua_pop(L, 1);
    if (size < 0) {
        luaL_argerror(L, FOLDER, lua_pushfstring(L, "%s: missing", name));
    }
    return size;
}


/* The number in a file's name, from 0; -1 for another file. */
static int number_of(struct pw_slice name) {
    struct pw_number number;
    if (!pw_slice_starts(name, NAME) ||
        !pw_parse_number(pw_slice_skip(name, strlen(NAME)), &number)) {
        return -1;
    }
    bool ours = number.value >= 1 && number.value <= PW_SWAP_MOST_FILES;
    return ours ? (int)number.value - 1 : -1;
}


/* Finds out about one file of the folder; what is no swap area is not ours. */
static int read_file(struct pw_reader *reader, const char *folder, int number,
                     struct pw_swap_plan_file *file) {
    char path[PATH_MAX], resolved[PATH_MAX];
    struct pw_swap_state state;
    if (snprintf(path, sizeof path, "%s/" NAME "%d", folder, number + 1) >= (int)sizeof path) {
        return -ENAMETOOLONG;
    }
    int error = pw_swap_resolve(&reader->source, path, resolved, sizeof resolved);
    if (!error) {
        error = pw_swap_area_read(&reader->source, &reader->buffer, resolved, &state);
    }
    if (!error && state.place >= PW_SWAP_OFF) {
        *file = (struct pw_swap_plan_file){.size_bytes = state.size_bytes,
                                           .on = state.place == PW_SWAP_ON};
    }
    return error;
}


static int read_folder(struct pw_reader *reader, const char *folder, struct pw_swap_plan *plan) {
    struct pw_buffer listing = {0};
    struct pw_slice name;
    int error = pw_directory_read(&reader->source, folder, &listing);
    struct pw_slice names = pw_buffer_text(&listing);
    while (!error && pw_take_name(&names, &name)) {
        int number = number_of(name);
        if (number >= 0) {
            error = read_file(reader, folder, number, &plan->files[number]);
        }
    }
    pw_buffer_free(&listing);
    return error;
}


/* [-0, +1, m] The options of a step: those of them that it takes. */
static void push_options(lua_State *L, const char *const names[]) {
    lua_newtable(L);
    for (; *names; names++) {
        lua_getfield(L, OPTIONS, *names);
        lua_setfield(L, -2, *names);
    }
}


/* [-0, +4, m] The function that takes the step, and its arguments. */
static void push_step(lua_State *L, const struct pw_swap_plan_step *step) {
    static const struct {
        lua_CFunction function;
        const char *const options[4];
    } ways[] = {
        [PW_SWAP_PLAN_MAKE] = {pw_swap_make, {"reserve", "progress", NULL}},
        [PW_SWAP_PLAN_ON] = {pw_swap_on, {"priority", "discard", NULL}},
        [PW_SWAP_PLAN_REMOVE] = {pw_swap_remove, {"progress", NULL}},
    };
    lua_pushcfunction(L, ways[step->act].function);
    lua_pushvalue(L, 1);
    lua_pushfstring(L, "%s/" NAME "%d", lua_tostring(L, FOLDER), step->number + 1);
    push_options(L, ways[step->act].options);
    if (step->act == PW_SWAP_PLAN_MAKE) {
        pw_set_integer(L, "size", step->size_bytes);
    }
}


static int push_total(lua_State *L, const struct pw_swap_plan *plan) {
    lua_pushinteger(L, pw_swap_plan_total(plan));
    return 1;
}


static int go_on(lua_State *L, int status, lua_KContext context);


/* Takes the next step; to be returned. */
static int take_step(lua_State *L) {
    struct course *course = lua_touserdata(L, THE_PLAN);
    course->step = pw_swap_plan_next(&course->plan);
    if (course->step.act == PW_SWAP_PLAN_DONE) {
        return push_total(L, &course->plan);
    }
    if (course->step.act == PW_SWAP_PLAN_FULL) {
        return pw_swap_fail(L, lua_tostring(L, FOLDER), "it has as many files as there may be",
                            ENOSPC);
    }
    push_step(L, &course->step);
    lua_callk(L, 3, LUA_MULTRET, 0, go_on);
    return go_on(L, LUA_OK, 0);
}


/* Why a step failed is the result. */
static int give_up(lua_State *L, int status, lua_KContext context) {
    (void)status, (void)context;
    lua_settop(L, THE_PLAN + FAILURE_RESULTS);
    return FAILURE_RESULTS;
}


/* A file that was made and cannot be put on is not left. */
static int unmake(lua_State *L, const struct course *course) {
    struct pw_swap_plan_step removal = {PW_SWAP_PLAN_REMOVE, course->step.number, 0};
    push_step(L, &removal);
    lua_callk(L, 3, 0, 0, give_up);
    return give_up(L, LUA_OK, 0);
}


/* Whether a failure is that of one file or number: who has no right, or no place for an area, has
 * none for any, and a disk has room for no file. EBUSY is the gate's, of a number. */
static bool is_of_one(const struct pw_swap_plan_step *step, int error) {
    bool making = step->act == PW_SWAP_PLAN_MAKE;
    return making ? error == EBUSY : error != EPERM && error != EACCES && error != ECANCELED;
}


/* What failed is gone without if there is another way; else that is the end. */
static int go_on(lua_State *L, int status, lua_KContext context) {
    struct course *course = lua_touserdata(L, THE_PLAN);
    (void)status, (void)context;
    if (!lua_isnil(L, THE_PLAN + 1)) {
        pw_swap_plan_note(&course->plan, &course->step);
    } else if (!is_of_one(&course->step, (int)lua_tointeger(L, THE_PLAN + 3)) ||
               !pw_swap_plan_skip(&course->plan, &course->step)) {
        bool made = course->plan.files[course->step.number].made;
        return made ? unmake(L, course) : give_up(L, LUA_OK, 0);
    }
    lua_settop(L, THE_PLAN);
    return take_step(L);
}


/***
Grows or shrinks swap by whole files in a folder, `pagewarden-1` and so on, until those that are on
have as much in all as is wanted, or are as near above it as whole files get. Files that are there
and off, as after a boot, are put on first. What is removed is taken off as `off` does: never when
memory has no room for it. A file that cannot be put on is gone without; one that was just made is
removed again. When a step fails, what was done before it stays. In a policy, only a task may call
it.
@function resize
@tparam string folder
@tparam table options `{ total = (bytes), file = (as large as a file is made; 256 MiB without it),
priority = , discard = (as for `on`), reserve = (as for `make`), progress = }`
@treturn[1] integer how many bytes there are in files that are on
@return[2] nil, "swap PATH: reason", errno, kind: "denied" too when 32 files are not enough
@usage assert(swap.resize("/var/swap", { total = 2 << 30 }))
*/
int pw_swap_resize(lua_State *L) {
    static const char *const names[] = {"total",   "file",     "priority", "discard",
                                        "reserve", "progress", NULL};
    struct pw_reader *reader = pw_check_view(L, 1, PW_SWAP);
    const char *folder = luaL_checkstring(L, FOLDER);
    pw_check_surplus(L, OPTIONS);
    luaL_argcheck(L, folder[0] == '/', FOLDER, "an absolute path expected");
    luaL_checktype(L, OPTIONS, LUA_TTABLE);
    pw_check_names(L, OPTIONS, names, "option");
    pw_check_may_wait(L);
    struct course *course = lua_newuserdatauv(L, sizeof *course, 0);
    long page_size_bytes = reader->source.page_size_bytes;
    int64_t total_bytes = check_size(L, "total", -1);
    int64_t file_bytes = check_size(L, "file", FILE_BYTES);
    *course = (struct course){.plan = {.total_bytes = total_bytes - total_bytes % page_size_bytes,
                                       .file_bytes = file_bytes - file_bytes % page_size_bytes,
                                       .least_bytes = PW_SWAP_LEAST_PAGES * page_size_bytes}};
    luaL_argcheck(L, course->plan.file_bytes >= course->plan.least_bytes, FOLDER,
                  "file: at least ten pages expected");
    int error = read_folder(reader, folder, &course->plan);
    if (error) {
        return pw_swap_fail(
            L, folder, error == -ENOENT ? "there is no such folder" : strerror(-error), -error);
    }
    return take_step(L);
}
