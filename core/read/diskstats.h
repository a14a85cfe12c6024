/* SPDX-License-Identifier: MIT
 *
 * /proc/diskstats: what each block device did. Pure. Format: block/genhd.c, diskstats_show().
 */
#ifndef PAGEWARDEN_READ_DISKSTATS_H
#define PAGEWARDEN_READ_DISKSTATS_H

#include "read/text.h"

/* Columns behind the name: 11, with discards 15 (Linux 4.18), with flushes 17 (5.5). */
enum { PW_DISK_NUMBERS = 17, PW_DISK_NUMBERS_AT_FIRST = 11 };

struct pw_disk {
    int64_t device_major, device_minor;
    struct pw_slice name;
    uint64_t present; /* bit i for numbers[i] */
    int64_t numbers[PW_DISK_NUMBERS];
};

/* The names of numbers[], after Documentation/admin-guide/iostats.rst; sectors are of 512 bytes. */
extern const char *const pw_disk_names[PW_DISK_NUMBERS];

/* The next device; lines of any other shape are skipped and counted. False at the end. */
bool pw_next_disk(struct pw_slice *rest, struct pw_disk *disk, struct pw_flaws *flaws);

#endif
