/* SPDX-License-Identifier: MIT
 *
 * The terms on which a policy may do something with a key: its grants, and how long it has to wait
 * before it may do it again.
 */
#ifndef PAGEWARDEN_ACT_TERMS_H
#define PAGEWARDEN_ACT_TERMS_H

#include "act/gate.h"

struct pw_terms {
    struct pw_gate *gate;
    const struct pw_actor *actor;
    const char *key;
    int64_t cooldown_ns; /* 0 for none */
};

/* Whether it was granted, `bound` being what of the key a grant has to cover, and is not cooling
 * down. False: the outcome is a refusal. */
bool pw_terms_allow(const struct pw_terms *terms, struct pw_slice bound,
                    struct pw_act_outcome *outcome);

/* Starts the cool-down, if there is to be one; without memory for it the outcome is a refusal. */
void pw_terms_start_cooldown(const struct pw_terms *terms, struct pw_act_outcome *outcome);

#endif
