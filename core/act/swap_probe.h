/* SPDX-License-Identifier: MIT
 *
 * What is behind a path that swap is, or could be, on.
 */
#ifndef PAGEWARDEN_ACT_SWAP_PROBE_H
#define PAGEWARDEN_ACT_SWAP_PROBE_H

#include "read/source.h"
#include "read/swap_header.h"

struct pw_swap_probe {
    struct pw_swap_header header;
    int64_t size_bytes;  /* of the file or the disk */
    bool regular;        /* it is a file; else a disk */
    const char *problem; /* why this kernel would not swap to it, which under another root is not
                            asked about holes; NULL when it would */
};

/* Looks at a file or disk: 0 or -errno, EINVAL for what is neither. */
int pw_swap_probe(const struct pw_source *source, const char *path, struct pw_swap_probe *probe);

/* The size of a file that this kernel swaps to, whatever path that has in /proc/swaps; 0 for one
 * that it does not, or that may not be asked. Changes nothing. */
int64_t pw_swap_active_bytes(const struct pw_source *source, const char *path);

#endif
