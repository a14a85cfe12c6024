/* SPDX-License-Identifier: MIT
 *
 * Which kernel it is: "6.1.0-18-amd64", "2.6.32-279.el6.x86_64".
 */
#ifndef PAGEWARDEN_READ_RELEASE_H
#define PAGEWARDEN_READ_RELEASE_H

#include "read/source.h"

/* A release as a number that is larger for a later one. */
#define PW_RELEASE(major, minor, patch) ((major)*1000000 + (minor)*1000 + (patch))

/* Reads what uname(2) and /proc/sys/kernel/osrelease call the release. What distributions put
 * behind the numbers does not count. 0 for anything else. */
int pw_parse_release(struct pw_slice text);

/* The release of a root's kernel; 0 when the root does not say. */
int pw_release_of(const struct pw_source *source, struct pw_buffer *buffer);

#endif
