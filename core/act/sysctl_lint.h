/* SPDX-License-Identifier: MIT
 *
 * A look over all settings of a root: which of them are a mistake there, and what to do about it.
 */
#ifndef PAGEWARDEN_ACT_SYSCTL_LINT_H
#define PAGEWARDEN_ACT_SYSCTL_LINT_H

#include "act/setting.h"

struct pw_sysctl_finding {
    const char *key;
    char value[PW_VALUE_BYTES];
    int danger;          /* as of struct pw_tunable */
    const char *problem; /* a clause */
    const char *advice;  /* what to do */
};

/* Calls back for each finding, in no order that counts: where a rule of sysctl_rules.h is broken,
 * and where a value is out of the range that the kernel says it has. What a finding points to is
 * valid during the call. */
void pw_sysctl_lint(const struct pw_source *source, struct pw_buffer *buffer,
                    void (*found)(void *context, const struct pw_sysctl_finding *finding),
                    void *context);

#endif
