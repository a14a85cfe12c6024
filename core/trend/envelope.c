/* SPDX-License-Identifier: MIT */
#include "trend/envelope.h"

#include <float.h>
#include <math.h>


size_t pw_envelope_bytes(const struct pw_envelope_shape *shape) {
    size_t bytes = sizeof(struct pw_envelope) + shape->buckets * sizeof(float);
    size_t alignment = _Alignof(struct pw_envelope);
    return (bytes + alignment - 1) / alignment * alignment;
}


bool pw_envelope_shape_is_valid(const struct pw_envelope_shape *shape) {
    return isfinite(shape->bucket_seconds) && shape->bucket_seconds > 0 &&
           isfinite(shape->window_seconds) && shape->window_seconds >= 0 && shape->buckets >= 4 &&
           shape->buckets <= PW_MOST_POINTS;
}


void pw_envelope_init(struct pw_envelope *envelope, const struct pw_envelope_shape *shape) {
    *envelope = (struct pw_envelope){.width_seconds = shape->bucket_seconds,
                                     .window_seconds = shape->window_seconds,
                                     .buckets = (uint16_t)shape->buckets};
}


/* The nth oldest bucket. */
static uint16_t slot(const struct pw_envelope *envelope, size_t nth) {
    return (uint16_t)((envelope->oldest + nth) % envelope->buckets);
}


static float rise_of(const struct pw_envelope *envelope, size_t nth) {
    return envelope->rises[slot(envelope, nth)];
}


static void append(struct pw_envelope *envelope, float rise) {
    envelope->rises[slot(envelope, envelope->count++)] = rise;
}


static void merge_pairs(struct pw_envelope *envelope) {
    uint16_t merged = 0;
    for (uint16_t i = 0; i < envelope->count; i += 2) {
        bool paired = i + 1 < envelope->count;
        float rise = rise_of(envelope, i);
        /* fminf: of a number and NaN it is the number */
        envelope->rises[slot(envelope, merged++)] =
            paired ? fminf(rise, rise_of(envelope, i + 1u)) : rise;
    }
    envelope->count = merged;
    envelope->width_seconds *= 2;
}


static void drop_oldest(struct pw_envelope *envelope, uint16_t dropped) {
    envelope->oldest = slot(envelope, dropped);
    envelope->count = (uint16_t)(envelope->count - dropped);
    envelope->begin_seconds += dropped * envelope->width_seconds;
}


static void start_anew(struct pw_envelope *envelope, double seconds, double value) {
    envelope->begin_seconds = seconds;
    envelope->first_value = value;
    envelope->oldest = 0;
    envelope->count = 0;
}


static double position(const struct pw_envelope *envelope, double seconds) {
    return floor((seconds - envelope->begin_seconds) / envelope->width_seconds);
}


/* Merges or drops until there is a bucket for this time: its position then is in the ring. */
static void make_room(struct pw_envelope *envelope, double seconds, double value) {
    while (position(envelope, seconds) >= envelope->buckets &&
           envelope->width_seconds * envelope->buckets < envelope->window_seconds) {
        merge_pairs(envelope);
    }
    double beyond = position(envelope, seconds) - envelope->buckets + 1;
    if (beyond >= envelope->count) {
        start_anew(envelope, seconds, value);
    } else if (beyond > 0) {
        drop_oldest(envelope, (uint16_t)beyond);
    }
}


bool pw_envelope_add(struct pw_envelope *envelope, double seconds, double value) {
    if (!isfinite(seconds) || !isfinite(value)) {
        return false;
    }
    if (envelope->count == 0) {
        start_anew(envelope, seconds, value);
    }
    double rise = value - envelope->first_value;
    if (position(envelope, seconds) < envelope->count - 1 || fabs(rise) > (double)FLT_MAX) {
        return false;
    }
    make_room(envelope, seconds, value);
    uint16_t at = (uint16_t)position(envelope, seconds);
    while (envelope->count <= at) {
        append(envelope, NAN);
    }
    float *newest = &envelope->rises[slot(envelope, at)];
    *newest = fminf(*newest, (float)(value - envelope->first_value));
    return true;
}


static size_t finished(const struct pw_envelope *envelope) {
    return envelope->count > 0 ? envelope->count - 1u : 0;
}


size_t pw_envelope_points(const struct pw_envelope *envelope, double *times, double *values) {
    size_t points = 0;
    for (size_t i = 0; i < finished(envelope); i++) {
        double rise = (double)rise_of(envelope, i);
        if (!isnan(rise)) {
            times[points] = envelope->begin_seconds + ((double)i + 0.5) * envelope->width_seconds;
            values[points++] = envelope->first_value + rise;
        }
    }
    return points;
}


double pw_envelope_rise(const struct pw_envelope *envelope) {
    float least = INFINITY, newest = 0;
    for (size_t i = 0; i < finished(envelope); i++) {
        float rise = rise_of(envelope, i);
        least = fminf(least, rise);
        newest = isnan(rise) ? newest : rise;
    }
    return least <= newest ? (double)newest - (double)least : 0;
}
