/* SPDX-License-Identifier: MIT */
#include "trend/record.h"

#include <math.h>
#include <string.h>

#define FIRST_SCALE 3
#define SCALES_BYTES ((PW_SCALES - FIRST_SCALE) * sizeof(struct pw_scale))

/* Another number when the meaning of what is written changes. */
static const char MAGIC[8] = "pwtrend2";

struct head {
    char magic[sizeof MAGIC];
    uint32_t columns;
    uint32_t record_bytes;
    double finest_seconds;
};

struct record {
    int64_t start_time;
    double seen_seconds;
    int64_t pid;
};


static struct head head_for(const struct pw_history_shape *shape) {
    struct head head = {.columns = shape->columns,
                        .record_bytes = (uint32_t)pw_record_bytes(shape),
                        .finest_seconds = shape->finest_seconds};
    memcpy(head.magic, MAGIC, sizeof MAGIC);
    return head;
}


size_t pw_record_head_bytes(void) {
    return sizeof(struct head);
}


size_t pw_record_bytes(const struct pw_history_shape *shape) {
    return sizeof(struct record) + shape->columns * (sizeof(float) + SCALES_BYTES);
}


void pw_record_begin(const struct pw_history_shape *shape, void *to) {
    struct head head = head_for(shape);
    memcpy(to, &head, sizeof head);
}


bool pw_record_check(const struct pw_history_shape *shape, const void *from, size_t bytes,
                     size_t *records) {
    struct head head = head_for(shape);
    if (bytes < sizeof head || memcmp(from, &head, sizeof head) != 0 ||
        (bytes - sizeof head) % head.record_bytes != 0) {
        return false;
    }
    *records = (bytes - sizeof head) / head.record_bytes;
    return true;
}


bool pw_record_write(struct pw_history *history, const struct pw_followed *followed, void *to) {
    struct record record = {followed->start_time, followed->seen_seconds, followed->pid};
    const struct pw_series *series = pw_history_series(history, followed, 0);
    char *at = to;
    if (!series) {
        return false;
    }
    memcpy(at, &record, sizeof record);
    at += sizeof record;
    for (uint32_t i = 0; i < history->shape.columns; i++) {
        memcpy(at, &followed->floors[i], sizeof(float));
        memcpy(at + sizeof(float), series[i].scales + FIRST_SCALE, SCALES_BYTES);
        at += sizeof(float) + SCALES_BYTES;
    }
    return true;
}


/* What nobody but us writes; yet a file may be damaged, and indices must hold. */
static bool is_sound(const struct pw_series *series, double now) {
    for (size_t i = FIRST_SCALE; i < PW_SCALES; i++) {
        const struct pw_scale *scale = &series->scales[i];
        if (scale->finished > PW_SCALE_POINTS || scale->finished > scale->number ||
            scale->number > now / pw_scale_seconds(series, i) || isinf(scale->floor)) {
            return false;
        }
    }
    return true;
}


static bool read_series(struct pw_history *history, struct pw_followed *followed, double now,
                        const char *from) {
    struct pw_series *series = pw_history_keep(history, followed);
    for (uint32_t i = 0; series && i < history->shape.columns; i++) {
        memcpy(&followed->floors[i], from, sizeof(float));
        memcpy(series[i].scales + FIRST_SCALE, from + sizeof(float), SCALES_BYTES);
        if (!is_sound(&series[i], now)) {
            return false;
        }
        from += sizeof(float) + SCALES_BYTES;
    }
    return series != NULL;
}


bool pw_record_read(struct pw_history *history, double now, const void *from) {
    struct record record;
    memcpy(&record, from, sizeof record);
    if (record.pid <= 0 || record.pid > INT32_MAX || !(record.seen_seconds <= now) ||
        pw_history_find(history, (int32_t)record.pid, record.start_time)) {
        return false;
    }
    struct pw_followed *followed =
        pw_history_follow(history, (int32_t)record.pid, record.start_time);
    if (!followed) {
        return false;
    }
    followed->seen_seconds = now;
    if (!read_series(history, followed, now, (const char *)from + sizeof record)) {
        pw_history_forget(history, followed);
        return false;
    }
    return true;
}
