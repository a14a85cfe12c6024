/* SPDX-License-Identifier: MIT */
#include "host/log_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES sizeof(size_t)


int pw_log_queue_open(struct pw_log_queue *queue, size_t capacity_bytes) {
    *queue = (struct pw_log_queue){.bytes = malloc(capacity_bytes)};
    if (!queue->bytes) {
        return -ENOMEM;
    }
    queue->capacity_bytes = capacity_bytes;
    return 0;
}


void pw_log_queue_close(struct pw_log_queue *queue) {
    free(queue->bytes);
    *queue = (struct pw_log_queue){0};
}


bool pw_log_queue_add(struct pw_log_queue *queue, struct pw_slice record) {
    size_t used = queue->end - queue->begin;
    if (record.size > queue->capacity_bytes - used ||
        queue->capacity_bytes - used - record.size < HEADER_BYTES) {
        return false;
    }
    if (queue->capacity_bytes - queue->end < HEADER_BYTES + record.size) {
        memmove(queue->bytes, queue->bytes + queue->begin, used);
        queue->begin = 0;
        queue->end = used;
    }
    memcpy(queue->bytes + queue->end, &record.size, HEADER_BYTES);
    memcpy(queue->bytes + queue->end + HEADER_BYTES, record.data, record.size);
    queue->end += HEADER_BYTES + record.size;
    return true;
}


bool pw_log_queue_first(const struct pw_log_queue *queue, struct pw_slice *record) {
    if (queue->begin == queue->end) {
        return false;
    }
    memcpy(&record->size, queue->bytes + queue->begin, HEADER_BYTES);
    record->data = queue->bytes + queue->begin + HEADER_BYTES;
    return true;
}


void pw_log_queue_take(struct pw_log_queue *queue, size_t size_bytes) {
    struct pw_slice record;
    if (!pw_log_queue_first(queue, &record)) {
        return;
    }
    if (size_bytes >= record.size) {
        queue->begin += HEADER_BYTES + record.size;
    } else {
        /* What is left gets its size right before it: over bytes that are taken. */
        queue->begin += size_bytes;
        record.size -= size_bytes;
        memcpy(queue->bytes + queue->begin, &record.size, HEADER_BYTES);
    }
    if (queue->begin == queue->end) {
        queue->begin = queue->end = 0;
    }
}
