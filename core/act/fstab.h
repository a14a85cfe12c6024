/* SPDX-License-Identifier: MIT
 *
 * Changing /etc/fstab, which is read at the next boot: whole or not at all, and nothing in it but
 * the lines that are about one swap area.
 */
#ifndef PAGEWARDEN_ACT_FSTAB_H
#define PAGEWARDEN_ACT_FSTAB_H

#include "read/source.h"

/* Adds the line of a swap area: 0 or -errno, EEXIST when there is one that is about this path. */
int pw_fstab_add(const struct pw_source *source, const char *path, const char *line);

/* Takes out every line that is about this path: how many, or -errno. */
int pw_fstab_remove(const struct pw_source *source, const char *path);

#endif
