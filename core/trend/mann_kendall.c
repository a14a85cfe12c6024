/* SPDX-License-Identifier: MIT */
#include "trend/mann_kendall.h"

#include <math.h>

#include "trend/theil_sen.h"

/* A lag is significant when its autocorrelation is beyond this many deviations: 95 %, one-sided. */
#define SIGNIFICANT 1.645


bool pw_all_finite(const double *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) {
            return false;
        }
    }
    return true;
}


static int64_t rises_less_falls(const double *values, size_t count) {
    int64_t s = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count; j++) {
            s += (values[j] > values[i]) - (values[j] < values[i]);
        }
    }
    return s;
}


/* The sum over groups of t equal values of t(t-1)(2t+5), gathered value by value: each of the t
 * members adds a t-th of it. */
static double tie_correction(const double *values, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        double equal = 0;
        for (size_t j = 0; j < count; j++) {
            equal += values[j] == values[i];
        }
        sum += (equal - 1) * (2 * equal + 5);
    }
    return sum;
}


static void set_test(struct pw_mann_kendall *test, int64_t s, double variance) {
    double z = variance > 0 ? (double)(s - (s > 0) + (s < 0)) / sqrt(variance) : 0;
    *test = (struct pw_mann_kendall){s, variance, z, erfc(z / sqrt(2)) / 2};
}


bool pw_mann_kendall(const double *values, size_t count, struct pw_mann_kendall *test) {
    if (count < 2 || count > PW_MOST_POINTS || !pw_all_finite(values, count)) {
        return false;
    }
    double n = (double)count;
    double variance = (n * (n - 1) * (2 * n + 5) - tie_correction(values, count)) / 18;
    set_test(test, rises_less_falls(values, count), variance);
    return true;
}


/* The ranks of what the line leaves over, less their mean. */
static void rank_residues(const double *times, const double *values, size_t count, double slope,
                          double *ranks) {
    for (size_t i = 0; i < count; i++) {
        double residue = values[i] - slope * times[i], rank = 0;
        for (size_t j = 0; j < count; j++) {
            double other = values[j] - slope * times[j];
            rank += (double)(other < residue) - (double)(other > residue);
        }
        ranks[i] = rank / 2;
    }
}


static double covariance(const double *ranks, size_t count, size_t lag) {
    double sum = 0;
    for (size_t i = 0; i + lag < count; i++) {
        sum += ranks[i] * ranks[i + lag];
    }
    return sum;
}


/* By how much the variance of S is larger than that of independent values. */
static double inflation(const double *ranks, size_t count) {
    double n = (double)count, sum = 0, variance = covariance(ranks, count, 0);
    for (size_t lag = 1; variance > 0 && lag + 2 < count; lag++) {
        double correlation = covariance(ranks, count, lag) / variance;
        double rest = n - (double)lag;
        if (fabs(correlation) > SIGNIFICANT / sqrt(n)) {
            sum += rest * (rest - 1) * (rest - 2) * correlation;
        }
    }
    return fmax(1, 1 + 2 * sum / (n * (n - 1) * (n - 2)));
}


bool pw_mann_kendall_correlated(const double *times, const double *values, size_t count,
                                const struct pw_line *line, struct pw_mann_kendall *test) {
    double ranks[PW_MOST_POINTS];
    if (!pw_mann_kendall(values, count, test)) {
        return false;
    }
    rank_residues(times, values, count, line->slope, ranks);
    set_test(test, test->s, test->variance * inflation(ranks, count));
    return true;
}
