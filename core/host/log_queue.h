/* SPDX-License-Identifier: MIT
 *
 * Records that could not be written yet: a bounded queue in one piece of memory, allocated once.
 * Pure.
 */
#ifndef PAGEWARDEN_HOST_LOG_QUEUE_H
#define PAGEWARDEN_HOST_LOG_QUEUE_H

#include <stdbool.h>

#include "read/text.h"

struct pw_log_queue {
    char *bytes;
    size_t capacity_bytes;
    size_t begin; /* of the first record: its size, then its bytes */
    size_t end;
};

/* Returns 0 or -ENOMEM. */
int pw_log_queue_open(struct pw_log_queue *queue, size_t capacity_bytes);

/* Safe to call twice. */
void pw_log_queue_close(struct pw_log_queue *queue);

/* Adds a record at the end; false when there is no room for it. */
bool pw_log_queue_add(struct pw_log_queue *queue, struct pw_slice record);

/* The first record; false when there is none. It is valid until the queue changes. */
bool pw_log_queue_first(const struct pw_log_queue *queue, struct pw_slice *record);

/* Takes so many bytes off the front of the first record, and the record when that is all. */
void pw_log_queue_take(struct pw_log_queue *queue, size_t size_bytes);

#endif
