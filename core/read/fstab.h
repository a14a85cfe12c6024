/* SPDX-License-Identifier: MIT
 *
 * Lines of /etc/fstab that are about swap. Pure. Format: fstab(5); what is blank in a field is
 * written as a backslash and three octal digits.
 */
#ifndef PAGEWARDEN_READ_FSTAB_H
#define PAGEWARDEN_READ_FSTAB_H

#include "read/text.h"

/* A line for swap, as slices of the text. */
struct pw_fstab_line {
    struct pw_slice whole;   /* without its newline */
    struct pw_slice device;  /* as it was written: see pw_fstab_is_of() */
    struct pw_slice options; /* "defaults,pri=10,nofail" */
};

/* The next line whose type is swap; comments and all other lines are passed over. False at the
 * end. */
bool pw_next_fstab_swap(struct pw_slice *rest, struct pw_fstab_line *line);

/* Whether the line is about this path, by its name. */
bool pw_fstab_is_of(const struct pw_fstab_line *line, const char *path);

/* Writes "PATH none swap OPTIONS 0 0" and a NUL. Returns the size without it; nothing is written in
 * part, so a size that is not less than `room` is how much room there must be more than. */
size_t pw_fstab_write(const char *path, const char *options, char *out, size_t room);

#endif
