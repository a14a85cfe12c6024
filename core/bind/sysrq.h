/* SPDX-License-Identifier: MIT
 *
 * What the functions of pagewarden.sysrq share.
 */
#ifndef PAGEWARDEN_BIND_SYSRQ_H
#define PAGEWARDEN_BIND_SYSRQ_H

#include "act/kernel.h"
#include "act/sysrq.h"
#include "act/sysrq_job.h"
#include "bind/long_deed.h"
#include "bind/view.h"

#define PW_SYSRQ "pagewarden.sysrq"

/* A letter that is to be triggered. */
struct pw_sysrq_call {
    struct pw_reader *reader;
    const struct pw_sysrq_letter *letter;
    double limit_seconds;
    bool force; /* in a container too */
    int64_t cooldown_ns;
};

/* The kind of failure that an errno of the trigger is. */
enum pw_failure pw_sysrq_kind(int error);

/* The check of a deed whose context is a call: whether letters can be triggered there. */
bool pw_sysrq_check(void *context, struct pw_act_outcome *outcome);

/* Triggers 'f' and waits for what comes of it; to be returned. */
int pw_sysrq_kill(lua_State *L, struct pw_sysrq_call *call);

#endif
