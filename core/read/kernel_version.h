/* SPDX-License-Identifier: MIT
 *
 * Which Linux a root is of. Distributions carry changes back to older versions, so where a file or
 * a figure can tell instead, it is asked first.
 */
#ifndef PAGEWARDEN_READ_KERNEL_VERSION_H
#define PAGEWARDEN_READ_KERNEL_VERSION_H

#include "read/source.h"

/* A version as a number that can be compared: PW_LINUX(5, 9, 0). */
#define PW_LINUX(major, minor, patch)                                                              \
    ((int64_t)(major) << 32 | (int64_t)(minor) << 16 | (int64_t)(patch))

/* Reads a release, "6.1.0-18-amd64", or /proc/version's line with one in it. What follows the
 * numbers is passed over, and a part that is not there is 0. Returns 0 when there is none. Pure. */
int64_t pw_parse_kernel_version(struct pw_slice text);

/* The version of a root's kernel; 0 when it does not say. */
int64_t pw_kernel_version(const struct pw_source *source, struct pw_buffer *buffer);

#endif
