/* SPDX-License-Identifier: MIT */
#include "act/sysctl_check.h"

#include <errno.h>
#include <string.h>

#include "act/kernel.h"
#include "act/sysctl.h"
#include "act/sysctl_facts.h"
#include "act/tunable_check.h"


/* The facts as they would be. */
static void suppose(struct pw_sysctl_facts *facts, const char *key, const char *value) {
    struct pw_number number = {0};
    const char *partner = pw_sysctl_partner(key);
    int64_t *fact = pw_sysctl_fact(facts, key);
    int64_t *of_partner = partner ? pw_sysctl_fact(facts, partner) : NULL;
    pw_parse_number(pw_slice_of(value), &number);
    if (of_partner && *of_partner != PW_ABSENT) {
        *of_partner = 0;
    }
    if (fact) {
        *fact = number.value;
    }
}


static bool check_rules(const struct pw_source *source, struct pw_buffer *buffer, const char *key,
                        const char *value, struct pw_act_outcome *outcome) {
    struct pw_sysctl_facts before, after;
    char problem[PW_PROBLEM_BYTES];
    if (!pw_sysctl_is_refusable(key)) {
        return true;
    }
    pw_sysctl_read_facts(source, buffer, &before);
    after = before;
    suppose(&after, key, value);
    if (!pw_sysctl_refusal(key, &before, &after, problem)) {
        return true;
    }
    pw_refuse(outcome, EPERM, "%s is refused: %s (dangerous = true insists)", value, problem);
    return false;
}


bool pw_sysctl_check(const struct pw_source *source, struct pw_buffer *buffer,
                     const struct pw_act *act, struct pw_act_outcome *outcome) {
    const char *key = strchr(act->setting->key, ' ') + 1;
    const struct pw_tunable *tunable = pw_tunable_find(pw_sysctl_tunables, pw_slice_of(key));
    return act->dangerous || !tunable ||
           (pw_tunable_check(tunable, source, buffer, act->value, outcome) &&
            check_rules(source, buffer, key, act->value, outcome));
}
