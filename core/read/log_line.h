/* SPDX-License-Identifier: MIT
 *
 * One line of the kernel's log, however it was kept: a record of /dev/kmsg
 * (Documentation/ABI/testing/dev-kmsg), or a line of a text that dmesg(1), journalctl(1) or a
 * syslog daemon wrote. Pure.
 */
#ifndef PAGEWARDEN_READ_LOG_LINE_H
#define PAGEWARDEN_READ_LOG_LINE_H

#include "read/text.h"

/* More than a record's text: the kernel cuts records at 1024 bytes (LOG_LINE_MAX, and
 * PRINTKRB_RECORD_MAX since 5.15). */
#define PW_LOG_LINE_BYTES 1024

struct pw_log_line {
    int64_t time_us;  /* since the boot; PW_ABSENT when the line does not say */
    int64_t sequence; /* of a record; PW_ABSENT in other texts */
    bool from_kernel; /* not what a program wrote; of other texts than records: not known to be */
    struct pw_slice text; /* may hold newlines, which printk() allows */
};

/* Reads a record as read(2) gives it: "3,812,7063247407,-;text\n KEY=value\n". Its text is in
 * `room`, with escapes undone (kernel/printk/printk.c, msg_add_ext_text()), and without the word
 * that was cut where the record was full. False for any other text. */
bool pw_parse_log_record(struct pw_slice record, char room[PW_LOG_LINE_BYTES],
                         struct pw_log_line *line);

/* Reads one line of a text, which may be a record. What stands before the kernel's own text is
 * taken off: "<6>", "[  492.656714]", "[Mon Dec  8 17:51:31 2025]", "kern  :warn  :", an ISO 8601
 * time, what syslog puts before "kernel: ", and "[  T812]" (CONFIG_PRINTK_CALLER). The text is in
 * `room` or in `from`. */
void pw_parse_log_line(struct pw_slice from, char room[PW_LOG_LINE_BYTES],
                       struct pw_log_line *line);

/* Counts records that were overwritten before they could be read, by the gaps in their sequence.
 * Starts empty: {0}. */
struct pw_log_gaps {
    uint64_t next_sequence; /* of the record after the last one; 0 before the first */
    uint64_t lost;
};

void pw_log_gaps_note(struct pw_log_gaps *gaps, const struct pw_log_line *line);

#endif
