/* SPDX-License-Identifier: MIT
 *
 * What a history is when written down, to survive a restart: of each process with series the floors
 * and the three coarsest scales (40 minutes, 4 hours, a day), 24 bytes and 412 for each column. The
 * finer ones have forgotten after five hours anyway. Only the same build on the same machine
 * reads it again: anything else is refused as a whole.
 */
#ifndef PAGEWARDEN_TREND_RECORD_H
#define PAGEWARDEN_TREND_RECORD_H

#include "trend/history.h"

/* The bytes of what stands before all records, and of one. */
size_t pw_record_head_bytes(void);
size_t pw_record_bytes(const struct pw_history_shape *shape);

/* Writes what stands before the records. */
void pw_record_begin(const struct pw_history_shape *shape, void *to);

/* Whether bytes begin so for this shape, and so many records follow. */
bool pw_record_check(const struct pw_history_shape *shape, const void *from, size_t bytes,
                     size_t *records);

/* Writes one process; false, and nothing written, when it has no series. */
bool pw_record_write(struct pw_history *history, const struct pw_followed *followed, void *to);

/* Follows a process as it was written. False when there is no room, or when it was written by a
 * clock that was ahead of `now`. */
bool pw_record_read(struct pw_history *history, double now, const void *from);

#endif
