/* SPDX-License-Identifier: MIT
 *
 * Signals as events: a signalfd on the loop. The signals are blocked while it is open, as a
 * signalfd needs; those that were not blocked before are let through again at the end.
 */
#ifndef PAGEWARDEN_HOST_SIGNALS_H
#define PAGEWARDEN_HOST_SIGNALS_H

#include <signal.h>

#include "host/loop.h"

struct pw_signals;

typedef void pw_signal_action(struct pw_signals *signals, int number, void *context);

struct pw_signals {
    pw_signal_action *action;
    void *context;
    struct pw_loop *loop;
    sigset_t unblock; /* what was not blocked before */
    int fd;           /* -1: closed */
    int slot;
};

/* Calls the signals' action for each of `wanted` that arrives. They do not keep the loop running.
 * Returns 0 or -errno; on failure there is nothing to close. */
int pw_signals_open(struct pw_signals *signals, struct pw_loop *loop, const sigset_t *wanted);

/* Stops watching, forgets signals that arrived meanwhile, and restores the signal mask. Safe to
 * call twice, and in the action; not after the loop was closed. */
void pw_signals_close(struct pw_signals *signals);

#endif
