/* SPDX-License-Identifier: MIT */
#include "act/reaper.h"

#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "act/thread.h"

/* Headers before Linux 5.15 lack it. */
#ifndef SYS_process_mrelease
#define SYS_process_mrelease 448
#endif

/* Somebody else's locks make it fail with EAGAIN, for a moment; the kernel's own reaper tries ten
 * times too (mm/oom_kill.c, MAX_OOM_REAP_RETRIES). */
#define TRIES 10
#define PAUSE_NS (20 * 1000 * 1000)


static void *reap(void *argument) {
    struct pw_reaper *reaper = argument;
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    for (int i = 0; i < TRIES; i++) {
        reaper->error = syscall(SYS_process_mrelease, reaper->fd, 0) ? errno : 0;
        if (reaper->error != EAGAIN && reaper->error != EINTR) {
            break;
        }
        nanosleep(&pause, NULL);
    }
    return NULL;
}


void pw_reaper_start(struct pw_reaper *reaper, int pidfd) {
    *reaper = (struct pw_reaper){.begun = true, .fd = pidfd};
    reaper->started = pw_thread_start(&reaper->thread, reap, reaper) == 0;
    if (!reaper->started) {
        reap(reaper); /* better late than never: there is no memory for a thread */
    }
}


int pw_reaper_join(struct pw_reaper *reaper) {
    if (reaper->started) {
        pthread_join(reaper->thread, NULL);
    }
    reaper->started = false;
    return reaper->error;
}
