/* SPDX-License-Identifier: MIT */
#include "bind/long_deed.h"

#include <math.h>
#include <string.h>

/* Where on the stack what follows the arguments is. */
enum { BEGUN = PW_LONG_DEED_ARGUMENTS + 1, KEY, VALUE };

/* One that is under way. */
struct begun {
    int (*finish)(lua_State *L, const struct pw_job_news *news, double seconds, bool done);
    int64_t started_ns;
};


int pw_fail_deed(lua_State *L, const char *key, const char *value, const char *reason, int error) {
    const struct pw_act_context *context = pw_act_context_of(L);
    if (context) {
        pw_gate_tell_failure(context->gate, &context->actor,
                             &(struct pw_deed){.key = key, .value = value}, error, reason);
    }
    return pw_fail_because(L, key, reason, error, pw_failure_of(error));
}


static int finish(lua_State *L, const struct pw_job_news *news) {
    const struct begun *begun = lua_touserdata(L, BEGUN);
    if (news->error) {
        return pw_fail_deed(L, lua_tostring(L, KEY), lua_tostring(L, VALUE), news->reason,
                            news->error);
    }
    return begun->finish(L, news, (double)(pw_boot_time_ns() - begun->started_ns) / 1e9, true);
}


/* The gate asks the one who made the deed whether it is possible, and us to perform it. */
struct passage {
    const struct pw_deed *deed;
    bool performed;
};


static bool ask(void *context, struct pw_act_outcome *outcome) {
    const struct pw_deed *deed = ((struct passage *)context)->deed;
    return !deed->check || deed->check(deed->context, outcome);
}


static bool perform(void *context, struct pw_act_outcome *outcome) {
    (void)outcome;
    ((struct passage *)context)->performed = true;
    return true;
}


/* Puts what follows the arguments in the place of whatever is there, key and value perhaps. */
static void keep(lua_State *L, const struct pw_long_deed *deed) {
    if (lua_gettop(L) < VALUE) {
        lua_settop(L, VALUE);
    }
    struct begun *begun = lua_newuserdatauv(L, sizeof *begun, 0);
    *begun = (struct begun){deed->finish, pw_boot_time_ns()};
    lua_pushstring(L, deed->deed.key);
    lua_pushstring(L, deed->deed.value);
    lua_replace(L, VALUE);
    lua_replace(L, KEY);
    lua_replace(L, BEGUN);
    lua_settop(L, VALUE);
}


int pw_do_long_deed(lua_State *L, struct pw_reader *reader, const struct pw_long_deed *deed) {
    struct passage passage = {.deed = &deed->deed};
    struct pw_act_outcome outcome;
    pw_check_may_wait(L);
    keep(L, deed);
    struct pw_deed at_gate = {
        .key = lua_tostring(L, KEY),
        .value = lua_tostring(L, VALUE),
        .cooldown_ns = deed->deed.cooldown_ns,
        .check = ask,
        .perform = perform,
        .context = &passage,
    };
    int failed = pw_do_deed(L, reader, &at_gate, &outcome);
    if (failed) {
        return failed;
    }
    if (!passage.performed) {
        return deed->finish(L, &(struct pw_job_news){.ended = true}, 0, false);
    }
    return pw_run_job(L, &(struct pw_job_use){.work = deed->work,
                                              .arguments = deed->arguments,
                                              .finish = finish,
                                              .tick_seconds = HUGE_VAL});
}
