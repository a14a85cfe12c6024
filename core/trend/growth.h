/* SPDX-License-Identifier: MIT
 *
 * How a series grows: what the statistics say together about one envelope. Figures only; whether
 * they make a leak is for the policy to say. Pure.
 */
#ifndef PAGEWARDEN_TREND_GROWTH_H
#define PAGEWARDEN_TREND_GROWTH_H

#include <stdbool.h>
#include <stddef.h>

#include "trend/envelope.h"
#include "trend/theil_sen.h"

/* Fewest points of growth that anything is said about: two for either half. */
#define PW_FEWEST_POINTS 4

/* Growth is measured since the series last stood at its floor (within a twentieth of its range),
 * so a calm hour before does not flatten the slope. Doubt is measured over all of the envelope, so
 * a saw-tooth that always comes back down is not taken for the last tooth of it. */
struct pw_growth {
    size_t points;      /* buckets since the floor */
    double seconds;     /* from the first of these to the last */
    double first, last; /* their minima */
    double slope;       /* Theil-Sen, a second */
    double low, high;   /* where it lies with 95 % */
    double early, late; /* slopes of the first and the second half: a warm-up slows down */
    double kept;        /* 0 to 1: the part of all buckets that no later one fell below */
    double p;           /* one-sided Mann-Kendall over all buckets: could it be chance? */
};

/* Weighs an envelope. False when fewer than PW_FEWEST_POINTS buckets are finished since the
 * floor: nothing can be said yet. */
bool pw_growth_of(const struct pw_envelope *envelope, struct pw_growth *growth);

#endif
