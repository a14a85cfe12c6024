/* SPDX-License-Identifier: MIT
 *
 * What is looked at before a sysctl key is written: whether the kernel would take the value, for
 * some kernels ignore what they do not take and say nothing, and whether it does harm.
 */
#ifndef PAGEWARDEN_ACT_SYSCTL_CHECK_H
#define PAGEWARDEN_ACT_SYSCTL_CHECK_H

#include "act/gate.h"

/* Checks an act on a key. False: the outcome is a refusal. The act's `dangerous` leaves the judging
 * to the kernel. */
bool pw_sysctl_check(const struct pw_source *source, struct pw_buffer *buffer,
                     const struct pw_act *act, struct pw_act_outcome *outcome);

#endif
