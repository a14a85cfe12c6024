/* SPDX-License-Identifier: MIT */
#include "act/terms.h"

#include <errno.h>
#include <string.h>

#include "act/kernel.h"


bool pw_terms_allow(const struct pw_terms *terms, struct pw_slice bound,
                    struct pw_act_outcome *outcome) {
    const struct pw_actor *actor = terms->actor;
    struct pw_gate *gate = terms->gate;
    if (actor->grants && !pw_grants_allow(actor->grants, bound)) {
        pw_refuse(outcome, EPERM, "not granted to policy %s", actor->policy);
        return false;
    }
    int64_t left_ns =
        pw_cooldowns_left(&gate->cooldowns, terms->key, actor->policy, pw_now_ns(&gate->hooks));
    if (left_ns > 0) {
        pw_refuse(outcome, EAGAIN, "cooling down for another %.1f s", (double)left_ns / 1e9);
    }
    return left_ns == 0;
}


void pw_terms_start_cooldown(const struct pw_terms *terms, struct pw_act_outcome *outcome) {
    if (terms->cooldown_ns <= 0) {
        return;
    }
    struct pw_gate *gate = terms->gate;
    int64_t now_ns = pw_now_ns(&gate->hooks);
    int error = pw_cooldowns_start(&gate->cooldowns, terms->key, terms->actor->policy, now_ns,
                                   now_ns + terms->cooldown_ns);
    if (error) {
        pw_refuse(outcome, -error, "%s", strerror(-error));
    }
}
