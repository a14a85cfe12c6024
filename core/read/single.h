/* SPDX-License-Identifier: MIT
 *
 * Files that hold one thing: a number (oom_score, memory.current, most of /sys), or the choice
 * that is made among others ("[always] madvise never"). Pure.
 */
#ifndef PAGEWARDEN_READ_SINGLE_H
#define PAGEWARDEN_READ_SINGLE_H

#include "read/text.h"

/* Reads a file of one number, "max" being one. False when its first line is anything else, or
 * there is none; lines after it are counted as skipped. */
bool pw_parse_single(struct pw_slice text, struct pw_number *number, struct pw_flaws *flaws);

/* Reads a file that begins with a decimal fraction: /proc/uptime, in seconds. */
bool pw_parse_single_decimal(struct pw_slice text, double *value);

/* One word of a choice. */
struct pw_choice {
    struct pw_slice word; /* without the brackets */
    bool chosen;
};

/* Takes the next word of a choice; false at the end. Format: sysfs_emit("[always] madvise never")
 * in mm/huge_memory.c, drivers/block/zram/zcomp.c and others. */
bool pw_next_choice(struct pw_slice *rest, struct pw_choice *choice);

/* Takes the next string of a list in which each ends with a NUL, such as /proc/PID/cmdline; the
 * last need not. False at the end. */
bool pw_next_argument(struct pw_slice *rest, struct pw_slice *argument);

#endif
