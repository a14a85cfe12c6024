/* SPDX-License-Identifier: MIT */
#include "bind/wait.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <poll.h>
#include <string.h>

#include "bind/act_context.h"
#include "check.h"


/* Says 1, 2 and 3, and ends as it was told to. */
static void count(int speaker_fd, const void *arguments, struct pw_job_news *news) {
    for (int i = 1; i <= 3; i++) {
        pw_job_say(speaker_fd, &(struct pw_job_news){.figures = {i}});
    }
    news->error = *(const int *)arguments;
}


/* The sum of what was said is at 1. */
static void add(lua_State *L, const struct pw_job_news *news) {
    lua_pushinteger(L, lua_tointeger(L, 1) + (news ? news->figures[0] : 0));
    lua_replace(L, 1);
}


static int finish(lua_State *L, const struct pw_job_news *news) {
    lua_pushvalue(L, 1);
    lua_pushinteger(L, news->error);
    return 2;
}


static int run(lua_State *L) {
    int error = (int)lua_tointeger(L, 1);
    lua_settop(L, 0);
    lua_pushinteger(L, 0);
    return pw_run_job(L, &(struct pw_job_use){
                             .work = count,
                             .arguments = &error,
                             .finish = finish,
                             .tick = add,
                             .tick_seconds = HUGE_VAL,
                         });
}


static lua_State *new_state(void) {
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    lua_register(L, "run", run);
    return L;
}


static void check(lua_State *L, const char *chunk) {
    if (luaL_dostring(L, chunk)) {
        fail_msg("%s", lua_tostring(L, -1));
    }
}


static void a_plain_program_waits_for_the_end(void **state) {
    (void)state;
    lua_State *L = new_state();
    check(L, "local sum, error = run(0) assert(sum == 6 and error == 0)");
    check(L, "local sum, error = run(12) assert(sum == 6 and error == 12)");
    lua_close(L);
}


static void a_policy_is_told_that_only_a_task_may_wait(void **state) {
    (void)state;
    static const struct pw_act_context context = {.gate = NULL};
    lua_State *L = new_state();
    pw_act_set_context(L, &context);
    check(L, "local ok, message = pcall(run, 0) assert(not ok and message:find 'only a task')");
    check(L, "local ok, message = coroutine.resume(coroutine.create(run), 0) "
             "assert(not ok and message:find 'only a task')");
    lua_close(L);
}


/* A coroutine that may wait, and that has been told to run. */
static lua_State *start_task(lua_State *L) {
    static const struct pw_act_context context = {.gate = NULL};
    pw_act_set_context(L, &context);
    lua_State *task = lua_newthread(L);
    pw_allow_waiting(L, -1);
    lua_getglobal(task, "run");
    lua_pushinteger(task, 0);
    return task;
}


static void a_task_yields_what_it_waits_for(void **state) {
    (void)state;
    lua_State *L = new_state(), *task = start_task(L);
    int results, arguments = 1;
    while (lua_resume(task, L, arguments, &results) == LUA_YIELD) {
        assert_true(lua_tonumber(task, -2) == HUGE_VAL);
        struct pollfd awaited = {.fd = (int)lua_tointeger(task, -1), .events = POLLIN};
        assert_int_equal(poll(&awaited, 1, 10000), 1);
        lua_pop(task, results);
        arguments = 0;
    }
    assert_int_equal(results, 2);
    assert_int_equal(lua_tointeger(task, -2), 6);
    lua_close(L);
}


static void a_task_that_is_closed_ends_its_job(void **state) {
    (void)state;
    lua_State *L = new_state(), *task = start_task(L);
    int results;
    assert_int_equal(lua_resume(task, L, 1, &results), LUA_YIELD);
    struct pollfd left = {.fd = (int)lua_tointeger(task, -1), .events = POLLIN};
    assert_int_equal(lua_resetthread(task), LUA_OK);
    assert_int_equal(poll(&left, 1, 0), 1);
    assert_true(left.revents & POLLNVAL);
    lua_close(L);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_program_waits_for_the_end),
        cmocka_unit_test(a_policy_is_told_that_only_a_task_may_wait),
        cmocka_unit_test(a_task_yields_what_it_waits_for),
        cmocka_unit_test(a_task_that_is_closed_ends_its_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
