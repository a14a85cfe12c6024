/* SPDX-License-Identifier: MIT */
#include "trend/verdict.h"

#include <math.h>
#include <string.h>

#include "trend/theil_sen.h"

/* What counts as equal, as a part of the range of the series. */
#define TOLERANCE 0.05

/* A rise from one section to the next that is worth the name, as a part of all of it. */
#define WORTH_THE_NAME 0.05

#define LEAST_KEPT_GROWING 0.6
#define LEAST_KEPT_LEAKING 0.85

/* A leak is at least this steep in the end, of what it was in the beginning. */
#define LEAST_STEADY_GROWING 0.35
#define LEAST_STEADY_LEAKING 0.7

/* What pauses has so many times the grounds, and jumps by no more than this part of its rise. */
#define GROUNDS_WITH_PAUSE 2
#define MOST_JUMP 0.15

/* The tops of a leak rise by at least this part of what its floor does. */
#define LEAST_TOPPED 0.25

/* How far above what is known a leak has to be. */
#define ABOVE_CEILING 1.05

/* However fast something grows, it does so for this part of the patience: 6 hours by default, after
 * which what warms up is seen to slow down. */
#define SHORTEST_PART 6

#define LEAST_SIGNIFICANT 0.05


static double range_above(const struct pw_points *points, double *least) {
    double most = -INFINITY;
    *least = INFINITY;
    for (size_t i = 0; i < points->count; i++) {
        *least = fmin(*least, points->values[i]);
        most = fmax(most, points->values[i]);
    }
    return most - *least;
}


/* Drops the points before the last at the floor. */
static void begin_at_floor(struct pw_points *points) {
    double least;
    double margin = TOLERANCE * range_above(points, &least);
    size_t from = points->count - 1;
    while (points->values[from] > least + margin) {
        from--;
    }
    points->count -= from;
    memmove(points->times, points->times + from, points->count * sizeof *points->times);
    memmove(points->values, points->values + from, points->count * sizeof *points->values);
}


static double part_kept(const struct pw_points *points) {
    double least;
    double margin = TOLERANCE * range_above(points, &least);
    double later = INFINITY;
    size_t kept = 0;
    for (size_t i = points->count; i-- > 0;) {
        kept += later >= points->values[i] - margin;
        later = fmin(later, points->values[i]);
    }
    return (double)kept / (double)points->count;
}


/* The median of a few values, up to a sixth of PW_SCALE_POINTS. */
static double median_of_few(const double *values, size_t count) {
    double sorted[PW_SCALE_POINTS / PW_SECTIONS + 1] = {0};
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        for (; at > 0 && sorted[at - 1] > values[i]; at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = values[i];
    }
    return (sorted[count / 2] + sorted[(count - 1) / 2]) / 2;
}


/* The medians of the sections; fewer points than sections are taken as they are. */
static size_t sections_of(const struct pw_points *points, double medians[PW_SECTIONS]) {
    size_t sections = points->count < PW_SECTIONS ? points->count : PW_SECTIONS;
    for (size_t i = 0; i < sections; i++) {
        size_t from = i * points->count / sections, to = (i + 1) * points->count / sections;
        medians[i] = median_of_few(points->values + from, to - from);
    }
    return sections;
}


static double largest_jump(const struct pw_points *points) {
    double jump = 0;
    for (size_t i = 1; i < points->count; i++) {
        jump = fmax(jump, points->values[i] - points->values[i - 1]);
    }
    return jump;
}


static void measure(const struct pw_points *points, struct pw_finding *finding) {
    double medians[PW_SECTIONS];
    size_t last = sections_of(points, medians) - 1;
    double section = (double)points->count / (double)(last + 1) / (double)points->count;
    double rise = medians[last] - medians[0];
    finding->points = points->count;
    finding->seconds = points->times[points->count - 1] - points->times[0];
    finding->first = medians[0];
    finding->last = medians[last];
    finding->early = medians[2] - medians[0];
    finding->late = medians[last] - medians[last - 2];
    finding->rises = 0;
    for (size_t i = 0; i < last; i++) {
        finding->rises += medians[i + 1] - medians[i] >= WORTH_THE_NAME * rise && rise > 0;
    }
    finding->grounds = finding->first > 0 ? rise / finding->first * finding->seconds * (1 - section)
                                          : finding->seconds * PW_SCALE_POINTS;
    finding->kept = part_kept(points);
    finding->jump = largest_jump(points);
}


