/* SPDX-License-Identifier: MIT
 *
 * /proc/buddyinfo and /proc/pagetypeinfo: free memory by size of block. Pure.
 * Formats: mm/vmstat.c, frag_show_print() and pagetypeinfo_showfree_print().
 */
#ifndef PAGEWARDEN_READ_BUDDYINFO_H
#define PAGEWARDEN_READ_BUDDYINFO_H

#include "read/text.h"

/* Kernels have 11 orders; arm64 with 64 KiB pages had 14. */
#define PW_ORDER_LIMIT 32

/* One zone; in pagetypeinfo one migrate type of it. */
struct pw_free_blocks {
    int64_t node;
    struct pw_slice zone;
    struct pw_slice type; /* pagetypeinfo only: "Unmovable", "Movable", … */
    int orders;
    int64_t free[PW_ORDER_LIMIT]; /* blocks of 2^order pages */
    bool capped;                  /* a count was printed as ">100000": there are more (Linux 5.4) */
};

/* The next line of buddyinfo; lines of any other shape are skipped and counted. */
bool pw_next_buddy(struct pw_slice *rest, struct pw_free_blocks *blocks, struct pw_flaws *flaws);

/* The next line of pagetypeinfo's first table. Its other tables and headings are passed over. */
bool pw_next_page_type(struct pw_slice *rest, struct pw_free_blocks *blocks,
                       struct pw_flaws *flaws);

#endif
