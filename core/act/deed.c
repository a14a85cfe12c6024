/* SPDX-License-Identifier: MIT */
#include "act/deed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "act/kernel.h"
#include "act/terms.h"


static bool is_possible(const struct pw_deed *deed, struct pw_act_outcome *outcome) {
    return !deed->check || deed->check(deed->context, outcome);
}


static void perform(const struct pw_source *source, const struct pw_deed *deed,
                    struct pw_act_outcome *outcome) {
    if (!source->live) {
        pw_refuse(outcome, EXDEV, "it is done to this machine only, not to another root");
    } else if (deed->perform(deed->context, outcome)) {
        outcome->verdict = PW_ACT_DONE;
    }
}


static bool is_killing(const struct pw_deed *deed) {
    return deed->kill_ns > 0 && strcmp(deed->value, "SIGKILL") == 0;
}


static bool may_kill(const struct pw_gate *gate, const struct pw_deed *deed,
                     struct pw_act_outcome *outcome) {
    bool is_harder = is_killing(deed) && strcmp(deed->key, gate->asked_key) == 0;
    bool waits = deed->kill_ns > 0 && !is_harder;
    int64_t left_ns = waits ? gate->next_kill_ns - pw_now_ns(&gate->hooks) : 0;
    if (left_ns > 0) {
        pw_refuse(outcome, EAGAIN,
                  "the kill before it needs up to another %.1f s to show in memory",
                  (double)left_ns / 1e9);
    }
    return left_ns <= 0;
}


/* What is left when owner and journal have no say: nobody owns a deed, and nothing undoes it. */
static void pass(struct pw_gate *gate, const struct pw_actor *actor, const struct pw_deed *deed,
                 struct pw_act_outcome *outcome) {
    struct pw_terms terms = {gate, actor, deed->key, deed->cooldown_ns};
    if (!pw_terms_allow(&terms, pw_slice_of(deed->key), outcome) ||
        !may_kill(gate, deed, outcome) || !is_possible(deed, outcome)) {
        return;
    }
    if (actor->overlay) {
        outcome->verdict = PW_ACT_WOULD;
    } else if (!gate->imagined) {
        perform(&gate->source, deed, outcome);
    }
    if (outcome->verdict != PW_ACT_REFUSED) {
        pw_terms_start_cooldown(&terms, outcome);
        if (deed->kill_ns > 0) {
            gate->next_kill_ns = pw_now_ns(&gate->hooks) + deed->kill_ns;
            snprintf(gate->asked_key, sizeof gate->asked_key, "%s",
                     is_killing(deed) ? "" : deed->key);
        }
    }
}


void pw_gate_end_kill(struct pw_gate *gate, int64_t next_kill_ns, int64_t pause_ns) {
    int64_t earlier_ns = pw_now_ns(&gate->hooks) + pause_ns;
    if (gate->next_kill_ns == next_kill_ns && earlier_ns < next_kill_ns) {
        gate->next_kill_ns = earlier_ns;
    }
}


static void audit(const struct pw_gate *gate, const struct pw_actor *actor,
                  const struct pw_deed *deed, const struct pw_act_outcome *outcome) {
    static const char *const events[] = {
        [PW_ACT_DONE] = "act", [PW_ACT_WOULD] = "would", [PW_ACT_REFUSED] = "refused"};
    char number[24];
    snprintf(number, sizeof number, "%d", outcome->error);
    struct pw_event_field fields[] = {{"policy", actor->policy},
                                      {"key", deed->key},
                                      {"value", deed->value},
                                      {"reason", outcome->reason},
                                      {"errno", number}};
    pw_tell(&gate->hooks, events[outcome->verdict], fields,
            outcome->verdict == PW_ACT_REFUSED ? 5 : 3);
}


struct pw_act_outcome pw_gate_do(struct pw_gate *gate, const struct pw_actor *actor,
                                 const struct pw_deed *deed) {
    struct pw_act_outcome outcome = {.verdict = PW_ACT_DONE};
    pass(gate, actor, deed, &outcome);
    audit(gate, actor, deed, &outcome);
    return outcome;
}


void pw_gate_tell_failure(const struct pw_gate *gate, const struct pw_actor *actor,
                          const struct pw_deed *deed, int error, const char *reason) {
    struct pw_act_outcome outcome = {0};
    pw_refuse(&outcome, error, "%s", reason);
    audit(gate, actor, deed, &outcome);
}


struct pw_act_outcome pw_deed_alone(const struct pw_source *source, const struct pw_deed *deed) {
    struct pw_act_outcome outcome = {.verdict = PW_ACT_DONE};
    if (is_possible(deed, &outcome)) {
        perform(source, deed, &outcome);
    }
    return outcome;
}
