/* SPDX-License-Identifier: MIT
 *
 * What the kernel's log says from now on: /dev/kmsg, from its end.
 */
#ifndef PAGEWARDEN_READ_LOG_TAIL_H
#define PAGEWARDEN_READ_LOG_TAIL_H

#include "read/source.h"

/* Room for any record, dictionary and escapes included (kernel/printk, CONSOLE_EXT_LOG_MAX). */
#define PW_LOG_RECORD_BYTES 8192

struct pw_log_tail {
    int fd; /* readable when there is more. A negative errno when the log cannot be read: EPERM
             * without CAP_SYSLOG where kernel.dmesg_restrict is 1 */
};

/* Begins at the end of the log as it is now. */
void pw_log_tail_open(struct pw_log_tail *tail, const struct pw_source *source);

/* The next record, as pw_parse_log_record() takes it; false when there is none yet. Records that
 * were overwritten before they could be read are passed over. */
bool pw_log_tail_next(struct pw_log_tail *tail, char room[PW_LOG_RECORD_BYTES],
                      struct pw_slice *record);

/* Safe to call twice. */
void pw_log_tail_close(struct pw_log_tail *tail);

#endif
