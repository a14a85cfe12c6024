/* SPDX-License-Identifier: MIT */
#include "host/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define NOTICE_BYTES 256


static int connect_journal(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        return -ENAMETOOLONG;
    }
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) {
        int error = -errno;
        if (fd >= 0) {
            close(fd);
        }
        return error;
    }
    return fd;
}


/* O_NONBLOCK belongs to everybody who shares the open file, such as the shell; a pipe or terminal
 * opened anew is ours alone. */
static void own_stream(struct pw_log_sink *sink, int fd) {
    struct stat status;
    char path[32];
    sink->fd = fd;
    if (fstat(fd, &status)) {
        return;
    }
    sink->is_socket = S_ISSOCK(status.st_mode);
    if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        int own_fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        sink->owned = own_fd >= 0;
        sink->blocks = !sink->owned;
        sink->fd = sink->owned ? own_fd : fd;
    }
}


int pw_log_sink_open(struct pw_log_sink *sink, const struct pw_log_target *target) {
    *sink = (struct pw_log_sink){.format = target->format, .loop = target->loop, .slot = -1};
    size_t size_bytes = target->queue_bytes ? target->queue_bytes : PW_LOG_QUEUE_BYTES;
    int error = pw_log_queue_open(&sink->queue, size_bytes);
    if (error) {
        return error;
    }
    if (target->format == PW_LOG_JOURNAL) {
        snprintf(sink->socket, sizeof sink->socket, "%s", target->socket);
        sink->fd = connect_journal(target->socket);
        sink->owned = sink->is_socket = true;
    } else {
        own_stream(sink, target->fd);
    }
    if (sink->fd < 0) {
        error = sink->fd;
        pw_log_queue_close(&sink->queue);
    }
    return error;
}


static void unwatch(struct pw_log_sink *sink) {
    if (sink->slot >= 0) {
        pw_loop_unwatch(sink->loop, sink->slot);
        sink->slot = -1;
    }
}


static bool may_write(int fd) {
    struct pollfd target = {.fd = fd, .events = POLLOUT};
    return poll(&target, 1, 0) == 1;
}


/* Returns how much was taken, or -errno: EAGAIN when that would have to wait. */
static ssize_t put_once(const struct pw_log_sink *sink, struct pw_slice record) {
    ssize_t taken;
    if (sink->blocks && !may_write(sink->fd)) {
        return -EAGAIN;
    }
    /* A pipe that has room has room for PIPE_BUF. */
    size_t most = sink->blocks && record.size > PIPE_BUF ? PIPE_BUF : record.size;
    do {
        taken = sink->is_socket ? send(sink->fd, record.data, most, MSG_DONTWAIT | MSG_NOSIGNAL)
                                : write(sink->fd, record.data, most);
    } while (taken < 0 && errno == EINTR);
    return taken < 0 ? -errno : taken;
}


/* The same, past a restart of journald, which is then another socket of the same name. */
static ssize_t put(struct pw_log_sink *sink, struct pw_slice record) {
    ssize_t taken = put_once(sink, record);
    bool is_gone = taken == -ECONNREFUSED || taken == -ENOTCONN || taken == -ECONNRESET;
    if (sink->format != PW_LOG_JOURNAL || !is_gone) {
        return taken;
    }
    int fd = connect_journal(sink->socket);
    if (fd < 0) {
        return taken;
    }
    unwatch(sink);
    close(sink->fd);
    sink->fd = fd;
    return put_once(sink, record);
}


/* Counts a record that is lost. */
static int drop(struct pw_log_sink *sink, int error) {
    sink->dropped++;
    sink->unsaid++;
    return error;
}


static size_t format_notice(const struct pw_log_sink *sink, char *notice) {
    struct timespec now;
    struct tm local;
    unsigned long long count = sink->unsaid;
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &local);
    int size = 0;
    switch (sink->format) {
    case PW_LOG_TEXT:
        size = snprintf(notice, NOTICE_BYTES, "%02d:%02d:%02d pagewarden: dropped: count=%llu\n",
                        local.tm_hour, local.tm_min, local.tm_sec, count);
        break;
    case PW_LOG_JSON:
        size = snprintf(notice, NOTICE_BYTES,
                        "{\"time\":%lld.%03ld,\"policy\":\"pagewarden\",\"event\":\"dropped\","
                        "\"count\":%llu}\n",
                        (long long)now.tv_sec, now.tv_nsec / 1000000, count);
        break;
    case PW_LOG_JOURNAL:
        size = snprintf(notice, NOTICE_BYTES,
                        "MESSAGE=pagewarden: dropped: count=%llu\nPRIORITY=4\n"
                        "PAGEWARDEN_POLICY=pagewarden\nPAGEWARDEN_EVENT=dropped\n"
                        "PAGEWARDEN_COUNT=%llu\n",
                        count, count);
        break;
    case PW_LOG_CSV:
        break;
    }
    return (size_t)size;
}


