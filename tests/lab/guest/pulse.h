/* SPDX-License-Identifier: MIT
 *
 * For programs of the lab that do something at fixed times, and for those of them that tell how
 * late they were: SIGUSR1 starts the count, and SIGTERM ends it.
 */
#ifndef PAGEWARDEN_LAB_PULSE_H
#define PAGEWARDEN_LAB_PULSE_H

#include <errno.h>
#include <signal.h>
#include <time.h>

static volatile sig_atomic_t started, ended;


static void note_signal(int number) {
    if (number == SIGUSR1) {
        started = 1;
    } else {
        ended = 1;
    }
}


/* Waiting for a child is interrupted by both. */
static inline void listen_for_count(void) {
    struct sigaction action = {.sa_handler = note_signal};
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}


static inline long long now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}


/* Or until the count has ended. */
static inline void sleep_until_ns(long long when_ns) {
    struct timespec when = {when_ns / 1000000000, when_ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL) == EINTR && !ended) {
    }
}

#endif
