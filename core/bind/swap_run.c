/* SPDX-License-Identifier: MIT
 *
 * How a change of swap goes through the gate and is waited for.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "act/kernel.h"
#include "act/swap_job.h"
#include "act/swap_path.h"
#include "bind/act.h"
#include "bind/swap.h"
#include "bind/wait.h"

#define CALL "pagewarden.swap_call"

/* Where the options and the call are on the stack. */
enum { OPTIONS = 3, THE_CALL };

/* What a call needs until its job has ended. */
struct call {
    struct pw_reader *reader;
    struct pw_setting setting;
    struct pw_act act;
    char value[PW_VALUE_BYTES];
    struct pw_swap_job job;
    struct pw_passage *passage; /* NULL without a gate, and once it has ended */
    void (*push)(lua_State *L, const struct pw_swap_state *state);
};


static enum pw_failure kind_of(int error) {
    switch (error) {
    case EAGAIN:
    case EBUSY:
    case EXDEV:
    case EROFS:
    case ENOMEM:
    case ENOSPC:
        return PW_DENIED;
    default:
        return pw_failure_of(error);
    }
}


int pw_swap_fail(lua_State *L, const char *path, const char *reason, int error) {
    const char *what = lua_pushfstring(L, "swap %s", path);
    return pw_fail_because(L, what, reason, error, kind_of(error));
}


/* A call that ends without its job having ended was given up. */
static int close_call(lua_State *L) {
    struct call *call = lua_touserdata(L, 1);
    if (call->passage) {
        pw_gate_end(call->passage, ECANCELED, "given up");
        call->passage = NULL;
    }
    return 0;
}


static struct call *push_call(lua_State *L) {
    struct call *call = lua_newuserdatauv(L, sizeof *call, 0);
    memset(call, 0, sizeof *call);
    static const luaL_Reg methods[] = {{"__close", close_call}, {"__gc", close_call}, {NULL, NULL}};
    luaL_newmetatable(L, CALL);
    luaL_setfuncs(L, methods, 0);
    lua_setmetatable(L, -2);
    lua_toclose(L, -1);
    return call;
}


static int push_result(lua_State *L, const struct call *call, const char *kept) {
    struct pw_swap_state state;
    pw_swap_state_parse(pw_slice_of(kept), &state);
    call->push(L, &state);
    return 1;
}


static int finish(lua_State *L, const struct pw_job_news *news) {
    struct call *call = lua_touserdata(L, THE_CALL);
    if (!call->passage) {
        return news->error ? pw_swap_fail(L, call->job.path, news->reason, news->error)
                           : push_result(L, call, call->value);
    }
    struct pw_act_outcome outcome = pw_gate_end(call->passage, news->error, news->reason);
    call->passage = NULL;
    return outcome.verdict == PW_ACT_REFUSED
               ? pw_swap_fail(L, call->job.path, outcome.reason, outcome.error)
               : push_result(L, call, outcome.kept);
}


/* Tells the caller how far it is. */
static void tick(lua_State *L, const struct pw_job_news *news) {
    if (news && lua_istable(L, OPTIONS) && lua_getfield(L, OPTIONS, "progress") != LUA_TNIL) {
        lua_pushinteger(L, news->figures[0]);
        lua_call(L, 1, 0);
    } else if (news && lua_istable(L, OPTIONS)) {
        lua_pop(L, 1);
    }
}


/* In a test's world there is nothing to wait for, and its time does not pass meanwhile. */
static int run_imagined(lua_State *L, struct call *call) {
    struct pw_job_news news = {.ended = true};
    news.error = -pw_swap_change_make(&call->reader->source, &call->reader->buffer, call->job.path,
                                      &call->job.change, news.reason);
    return finish(L, &news);
}


/* Whether a dry run has made the path something else than it is. */
static bool is_overlaid(const struct call *call, struct pw_swap_state *state) {
    struct pw_slice text, line;
    return pw_source_overlaid(&call->reader->source, call->setting.key, &text) &&
           pw_take_line(&text, &line) && pw_swap_state_parse(line, state);
}


