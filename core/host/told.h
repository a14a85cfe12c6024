/* SPDX-License-Identifier: MIT
 *
 * What core/act tells of its doings, kept until the host's Lua half takes it: acts are made inside
 * a policy's state, while the host's own is in the middle of a call.
 */
#ifndef PAGEWARDEN_HOST_TOLD_H
#define PAGEWARDEN_HOST_TOLD_H

#include <stddef.h>
#include <stdint.h>

#include "act/hooks.h"

/* One event: its name, then the name and text of each field, every one ended by a NUL. */
struct pw_told_event {
    struct pw_told_event *next;
    int field_count;
    char strings[];
};

/* A queue, first in, first out. {0} is empty. */
struct pw_told {
    struct pw_told_event *first, **last;
    int64_t dropped; /* for want of memory */
};

/* Adds an event. Its shape is that of the hook `tell`. */
void pw_told_add(struct pw_told *told, const char *event, const struct pw_event_field fields[],
                 int count);

/* Forgets the first event. */
void pw_told_pop(struct pw_told *told);

/* Forgets all. */
void pw_told_clear(struct pw_told *told);

/* The string behind another one of an event. */
const char *pw_told_next(const char *string);

#endif
