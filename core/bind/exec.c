/* SPDX-License-Identifier: MIT */
/***
Running programs: what a policy does besides memory, such as sending a notification.

No shell takes part. A program runs without input, in a small environment, and is killed when its
time is over. A plain program waits for it, and in a policy a task may (`pw:task`), while the others
go on. Under the kernel's OOM killer it is among the first to go. Every function is also a method of
what `open` returns.

@module pagewarden.exec
@pragma nostrip
*/
#include <stdio.h>
#include <string.h>

#include "act/kernel.h"
#include "act/program.h"
#include "bind/long_deed.h"
#include "bind/view.h"

#define PW_EXEC "pagewarden.exec"

/* Arguments at once, the program's name among them. */
#define MOST_ARGUMENTS 64

#define TIMEOUT_SECONDS 10.0
#define LONGEST_TIMEOUT_SECONDS 86400.0


/* [-0, +n, v] The words of the list at 2, which stay on the stack as strings. */
static void check_words(lua_State *L, const char *words[MOST_ARGUMENTS + 1]) {
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_Integer count = luaL_len(L, 2);
    luaL_argcheck(L, count >= 1 && count <= MOST_ARGUMENTS, 2,
                  "a program and at most 63 arguments expected");
    luaL_checkstack(L, (int)count + LUA_MINSTACK, NULL);
    for (lua_Integer i = 1; i <= count; i++) {
        size_t size;
        luaL_argcheck(L, lua_geti(L, 2, i) == LUA_TSTRING, 2, "a list of strings expected");
        words[i - 1] = lua_tolstring(L, -1, &size);
        luaL_argcheck(L, strlen(words[i - 1]) == size, 2, "an argument holds a NUL");
    }
    words[count] = NULL;
    luaL_argcheck(L, words[0][0] == '/' && !strstr(words[0], "/../"), 2,
                  "the program's whole path expected");
}


/* [-0, +0, v] The options at 3. */
static void check_options(lua_State *L, struct pw_program_request *request, struct pw_deed *deed) {
    static const char *const names[] = {"timeout", "cooldown", NULL};
    lua_Number seconds = TIMEOUT_SECONDS;
    if (!lua_isnoneornil(L, 3)) {
        luaL_checktype(L, 3, LUA_TTABLE);
        pw_check_names(L, 3, names, "option");
        deed->cooldown_ns = pw_check_cooldown(L, 3);
        if (lua_getfield(L, 3, "timeout") != LUA_TNIL) {
            seconds = lua_tonumber(L, -1);
        }
        lua_pop(L, 1);
    }
    luaL_argcheck(L, seconds > 0 && seconds <= LONGEST_TIMEOUT_SECONDS, 3,
                  "timeout: seconds expected, at most a day");
    request->timeout_ns = (int64_t)(seconds * 1e9);
}


/* [-0, +1, m] The arguments as the log shows them. */
static const char *push_line(lua_State *L, const char *const words[]) {
    luaL_Buffer buffer;
    luaL_buffinit(L, &buffer);
    for (int i = 0; words[i]; i++) {
        if (i > 0) {
            luaL_addchar(&buffer, ' ');
        }
        luaL_addstring(&buffer, words[i]);
    }
    luaL_pushresult(&buffer);
    return lua_tostring(L, -1);
}


static bool check_program(void *context, struct pw_act_outcome *outcome) {
    int error;
    const char *obstacle = pw_program_obstacle(context, &error);
    if (obstacle) {
        pw_refuse(outcome, error, "%s", obstacle);
    }
    return !obstacle;
}


static int finish(lua_State *L, const struct pw_job_news *news, double seconds, bool done) {
    (void)done;
    int64_t signal = news->figures[PW_PROGRAM_SIGNAL];
    lua_newtable(L);
    pw_set_integer(L, signal ? "signal" : "status",
                   signal ? signal : news->figures[PW_PROGRAM_STATUS]);
    pw_set_slice(L, "said", pw_slice_of(news->reason));
    lua_pushnumber(L, seconds);
    lua_setfield(L, -2, "seconds");
    return 1;
}


/***
Runs a program and waits for its end. In dry run and in a test's world it is not run, and ends with
status 0.
@function run
@tparam {string,...} words the program's whole path, and what it is called with
@tparam[opt] table options `{ timeout = 10, cooldown = (seconds before the policy may run the
program again) }`, the second only under the host
@treturn[1] table `{ status = (of exit), signal = (that killed it instead), said = (the last line
that it printed, or the beginning of that), seconds = }`
@return[2] nil, "exec PROGRAM: reason", errno, kind: errno ETIMEDOUT when its time was over
@usage assert(exec.run { "/usr/bin/logger", "-t", "pagewarden", "memory is short" })
*/
static int run(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_EXEC);
    const char *words[MOST_ARGUMENTS + 1];
    struct pw_program_request request = {.arguments = words};
    struct pw_long_deed deed = {.work = pw_program_work, .arguments = &request, .finish = finish};
    pw_check_surplus(L, 3);
    lua_settop(L, 3);
    check_options(L, &request, &deed.deed);
    check_words(L, words);
    deed.deed.value = push_line(L, words);
    deed.deed.key = lua_pushfstring(L, "exec %s", words[0]);
    deed.deed.check = check_program;
    deed.deed.context = (void *)words[0];
    return pw_do_long_deed(L, reader, &deed);
}


/***
The functions of this module for another root, as methods. Nothing is run under another root than
this machine's.
@function open
@tparam[opt] string|reader root a folder, or a reader of `pagewarden.proc`; this machine without it
@treturn[1] exec an object with `close`, which frees what `open` opened
@return[2] nil, message, errno, kind
*/

/***
Frees what `open` opened; the object may be closed again, and closes itself at the end of a
`local view <close>`.
@function exec:close
*/

PW_EXPORT int luaopen_pagewarden_exec(lua_State *L);

int luaopen_pagewarden_exec(lua_State *L) {
    static const luaL_Reg methods[] = {{"run", run}, {NULL, NULL}};
    return pw_push_view_module(L, PW_EXEC, methods);
}
