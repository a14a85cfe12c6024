/* SPDX-License-Identifier: MIT
 *
 * Envelopes of many processes in one block of memory: for each process, known by its pid and start
 * time, as many series as the caller watches. No heap: the block is the caller's, and so is a
 * larger one when it is full. Finding and adding cost the same however many are followed.
 */
#ifndef PAGEWARDEN_TREND_HISTORY_H
#define PAGEWARDEN_TREND_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trend/envelope.h"

struct pw_history_shape {
    struct pw_envelope_shape envelope;
    uint32_t columns; /* series of each process, at least 1 */
};

/* One process, with its envelopes behind it. 32 bytes, and 4 more for the index. */
struct pw_followed {
    int64_t start_time; /* clock ticks, as in /proc/PID/stat */
    double seen_seconds;
    int32_t pid;    /* 0: nobody */
    uint32_t place; /* in the block */
    uint32_t next;  /* in its chain of the index, or of the free ones */
};

struct pw_history {
    struct pw_history_shape shape;
    uint32_t processes; /* most that fit */
    uint32_t count;
    uint32_t free;    /* first of the free ones */
    uint32_t heads[]; /* by the hash of pid and start time; the followed come after them */
};

/* The bytes of a block for so many processes. */
size_t pw_history_bytes(const struct pw_history_shape *shape, uint32_t processes);

/* Makes an empty history in that many bytes, aligned as malloc() does. */
void pw_history_init(struct pw_history *history, const struct pw_history_shape *shape,
                     uint32_t processes);

/* Copies all of `from` into an empty history of the same shape that has room for them. */
void pw_history_copy(struct pw_history *to, struct pw_history *from);

/* The process, or NULL when it is not followed. A pid with another start time is another. */
struct pw_followed *pw_history_find(struct pw_history *history, int32_t pid, int64_t start_time);

/* The process, newly followed with empty envelopes if need be; NULL when the history is full.
 * `pid` is above 0. */
struct pw_followed *pw_history_follow(struct pw_history *history, int32_t pid, int64_t start_time);

/* Its envelope in a column, counted from 0. */
struct pw_envelope *pw_history_envelope(struct pw_history *history, struct pw_followed *followed,
                                        uint32_t column);

/* Stops following all whose `seen_seconds` is before this; returns how many. */
uint32_t pw_history_expire(struct pw_history *history, double before_seconds);

#endif
