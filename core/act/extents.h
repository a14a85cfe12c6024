/* SPDX-License-Identifier: MIT
 *
 * Where the bytes of a file are on its disk, as far as swapping cares: the kernel writes swap past
 * the file system, so each must have a place of its own there, that nobody moves or shares.
 */
#ifndef PAGEWARDEN_ACT_EXTENTS_H
#define PAGEWARDEN_ACT_EXTENTS_H

#include <stdint.h>

/* Why the first `size_bytes` of an open file cannot be swapped to; NULL when they can, as far as
 * its file system tells. What is still to be written to the disk is written first. */
const char *pw_extents_problem(int fd, int64_t size_bytes);

#endif
