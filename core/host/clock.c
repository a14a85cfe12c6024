/* SPDX-License-Identifier: MIT */
#include "host/clock.h"

#include <errno.h>
#include <stddef.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>


static int64_t real_now(const struct pw_clock *clock) {
    (void)clock;
    struct timespec time;
    clock_gettime(CLOCK_BOOTTIME, &time);
    return time.tv_sec * PW_SECOND_NS + time.tv_nsec;
}


/* A moment already past is armed as it stands: the timerfd is then readable at once. Zero alone
 * would disarm it, which is what "never" asks for. */
static int real_arm(struct pw_clock *clock, int64_t due_ns) {
    struct itimerspec when = {0};
    if (due_ns != PW_NEVER_NS) {
        int64_t moment_ns = due_ns > 0 ? due_ns : 1;
        when.it_value.tv_sec = (time_t)(moment_ns / PW_SECOND_NS);
        when.it_value.tv_nsec = (long)(moment_ns % PW_SECOND_NS);
    }
    return timerfd_settime(clock->fd, TFD_TIMER_ABSTIME, &when, NULL) ? -errno : 0;
}


int pw_clock_open(struct pw_clock *clock) {
    int fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    *clock = (struct pw_clock){.now = real_now, .arm = real_arm, .fd = fd};
    return fd < 0 ? -errno : 0;
}


static int64_t virtual_now(const struct pw_clock *clock) {
    return clock->now_ns;
}


static int virtual_arm(struct pw_clock *clock, int64_t due_ns) {
    (void)clock;
    (void)due_ns;
    return 0;
}


void pw_clock_open_virtual(struct pw_clock *clock, int64_t now_ns) {
    *clock = (struct pw_clock){.now = virtual_now, .arm = virtual_arm, .fd = -1, .now_ns = now_ns};
}


void pw_clock_move(struct pw_clock *clock, int64_t now_ns) {
    if (now_ns > clock->now_ns) {
        clock->now_ns = now_ns;
    }
}


bool pw_clock_is_virtual(const struct pw_clock *clock) {
    return clock->now == virtual_now;
}


void pw_clock_close(struct pw_clock *clock) {
    if (clock->fd >= 0) {
        close(clock->fd);
    }
    clock->fd = -1;
}
