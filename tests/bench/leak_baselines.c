/* SPDX-License-Identifier: MIT */
#include "leak_baselines.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEP 300.0
#define AN_HOUR 12   /* steps */
#define SHORTEST 72  /* steps: 6 hours */
#define LEARNING 864 /* steps: 3 days */
#define TOP 10
#define LEAST_FIT 0.8
#define MOST_SCORE 3.5

struct line {
    double slope, fit, rise, start;
};

/* Sums over the first i points, for lines through any window at once. */
struct sums {
    double y[WINDOW + 1], xy[WINDOW + 1], yy[WINDOW + 1];
};


static int compare(const void *a, const void *b) {
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}


static double median(const double *values, size_t count) {
    double sorted[WINDOW];
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare);
    return (sorted[count / 2] + sorted[(count - 1) / 2]) / 2;
}


static double top_of(const double *values, size_t count) {
    double top[TOP] = {0};
    for (size_t i = 0; i < count; i++) {
        size_t at = TOP;
        while (at > 0 && top[at - 1] < values[i]) {
            at--;
        }
        if (at < TOP) {
            memmove(top + at + 1, top + at, (TOP - 1 - at) * sizeof *top);
            top[at] = values[i];
        }
    }
    return (top[TOP / 2] + top[(TOP - 1) / 2]) / 2;
}


/* Values less the first one, so that squares stay exact. */
static void sum_up(const double *values, size_t count, struct sums *sums) {
    sums->y[0] = sums->xy[0] = sums->yy[0] = 0;
    for (size_t i = 0; i < count; i++) {
        double y = values[i] - values[0];
        sums->y[i + 1] = sums->y[i] + y;
        sums->xy[i + 1] = sums->xy[i] + (double)i * y;
        sums->yy[i + 1] = sums->yy[i] + y * y;
    }
}


static struct line line_through(const struct sums *sums, size_t from, size_t to, double first) {
    double n = (double)(to - from), begin = (double)from;
    double x = n * begin + n * (n - 1) / 2, spread = n * (n * n - 1) / 12;
    double y = sums->y[to] - sums->y[from];
    double together = sums->xy[to] - sums->xy[from] - x * y / n;
    double variance = sums->yy[to] - sums->yy[from] - y * y / n;
    struct line line = {.slope = together / spread};
    line.fit = variance > 0 ? together * together / (spread * variance) : 0;
    line.rise = line.slope * (n - 1);
    line.start = first + y / n - line.rise / 2;
    return line;
}


static bool is_worth_a_word(const struct baselines *b, const struct line *line) {
    return line->rise >= b->least && line->rise >= b->share * line->start;
}


static bool says_regression(const struct baselines *b, const struct sums *sums, size_t count) {
    for (size_t size = SHORTEST; size <= count; size += AN_HOUR) {
        struct line line = line_through(sums, count - size, count, b->smooth[0]);
        if (line.slope > 0 && line.fit >= LEAST_FIT && is_worth_a_word(b, &line)) {
            return true;
        }
    }
    return false;
}


/* Where the first difference is an outlier: the modified z-score by the median deviation. */
static size_t change_points(const double *values, size_t count, size_t *points) {
    double differences[WINDOW] = {0}, deviations[WINDOW] = {0};
    size_t found = 0;
    points[found++] = 0;
    for (size_t i = 0; i + 1 < count; i++) {
        differences[i] = fabs(values[i + 1] - values[i]);
    }
    double middle = median(differences, count - 1);
    for (size_t i = 0; i + 1 < count; i++) {
        deviations[i] = fabs(differences[i] - middle);
    }
    double spread = median(deviations, count - 1);
    for (size_t i = 0; i + 1 < count; i++) {
        double score = spread > 0 ? 0.6745 * (differences[i] - middle) / spread : 0;
        if (score > MOST_SCORE && i + 1 - points[found - 1] >= SHORTEST) {
            points[found++] = i + 1;
        }
    }
    return found;
}


static void learn(struct baselines *b, const struct sums *sums, size_t count) {
    size_t points[WINDOW];
    size_t found = change_points(b->smooth, count, points);
    for (size_t i = 0; i < found; i++) {
        size_t to = i + 1 < found ? points[i + 1] : count;
        if (to - points[i] < SHORTEST) {
            continue;
        }
        struct line line = line_through(sums, points[i], to, b->smooth[0]);
        if (line.fit >= LEAST_FIT) {
            b->learned_slope = fmax(b->learned_slope, line.slope);
            b->learned_seconds = fmax(b->learned_seconds, (double)(to - points[i]));
        }
    }
    b->learned_top = top_of(b->smooth, count);
    b->has_learned = true;
}


static bool says_precog(const struct baselines *b, const struct sums *sums, size_t count) {
    size_t points[WINDOW];
    size_t found = change_points(b->smooth, count, points);
    for (size_t i = found; i-- > 0;) {
        size_t size = count - points[i];
        if (size < SHORTEST) {
            continue;
        }
        struct line line = line_through(sums, points[i], count, b->smooth[0]);
        if (line.fit >= LEAST_FIT && line.slope > b->learned_slope &&
            (double)size > b->learned_seconds && is_worth_a_word(b, &line) &&
            top_of(b->smooth + points[i], size) >= b->learned_top) {
            return true;
        }
    }
    return false;
}


static void decide(struct baselines *b) {
    struct sums sums;
    size_t count = b->count < WINDOW ? b->count : WINDOW;
    sum_up(b->smooth, count, &sums);
    b->regression_says = says_regression(b, &sums, count);
    if (!b->has_learned && b->count >= LEARNING) {
        learn(b, &sums, count);
    }
    b->precog_says = b->has_learned && says_precog(b, &sums, count);
}


/* The oldest goes when a week is full. */
static void smooth(struct baselines *b, double value) {
    memmove(b->raw, b->raw + 1, sizeof b->raw - sizeof *b->raw);
    b->raw[AN_HOUR - 1] = value;
    b->raw_count += b->raw_count < AN_HOUR;
    if (b->count >= WINDOW) {
        memmove(b->smooth, b->smooth + 1, sizeof b->smooth - sizeof *b->smooth);
    }
    b->smooth[b->count < WINDOW ? b->count : WINDOW - 1] =
        median(b->raw + AN_HOUR - b->raw_count, b->raw_count);
    b->count++;
}


void baselines_init(struct baselines *b, double least, double share) {
    *b = (struct baselines){.least = least, .share = share, .bucket = -1};
}


bool baselines_add(struct baselines *b, double seconds, double size) {
    double bucket = floor(seconds / STEP);
    bool decided = false;
    if (b->sample_count > 0 && bucket > b->bucket) {
        double value = median(b->samples, b->sample_count);
        for (double i = b->bucket; i < bucket; i++) { /* what is missing is as it was */
            smooth(b, value);
            if (b->count % AN_HOUR == 0 && b->count >= SHORTEST) {
                decide(b);
                decided = true;
            }
        }
        b->sample_count = 0;
    }
    b->bucket = bucket;
    if (b->sample_count < MOST_SAMPLES) {
        b->samples[b->sample_count++] = size;
    }
    return decided;
}
