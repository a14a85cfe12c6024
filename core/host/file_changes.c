/* SPDX-License-Identifier: MIT */
#include "host/file_changes.h"

#include <errno.h>
#include <stdalign.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

/* What ends a watch: the file is deleted, or is not at its path any more. */
#define ENDS (IN_IGNORED | IN_MOVE_SELF | IN_DELETE_SELF)

/* What is told whether it was asked for or not. */
#define ALWAYS (IN_IGNORED | IN_Q_OVERFLOW)

/* Descriptor of an event that is for everybody. */
#define EVERYBODY (-1)


/* The first watch with a turn above `after` that an event is for. */
static struct pw_file_watch *next_of(const struct pw_file_changes *changes, int descriptor,
                                     uint64_t after) {
    struct pw_file_watch *watch = changes->first;
    while (watch &&
           (watch->turn <= after || (descriptor != EVERYBODY && watch->descriptor != descriptor))) {
        watch = watch->next;
    }
    return watch;
}


static void tell(struct pw_file_watch *watch, uint32_t mask, const char *name) {
    if (mask & ENDS) {
        pw_file_watch_close(watch);
        watch->action(watch, IN_IGNORED, "", watch->context);
    } else if (mask & (watch->mask | ALWAYS)) {
        watch->action(watch, mask & (watch->mask | ALWAYS), name, watch->context);
    }
}


/* By turns, since an action may close any watch, and its memory be freed. */
static void tell_all(struct pw_file_changes *changes, const struct inotify_event *event) {
    uint64_t until = changes->turns, turn = 0;
    struct pw_file_watch *watch;
    while ((watch = next_of(changes, event->wd, turn)) && watch->turn <= until) {
        turn = watch->turn;
        tell(watch, event->mask, event->len ? event->name : "");
    }
}


static void take_changes(struct pw_loop *loop, int fd, uint32_t events, void *context) {
    (void)loop;
    (void)events;
    struct pw_file_changes *changes = context;
    alignas(struct inotify_event) char buffer[4096];
    uint64_t opening = changes->openings;
    ssize_t size = read(fd, buffer, sizeof buffer);
    for (ssize_t at = 0; at < size && changes->openings == opening;) {
        const struct inotify_event *event = (const struct inotify_event *)(buffer + at);
        tell_all(changes, event);
        at += (ssize_t)(sizeof *event + event->len);
    }
}


static void close_inotify(struct pw_file_changes *changes, struct pw_loop *loop) {
    if (changes->slot >= 0) {
        pw_loop_unwatch(loop, changes->slot);
    }
    close(changes->fd);
    changes->fd = -1;
}


static int open_inotify(struct pw_file_changes *changes, struct pw_loop *loop) {
    if (changes->fd >= 0) {
        return 0;
    }
    changes->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (changes->fd < 0) {
        return -errno;
    }
    struct pw_watcher watcher = {.action = take_changes,
                                 .context = changes,
                                 .fd = changes->fd,
                                 .rank = PW_RANK_CONTROL,
                                 .background = pw_clock_is_virtual(&loop->clock)};
    changes->slot = pw_loop_watch(loop, &watcher, EPOLLIN);
    if (changes->slot < 0) {
        int error = changes->slot;
        close_inotify(changes, loop);
        return error;
    }
    changes->openings++;
    return 0;
}


/* Through a descriptor, so that links cannot lead out of a captured tree. It is closed at once:
 * a file that somebody holds open is not gone when it is deleted. */
static int add_watch(int inotify, const struct pw_source *source, const char *path, uint32_t mask) {
    int fd = pw_source_open_at(source, source->root_fd, path);
    if (fd < 0) {
        return fd;
    }
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int descriptor = inotify_add_watch(inotify, link, mask | IN_MASK_ADD);
    int error = descriptor < 0 ? -errno : descriptor;
    close(fd);
    return error;
}


static void append(struct pw_file_changes *changes, struct pw_file_watch *watch) {
    struct pw_file_watch **link = &changes->first;
    while (*link) {
        link = &(*link)->next;
    }
    *link = watch;
    watch->next = NULL;
    watch->turn = ++changes->turns;
}


int pw_file_watch_open(struct pw_file_watch *watch, struct pw_file_changes *changes,
                       struct pw_loop *loop, const struct pw_source *source, const char *path,
                       uint32_t mask) {
    int error = open_inotify(changes, loop);
    if (error) {
        return error;
    }
    int descriptor = add_watch(changes->fd, source, path, mask | IN_DELETE_SELF | IN_MOVE_SELF);
    if (descriptor < 0) {
        if (!changes->first) {
            close_inotify(changes, loop);
        }
        return descriptor;
    }
    watch->changes = changes;
    watch->loop = loop;
    watch->mask = mask;
    watch->descriptor = descriptor;
    append(changes, watch);
    return 0;
}


/* The link that holds this watch; one that holds NULL when it is not in the list. */
static struct pw_file_watch **link_to(struct pw_file_changes *changes,
                                      const struct pw_file_watch *watch) {
    struct pw_file_watch **link = &changes->first;
    while (*link && *link != watch) {
        link = &(*link)->next;
    }
    return link;
}


void pw_file_watch_close(struct pw_file_watch *watch) {
    struct pw_file_changes *changes = watch->changes;
    if (!changes) {
        return;
    }
    watch->changes = NULL;
    *link_to(changes, watch) = watch->next;
    if (!changes->first) {
        close_inotify(changes, watch->loop);
    } else if (!next_of(changes, watch->descriptor, 0)) {
        inotify_rm_watch(changes->fd, watch->descriptor);
    }
}
