/* SPDX-License-Identifier: MIT
 *
 * The step of a change that meets the kernel: writing, and reading back what was made of it, since
 * the kernel ignores some writes without a word and rounds others.
 */
#ifndef PAGEWARDEN_ACT_KERNEL_H
#define PAGEWARDEN_ACT_KERNEL_H

#include "act/gate.h"

/* Writes one file of a setting that has `before`, and fills in the outcome: done, or refused. What
 * the setting has then goes to `after`, unless that is NULL or nothing was done. */
void pw_kernel_write(const struct pw_source *source, struct pw_buffer *buffer,
                     const struct pw_setting *setting, int file, const char *value,
                     const struct pw_values *before, struct pw_values *after,
                     struct pw_act_outcome *outcome);

/* Puts back what a setting had; `now` is what it has, and is kept so. Of a pair the kernel takes
 * only the member that is not 0, and makes 0 of the other. 0 or -errno: EIO when the kernel took it
 * and has something else. */
int pw_kernel_put_back(const struct pw_source *source, struct pw_buffer *buffer,
                       const struct pw_hooks *hooks, const struct pw_setting *setting,
                       const struct pw_values *wanted, struct pw_values *now);

/* Makes the outcome a refusal, with a reason as printf() takes it. */
void pw_refuse(struct pw_act_outcome *outcome, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Makes it one because the setting could not be read or written. */
void pw_refuse_setting(struct pw_act_outcome *outcome, const struct pw_setting *setting, int error);

/* Checks what no policy may touch, what no setting takes and what does harm. False: it is refused.
 * In dry run the source has the overlay, so that what was set before counts. */
bool pw_kernel_check(const struct pw_source *source, struct pw_buffer *buffer,
                     const struct pw_act *act, struct pw_act_outcome *outcome);

#endif
