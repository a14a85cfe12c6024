/* SPDX-License-Identifier: MIT */
#include "trend/theil_sen.h"

#include <math.h>

#define MOST_PAIRS (PW_MOST_POINTS * (PW_MOST_POINTS - 1) / 2)

/* The 97.5th percentile of the normal distribution. */
#define Z_OF_95_PERCENT 1.959964


static void swap(double *a, double *b) {
    double kept = *a;
    *a = *b;
    *b = kept;
}


static double middle_of_three(double a, double b, double c) {
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}


/* The value that would stand at `rank` if the values were sorted (Hoare's selection). */
static double select_rank(double *values, long count, long rank) {
    long left = 0, right = count - 1;
    while (left < right) {
        double pivot = middle_of_three(values[left], values[(left + right) / 2], values[right]);
        long i = left, j = right;
        while (i <= j) {
            while (values[i] < pivot) {
                i++;
            }
            while (values[j] > pivot) {
                j--;
            }
            if (i <= j) {
                swap(&values[i++], &values[j--]);
            }
        }
        if (rank > j && rank < i) {
            return values[rank];
        }
        if (rank <= j) {
            right = j;
        } else {
            left = i;
        }
    }
    return values[rank];
}


static double median(double *values, long count) {
    double upper = select_rank(values, count, count / 2);
    return count % 2 ? upper : (select_rank(values, count, count / 2 - 1) + upper) / 2;
}


static long pair_slopes(const double *times, const double *values, size_t count, double *slopes) {
    long pairs = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count; j++) {
            if (times[i] != times[j]) {
                slopes[pairs++] = (values[j] - values[i]) / (times[j] - times[i]);
            }
        }
    }
    return pairs;
}


/* Sen's interval: as many slopes to either side of the median as S may stray by chance. */
static void set_interval(struct pw_line *line, double *slopes, long pairs, double variance) {
    double stray = Z_OF_95_PERCENT * sqrt(variance);
    long low = (long)floor(((double)pairs - stray) / 2) - 1;
    long high = (long)ceil(((double)pairs + stray) / 2);
    line->low = select_rank(slopes, pairs, low < 0 ? 0 : low);
    line->high = select_rank(slopes, pairs, high >= pairs ? pairs - 1 : high);
}


bool pw_theil_sen(const double *times, const double *values, size_t count, struct pw_line *line) {
    struct pw_mann_kendall test;
    if (!pw_mann_kendall(values, count, &test) || !pw_all_finite(times, count)) {
        return false;
    }
    double slopes[MOST_PAIRS], residues[PW_MOST_POINTS];
    long pairs = pair_slopes(times, values, count, slopes);
    if (pairs == 0) {
        return false;
    }
    line->slope = median(slopes, pairs);
    set_interval(line, slopes, pairs, test.variance);
    for (size_t i = 0; i < count; i++) {
        residues[i] = values[i] - line->slope * times[i];
    }
    line->intercept = median(residues, (long)count);
    return true;
}