/* Says how many were dropped, in the queue's place of the next record. */
static void say_dropped(struct pw_log_sink *sink) {
    char notice[NOTICE_BYTES];
    if (sink->unsaid > 0 && sink->format != PW_LOG_CSV) {
        struct pw_slice record = {notice, format_notice(sink, notice)};
        if (pw_log_queue_add(&sink->queue, record)) {
            sink->unsaid = 0;
        }
    }
}


/* Writes what waits, as far as that can be without waiting. 0 when nothing is left, or -errno. A
 * record that can never be written is lost. */
static int drain(struct pw_log_sink *sink) {
    struct pw_slice record;
    while (pw_log_queue_first(&sink->queue, &record)) {
        ssize_t taken = put(sink, record);
        if (taken == -EMSGSIZE) {
            drop(sink, 0);
        } else if (taken < 0) {
            return (int)taken;
        }
        pw_log_queue_take(&sink->queue, taken < 0 ? record.size : (size_t)taken);
        if (!pw_log_queue_first(&sink->queue, &record)) {
            say_dropped(sink);
        }
    }
    return 0;
}


static void watch(struct pw_log_sink *sink);


static void go_on(struct pw_loop *loop, int fd, uint32_t events, void *context) {
    (void)loop, (void)fd, (void)events;
    if (drain(context) == -EAGAIN) {
        watch(context);
    } else {
        unwatch(context);
    }
}


/* Without a free slot the next write finds out. */
static void watch(struct pw_log_sink *sink) {
    if (sink->loop && sink->slot < 0) {
        struct pw_watcher watcher = {
            .action = go_on,
            .context = sink,
            .fd = sink->fd,
            .rank = PW_RANK_CONTROL,
            .background = true,
        };
        sink->slot = pw_loop_watch(sink->loop, &watcher, EPOLLOUT);
    }
}


/* Writes the record, or as much as is taken, past a queue that is empty. */
static int write_directly(struct pw_log_sink *sink, struct pw_slice record) {
    ssize_t taken = put(sink, record);
    if (taken < 0 && taken != -EAGAIN) {
        return drop(sink, (int)taken);
    }
    struct pw_slice rest = pw_slice_skip(record, taken < 0 ? 0 : (size_t)taken);
    if (rest.size > 0) {
        watch(sink);
        return pw_log_queue_add(&sink->queue, rest) ? 0 : drop(sink, -ENOBUFS);
    }
    return 0;
}


int pw_log_sink_write(struct pw_log_sink *sink, struct pw_slice record) {
    if (record.size > sink->queue.capacity_bytes / 2) {
        return drop(sink, -EMSGSIZE);
    }
    int error = drain(sink);
    if (!error) {
        say_dropped(sink);
        error = drain(sink);
    }
    if (!error) {
        return write_directly(sink, record);
    }
    if (error != -EAGAIN) {
        return drop(sink, error);
    }
    return pw_log_queue_add(&sink->queue, record) ? 0 : drop(sink, -ENOBUFS);
}


static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}


int pw_log_sink_finish(struct pw_log_sink *sink, int timeout_ms) {
    int64_t end_ms = now_ms() + timeout_ms;
    int error;
    while ((error = drain(sink)) == -EAGAIN) {
        int64_t left_ms = end_ms - now_ms();
        if (timeout_ms >= 0 && left_ms <= 0) {
            return -ETIMEDOUT;
        }
        struct pollfd target = {.fd = sink->fd, .events = POLLOUT};
        poll(&target, 1, timeout_ms < 0 ? -1 : (int)left_ms);
    }
    return error;
}


void pw_log_sink_close(struct pw_log_sink *sink) {
    if (sink->queue.bytes) {
        unwatch(sink);
        if (sink->owned) {
            close(sink->fd);
        }
        pw_log_queue_close(&sink->queue);
    }
}
