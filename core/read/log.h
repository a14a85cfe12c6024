/* SPDX-License-Identifier: MIT
 *
 * The kernel's log as a whole.
 */
#ifndef PAGEWARDEN_READ_LOG_H
#define PAGEWARDEN_READ_LOG_H

#include "read/source.h"

/* Reads all there is of the log, from the oldest record on: /dev/kmsg. A captured tree may have a
 * text in its place, such as `cat /dev/kmsg` or dmesg(1) writes, or in var/log/dmesg, where Debian
 * keeps that of the boot; each line of it is for pw_parse_log_line(). `path` is the one that was
 * read. 0 or -errno: EPERM without CAP_SYSLOG where kernel.dmesg_restrict is 1. */
int pw_log_read(const struct pw_source *source, struct pw_buffer *buffer, const char **path);

#endif
