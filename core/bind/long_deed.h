/* SPDX-License-Identifier: MIT
 *
 * Deeds that take long: through the gate first, then done in a job that the caller waits for.
 */
#ifndef PAGEWARDEN_BIND_LONG_DEED_H
#define PAGEWARDEN_BIND_LONG_DEED_H

#include "bind/act.h"
#include "bind/wait.h"

/* The most arguments that a function which does one may have on its stack. */
#define PW_LONG_DEED_ARGUMENTS 6

struct pw_long_deed {
    /* Its `perform` is not asked for: the job does it. */
    struct pw_deed deed;

    pw_job_work *work;
    const void *arguments; /* copied with the rest of the process */

    /* [-0, +n, v] Pushes the results of the function, and returns how many. `news` is what the job
     * said in the end, and no error. In dry run and in a test's world there was no job, and it says
     * nothing. The stack is that with which pw_do_long_deed() was called, up to
     * PW_LONG_DEED_ARGUMENTS. */
    int (*finish)(lua_State *L, const struct pw_job_news *news, double seconds, bool done);
};

/* Does one. Returns what `finish` does, or nil, "KEY: reason", errno, kind; to be returned. What
 * was begun and failed is told of a second time, as refused. */
int pw_do_long_deed(lua_State *L, struct pw_reader *reader, const struct pw_long_deed *deed);

/* [-0, +4, m] nil, "KEY: reason", errno, kind for a deed that was let through and failed, which the
 * gate's hook is told. */
int pw_fail_deed(lua_State *L, const char *key, const char *value, const char *reason, int error);

#endif
