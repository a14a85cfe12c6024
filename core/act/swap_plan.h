/* SPDX-License-Identifier: MIT
 *
 * Growing and shrinking swap by whole files in a folder, as swapspace(8) does: what to do next.
 * Files are known by number. Pure.
 */
#ifndef PAGEWARDEN_ACT_SWAP_PLAN_H
#define PAGEWARDEN_ACT_SWAP_PLAN_H

#include <stdbool.h>
#include <stdint.h>

/* Files in a folder; no kernel has room for more areas. */
#define PW_SWAP_MOST_FILES 32

/* One file of the folder, which is there when it has a size. */
struct pw_swap_plan_file {
    int64_t size_bytes;
    bool on;
    bool made;    /* by this plan */
    bool skipped; /* it cannot be put on, or nothing be made of its number */
};

struct pw_swap_plan {
    struct pw_swap_plan_file files[PW_SWAP_MOST_FILES];
    int64_t total_bytes; /* of swap that there is to be in files that are on */
    int64_t file_bytes;  /* as large as a file is made */
    int64_t least_bytes; /* smaller ones are not made */
};

enum pw_swap_plan_act {
    PW_SWAP_PLAN_DONE,   /* it is as near as whole files get */
    PW_SWAP_PLAN_FULL,   /* more is wanted than there are numbers for */
    PW_SWAP_PLAN_MAKE,   /* a file of this size */
    PW_SWAP_PLAN_ON,     /* put the file on */
    PW_SWAP_PLAN_REMOVE, /* take it off, and remove it */
};

struct pw_swap_plan_step {
    enum pw_swap_plan_act act;
    int number; /* of the file, from 0 */
    int64_t size_bytes;
};

/* What is to be done next. What is off already is put on rather than another made, and is removed
 * before what is on; of these the largest that is not too much. */
struct pw_swap_plan_step pw_swap_plan_next(const struct pw_swap_plan *plan);

/* Notes that it was done. */
void pw_swap_plan_note(struct pw_swap_plan *plan, const struct pw_swap_plan_step *step);

/* Whether there is another way when a step could not be taken, which is noted: a file that was
 * there is not put on, and may then be removed or not; of a number no file is made. */
bool pw_swap_plan_skip(struct pw_swap_plan *plan, const struct pw_swap_plan_step *step);

/* How much is in files that are on. */
int64_t pw_swap_plan_total(const struct pw_swap_plan *plan);

#endif
