/* SPDX-License-Identifier: MIT
 *
 * Rows of numbers that are known by their place: stat, statm, diskstats, buddyinfo, slabinfo,
 * zram's mm_stat. Pure.
 */
#ifndef PAGEWARDEN_READ_ROW_H
#define PAGEWARDEN_READ_ROW_H

#include "read/text.h"

/* The most columns that a row can have. */
#define PW_ROW_LIMIT 64

/* Takes up to `count` numbers, delimited by blanks, off the front of a line, and returns which of
 * them were there: bit 0 for numbers[0]. A word that is no number keeps its place and is counted;
 * numbers[] holds 0 for it and for what the line was too short for. Stops at a newline. */
uint64_t pw_parse_row(struct pw_slice *line, int64_t numbers[], int count, struct pw_flaws *flaws);

/* How many of the columns are there before the first that is not. */
int pw_row_length(uint64_t present);

#endif
