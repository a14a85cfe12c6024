/* SPDX-License-Identifier: MIT
 *
 * Pressure as an event: so much time lost within a window, told by a trigger of the kernel (Linux
 * 5.2) on /proc/pressure/RESOURCE or a cgroup's RESOURCE.pressure, at most once a window.
 *
 * Where a trigger cannot be made, a timer compares total= once a window. On a loop that is embedded
 * the trigger still wakes whoever polls, but that poll eats the event: there each dispatch, and a
 * timer once a window, compares total=. Events that were found by comparing are marked.
 */
#ifndef PAGEWARDEN_HOST_PRESSURE_TRIGGER_H
#define PAGEWARDEN_HOST_PRESSURE_TRIGGER_H

#include "host/loop.h"
#include "host/stall_window.h"
#include "read/pressure_file.h"

struct pw_pressure_event {
    int64_t total_us;
    double avg10_percent;
    bool synthetic; /* found by comparing total= */
    bool gone;      /* there is no such file any more: the last event, all else is 0 */
};

/* What a virtual loop is told of: PW_TOPIC_PRESSURE. */
struct pw_pressure_news {
    const char *path;
    bool full;
    struct pw_pressure_event event;
};

struct pw_pressure_trigger;

/* The trigger may be closed in it, and is closed already when the event says gone. */
typedef void pw_pressure_action(struct pw_pressure_trigger *trigger,
                                const struct pw_pressure_event *event, void *context);

struct pw_pressure_trigger {
    pw_pressure_action *action;
    void *context;
    /* This module's own. */
    struct pw_loop *loop;
    struct pw_buffer *buffer;
    struct pw_pressure_request request;
    struct pw_stall_window window;
    struct pw_timer timer;
    struct pw_listener listener;
    int64_t quiet_until_ns; /* once a window, however it was found */
    int fd;                 /* -1: closed */
    int slot;               /* -1: no trigger of the kernel */
};

/* Waits for pressure. On a virtual loop nothing is opened: events are injected. Returns 0 or
 * -errno, with nothing to close: ENOENT and EOPNOTSUPP where there is no pressure information (of
 * this resource, kind or cgroup), EPERM when the window needs CAP_SYS_RESOURCE. The buffer is used
 * at each event. */
int pw_pressure_open(struct pw_pressure_trigger *trigger, struct pw_loop *loop,
                     const struct pw_source *source, const struct pw_pressure_request *request,
                     struct pw_buffer *buffer);

/* The same without a trigger of the kernel: a timer compares. */
int pw_pressure_follow(struct pw_pressure_trigger *trigger, struct pw_loop *loop,
                       const struct pw_source *source, const struct pw_pressure_request *request,
                       struct pw_buffer *buffer);

/* Stops waiting. Safe to call twice; not after the loop was closed. */
void pw_pressure_close(struct pw_pressure_trigger *trigger);

#endif
