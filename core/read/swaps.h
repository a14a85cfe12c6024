/* SPDX-License-Identifier: MIT
 *
 * /proc/swaps: the swap areas that are on. Pure. Format: mm/swapfile.c, swap_show().
 */
#ifndef PAGEWARDEN_READ_SWAPS_H
#define PAGEWARDEN_READ_SWAPS_H

#include "read/text.h"

struct pw_swap_area {
    struct pw_slice filename; /* as the kernel wrote it: see pw_swap_filename() */
    struct pw_slice type;     /* "partition" or "file" */
    int64_t size_bytes;
    int64_t used_bytes;
    int64_t priority; /* higher is used first; negative ones were given by the kernel */
    bool deleted;     /* the file was removed, or its name ends in " (deleted)" */
};

/* The next area. The heading is passed over, and some 2.6 kernels have none; lines of any other
 * shape are skipped and counted. False at the end. */
bool pw_next_swap_area(struct pw_slice *rest, struct pw_swap_area *area, struct pw_flaws *flaws);

/* Writes the file name with the kernel's octal sequences undone and without " (deleted)", at most
 * `room` bytes, and returns how many. */
size_t pw_swap_filename(const struct pw_swap_area *area, char *out, size_t room);

/* Finds in the text of /proc/swaps the file of this path: false when it is not there. */
bool pw_find_swap_area(struct pw_slice text, const char *path, struct pw_swap_area *area);

/* Finds the file that has a path with this last part, whatever its folder, and is the largest of
 * those below a size. */
bool pw_find_swap_area_below(struct pw_slice text, const char *last, int64_t size_bytes,
                             struct pw_swap_area *area);

#endif
