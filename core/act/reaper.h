/* SPDX-License-Identifier: MIT
 *
 * Takes the memory of a process that was killed and does not get around to ending:
 * process_mrelease(2), Linux 5.15. It works in the caller's time, 0.1 s of CPU and more a GiB, and
 * so has a thread.
 */
#ifndef PAGEWARDEN_ACT_REAPER_H
#define PAGEWARDEN_ACT_REAPER_H

#include <pthread.h>
#include <stdbool.h>

/* {0} is at rest. */
struct pw_reaper {
    pthread_t thread;
    bool begun;   /* pw_reaper_start() was called */
    bool started; /* there is a thread to join */
    int fd;
    int error;
};

/* Begins with the process that a pidfd is of, which stays open until pw_reaper_join(). */
void pw_reaper_start(struct pw_reaper *reaper, int pidfd);

/* Waits for it to be done. 0 when the memory was taken, else a positive errno: EINVAL when the
 * process was not killed or shares its memory with one that was not, ESRCH when it had none any
 * more, ENOSYS before Linux 5.15. Safe to call twice, and on {0}. */
int pw_reaper_join(struct pw_reaper *reaper);

#endif
