/* SPDX-License-Identifier: MIT
 *
 * The lower envelope of a series in bounded memory: a ring of buckets of equal width, each keeping
 * the least of its samples. What a garbage collector gives back every now and then is not growth,
 * and the minima leave it out as soon as a bucket is as wide as its cycle.
 *
 * A full ring first merges pairs of buckets and doubles their width, which loses nothing of the
 * envelope but detail: a young series is seen finely, an old one for long. When the ring spans the
 * window, the oldest bucket is dropped for each new one. All buckets are always equally wide, as a
 * wide bucket next to a narrow one would look like a fall. No heap: the memory is the caller's.
 */
#ifndef PAGEWARDEN_TREND_ENVELOPE_H
#define PAGEWARDEN_TREND_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trend/mann_kendall.h"

/* How an envelope is to be. Times are seconds of any clock that does not go back. */
struct pw_envelope_shape {
    double bucket_seconds; /* width of a bucket at first, > 0 */
    double window_seconds; /* buckets are merged until they span at least this, >= 0 */
    uint32_t buckets;      /* 4 to PW_MOST_POINTS */
};

/* 40 bytes and 4 for each bucket. Values are kept as differences from the first one, as floats:
 * exact to 64 bytes when a process has grown by 1 GiB, however large it was. */
struct pw_envelope {
    double begin_seconds;
    double width_seconds;
    double window_seconds;
    double first_value;
    uint16_t buckets;
    uint16_t oldest;
    uint16_t count;
    float rises[]; /* NaN where a bucket has no sample */
};

/* The bytes that an envelope of this shape takes. */
size_t pw_envelope_bytes(const struct pw_envelope_shape *shape);

/* Whether the shape is within its bounds. */
bool pw_envelope_shape_is_valid(const struct pw_envelope_shape *shape);

/* Makes an empty envelope in pw_envelope_bytes() of memory. */
void pw_envelope_init(struct pw_envelope *envelope, const struct pw_envelope_shape *shape);

/* Takes a sample. False, and nothing changed, for NaN, infinity, what is further from the first
 * value than a float reaches, and a time before the newest bucket began. After a gap longer than
 * the envelope's span it starts anew. */
bool pw_envelope_add(struct pw_envelope *envelope, double seconds, double value);

/* Copies the middles and minima of the finished buckets, oldest first, to arrays of
 * PW_MOST_POINTS; returns how many. The newest bucket is unfinished: its minimum may still fall. */
size_t pw_envelope_points(const struct pw_envelope *envelope, double *times, double *values);

/* By how much the newest finished minimum is above the least one; 0 without any. Costs a look at
 * each bucket, so that all series can be screened by it before a few are tested. */
double pw_envelope_rise(const struct pw_envelope *envelope);

#endif
