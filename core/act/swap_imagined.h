/* SPDX-License-Identifier: MIT
 *
 * What a root without a kernel has in its /proc/swaps once an area is put on or off: a captured
 * tree, or a test's world.
 */
#ifndef PAGEWARDEN_ACT_SWAP_IMAGINED_H
#define PAGEWARDEN_ACT_SWAP_IMAGINED_H

#include "read/source.h"

/* Adds a line for the area, as the kernel would. A negative priority is the next that the kernel
 * would choose. 0 or -errno. */
int pw_swap_imagine_on(const struct pw_source *source, const char *path, int64_t size_bytes,
                       int priority);

/* Takes its line out: 0 or -errno, EINVAL when there is none. */
int pw_swap_imagine_off(const struct pw_source *source, const char *path);

#endif
