/* SPDX-License-Identifier: MIT
 *
 * Bringing a path from one state of swapping to another: a file is made or removed, an area put on
 * or taken off, in as many steps as there are between.
 */
#ifndef PAGEWARDEN_ACT_SWAP_CHANGE_H
#define PAGEWARDEN_ACT_SWAP_CHANGE_H

#include "act/swap_file.h"
#include "act/swap_off.h"

struct pw_swap_change {
    struct pw_swap_state to;
    int64_t reserve_bytes; /* as in pw_swap_making */
    bool written;
    char algorithm[PW_SWAP_ALGORITHM_BYTES]; /* these two as in pw_swap_making */
    int64_t limit_bytes;
    bool imagined; /* under a root without a kernel, a world behind it does what it would have */
    bool force;    /* take an area off though memory may not have room for what is in it */

    /* Told how far it is, NULL for nobody: how many bytes of a file have their place, or are still
     * in an area that is taken off. With it, swapoff(2) is called in a process of its own. */
    void (*progress)(void *context, int64_t bytes);
    void *context;
};

/* Whether the change could be made, as far as can be seen. 0 or -errno, and then the reason: EBUSY
 * for an area that is on with another priority, EEXIST for a file where there is to be none,
 * ENOENT, EINVAL for what is no swap area, ENOMEM for an area that memory has no room for, and
 * those of pw_swap_file_check(). */
int pw_swap_change_check(const struct pw_source *source, struct pw_buffer *buffer, const char *path,
                         const struct pw_swap_change *change, char reason[PW_SWAP_REASON_BYTES]);

/* The same where a dry run has made the path what it is, and there is nothing to look at. */
int pw_swap_change_check_from(const struct pw_swap_state *now, const char *path,
                              const struct pw_swap_change *change,
                              char reason[PW_SWAP_REASON_BYTES]);

/* Makes it; when it fails half-way, a file that it made is removed. 0 or -errno, and then the
 * reason. May take minutes. */
int pw_swap_change_make(const struct pw_source *source, struct pw_buffer *buffer, const char *path,
                        const struct pw_swap_change *change, char reason[PW_SWAP_REASON_BYTES]);

#endif
