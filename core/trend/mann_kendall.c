/* SPDX-License-Identifier: MIT */
#include "trend/mann_kendall.h"

#include <math.h>


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


bool pw_mann_kendall(const double *values, size_t count, struct pw_mann_kendall *test) {
    if (count < 2 || count > PW_MOST_POINTS || !pw_all_finite(values, count)) {
        return false;
    }
    double n = (double)count;
    int64_t s = rises_less_falls(values, count);
    double variance = (n * (n - 1) * (2 * n + 5) - tie_correction(values, count)) / 18;
    double z = variance > 0 ? (double)(s - (s > 0) + (s < 0)) / sqrt(variance) : 0;
    *test = (struct pw_mann_kendall){s, variance, z, erfc(z / sqrt(2)) / 2};
    return true;
}
