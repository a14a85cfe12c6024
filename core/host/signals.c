/* SPDX-License-Identifier: MIT */
#include "host/signals.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>


/* One at a time: the action may close the descriptor. */
static void take_signal(struct pw_loop *loop, int fd, uint32_t events, void *context) {
    (void)loop;
    (void)events;
    struct pw_signals *signals = context;
    struct signalfd_siginfo information;
    if (read(fd, &information, sizeof information) == (ssize_t)sizeof information) {
        signals->action(signals, (int)information.ssi_signo, signals->context);
    }
}


/* Those of `wanted` that `blocked` has not. */
static sigset_t without(const sigset_t *wanted, const sigset_t *blocked) {
    sigset_t rest;
    sigemptyset(&rest);
    for (int number = 1; number < NSIG; number++) {
        if (sigismember(wanted, number) == 1 && sigismember(blocked, number) == 0) {
            sigaddset(&rest, number);
        }
    }
    return rest;
}


static int watch(struct pw_signals *signals) {
    struct pw_watcher watcher = {
        .action = take_signal,
        .context = signals,
        .fd = signals->fd,
        .rank = PW_RANK_SIGNAL,
        .background = true,
    };
    return pw_loop_watch(signals->loop, &watcher, EPOLLIN);
}


int pw_signals_open(struct pw_signals *signals, struct pw_loop *loop, const sigset_t *wanted) {
    signals->loop = loop;
    signals->fd = signalfd(-1, wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals->fd < 0) {
        return -errno;
    }
    signals->slot = watch(signals);
    if (signals->slot < 0) {
        close(signals->fd);
        signals->fd = -1;
        return signals->slot;
    }
    sigset_t blocked;
    sigprocmask(SIG_BLOCK, wanted, &blocked);
    signals->unblock = without(wanted, &blocked);
    return 0;
}


void pw_signals_close(struct pw_signals *signals) {
    if (signals->fd < 0) {
        return;
    }
    struct signalfd_siginfo information;
    while (read(signals->fd, &information, sizeof information) > 0) {
    }
    pw_loop_unwatch(signals->loop, signals->slot);
    close(signals->fd);
    signals->fd = -1;
    sigprocmask(SIG_UNBLOCK, &signals->unblock, NULL);
}
