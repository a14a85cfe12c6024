/* SPDX-License-Identifier: MIT
 *
 * Timers in a binary heap. A timer belongs to its caller; the heap holds a pointer to it while it
 * is armed, so neither firing nor cancelling one allocates. No clock and no I/O: time is an
 * argument.
 */
#ifndef PAGEWARDEN_HOST_TIMER_H
#define PAGEWARDEN_HOST_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pw_timer;

typedef void pw_timer_action(struct pw_timer *timer, void *context);

struct pw_timer {
    pw_timer_action *action;
    void *context;     /* the action's */
    int64_t period_ns; /* 0: fires once */
    int64_t slack_ns;  /* how late it may be, so that it is woken together with others; while it is
                          armed this stays */
    bool background;   /* the loop does not stay for its sake */
    /* The heap's own. */
    int64_t due_ns;
    uint64_t turn; /* timers due at one moment fire in the order they were armed */
    size_t place;  /* one more than its index in the heap; 0: not armed */
};

struct pw_timers {
    struct pw_timer **heap;
    size_t count;
    size_t capacity;
    size_t foreground; /* armed timers that are not background */
    uint64_t turns;
};

/* Arms the timer to fire at `due_ns`; one that is armed already is moved there. Only this call
 * allocates, when more timers are armed than ever before. Returns 0 or -ENOMEM. */
int pw_timers_arm(struct pw_timers *timers, struct pw_timer *timer, int64_t due_ns);

/* Disarms the timer, in O(log n); harmless when it is not armed. */
void pw_timers_cancel(struct pw_timers *timers, struct pw_timer *timer);

/* When somebody has to wake up for a timer at the latest, or PW_NEVER_NS. */
int64_t pw_timers_due(const struct pw_timers *timers);

/* Takes a timer that is due at `now_ns`, else NULL: the first to be woken for, whatever its slack.
 * One that repeats is armed again
 * a whole number of periods after it was due, so it does not drift, and for a moment after
 * `now_ns`, so ticks that were missed come as one. The caller runs its action. */
struct pw_timer *pw_timers_take(struct pw_timers *timers, int64_t now_ns);

/* Disarms every timer and frees the heap. */
void pw_timers_clear(struct pw_timers *timers);

#endif
