/* SPDX-License-Identifier: MIT
 *
 * The Mann-Kendall test: does a series rise more often than chance would have it? It asks only
 * which of two values is larger, so neither outliers nor the shape of the growth matter. Pure.
 */
#ifndef PAGEWARDEN_TREND_MANN_KENDALL_H
#define PAGEWARDEN_TREND_MANN_KENDALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Most points that any statistic here takes: pairs grow with the square. Longer series go through
 * an envelope first. */
#define PW_MOST_POINTS 128

struct pw_mann_kendall {
    int64_t s;       /* pairs that rise less pairs that fall */
    double variance; /* of s if there were no trend, less what ties take away */
    double z;        /* s in standard deviations, corrected for continuity */
    double p;        /* probability of a z as high without an upward trend (one-sided) */
};

/* Tests values in the order of their times. The normal approximation of p is good from 8 values
 * on, and takes them for independent of each other. A constant series has z 0 and p 0.5.
 * False for fewer than 2 values, more than PW_MOST_POINTS, NaN or infinity. */
bool pw_mann_kendall(const double *values, size_t count, struct pw_mann_kendall *test);

struct pw_line;

/* The same where values hang together with those before them, which makes chance look like a trend:
 * the variance is larger by what Hamed and Rao (1998) give for the autocorrelation of the ranks of
 * what a line leaves over, at the lags where that is significant. A variance is never made smaller.
 */
bool pw_mann_kendall_correlated(const double *times, const double *values, size_t count,
                                const struct pw_line *line, struct pw_mann_kendall *test);

/* Whether every number is finite. */
bool pw_all_finite(const double *values, size_t count);

#endif
