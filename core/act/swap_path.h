/* SPDX-License-Identifier: MIT
 *
 * Paths as the kernel has them in /proc/swaps, whatever way they were given.
 */
#ifndef PAGEWARDEN_ACT_SWAP_PATH_H
#define PAGEWARDEN_ACT_SWAP_PATH_H

#include <limits.h>

#include "read/source.h"

/* Makes of a path, from the root, the one that the kernel knows it by: absolute, and through no
 * link. Its last part need not exist. 0 or -errno: ENAMETOOLONG when there is no room. */
int pw_swap_resolve(const struct pw_source *source, const char *path, char *resolved, size_t room);

/* The same for a folder, which must exist. */
int pw_swap_resolve_folder(const struct pw_source *source, const char *folder,
                           char resolved[PATH_MAX]);

/* Where the source's root is, for a process that does not have it open: 0 or -errno. */
int pw_swap_root(const struct pw_source *source, char root[PATH_MAX]);

#endif
