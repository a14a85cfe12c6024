/* SPDX-License-Identifier: MIT
 *
 * The event loop: one epoll descriptor with a timerfd, signalfds and whatever else has a
 * descriptor. It keeps nothing global, installs no signal handler, never exits, makes no thread,
 * and allocates only when timers are added, so it can live inside somebody else's program. One
 * thread uses it.
 *
 * Whoever embeds it polls the descriptor that pw_loop_embed() gives, and calls pw_loop_dispatch()
 * when that is readable. The outer poll eats the events of pressure descriptors, so their watchers
 * then look at each dispatch what has happened (see pressure_trigger.h).
 */
#ifndef PAGEWARDEN_HOST_LOOP_H
#define PAGEWARDEN_HOST_LOOP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "host/clock.h"
#include "host/listener.h"
#include "host/timer.h"

/* Watchers at once. A descriptor that wakes the loop is a scarce thing. */
#define PW_LOOP_WATCHERS 256

/* The order in which what happened during one wait is handed out. Timers have their turn between
 * pressure and control. */
enum pw_rank { PW_RANK_SIGNAL, PW_RANK_PROCESS, PW_RANK_PRESSURE, PW_RANK_TIMER, PW_RANK_CONTROL };

struct pw_loop;

/* What to do when the descriptor has `events`, as epoll_wait(2) gives them. */
typedef void pw_watch_action(struct pw_loop *loop, int fd, uint32_t events, void *context);

struct pw_watcher {
    pw_watch_action *action; /* NULL: the slot is free */
    void *context;
    int fd;
    uint32_t generation; /* tells an event for this watcher from one for the slot's last tenant */
    enum pw_rank rank;
    bool background; /* the loop does not stay for its sake */
};

/* Told when a turn of the loop begins, after each wait, and when it ends. */
struct pw_loop_observer {
    void (*begin)(void *context);
    void (*end)(void *context);
    void *context;
};

struct pw_loop {
    struct pw_clock clock;
    const struct pw_loop_observer *observer; /* or NULL */
    struct pw_timers timers;
    struct pw_listeners listeners;
    int epoll_fd;
    int foreground; /* watchers that are not background */
    bool stopped;
    bool busy;     /* inside pw_loop_run(), pw_loop_advance() or pw_loop_dispatch() */
    bool embedded; /* polled from outside, which eats events of pressure */
    int64_t armed_ns;
    struct pw_watcher watchers[PW_LOOP_WATCHERS];
};

/* A loop on the machine's clock. Returns 0 or -errno; on failure there is nothing to close. */
int pw_loop_open(struct pw_loop *loop);

/* A loop whose time starts at `now_ns` and moves from timer to timer without waiting. */
int pw_loop_open_virtual(struct pw_loop *loop, int64_t now_ns);

/* The descriptor for whoever embeds the loop to poll. Call it before anything is watched. */
int pw_loop_embed(struct pw_loop *loop);

/* Closes the loop's own descriptors and disarms every timer. Watched descriptors are their
 * owners'. Safe to call twice. */
void pw_loop_close(struct pw_loop *loop);

/* The loop's time in nanoseconds. */
int64_t pw_loop_now(const struct pw_loop *loop);

/* Fires the timer after `delay_ns`, and then every `timer->period_ns` when that is not 0. Returns 0
 * or -ENOMEM. */
int pw_loop_arm(struct pw_loop *loop, struct pw_timer *timer, int64_t delay_ns);

/* Disarms the timer; allowed in any action, its own too. */
void pw_loop_cancel(struct pw_loop *loop, struct pw_timer *timer);

/* Watches a descriptor for `events` (EPOLLIN, EPOLLPRI, …), with the watcher's action, context,
 * rank and background. Returns a slot for pw_loop_unwatch(), or -errno: ENOSPC when all are
 * taken. */
int pw_loop_watch(struct pw_loop *loop, const struct pw_watcher *watcher, uint32_t events);

/* Stops watching; call it before closing the descriptor. An event already waiting for the watcher
 * is dropped. Allowed in any action. */
void pw_loop_unwatch(struct pw_loop *loop, int slot);

/* Runs until pw_loop_stop(), or until only background timers and watchers are left. Returns 0 or
 * -errno: EBUSY inside an action. */
int pw_loop_run(struct pw_loop *loop);

/* Ends pw_loop_run() or pw_loop_advance() after the action that is running. */
void pw_loop_stop(struct pw_loop *loop);

/* Handles what is ready, without waiting. Returns 0 or -errno, as pw_loop_run() does. */
int pw_loop_dispatch(struct pw_loop *loop);

/* Moves a virtual loop `duration_ns` on, firing each timer at its moment, and handling at each what
 * is ready. Returns 0 or -errno: EINVAL when the clock is real. */
int pw_loop_advance(struct pw_loop *loop, int64_t duration_ns);

#endif
