/* SPDX-License-Identifier: MIT */
#include "read/diskstats.h"

#include "read/row.h"

const char *const pw_disk_names[PW_DISK_NUMBERS] = {"reads_completed",  "reads_merged",
                                                    "sectors_read",     "read_ms",
                                                    "writes_completed", "writes_merged",
                                                    "sectors_written",  "write_ms",
                                                    "in_flight",        "io_ms",
                                                    "weighted_io_ms",   "discards_completed",
                                                    "discards_merged",  "sectors_discarded",
                                                    "discard_ms",       "flushes_completed",
                                                    "flush_ms"};


static bool parse_disk(struct pw_slice line, struct pw_disk *disk, struct pw_flaws *flaws) {
    int64_t device[2];
    struct pw_flaws words = {0};
    if (pw_parse_row(&line, device, 2, &words) != 3 || !pw_take_word(&line, &disk->name)) {
        return false;
    }
    disk->device_major = device[0];
    disk->device_minor = device[1];
    disk->present = pw_parse_row(&line, disk->numbers, PW_DISK_NUMBERS, &words);
    if (pw_row_length(disk->present) < PW_DISK_NUMBERS_AT_FIRST) {
        return false;
    }
    flaws->skipped += words.skipped;
    flaws->clamped += words.clamped;
    return true;
}


bool pw_next_disk(struct pw_slice *rest, struct pw_disk *disk, struct pw_flaws *flaws) {
    struct pw_slice line;
    while (pw_take_line(rest, &line)) {
        if (parse_disk(line, disk, flaws)) {
            return true;
        }
        flaws->skipped++;
    }
    return false;
}
