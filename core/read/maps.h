/* SPDX-License-Identifier: MIT
 *
 * /proc/PID/maps and smaps: the mappings of a process, in smaps with fields under each. Pure.
 * Format: fs/proc/task_mmu.c, show_map_vma() and show_smap().
 */
#ifndef PAGEWARDEN_READ_MAPS_H
#define PAGEWARDEN_READ_MAPS_H

#include "read/keyed.h"

/* "00400000-0048a000 r-xp 00001000 fd:03 960637    /bin/bash" */
struct pw_mapping {
    uint64_t start, end; /* addresses; end is the first behind it */
    uint64_t offset_bytes;
    uint64_t device_major, device_minor;
    int64_t inode;
    struct pw_slice permissions; /* "r-xp" */
    struct pw_slice path;        /* as the kernel wrote it; empty for anonymous memory */
    bool deleted;                /* the path ends in " (deleted)", which a real name may too */
};

/* What a line of smaps is. maps has mappings only. */
enum pw_smaps_kind { PW_SMAPS_MAPPING, PW_SMAPS_FIELD, PW_SMAPS_FLAGS };

struct pw_smaps_line {
    enum pw_smaps_kind kind;
    struct pw_mapping mapping;
    struct pw_field field; /* bytes where the kernel wrote kB */
    struct pw_slice flags; /* VmFlags (Linux 3.8): words of two letters */
};

/* The next line. A mapping begins with hexadecimal digits and a "-", a field with its key: a file
 * may be called "Pss: 99 kB", so nothing is looked for within a line. Lines of any other shape are
 * skipped and counted; false at the end. */
bool pw_next_smaps_line(struct pw_slice *rest, struct pw_smaps_line *line, struct pw_flaws *flaws);

/* Writes the mapping's file name, at most `room` bytes, and returns how many. Newline is all that
 * the kernel escapes here, and backslash it does not, so this is a best guess; `path` is the raw
 * text. */
size_t pw_mapping_path(const struct pw_mapping *mapping, char *out, size_t room);

#endif