/* From one half to the other. */
static double rise_of_tops(const struct pw_series *series, size_t scale, double from_seconds) {
    double tops[PW_SCALE_TOPS];
    size_t count = pw_scale_tops(series, scale, from_seconds, tops), half = count / 2;
    return half > 0 ? median_of_few(tops + count - half, half) - median_of_few(tops, half) : 0;
}


static bool is_growing(const struct pw_finding *finding, const struct pw_terms *terms) {
    return finding->last - finding->first >= terms->least && finding->kept >= LEAST_KEPT_GROWING &&
           finding->rises >= 3 && finding->late >= LEAST_STEADY_GROWING * finding->early;
}


/* In each part of the time; a pause needs more to speak for it. */
static bool goes_on(const struct pw_finding *finding, const struct pw_terms *terms) {
    return finding->rises == PW_SECTIONS - 1 ||
           (finding->rises == PW_SECTIONS - 2 &&
            finding->grounds >= GROUNDS_WITH_PAUSE * terms->patience &&
            finding->jump <= MOST_JUMP * (finding->last - finding->first));
}


static bool is_grounded(const struct pw_finding *finding, const struct pw_terms *terms) {
    return finding->points >= PW_FEWEST_LEAKING &&
           finding->seconds >= terms->patience / SHORTEST_PART &&
           finding->last >= finding->first * (1 + terms->share) &&
           finding->grounds >= terms->patience && finding->kept >= LEAST_KEPT_LEAKING &&
           goes_on(finding, terms) && finding->late >= LEAST_STEADY_LEAKING * finding->early &&
           finding->topped >= LEAST_TOPPED * (finding->last - finding->first) &&
           finding->last >= finding->ceiling * ABOVE_CEILING;
}


void pw_look(const struct pw_series *series, size_t scale, const struct pw_terms *terms,
             struct pw_points *points, struct pw_finding *finding) {
    *finding = (struct pw_finding){.scale = scale, .p = 1};
    pw_scale_points(series, scale, points);
    if (points->count < PW_FEWEST_GROWING) {
        return;
    }
    begin_at_floor(points);
    if (points->count < PW_FEWEST_GROWING) {
        return;
    }
    measure(points, finding);
    finding->topped = rise_of_tops(series, scale, points->times[0]);
    const struct pw_scale *looked_at = &series->scales[scale];
    finding->ceiling = looked_at->suspicious ? pw_size_of_code(looked_at->ceiling) : 0;
    if (is_growing(finding, terms)) {
        finding->verdict = is_grounded(finding, terms) ? PW_LEAK : PW_GROWING;
    }
}


void pw_test(const struct pw_points *points, struct pw_finding *finding) {
    struct pw_line line = {0};
    struct pw_mann_kendall test;
    pw_theil_sen(points->times, points->values, points->count, &line);
    finding->slope = line.slope;
    finding->low = line.low;
    finding->high = line.high;
    if (finding->verdict == PW_LEAK) {
        pw_mann_kendall_correlated(points->times, points->values, points->count, &line, &test);
        finding->p = test.p;
        if (line.low <= 0 || test.p > LEAST_SIGNIFICANT) {
            finding->verdict = PW_GROWING;
        }
    }
}


double pw_confidence(const struct pw_finding *finding, const struct pw_terms *terms) {
    double even = (double)finding->rises / (PW_SECTIONS - 1);
    double steady = finding->early > 0 ? fmin(1, finding->late / finding->early) : 1;
    double grounds = fmax(0, finding->grounds) / terms->patience;
    return finding->kept * even * steady * (1 - exp2(-2 * grounds));
}
