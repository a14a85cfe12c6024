/* SPDX-License-Identifier: MIT
 *
 * Kills by the kernel's OOM killer as events: from the kernel log, /dev/kmsg, with who was killed
 * and why; where that may not be read, from the counter in /proc/vmstat (Linux 4.13), which says
 * only how many.
 */
#ifndef PAGEWARDEN_HOST_OOM_KILLS_H
#define PAGEWARDEN_HOST_OOM_KILLS_H

#include "host/loop.h"
#include "read/oom_report.h"
#include "read/source.h"

struct pw_oom_event {
    int64_t kills;                      /* at least 1 */
    const struct pw_oom_report *report; /* of the only one; NULL when synthetic */
    uint64_t lost;                      /* records of the log that were overwritten unread so far */
    bool synthetic;                     /* from the counter */
};

struct pw_oom_kills;

/* What is watched may be closed in it. */
typedef void pw_oom_action(struct pw_oom_kills *kills, const struct pw_oom_event *event,
                           void *context);

struct pw_oom_kills {
    pw_oom_action *action;
    void *context;
    /* This module's own. */
    struct pw_loop *loop;
    const struct pw_source *source;
    struct pw_buffer *buffer;
    struct pw_timer timer;
    struct pw_listener listener;
    struct pw_oom_reports reports;
    int64_t counted;
    int fd; /* -1: not the log */
    int slot;
};

/* Waits for kills from now on. On a virtual loop nothing is opened: events, struct pw_oom_event,
 * are injected. Source and buffer are used until the end. Returns 0 or -errno, with nothing to
 * close: EOPNOTSUPP when there is neither log nor counter. */
int pw_oom_kills_open(struct pw_oom_kills *kills, struct pw_loop *loop,
                      const struct pw_source *source, struct pw_buffer *buffer);

/* The same by the counter alone. */
int pw_oom_kills_count(struct pw_oom_kills *kills, struct pw_loop *loop,
                       const struct pw_source *source, struct pw_buffer *buffer);

/* Stops waiting. Safe to call twice; not after the loop was closed. */
void pw_oom_kills_close(struct pw_oom_kills *kills);

#endif
