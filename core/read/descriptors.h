/* SPDX-License-Identifier: MIT
 *
 * What a process has open, from the links in /proc/PID/fd.
 */
#ifndef PAGEWARDEN_READ_DESCRIPTORS_H
#define PAGEWARDEN_READ_DESCRIPTORS_H

#include "read/source.h"

/* Whether a process has one of these sockets open: 1, 0 or -errno; EACCES when the process is not
 * ours to look into. */
int pw_process_has_socket(const struct pw_source *source, int64_t pid, const int64_t inodes[],
                          int count, struct pw_buffer *buffer);

#endif
