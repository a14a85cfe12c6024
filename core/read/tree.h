/* SPDX-License-Identifier: MIT
 *
 * A daemon and all that it started, among the processes of a snapshot. Pure.
 */
#ifndef PAGEWARDEN_READ_TREE_H
#define PAGEWARDEN_READ_TREE_H

#include "read/columns.h"

/* Bytes of scratch memory that pw_tree_narrow() needs, aligned for int64_t. */
size_t pw_tree_scratch_size(uint32_t rows);

/* Makes visible in the columns, which have pid, ppid, state and threads, only the trees of the rows
 * that are `marked` (by row): first the main processes, which are the marked rows that are below no
 * other, or `each` of them; then all that is below them, marked or not; both by pid. Who has ended
 * and only waits for its parent is left out, and so are those `left_out` (by row; NULL for
 * nobody) that are no main processes, with what is below them. Only main processes stay marked.
 * Returns how many there are. */
uint32_t pw_tree_narrow(struct pw_columns *columns, bool marked[], bool each, const bool left_out[],
                        void *scratch);

#endif
