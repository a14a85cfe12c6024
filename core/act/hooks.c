/* SPDX-License-Identifier: MIT */
#include "act/hooks.h"

#include <time.h>


void pw_tell(const struct pw_hooks *hooks, const char *event, const struct pw_event_field fields[],
             int count) {
    if (hooks->tell) {
        hooks->tell(hooks->context, event, fields, count);
    }
}


int64_t pw_boot_time_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}


int64_t pw_now_ns(const struct pw_hooks *hooks) {
    return hooks->now_ns ? hooks->now_ns(hooks->context) : pw_boot_time_ns();
}


void pw_step(const struct pw_hooks *hooks) {
    if (hooks->step) {
        hooks->step(hooks->context);
    }
}
