/* SPDX-License-Identifier: MIT
 *
 * The kernel's side of a swap area: whether it is on, and putting it on and off. Under a root that
 * is not this machine's there is no kernel; what it would have in /proc/swaps is written there.
 */
#ifndef PAGEWARDEN_ACT_SWAP_AREA_H
#define PAGEWARDEN_ACT_SWAP_AREA_H

#include "act/swap_probe.h"
#include "act/swap_state.h"
#include "read/swaps.h"

/* What the kernel says of a path that is swapped to. */
struct pw_swap_use {
    bool on;
    int priority;
    int64_t used_bytes;
    int areas;               /* that are on, in all */
    int64_t available_bytes; /* MemAvailable; PW_ABSENT where the kernel does not say */
};

/* Finds the area of a path in the text of /proc/swaps: false when it is not on. A file is found by
 * its name and size where the kernel has no path of it any more, but for what was below a mount:
 * the one that it was put on behind is gone, as with a service and its mounts. */
bool pw_swap_area_find(const struct pw_source *source, struct pw_slice text, const char *path,
                       struct pw_swap_area *area);

/* Reads what the kernel says of a path: 0 or -errno. */
int pw_swap_use_read(const struct pw_source *source, struct pw_buffer *buffer, const char *path,
                     struct pw_swap_use *use);

/* Finds out what a path is to swapping: 0 or -errno. */
int pw_swap_area_read(const struct pw_source *source, struct pw_buffer *buffer, const char *path,
                      struct pw_swap_state *state);

/* Puts an area on, with the priority and discard of `state`: 0 or -errno. */
int pw_swap_area_on(const struct pw_source *source, const char *path,
                    const struct pw_swap_state *state);

/* Takes it off: 0 or -errno. Brings into memory what is in it, which may take minutes, and makes of
 * its caller what the kernel kills first when memory runs out. */
int pw_swap_area_off(const struct pw_source *source, const char *path);

#endif
