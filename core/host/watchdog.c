/* SPDX-License-Identifier: MIT */
#include "host/watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "act/file.h"

#define LINE_BYTES (PW_WATCHDOG_NAME_BYTES + 128)


/* The journal of acts is in the same folder: who may not write there is not started either. */
static void write_name(const struct pw_watchdog *watchdog) {
    char line[PW_WATCHDOG_NAME_BYTES + 1];
    size_t size = strlen(watchdog->policy);
    if (size == 0) {
        return;
    }
    memcpy(line, watchdog->policy, size);
    line[size++] = '\n';
    int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int fd = openat(watchdog->folder_fd, PW_STUCK_FILE, flags, 0644);
    if (fd >= 0) {
        ssize_t written = write(fd, line, size);
        (void)written;
        close(fd);
    }
}


/* Whoever reads the descriptor may be stuck as well. */
static void say(const struct pw_watchdog *watchdog) {
    char line[LINE_BYTES];
    struct pollfd target = {.fd = watchdog->fd, .events = POLLOUT};
    const char *policy = watchdog->policy;
    int size = snprintf(line, sizeof line, "pagewarden: watchdog: %s%s held the host for %lld ms\n",
                        *policy ? "the policy " : "something", policy,
                        (long long)(watchdog->limit_ns / 1000000));
    if (poll(&target, 1, 0) == 1) {
        ssize_t written = write(watchdog->fd, line, (size_t)size);
        (void)written;
    }
}


/* Whoever is stuck may have been about to kill. */
static void fall_back(struct pw_watchdog *watchdog) {
    struct pw_fallback *fallback = atomic_load(&watchdog->fallback);
    struct pw_identity process;
    if (fallback &&
        pw_fallback_act(fallback, watchdog->source, false, &process) == PW_FALLBACK_KILLED) {
        static const char line[] = "pagewarden: watchdog: killed in its place\n";
        ssize_t written = write(watchdog->fd, line, sizeof line - 1);
        (void)written;
    }
}


static void end_process(struct pw_watchdog *watchdog) {
    (void)watchdog;
    _exit(PW_EXIT_STUCK);
}


/* Waits for the timer of a turn that takes half of the limit; false when the watchdog closes. */
static bool wait_for_slow_turn(struct pw_watchdog *watchdog) {
    struct pollfd sources[] = {{watchdog->timer_fd, POLLIN, 0}, {watchdog->close_fd, POLLIN, 0}};
    uint64_t expirations;
    while (poll(sources, 2, -1) < 0) {
    }
    if (sources[1].revents) {
        return false;
    }
    ssize_t got = read(watchdog->timer_fd, &expirations, sizeof expirations);
    (void)got;
    return true;
}


/* Whether the same turn is still under way after the other half. */
static bool is_stuck(struct pw_watchdog *watchdog) {
    unsigned long long turn = atomic_load(&watchdog->turn);
    struct pollfd closing = {.fd = watchdog->close_fd, .events = POLLIN};
    if (turn % 2 == 0) {
        return false;
    }
    poll(&closing, 1, (int)(watchdog->limit_ns / 2 / 1000000));
    return !closing.revents && atomic_load(&watchdog->turn) == turn;
}


static void *run(void *argument) {
    struct pw_watchdog *watchdog = argument;
    while (wait_for_slow_turn(watchdog)) {
        if (is_stuck(watchdog)) {
            fall_back(watchdog);
            write_name(watchdog);
            say(watchdog);
            watchdog->action(watchdog);
        }
    }
    return NULL;
}


static void set_timer(const struct pw_watchdog *watchdog, int64_t delay_ns) {
    struct itimerspec spec = {.it_value = {delay_ns / PW_SECOND_NS, delay_ns % PW_SECOND_NS}};
    timerfd_settime(watchdog->timer_fd, 0, &spec, NULL);
}


void pw_watchdog_begin(struct pw_watchdog *watchdog) {
    atomic_fetch_or(&watchdog->turn, 1);
    set_timer(watchdog, watchdog->limit_ns / 2);
}


void pw_watchdog_end(struct pw_watchdog *watchdog) {
    set_timer(watchdog, 0);
    if (atomic_load(&watchdog->turn) % 2) {
        atomic_fetch_add(&watchdog->turn, 1);
    }
}


void pw_watchdog_name(struct pw_watchdog *watchdog, const char *policy) {
    snprintf(watchdog->policy, sizeof watchdog->policy, "%s", policy);
    if (atomic_load(&watchdog->turn) % 2) {
        atomic_fetch_add(&watchdog->turn, 2);
        set_timer(watchdog, watchdog->limit_ns / 2);
    }
}


static void begin_turn(void *context) {
    pw_watchdog_begin(context);
}


static void end_turn(void *context) {
    pw_watchdog_end(context);
}


/* Everything but the thread. */
static int open_descriptors(struct pw_watchdog *watchdog, const struct pw_source *source) {
    watchdog->folder_fd = pw_file_make_folder(source, PW_STUCK_FOLDER);
    if (watchdog->folder_fd < 0) {
        return watchdog->folder_fd;
    }
    watchdog->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    watchdog->close_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return watchdog->timer_fd < 0 || watchdog->close_fd < 0 ? -errno : 0;
}


static void close_descriptors(struct pw_watchdog *watchdog) {
    const int fds[] = {watchdog->folder_fd, watchdog->timer_fd, watchdog->close_fd};
    for (int i = 0; i < 3; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
}


int pw_watchdog_open(struct pw_watchdog *watchdog, struct pw_loop *loop,
                     const struct pw_watchdog_options *options) {
    *watchdog = (struct pw_watchdog){
        .action = options->action ? options->action : end_process,
        .limit_ns = options->limit_ns ? options->limit_ns : PW_WATCHDOG_LIMIT_NS,
        .fd = options->fd,
        .source = options->source,
        .folder_fd = -1,
        .timer_fd = -1,
        .close_fd = -1,
        .observer = {begin_turn, end_turn, watchdog},
    };
    int error = open_descriptors(watchdog, options->source);
    if (!error) {
        error = pw_thread_start(&watchdog->thread, run, watchdog);
    }
    if (error) {
        close_descriptors(watchdog);
        return error;
    }
    watchdog->loop = loop;
    loop->observer = &watchdog->observer;
    return 0;
}


void pw_watchdog_attend(struct pw_watchdog *watchdog, struct pw_fallback *fallback) {
    atomic_store(&watchdog->fallback, fallback);
}


void pw_watchdog_close(struct pw_watchdog *watchdog) {
    uint64_t one = 1;
    if (watchdog->loop) {
        ssize_t written = write(watchdog->close_fd, &one, sizeof one);
        (void)written;
        pthread_join(watchdog->thread, NULL);
        watchdog->loop->observer = NULL;
        watchdog->loop = NULL;
        close_descriptors(watchdog);
    }
}
