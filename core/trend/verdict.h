/* SPDX-License-Identifier: MIT
 *
 * Whether a series grows, and whether that is a leak. "Growing" is cheap and early: what has risen
 * since its floor, evenly and without giving much back. A leak needs grounds:
 *
 * - It grew for long or by much: times as large, times how long that took, is at least the
 *   patience. What doubles within that time is called a leak then, what grows faster sooner, as
 *   a quick growth that is small is what loads, caches and collectors do all the time.
 * - It grew in each part of that time, so a step or a few are none. In all but one is enough of
 * twice the grounds, without any jump: what leaks with the load rests at night.
 * - It is not slowing down, as what warms up or fills does.
 * - Its tops rise as well: a floor that rises below tops that do not is what an allocator makes of
 *   the same memory, taken and given back.
 * - It is above what it was known to reach in calm times, and gave hardly anything back.
 * - The Theil-Sen slope is above 0 at the lower end of its interval, and the Mann-Kendall test,
 *   with its variance corrected for ties and for autocorrelation, leaves no doubt even though so
 *   many series are looked at (trend/discovery.h).
 *
 * Pure.
 */
#ifndef PAGEWARDEN_TREND_VERDICT_H
#define PAGEWARDEN_TREND_VERDICT_H

#include "trend/series.h"

enum pw_verdict { PW_CALM, PW_GROWING, PW_LEAK };

/* The sections that growth is divided into, and so one rise less. */
#define PW_SECTIONS 6

/* Fewest buckets since the floor that a verdict is given on. */
#define PW_FEWEST_GROWING 5
#define PW_FEWEST_LEAKING 10

/* A patience that a host of 300 processes can live with: tests/bench/leaks.c. */
#define PW_PATIENCE_SECONDS (36 * 3600.0)

struct pw_terms {
    double least;         /* rise that is worth a word, in the units of the series */
    double share;         /* least growth of a leak, as a part of what was there before */
    double patience;      /* seconds in which what doubles is called a leak */
    double false_finding; /* part of the findings that may be chance, 0.01 */
};

struct pw_finding {
    enum pw_verdict verdict;
    size_t scale;
    size_t points;      /* buckets since the floor */
    double seconds;     /* from the first of these to the last */
    double first, last; /* the medians of the first and the last section */
    double slope;       /* Theil-Sen, a second */
    double low, high;   /* where it lies with 95 % */
    double early, late; /* rises over the first and the last two fifths */
    double kept;        /* 0 to 1: the part of the buckets that no later one fell below */
    unsigned rises;     /* of the five from one section to the next, those worth the name */
    double jump;        /* the largest rise from one bucket to the next */
    double grounds;     /* times as large, times seconds */
    double topped;      /* rise of the tops, from the middle of one half to that of the other */
    double ceiling;     /* that it is above; 0 when none is known */
    double p;           /* one-sided: could it be chance? 1 where it was not tested */
};

/* A cheap look at one scale: CALM, GROWING, or LEAK where all but the tests speaks for it.
 * `points` is filled with those since the floor, for pw_test(). */
void pw_look(const struct pw_series *series, size_t scale, const struct pw_terms *terms,
             struct pw_points *points, struct pw_finding *finding);

/* Lays the line through the points, and tests what looks like a leak: it is growing only when the
 * test is not passed at 5 %. What remains a leak still has to stand beside the others. */
void pw_test(const struct pw_points *points, struct pw_finding *finding);

/* How sure a finding is, 0 to 1: how even and how final the growth is, and how far the grounds go.
 * An order, not a probability. */
double pw_confidence(const struct pw_finding *finding, const struct pw_terms *terms);

#endif
