/* SPDX-License-Identifier: MIT
 *
 * Whether a kernel takes a value, asked before it is written: some kernels ignore what they do not
 * take and say nothing.
 */
#ifndef PAGEWARDEN_ACT_TUNABLE_CHECK_H
#define PAGEWARDEN_ACT_TUNABLE_CHECK_H

#include "act/gate.h"
#include "act/tunable.h"

/* Checks that a value is made of as many decimal numbers as there have to be, each in the range of
 * the source's kernel. False: the outcome is a refusal. */
bool pw_tunable_check(const struct pw_tunable *tunable, const struct pw_source *source,
                      struct pw_buffer *buffer, const char *value, struct pw_act_outcome *outcome);

#endif
