/* SPDX-License-Identifier: MIT
 *
 * What happened to a cgroup's memory, as events: its memory.events (version 2) whenever a counter
 * in it has grown, and the end of the cgroup.
 */
#ifndef PAGEWARDEN_HOST_MEMORY_EVENTS_H
#define PAGEWARDEN_HOST_MEMORY_EVENTS_H

#include "host/file_changes.h"

/* Linux 6.12 has 7 counters: low high max oom oom_kill oom_group_kill sock_throttled. */
#define PW_MEMORY_COUNTERS 16

struct pw_memory_counter {
    char name[24];
    int64_t value;
    int64_t growth; /* since the last event */
};

struct pw_memory_events;

/* Called with the counters, or once with `gone` when there is no such cgroup any more; it is closed
 * by then. It may be closed in any call. */
typedef void pw_memory_action(struct pw_memory_events *events, bool gone, void *context);

struct pw_memory_events {
    pw_memory_action *action;
    void *context;
    const char *path;   /* of memory.events, from the source's root; the caller keeps it */
    const char *parent; /* of the cgroup above: kernels before 2026 tell of an end only there */
    struct pw_memory_counter counters[PW_MEMORY_COUNTERS];
    int count;
    /* This module's own. */
    const struct pw_source *source;
    struct pw_buffer *buffer;
    struct pw_file_watch file, folder;
};

/* Waits from now on, by action, context, path and parent. Source and buffer are used until the
 * end. Returns 0 or -errno, with nothing to close: ENOENT when there is no such cgroup or file. */
int pw_memory_events_open(struct pw_memory_events *events, struct pw_file_changes *changes,
                          struct pw_loop *loop, const struct pw_source *source,
                          struct pw_buffer *buffer);

/* Stops waiting. Safe to call twice, and for one that was never opened. */
void pw_memory_events_close(struct pw_memory_events *events);

#endif
