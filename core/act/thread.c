/* SPDX-License-Identifier: MIT */
#include "act/thread.h"

#include <signal.h>


int pw_thread_start(pthread_t *thread, void *(*run)(void *argument), void *argument) {
    pthread_attr_t attributes;
    sigset_t all, before;
    int error = pthread_attr_init(&attributes);
    if (error) {
        return -error;
    }
    error = pthread_attr_setstacksize(&attributes, PW_THREAD_STACK_BYTES);
    if (!error) {
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        error = pthread_create(thread, &attributes, run, argument);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    pthread_attr_destroy(&attributes);
    return -error;
}
