/* SPDX-License-Identifier: MIT
 *
 * The lower envelope of one series of sizes at six scales at once, in bounded memory: 820 bytes for
 * 48 days. Each scale is a ring of 48 buckets that keep the least of their samples, and each bucket
 * is six times as wide as those of the scale below, from 11.1 s to a day, or all of them narrower
 * for who has less time. What a garbage collector or the day's load gives back every now and then
 * is not growth, and the scale whose buckets are as wide as its cycle leaves it out; a quick leak
 * in an old process shows at a fine scale.
 *
 * Each scale also has the tops, coarsely: a floor that rises below tops that do not is memory that
 * an allocator cannot give back any more, and ends at the tops at the latest. And it knows its
 * ceiling: the most that a bucket had while nothing was suspicious. What comes while it is
 * suspicious counts only once that has proved to be bounded, so that a leak cannot teach that it is
 * normal. No heap: the memory is the caller's.
 */
#ifndef PAGEWARDEN_TREND_SERIES_H
#define PAGEWARDEN_TREND_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PW_SCALES 6
#define PW_SCALE_RATIO 6
#define PW_SCALE_POINTS 48
#define PW_TOP_BUCKETS 4 /* of which one top is kept */
#define PW_SCALE_TOPS (PW_SCALE_POINTS / PW_TOP_BUCKETS)

/* How many times as wide as its finest buckets those of its coarsest scale are. */
#define PW_SCALE_SPAN 7776.0

/* Width of the finest buckets in seconds where nothing else is wanted: those of the coarsest scale
 * are a day wide then, so that a daily curve has one minimum in each. */
#define PW_FINEST_SECONDS (86400.0 / PW_SCALE_SPAN)

struct pw_scale {
    uint32_t number; /* of the unfinished bucket, counted from time 0 */
    float floor;     /* its least value so far; NaN without one */
    uint16_t ceiling;
    uint16_t peak; /* most of the finished buckets since it is suspicious */
    uint8_t finished;
    uint8_t since_peak; /* buckets, at most 255 */
    bool suspicious : 1;
    bool fresh : 1;                   /* a bucket was finished since it was last judged */
    unsigned verdict : 2;             /* of that judgement: see trend/verdict.h */
    uint16_t floors[PW_SCALE_POINTS]; /* by number modulo their count, coded; 0: no sample */
    uint16_t tops[PW_SCALE_TOPS];     /* by number / PW_TOP_BUCKETS modulo their count, as floors */
};

struct pw_series {
    float coarsest_seconds; /* width of the coarsest buckets: a day is exact as a float */
    struct pw_scale scales[PW_SCALES];
};

/* The finished buckets of a scale, oldest first. */
struct pw_points {
    size_t count;
    double times[PW_SCALE_POINTS]; /* middles of the buckets */
    double values[PW_SCALE_POINTS];
};

/* Sizes are kept as their logarithm in 16 bits: to 0.05 % of themselves, from 1 to 2^39. */
uint16_t pw_code_of_size(double size);
double pw_size_of_code(uint16_t code);

/* Width of a scale's buckets, finest first. */
double pw_scale_seconds(const struct pw_series *series, size_t scale);

/* Makes an empty series whose finest buckets are so wide. */
void pw_series_init(struct pw_series *series, double finest_seconds);

/* Takes a sample. False, and nothing changed, for NaN, infinity, a size or time below 0 and a time
 * before the unfinished bucket. Buckets without a sample are gaps. */
bool pw_series_add(struct pw_series *series, double seconds, double size);

void pw_scale_points(const struct pw_series *series, size_t scale, struct pw_points *points);

/* The tops from the buckets around a time on, oldest first, each of PW_TOP_BUCKETS; returns how
 * many are known. The one in whose midst the series begins is left out: it has seen too little. */
size_t pw_scale_tops(const struct pw_series *series, size_t scale, double from_seconds,
                     double tops[PW_SCALE_TOPS]);

/* What a judge has found: whether the scale grows now. */
void pw_scale_suspect(struct pw_scale *scale, bool grows);

#endif
