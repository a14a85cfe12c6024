/* SPDX-License-Identifier: MIT */
#include "host/exits.h"

#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>


static void finish(struct pw_exit *exit) {
    pw_exit_close(exit);
    exit->action(exit, exit->context);
}


static void take_exit(struct pw_loop *loop, int fd, uint32_t events, void *context) {
    (void)loop;
    (void)fd;
    (void)events;
    finish(context);
}


static bool hear_exit(struct pw_listener *listener, const void *event) {
    struct pw_exit *exit = listener->context;
    const struct pw_identity *identity = event;
    bool same =
        identity->pid == exit->identity.pid && identity->start_ticks == exit->identity.start_ticks;
    if (same) {
        finish(exit);
    }
    return same;
}


/* Fills in the start time if it is not known. */
static int check_identity(struct pw_identity *identity, const struct pw_source *source,
                          struct pw_buffer *buffer) {
    struct pw_stat stat;
    struct pw_flaws flaws = {0};
    int fd = pw_process_open(source, identity, buffer, &stat, &flaws);
    if (fd < 0) {
        return fd;
    }
    close(fd);
    identity->start_ticks = stat.starttime_ticks;
    return 0;
}


static int open_pidfd(int64_t pid) {
    if (pid < 1 || pid > INT_MAX) {
        return -ESRCH;
    }
    long fd = syscall(SYS_pidfd_open, (pid_t)pid, 0);
    return fd < 0 ? -errno : (int)fd;
}


static int watch(struct pw_exit *exit) {
    struct pw_watcher watcher = {
        .action = take_exit, .context = exit, .fd = exit->fd, .rank = PW_RANK_PROCESS};
    exit->slot = pw_loop_watch(exit->loop, &watcher, EPOLLIN);
    return exit->slot < 0 ? exit->slot : 0;
}


static int open_real(struct pw_exit *exit, const struct pw_source *source,
                     struct pw_buffer *buffer) {
    if (!source->live) {
        return -EOPNOTSUPP;
    }
    int fd = open_pidfd(exit->identity.pid);
    if (fd < 0) {
        return fd;
    }
    exit->fd = fd;
    int error = check_identity(&exit->identity, source, buffer);
    if (!error) {
        error = watch(exit);
    }
    if (error) {
        close(fd);
        exit->fd = -1;
    }
    return error;
}


static int open_virtual(struct pw_exit *exit, const struct pw_source *source,
                        struct pw_buffer *buffer) {
    int error = check_identity(&exit->identity, source, buffer);
    if (!error) {
        exit->listener = (struct pw_listener){hear_exit, exit, PW_TOPIC_EXIT, NULL, 0};
        pw_listeners_add(&exit->loop->listeners, &exit->listener);
    }
    return error;
}


int pw_exit_open(struct pw_exit *exit, struct pw_loop *loop, const struct pw_source *source,
                 const struct pw_identity *identity, struct pw_buffer *buffer) {
    exit->loop = loop;
    exit->identity = *identity;
    exit->fd = -1;
    return pw_clock_is_virtual(&loop->clock) ? open_virtual(exit, source, buffer)
                                             : open_real(exit, source, buffer);
}


void pw_exit_close(struct pw_exit *exit) {
    pw_listeners_remove(&exit->loop->listeners, &exit->listener);
    if (exit->fd >= 0) {
        pw_loop_unwatch(exit->loop, exit->slot);
        close(exit->fd);
    }
    exit->fd = -1;
}
