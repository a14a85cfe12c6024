/* SPDX-License-Identifier: MIT
 *
 * What a process maps, summed: smaps_rollup (Linux 4.14), or the same made from smaps. Pure.
 */
#ifndef PAGEWARDEN_READ_ROLLUP_H
#define PAGEWARDEN_READ_ROLLUP_H

#include "read/keyed.h"

/* Linux 6.18 has 24 fields. */
#define PW_ROLLUP_LIMIT 64

/* Sums in the order in which the kernel names them. */
struct pw_rollup {
    int count;
    struct pw_field fields[PW_ROLLUP_LIMIT];
};

/* Reads either file: what stands once is its own sum. Fields of one mapping that make no sense
 * added up (Size, page sizes, THPeligible, ProtectionKey) are left out, as the kernel does. Keys
 * are slices of `text`. smaps has fractions of a kB cut off at each mapping, so its Pss may be
 * less than smaps_rollup's by as many kB as there are mappings; and Pss_Anon, Pss_File and
 * Pss_Shmem are in smaps_rollup alone. */
void pw_parse_rollup(struct pw_slice text, struct pw_rollup *rollup, struct pw_flaws *flaws);

/* The sum under this key in bytes, or false when it is not there. */
bool pw_rollup_value(const struct pw_rollup *rollup, const char *key, int64_t *bytes);

/* What would be freed if the process ended: Private_Clean, Private_Dirty and Private_Hugetlb. */
bool pw_rollup_uss(const struct pw_rollup *rollup, int64_t *bytes);

#endif
