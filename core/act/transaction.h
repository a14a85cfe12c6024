/* SPDX-License-Identifier: MIT
 *
 * Several settings that are changed as one: all of them, or none. When one is refused, those that
 * were changed before it are put back, last first.
 */
#ifndef PAGEWARDEN_ACT_TRANSACTION_H
#define PAGEWARDEN_ACT_TRANSACTION_H

#include "act/gate.h"

/* One of the changes. */
struct pw_change {
    const char *key; /* as of struct pw_setting */
    const char *value;
    char kept[PW_VALUE_BYTES]; /* what the kernel has now, once it was made */

    /* What there was, to be put back. */
    struct pw_values before;
    bool known; /* the policy had changed it before */
    enum pw_lifetime lifetime;
    bool by_default;
};

/* Who changes what, and on what terms. */
struct pw_transaction {
    struct pw_gate *gate;         /* NULL: without one */
    const struct pw_actor *actor; /* of the gate */
    const struct pw_source *source;
    struct pw_buffer *buffer;
    struct pw_act terms;   /* of each change; its setting and value are not looked at */
    bool only_differences; /* what is so already is not written */
    struct pw_change *changes;
    int count;
};

/* Makes the changes in their order. The number of the change that was refused, with the outcome
 * saying why and what became of those before it; or -1 when all were made, or would have been in
 * dry run. A change that is an action is refused, since nothing puts it back. */
int pw_transaction_run(struct pw_transaction *transaction, struct pw_act_outcome *outcome);

#endif
