/* SPDX-License-Identifier: MIT
 *
 * Series of many processes in one block of memory: for each process, known by its pid and start
 * time, as many as the caller watches. Whoever has never risen above its floor costs little; only
 * from the first rise on are its series kept, and that is for most processes never.
 *
 * No heap: the block is the caller's, and so is a larger one when it is full. Finding and adding
 * cost the same however many are followed.
 */
#ifndef PAGEWARDEN_TREND_HISTORY_H
#define PAGEWARDEN_TREND_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trend/verdict.h"

#define PW_NO_SERIES UINT32_MAX

struct pw_history_shape {
    uint32_t columns;      /* series of each process, at least 1 */
    double screen;         /* a rise above the floor from which on the series are kept, >= 0 */
    double finest_seconds; /* width of the finest buckets, PW_FINEST_SECONDS at most */
};

/* What fits into a block. */
struct pw_history_room {
    uint32_t processes;
    uint32_t series; /* of so many of these, each with all columns */
};

/* One process, with the floor of each column behind it: 40 bytes and 4 for each column, and 4 for
 * the index. */
struct pw_followed {
    int64_t start_time; /* clock ticks, as in /proc/PID/stat */
    double seen_seconds;
    int32_t pid;     /* 0: nobody */
    uint32_t place;  /* in the block */
    uint32_t next;   /* in its chain of the index, or of the free ones */
    uint32_t series; /* place of its series, or PW_NO_SERIES */
    float floors[];
};

struct pw_history {
    struct pw_history_shape shape;
    struct pw_history_room room;
    uint32_t count;
    uint32_t free;         /* first of the free ones */
    uint32_t series_count; /* in use */
    uint32_t series_free;  /* first of the free ones */
    uint32_t heads[];      /* by the hash of pid and start time; the followed come after them */
};

/* The bytes of a block. */
size_t pw_history_bytes(const struct pw_history_shape *shape, const struct pw_history_room *room);

/* Makes an empty history in that many bytes, aligned as malloc() does. */
void pw_history_init(struct pw_history *history, const struct pw_history_shape *shape,
                     const struct pw_history_room *room);

/* Copies all of `from` into an empty history of the same shape that has room for them. */
void pw_history_copy(struct pw_history *to, struct pw_history *from);

/* The process, or NULL when it is not followed. A pid with another start time is another. */
struct pw_followed *pw_history_find(struct pw_history *history, int32_t pid, int64_t start_time);

/* The process, newly followed if need be; NULL when the history is full. `pid` is above 0. */
struct pw_followed *pw_history_follow(struct pw_history *history, int32_t pid, int64_t start_time);

/* Takes a sample of each column. False when its series should be kept from now on and there is no
 * room for them. */
bool pw_history_add(struct pw_history *history, struct pw_followed *followed, double seconds,
                    const double *sizes);

/* One of its series, counted from 0; NULL when none are kept. */
struct pw_series *pw_history_series(struct pw_history *history, const struct pw_followed *followed,
                                    uint32_t column);

/* Gives it series though it has not risen, such as those that were written down; NULL when there is
 * no room. */
struct pw_series *pw_history_keep(struct pw_history *history, struct pw_followed *followed);

/* The followed at a place of the block; its pid is 0 when there is nobody. */
struct pw_followed *pw_history_at(struct pw_history *history, uint32_t place);

/* Judges what is new in all series by the terms of each column. Of the leaks that are found
 * together, and among all that are followed, at most `terms->false_finding` are chance. */
void pw_history_judge(struct pw_history *history, const struct pw_terms *terms);

/* What was judged of a series when its newest buckets were new, and at which scale: the coarsest
 * where it is that bad. */
enum pw_verdict pw_series_verdict(const struct pw_series *series, size_t *scale);

/* Stops following a process. */
void pw_history_forget(struct pw_history *history, struct pw_followed *followed);

/* Stops following all whose `seen_seconds` is before this; returns how many. */
uint32_t pw_history_expire(struct pw_history *history, double before_seconds);

#endif
