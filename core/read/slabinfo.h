/* SPDX-License-Identifier: MIT
 *
 * /proc/slabinfo, version 2: the kernel's own object caches. Pure.
 * Format: mm/slab_common.c, cache_show().
 */
#ifndef PAGEWARDEN_READ_SLABINFO_H
#define PAGEWARDEN_READ_SLABINFO_H

#include "read/text.h"

enum { PW_SLAB_NUMBERS = 11 };

/* One cache. Names need not be unique: zspage and zs_handle come once for each zram device. */
struct pw_slab {
    struct pw_slice name;
    uint64_t present; /* bit 0 for active_objs and so on; the first five always are */
    union {
        int64_t numbers[PW_SLAB_NUMBERS];
        struct {
            int64_t active_objs, num_objs, objsize_bytes, objperslab, pagesperslab;
            int64_t limit, batchcount, sharedfactor;      /* tunables: 0 with SLUB */
            int64_t active_slabs, num_slabs, sharedavail; /* slabdata */
        };
    };
};

/* The names of numbers[] in the file's own heading. */
extern const char *const pw_slab_names[PW_SLAB_NUMBERS];

/* The next cache. Headings are passed over; columns of statistics behind it (CONFIG_DEBUG_SLAB)
 * are ignored; lines of any other shape are skipped and counted. False at the end. */
bool pw_next_slab(struct pw_slice *rest, struct pw_slab *slab, struct pw_flaws *flaws);

#endif
