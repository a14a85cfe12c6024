/* SPDX-License-Identifier: MIT
 *
 * How large swap should be, as distributions, tools and guides have it: they differ by a factor of
 * twenty, and most of them jump where one of their rows ends and the next begins. Pure.
 *
 *   "guide"           "Linux memory management" for 2.6.32
 *   "rhel3" "rhel4"   Red Hat's installation guides
 *   "fedora20"        Fedora's installation guide
 *   "rhel9"           Red Hat's course RH134
 *   "dphys-swapfile" "zram-generator" "systemd-swap" "swapspace"   what these programs make
 */
#ifndef PAGEWARDEN_ACT_SWAP_ADVICE_H
#define PAGEWARDEN_ACT_SWAP_ADVICE_H

#include "read/text.h"

/* More memory than this no table is asked about. */
#define PW_SWAP_MOST_RAM_BYTES ((int64_t)1 << 56)

#define PW_SWAP_MOST_JUMPS 4

/* Who asks. What is not known is PW_ABSENT. */
struct pw_swap_machine {
    int64_t ram_bytes;
    bool hibernation;
    int64_t free_bytes; /* memory that is available and swap that is free, together */
    int64_t swap_bytes; /* that there is already */
    int64_t disk_bytes; /* free where swap files would be */
};

/* Where a table's rows do not meet: just below and just above so much memory. PW_ABSENT is a row
 * that gives no figure. */
struct pw_swap_jump {
    int64_t at_bytes;
    int64_t below_bytes;
    int64_t above_bytes;
};

struct pw_swap_advice {
    const char *source;
    const char *rule;   /* the table in a line */
    const char *caveat; /* what is wrong with its figure; NULL for nothing */
    int64_t size_bytes; /* PW_ABSENT when it gives none */
    struct pw_swap_jump jumps[PW_SWAP_MOST_JUMPS];
    int jump_count;
};

/* What the table of this number says, from 0; false when there is none. */
bool pw_swap_advise(const struct pw_swap_machine *machine, int table,
                    struct pw_swap_advice *advice);

#endif
