/* SPDX-License-Identifier: MIT
 *
 * A signal as a deed (deed.h): to one process, or to every process of a whole, each found to be one
 * that may be killed before the first is signalled.
 */
#ifndef PAGEWARDEN_ACT_VICTIMS_H
#define PAGEWARDEN_ACT_VICTIMS_H

#include "act/deed.h"
#include "act/kill.h"
#include "act/members.h"

/* Room for "kill 812:45678 cgroup". */
#define PW_VICTIMS_KEY_BYTES 64

/* pw_victims_of_process(), or, for a whole, `members` chosen by the caller. */
struct pw_victims {
    struct pw_killer killer;
    struct pw_victim one;       /* when `members` is NULL */
    struct pw_members *members; /* or NULL */
    int signal;
    int count; /* how many processes the last signal reached */
};

/* One process, which is held from the first check on. */
void pw_victims_of_process(struct pw_victims *victims, const struct pw_killer *killer,
                           const struct pw_identity *process);

/* The deed's `check` and `perform`; the context is a struct pw_victims. They may be called again,
 * with another signal. */
bool pw_victims_check(void *victims, struct pw_act_outcome *outcome);
bool pw_victims_perform(void *victims, struct pw_act_outcome *outcome);

/* Whether all have ended. */
bool pw_victims_have_ended(struct pw_victims *victims);

/* Lets go of them. */
void pw_victims_release(struct pw_victims *victims);

#endif
