/* SPDX-License-Identifier: MIT
 *
 * Time behind two functions, so that tests can move it. The real clock is CLOCK_BOOTTIME, which
 * counts while the machine sleeps and is the one /proc measures the start of a process by; the
 * virtual one stands still until its owner moves it.
 */
#ifndef PAGEWARDEN_HOST_CLOCK_H
#define PAGEWARDEN_HOST_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define PW_SECOND_NS INT64_C(1000000000)

/* A moment that does not come. */
#define PW_NEVER_NS INT64_MAX

struct pw_clock {
    /* Nanoseconds since boot, or since whatever the owner of a virtual clock chose. */
    int64_t (*now)(const struct pw_clock *clock);
    /* Asks for `fd` to become readable at `due_ns`, or never. Returns 0 or -errno. */
    int (*arm)(struct pw_clock *clock, int64_t due_ns);
    int fd;         /* a timerfd; -1 when the clock is virtual */
    int64_t now_ns; /* a virtual clock's time */
};

/* A clock that ticks by itself. Returns 0 or -errno; on failure there is nothing to close. */
int pw_clock_open(struct pw_clock *clock);

/* A clock that shows `now_ns` until pw_clock_move(). It holds nothing that wants closing. */
void pw_clock_open_virtual(struct pw_clock *clock, int64_t now_ns);

/* Sets a virtual clock. It never goes back: an earlier time is ignored. */
void pw_clock_move(struct pw_clock *clock, int64_t now_ns);

/* True for a clock that its owner moves. */
bool pw_clock_is_virtual(const struct pw_clock *clock);

/* Closes the timerfd; safe to call twice. */
void pw_clock_close(struct pw_clock *clock);

#endif
