/* SPDX-License-Identifier: MIT
 *
 * The Theil-Sen line: its slope is the median of the slopes between all pairs of points, so nearly
 * three tenths of the points may be anything at all without moving it far. Pure.
 */
#ifndef PAGEWARDEN_TREND_THEIL_SEN_H
#define PAGEWARDEN_TREND_THEIL_SEN_H

#include <stdbool.h>
#include <stddef.h>

#include "trend/mann_kendall.h"

struct pw_line {
    double slope;     /* units of the values a second */
    double intercept; /* the value at time 0 */
    double low, high; /* where the slope lies with a probability of 95 % (Sen 1968) */
};

/* Lays the line through values at times (seconds, in any order). Pairs of equal times are passed
 * over. With so few points that no interval of 95 % exists, low and high are the extreme slopes.
 * False for fewer than two different times, more than PW_MOST_POINTS points, NaN or infinity. */
bool pw_theil_sen(const double *times, const double *values, size_t count, struct pw_line *line);

#endif
