/* SPDX-License-Identifier: MIT
 *
 * The memory manager's settings outside /proc/sys: where they are, and their values in one form,
 * whichever way the kernel writes them: of "[always] madvise never" the chosen word, of "0x0007" a
 * decimal number, and of Y and N, true and false, 1 and 0, which every kernel takes.
 */
#ifndef PAGEWARDEN_ACT_MM_H
#define PAGEWARDEN_ACT_MM_H

#include "act/gate.h"

#define PW_MM_FOLDER "sys/kernel/mm"
#define PW_ZSWAP_FOLDER "sys/module/zswap/parameters"

/* Writes the path of a setting from the root into `out`. A name is a path below /sys/kernel/mm, or
 * "zswap/NAME"; transparent_hugepage has another name on Red Hat Enterprise Linux 6. False for a
 * name that is of no setting: a zram device's file, a tree of requests, or none at all. */
bool pw_mm_path(const struct pw_source *source, struct pw_slice name, char *out, size_t room);

/* Writes the value that a file's text says into `out`. 0, or -E2BIG. */
int pw_mm_value(struct pw_slice text, char out[PW_VALUE_BYTES]);

/* Writes what a kernel that showed `text` shows once the value is set. 0; -EINVAL when it is a
 * choice that does not have the value; or -E2BIG. */
int pw_mm_show(struct pw_slice text, const char *value, char out[PW_VALUE_BYTES]);

/* Checks an act on such a setting before it is done. False: the outcome is a refusal. The act's
 * `dangerous` leaves the judging to the kernel. */
bool pw_mm_check(const struct pw_source *source, struct pw_buffer *buffer, const struct pw_act *act,
                 struct pw_act_outcome *outcome);

#endif
