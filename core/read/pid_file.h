/* SPDX-License-Identifier: MIT
 *
 * Files in which a daemon leaves its pid. Pure.
 */
#ifndef PAGEWARDEN_READ_PID_FILE_H
#define PAGEWARDEN_READ_PID_FILE_H

#include "read/text.h"

/* The pid in the file's first line, which holds nothing else; some daemons write more lines. 0 when
 * there is none. */
int64_t pw_parse_pid_file(struct pw_slice text);

#endif