static bool check(void *context, struct pw_act_outcome *outcome) {
    struct call *call = context;
    char reason[PW_SWAP_REASON_BYTES];
    struct pw_swap_state now;
    const struct pw_swap_job *job = &call->job;
    int error = is_overlaid(call, &now)
                    ? pw_swap_change_check_from(&now, job->path, &job->change, reason)
                    : pw_swap_change_check(&call->reader->source, &call->reader->buffer, job->path,
                                           &job->change, reason);
    if (error) {
        pw_refuse(outcome, -error, "%s", reason);
    }
    return !error;
}


/* Whether there is something left to do; if not, why, or that all is well, is in the outcome. */
static bool enter(lua_State *L, struct call *call, struct pw_act_outcome *outcome) {
    const struct pw_act_context *context = pw_act_context_of(L);
    if (!context) {
        return check(call, outcome);
    }
    call->job.change.imagined = context->gate->imagined;
    call->passage = pw_gate_begin(context->gate, &context->actor, &call->act, check, call, outcome);
    return call->passage != NULL;
}


/* [-0, +0, v] How long a policy has to wait before it may do it again, and for how long it is. */
static void check_terms(lua_State *L, struct call *call) {
    call->act =
        (struct pw_act){.setting = &call->setting, .value = call->value, .lifetime = PW_KEEP};
    if (!lua_istable(L, OPTIONS)) {
        return;
    }
    call->act.cooldown_ns = pw_check_cooldown(L, OPTIONS);
    if (lua_getfield(L, OPTIONS, "lifetime") != LUA_TNIL) {
        const char *lifetime = lua_tostring(L, -1);
        luaL_argcheck(L, lifetime && strcmp(lifetime, "keep") == 0, 2,
                      "lifetime: only 'keep'; to undo a lease of swap could take minutes, and "
                      "memory may have no room for what is in it");
    }
    lua_pop(L, 1);
}


/* Makes a setting of the path, as the kernel knows it. */
static int resolve(struct call *call, const char *path, const struct pw_swap_change *change) {
    char resolved[PATH_MAX];
    const struct pw_source *source = &call->reader->source;
    int error = pw_swap_resolve(source, path, resolved, sizeof resolved);
    if (!error) {
        error = pw_setting_of_swap(pw_slice_of(resolved), &call->setting);
    }
    return error ? error : pw_swap_job_prepare(&call->job, source, resolved, change);
}


int pw_swap_run(lua_State *L, const struct pw_swap_change *change,
                void (*push)(lua_State *L, const struct pw_swap_state *state)) {
    struct pw_act_outcome outcome = {.verdict = PW_ACT_DONE};
    size_t size;
    int error;
    const char *path = luaL_checklstring(L, 2, &size);
    luaL_argcheck(L, path[0] == '/' && strlen(path) == size, 2, "an absolute path expected");
    lua_settop(L, OPTIONS);
    pw_check_may_wait(L);
    struct call *call = push_call(L);
    call->reader = pw_check_view(L, 1, PW_SWAP);
    call->push = push;
    check_terms(L, call);
    const char *obstacle = pw_find_obstacle(L, call->reader, &error);
    if (obstacle) {
        return pw_swap_fail(L, path, obstacle, error);
    }
    error = resolve(call, path, change);
    if (error) {
        return pw_swap_fail(
            L, path, error == -ENOENT ? "there is no such folder" : strerror(-error), -error);
    }
    pw_swap_state_format(&change->to, call->value);
    if (enter(L, call, &outcome)) {
        if (call->job.change.imagined) {
            return run_imagined(L, call);
        }
        return pw_run_job(L, &(struct pw_job_use){.work = pw_swap_job_work,
                                                  .arguments = &call->job,
                                                  .finish = finish,
                                                  .tick = tick,
                                                  .tick_seconds = HUGE_VAL});
    }
    return outcome.verdict == PW_ACT_REFUSED
               ? pw_swap_fail(L, call->job.path, outcome.reason, outcome.error)
               : push_result(L, call, outcome.kept);
}
