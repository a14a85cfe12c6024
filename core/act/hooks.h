/* SPDX-License-Identifier: MIT
 *
 * What whoever runs core/act lends it: somebody to tell, a clock, and the points at which a test
 * may let the process die.
 */
#ifndef PAGEWARDEN_ACT_HOOKS_H
#define PAGEWARDEN_ACT_HOOKS_H

#include <stdint.h>

/* One field of an event; both texts are valid during the call. */
struct pw_event_field {
    const char *name;
    const char *text;
};

/* Every hook may be NULL. */
struct pw_hooks {
    /* Told of everything that was done, would have been done, was refused, undone or left. The
     * names of events and fields are stable; gate.h and undo.h list them. */
    void (*tell)(void *context, const char *event, const struct pw_event_field fields[], int count);

    /* Nanoseconds on the clock that cool-downs are measured with; CLOCK_BOOTTIME when NULL. */
    int64_t (*now_ns)(void *context);

    /* Called between any two steps that can be told apart from outside. */
    void (*step)(void *context);

    void *context;
};

/* Nanoseconds on CLOCK_BOOTTIME. */
int64_t pw_boot_time_ns(void);

/* Calls a hook, if there is one. */
void pw_tell(const struct pw_hooks *hooks, const char *event, const struct pw_event_field fields[],
             int count);
int64_t pw_now_ns(const struct pw_hooks *hooks);
void pw_step(const struct pw_hooks *hooks);

#endif
