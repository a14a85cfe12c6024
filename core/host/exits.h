/* SPDX-License-Identifier: MIT
 *
 * The end of a process as an event: a pidfd on the loop (Linux 5.3). It comes when the process has
 * exited with all its threads, be it waited for or not.
 */
#ifndef PAGEWARDEN_HOST_EXITS_H
#define PAGEWARDEN_HOST_EXITS_H

#include "host/loop.h"
#include "read/process.h"

struct pw_exit;

/* Called once. The exit is closed by then. */
typedef void pw_exit_action(struct pw_exit *exit, void *context);

struct pw_exit {
    pw_exit_action *action;
    void *context;
    /* This module's own. */
    struct pw_loop *loop;
    struct pw_identity identity;
    struct pw_listener listener;
    int fd; /* -1: none */
    int slot;
};

/* Waits for the end of this process; without a start time, of whoever has the pid now. The pidfd is
 * opened first and the start time looked at then, so it is that process and no later one. On a
 * virtual loop nothing is opened: the event is injected. Returns 0 or -errno, with nothing to
 * close: ESRCH when the process is gone, ENOSYS before Linux 5.3, EOPNOTSUPP when the source is not
 * this machine. */
int pw_exit_open(struct pw_exit *exit, struct pw_loop *loop, const struct pw_source *source,
                 const struct pw_identity *identity, struct pw_buffer *buffer);

/* Stops waiting. Safe to call twice; not after the loop was closed. */
void pw_exit_close(struct pw_exit *exit);

#endif
