/* SPDX-License-Identifier: MIT */
#include "trend/series.h"

#include <math.h>
#include <string.h>

/* Steps of the coded logarithm in each doubling: 65,534 steps reach 2^40. */
#define STEPS 1638.0

/* After so many buckets without a new peak growth has ended. */
#define CALM_BUCKETS 10

#define LATEST_NUMBER 4e9


uint16_t pw_code_of_size(double size) {
    double code = 1 + STEPS * log2(fmax(size, 1));
    return (uint16_t)lround(fmin(code, UINT16_MAX));
}


double pw_size_of_code(uint16_t code) {
    return code > 1 ? exp2((code - 1) / STEPS) : 0;
}


double pw_scale_seconds(const struct pw_series *series, size_t scale) {
    double seconds = (double)series->coarsest_seconds;
    for (size_t i = scale + 1; i < PW_SCALES; i++) {
        seconds /= PW_SCALE_RATIO;
    }
    return seconds;
}


void pw_series_init(struct pw_series *series, double finest_seconds) {
    *series = (struct pw_series){.coarsest_seconds = (float)(finest_seconds * PW_SCALE_SPAN)};
    for (size_t i = 0; i < PW_SCALES; i++) {
        series->scales[i].floor = NAN;
    }
}


/* A ceiling is learned while all is calm; what came while it was not is learned afterwards. */
static void learn(struct pw_scale *scale, uint16_t code) {
    if (code > scale->peak) {
        scale->peak = code;
        scale->since_peak = 0;
    } else if (scale->since_peak < UINT8_MAX) {
        scale->since_peak++;
    }
    if (!scale->suspicious) {
        scale->ceiling = scale->peak;
    }
}


static uint16_t *top_of(struct pw_scale *scale) {
    return &scale->tops[scale->number / PW_TOP_BUCKETS % PW_SCALE_TOPS];
}


static void keep(struct pw_scale *scale, uint16_t code) {
    scale->floors[scale->number++ % PW_SCALE_POINTS] = code;
    if (scale->number % PW_TOP_BUCKETS == 0) {
        *top_of(scale) = 0;
    }
    if (scale->finished < PW_SCALE_POINTS) {
        scale->finished++;
    }
}


/* Finishes the bucket, and leaves gaps up to that of the number. */
static void finish(struct pw_scale *scale, uint32_t number) {
    if (!isnan(scale->floor)) {
        uint16_t code = pw_code_of_size((double)scale->floor);
        keep(scale, code);
        learn(scale, code);
        scale->fresh = true;
    } else {
        keep(scale, 0);
    }
    for (int i = 0; i < PW_SCALE_POINTS && scale->number < number; i++) {
        keep(scale, 0);
    }
    scale->number = number;
    scale->floor = NAN;
}


/* Forgets gaps at the old end, so that `finished` counts from the first sample on. */
static void begin_at(struct pw_scale *scale, uint32_t number) {
    scale->number = number;
    scale->finished = 0;
    memset(scale->tops, 0, sizeof scale->tops);
}


static void take(struct pw_scale *scale, uint32_t number, float value, uint16_t code) {
    if (isnan(scale->floor) && scale->finished == 0) {
        begin_at(scale, number);
    } else if (number > scale->number) {
        finish(scale, number);
    }
    scale->floor = fminf(scale->floor, value);
    if (code > *top_of(scale)) {
        *top_of(scale) = code;
    }
}


bool pw_series_add(struct pw_series *series, double seconds, double size) {
    double position = floor(seconds / pw_scale_seconds(series, 0));
    if (!(isfinite(size) && size >= 0 && position >= 0 && position < LATEST_NUMBER)) {
        return false;
    }
    uint32_t number = (uint32_t)position;
    uint16_t code = pw_code_of_size(size);
    const struct pw_scale *finest = &series->scales[0];
    if (number < finest->number && !(isnan(finest->floor) && finest->finished == 0)) {
        return false;
    }
    for (size_t i = 0; i < PW_SCALES; i++, number /= PW_SCALE_RATIO) {
        take(&series->scales[i], number, (float)size, code);
    }
    return true;
}


void pw_scale_points(const struct pw_series *series, size_t scale, struct pw_points *points) {
    const struct pw_scale *from = &series->scales[scale];
    double width = pw_scale_seconds(series, scale);
    points->count = 0;
    for (uint32_t number = from->number - from->finished; number < from->number; number++) {
        uint16_t code = from->floors[number % PW_SCALE_POINTS];
        if (code != 0) {
            points->times[points->count] = ((double)number + 0.5) * width;
            points->values[points->count++] = pw_size_of_code(code);
        }
    }
}


/* The top around a time, or the one after it when the series begins in its midst. */
static uint32_t first_whole_top(const struct pw_scale *scale, double position) {
    uint32_t number = (uint32_t)position / PW_TOP_BUCKETS;
    return number + (number * PW_TOP_BUCKETS < scale->number - scale->finished);
}


size_t pw_scale_tops(const struct pw_series *series, size_t scale, double from_seconds,
                     double tops[PW_SCALE_TOPS]) {
    const struct pw_scale *from = &series->scales[scale];
    uint32_t last = from->number / PW_TOP_BUCKETS;
    uint32_t first = first_whole_top(from, from_seconds / pw_scale_seconds(series, scale));
    size_t count = 0;
    for (uint32_t i = first + PW_SCALE_TOPS > last ? first : last - PW_SCALE_TOPS + 1; i <= last;
         i++) {
        uint16_t code = from->tops[i % PW_SCALE_TOPS];
        if (code != 0) {
            tops[count++] = pw_size_of_code(code);
        }
    }
    return count;
}


static bool has_calmed(const struct pw_scale *scale) {
    uint16_t newest = scale->floors[(scale->number - 1) % PW_SCALE_POINTS];
    double peak = pw_size_of_code(scale->peak), ceiling = pw_size_of_code(scale->ceiling);
    return scale->since_peak >= CALM_BUCKETS ||
           (newest != 0 && pw_size_of_code(newest) < peak - (peak - ceiling) / 4);
}


void pw_scale_suspect(struct pw_scale *scale, bool grows) {
    if (grows) {
        scale->suspicious = true;
    } else if (scale->suspicious && has_calmed(scale)) {
        scale->suspicious = false;
        scale->ceiling = scale->peak;
    }
}
