/* SPDX-License-Identifier: MIT */
#include "bind/wait.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "bind/act_context.h"
#include "bind/bind.h"

#define JOB "pagewarden.job"

/* Its address is the registry key of the set of coroutines that may wait. */
static const char waiters = 0;

/* The userdata of a job, on the stack of the function that runs it. */
struct run {
    struct pw_job job;
    struct pw_job_use use;
};


void pw_allow_waiting(lua_State *L, int index) {
    luaL_checktype(L, index, LUA_TTHREAD);
    lua_pushvalue(L, index);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &waiters) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_createtable(L, 0, 1);
        lua_pushliteral(L, "k");
        lua_setfield(L, -2, "__mode");
        lua_setmetatable(L, -2);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &waiters);
    }
    lua_insert(L, -2);
    lua_pushboolean(L, true);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}


static bool may_wait(lua_State *L) {
    bool allowed = false;
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &waiters) == LUA_TTABLE) {
        lua_pushthread(L);
        allowed = lua_rawget(L, -2) == LUA_TBOOLEAN;
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return allowed && lua_isyieldable(L);
}


void pw_check_may_wait(lua_State *L) {
    if (pw_act_context_of(L) && !may_wait(L)) {
        luaL_error(L, "only a task may wait (see pw:task)");
    }
}


static void wait_here(int fd, double seconds) {
    int timeout_ms = seconds < 1e6 ? (int)ceil(seconds * 1e3) : -1;
    while (poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, timeout_ms) == -1 &&
           errno == EINTR) {
    }
}


int pw_wait_readable(lua_State *L, int fd, double seconds, lua_KContext context,
                     lua_KFunction go_on) {
    pw_check_may_wait(L);
    if (!pw_act_context_of(L)) {
        wait_here(fd, seconds);
        return go_on(L, LUA_OK, context);
    }
    lua_pushnumber(L, seconds);
    if (fd >= 0) {
        lua_pushinteger(L, fd);
    }
    return lua_yieldk(L, fd >= 0 ? 2 : 1, context, go_on);
}


static int close_job(lua_State *L) {
    pw_job_close(&((struct run *)lua_touserdata(L, 1))->job);
    return 0;
}


/* [-0, +1, m] A job that is closed yet, and that will be when its function ends. */
static struct run *push_run(lua_State *L) {
    struct run *run = lua_newuserdatauv(L, sizeof *run, 0);
    run->job = (struct pw_job){.fd = -1};
    luaL_newmetatable(L, JOB);
    lua_pushcfunction(L, close_job);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, close_job);
    lua_setfield(L, -2, "__close");
    lua_setmetatable(L, -2);
    return run;
}


static int go_on(lua_State *L, int status, lua_KContext index) {
    struct run *run = lua_touserdata(L, (int)index);
    struct pw_job_news news;
    (void)status;
    bool told = pw_job_take(&run->job, &news) == 0;
    if (told && news.ended) {
        return run->use.finish(L, &news);
    }
    if (run->use.tick) {
        run->use.tick(L, told ? &news : NULL);
    }
    return pw_wait_readable(L, run->job.fd, run->use.tick_seconds, index, go_on);
}


int pw_run_job(lua_State *L, const struct pw_job_use *use) {
    pw_check_may_wait(L);
    struct run *run = push_run(L);
    run->use = *use;
    lua_toclose(L, -1);
    int error = pw_job_start(&run->job, use->work, use->arguments);
    if (error) {
        struct pw_job_news news = {.ended = true, .error = -error};
        snprintf(news.reason, sizeof news.reason, "no process for it: %s", strerror(-error));
        return use->finish(L, &news);
    }
    return pw_wait_readable(L, run->job.fd, use->tick_seconds, lua_gettop(L), go_on);
}
