/* SPDX-License-Identifier: MIT */
#include "trend/growth.h"

#include <math.h>

/* What counts as equal, as a part of the range of the series. */
#define TOLERANCE 0.05

struct points {
    double times[PW_MOST_POINTS];
    double values[PW_MOST_POINTS];
    size_t count;
};


static double tolerance(const struct points *points, double *least) {
    double most = -INFINITY;
    *least = INFINITY;
    for (size_t i = 0; i < points->count; i++) {
        *least = fmin(*least, points->values[i]);
        most = fmax(most, points->values[i]);
    }
    return TOLERANCE * (most - *least);
}


static size_t last_at_floor(const struct points *points) {
    double least;
    double margin = tolerance(points, &least);
    size_t i = points->count - 1;
    while (points->values[i] > least + margin) {
        i--;
    }
    return i;
}


static double part_kept(const struct points *points) {
    double least;
    double margin = tolerance(points, &least);
    double later = INFINITY;
    size_t kept = 0;
    for (size_t i = points->count; i-- > 0;) {
        kept += later >= points->values[i] - margin;
        later = fmin(later, points->values[i]);
    }
    return (double)kept / (double)points->count;
}


static double slope_of(const struct points *points, size_t from, size_t to) {
    struct pw_line line = {0};
    pw_theil_sen(points->times + from, points->values + from, to - from, &line);
    return line.slope;
}


static void measure(const struct points *points, size_t from, struct pw_growth *growth) {
    size_t last = points->count - 1, middle = (from + points->count) / 2;
    struct pw_line line = {0};
    pw_theil_sen(points->times + from, points->values + from, points->count - from, &line);
    *growth = (struct pw_growth){
        .points = points->count - from,
        .seconds = points->times[last] - points->times[from],
        .first = points->values[from],
        .last = points->values[last],
        .slope = line.slope,
        .low = line.low,
        .high = line.high,
        .early = slope_of(points, from, middle),
        .late = slope_of(points, middle, points->count),
    };
}


bool pw_growth_of(const struct pw_envelope *envelope, struct pw_growth *growth) {
    struct points points;
    points.count = pw_envelope_points(envelope, points.times, points.values);
    if (points.count < PW_FEWEST_POINTS) {
        return false;
    }
    size_t from = last_at_floor(&points);
    if (points.count - from < PW_FEWEST_POINTS) {
        return false;
    }
    measure(&points, from, growth);
    struct pw_mann_kendall test;
    pw_mann_kendall(points.values, points.count, &test);
    growth->kept = part_kept(&points);
    growth->p = test.p;
    return true;
}
