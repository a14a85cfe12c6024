/* SPDX-License-Identifier: MIT
 *
 * Small threads: for what may block, and for what must notice that the loop does.
 */
#ifndef PAGEWARDEN_ACT_THREAD_H
#define PAGEWARDEN_ACT_THREAD_H

#include <pthread.h>

/* All of it counts when memory is locked. */
#define PW_THREAD_STACK_BYTES ((size_t)32 << 10)

/* Starts a thread with that stack, in which every signal is blocked: they are for the threads that
 * expect them. The caller joins it. 0 or -errno. */
int pw_thread_start(pthread_t *thread, void *(*run)(void *argument), void *argument);

#endif
