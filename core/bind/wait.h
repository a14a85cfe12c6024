/* SPDX-License-Identifier: MIT
 *
 * How a function that Lua calls waits. A plain program waits in poll(2). A policy must not hold up
 * the loop: in a task (`pw:task`) the coroutine yields what it waits for, and goes on when that has
 * come; anywhere else in a policy it is an error.
 */
#ifndef PAGEWARDEN_BIND_WAIT_H
#define PAGEWARDEN_BIND_WAIT_H

#include <lua.h>

#include "act/job.h"

/* Waits until the descriptor, unless it is -1, is readable or so many seconds are over, HUGE_VAL
 * for no limit, and then calls `go_on` with the stack as it is now. To be returned, as lua_yieldk()
 * is.
 */
int pw_wait_readable(lua_State *L, int fd, double seconds, lua_KContext context,
                     lua_KFunction go_on);

/* [-0, +0, v] Raises, in a policy, unless it is a task that is running. For functions that will
 * wait, before they have done anything. */
void pw_check_may_wait(lua_State *L);

/* [-0, +0, m] Makes the coroutine at `index` one that may wait: its yields are understood. */
void pw_allow_waiting(lua_State *L, int index);

/* What is to be done while a job runs and after it. */
struct pw_job_use {
    pw_job_work *work;
    const void *arguments; /* copied */

    /* [-0, +n, v] Pushes the results of the function that started the job, and returns how many. */
    int (*finish)(lua_State *L, const struct pw_job_news *news);

    /* [-0, +0, v] Called with what the job said, and after each `tick_seconds` with NULL; may be
     * NULL. An error in it ends the job. */
    void (*tick)(lua_State *L, const struct pw_job_news *news);
    double tick_seconds; /* HUGE_VAL for none */
};

/* Runs a job and waits for its end; when the task is cancelled meanwhile, the job is ended. Returns
 * what `finish` does; to be returned. When it cannot start, `finish` is told so as of its end. The
 * stack that `finish` and `tick` see is that of now. */
int pw_run_job(lua_State *L, const struct pw_job_use *use);

#endif
