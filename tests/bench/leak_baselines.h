/* SPDX-License-Identifier: MIT
 *
 * What the literature does, written from it, to stand beside: both see the median of each five
 * minutes, smoothed by the running median of an hour, and decide each hour.
 *
 * - Linear backward regression (Jindal, Staab, Cardoso, Gerndt, Podolskiy: Online Memory Leak
 *   Detection in the Cloud-based Infrastructures, 2021, arXiv 2101.09799): a line through each
 * window that ends now, of 6 hours and more; a leak when one of them rises with an R² of at least
 * 0.8.
 * - Precog with the maximum filter (Jindal, Staab, Kumar, Gerndt and others, arXiv 2106.08938):
 * change points where the first difference has a modified z-score above 3.5, less than 6 hours
 * apart taken as one. Learned from the first three days: the steepest and the longest trend between
 * change points, and the median of the ten largest values. A leak when the window from now back to
 * a change point is steeper, longer and fits (R² at least 0.8), and the ten largest are larger.
 *
 * Neither has its filter for the time to exhaustion: the processes here have no limit in common.
 * Both are spared growth that is too small to speak of, by the same bound as ours.
 */
#ifndef PAGEWARDEN_BENCH_LEAK_BASELINES_H
#define PAGEWARDEN_BENCH_LEAK_BASELINES_H

#include <stdbool.h>
#include <stddef.h>

#define WINDOW 2016 /* five-minute medians in a week */
#define MOST_SAMPLES 16

struct baselines {
    double least, share; /* growth that is worth a word */
    double samples[MOST_SAMPLES], raw[12], smooth[WINDOW];
    size_t sample_count, raw_count, count; /* `count` of all that ever was smoothed */
    double bucket;
    double learned_slope, learned_seconds, learned_top;
    bool has_learned;
    bool regression_says, precog_says; /* as of the last hour */
};

void baselines_init(struct baselines *baselines, double least, double share);

/* Takes a sample; true when both have decided anew. */
bool baselines_add(struct baselines *baselines, double seconds, double size);

#endif
