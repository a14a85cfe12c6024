/* SPDX-License-Identifier: MIT */
#include "host/oom_kills.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "read/keyed.h"

/* How often the counter is looked at. */
#define PERIOD_NS (2 * PW_SECOND_NS)

/* Room for any record, dictionary and escapes included (kernel/printk, CONSOLE_EXT_LOG_MAX). */
#define RECORD_BYTES 8192

/* Records taken in one go; what is left over is there at the next. */
#define RECORDS 256


/* 0 or -errno: EOPNOTSUPP before Linux 4.13. */
static int read_counter(const struct pw_oom_kills *kills, int64_t *count) {
    struct pw_flaws flaws = {0};
    struct pw_field field;
    int error = pw_source_read(kills->source, "proc/vmstat", kills->buffer);
    if (error) {
        return error;
    }
    struct pw_slice rest = pw_buffer_text(kills->buffer);
    while (pw_next_blank_field(&rest, &field, &flaws)) {
        if (pw_slice_is(field.key, "oom_kill")) {
            *count = field.number.value;
            return 0;
        }
    }
    return -EOPNOTSUPP;
}


/* A reading that fails is made up for by the next. */
static void look_at_counter(struct pw_timer *timer, void *context) {
    (void)timer;
    struct pw_oom_kills *kills = context;
    int64_t count, before = kills->counted;
    if (read_counter(kills, &count)) {
        return;
    }
    kills->counted = count;
    if (count > before) {
        struct pw_oom_event event = {.kills = count - before, .synthetic = true};
        kills->action(kills, &event, kills->context);
    }
}


static int start_counting(struct pw_oom_kills *kills) {
    int error = read_counter(kills, &kills->counted);
    if (error) {
        return error == -ENOENT ? -EOPNOTSUPP : error;
    }
    kills->timer =
        (struct pw_timer){.action = look_at_counter, .context = kills, .period_ns = PERIOD_NS};
    return pw_loop_arm(kills->loop, &kills->timer, PERIOD_NS);
}


static void close_log(struct pw_oom_kills *kills) {
    if (kills->slot >= 0) {
        pw_loop_unwatch(kills->loop, kills->slot);
    }
    if (kills->fd >= 0) {
        close(kills->fd);
    }
    kills->slot = -1;
    kills->fd = -1;
}


static void add_record(struct pw_oom_kills *kills, const char *record, size_t size) {
    struct pw_slice text = {record, size};
    struct pw_oom_report report;
    if (pw_oom_reports_add(&kills->reports, text, &report)) {
        struct pw_oom_event event = {1, &report, kills->reports.gaps.lost, false};
        kills->action(kills, &event, kills->context);
    }
}


/* One read is one record. EPIPE: records were overwritten; the next read gives the oldest that is
 * left, whose number says how many. A log that ends or fails is one no longer. */
static void take_records(struct pw_loop *loop, int fd, uint32_t events, void *context) {
    (void)loop;
    (void)events;
    struct pw_oom_kills *kills = context;
    char record[RECORD_BYTES];
    for (int i = 0; i < RECORDS && kills->fd == fd; i++) {
        ssize_t size = read(fd, record, sizeof record);
        if (size > 0) {
            add_record(kills, record, (size_t)size);
        } else if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        } else if (size == 0 || errno != EPIPE) {
            close_log(kills);
            start_counting(kills);
        }
    }
}


/* A pipe has no past to skip. */
static int skip_past(int fd) {
    return lseek(fd, 0, SEEK_END) < 0 && errno != ESPIPE ? -errno : 0;
}


/* From its end. EPERM is also what a plain file gives: it cannot be waited for. */
static int open_log(struct pw_oom_kills *kills) {
    int fd = pw_source_open_at(kills->source, kills->source->root_fd, "dev/kmsg");
    if (fd < 0) {
        return fd;
    }
    kills->fd = fd;
    int error = skip_past(fd);
    if (!error) {
        struct pw_watcher watcher = {
            .action = take_records, .context = kills, .fd = fd, .rank = PW_RANK_PROCESS};
        kills->slot = pw_loop_watch(kills->loop, &watcher, EPOLLIN);
        error = kills->slot < 0 ? kills->slot : 0;
    }
    if (error) {
        close_log(kills);
    }
    return error;
}


static bool hear_event(struct pw_listener *listener, const void *event) {
    struct pw_oom_kills *kills = listener->context;
    kills->action(kills, event, kills->context);
    return true;
}


static void start(struct pw_oom_kills *kills, struct pw_loop *loop, const struct pw_source *source,
                  struct pw_buffer *buffer) {
    kills->loop = loop;
    kills->source = source;
    kills->buffer = buffer;
    kills->timer = (struct pw_timer){0};
    kills->listener = (struct pw_listener){hear_event, kills, PW_TOPIC_OOM_KILL, NULL, 0};
    kills->reports = (struct pw_oom_reports){0};
    kills->fd = -1;
    kills->slot = -1;
}


int pw_oom_kills_count(struct pw_oom_kills *kills, struct pw_loop *loop,
                       const struct pw_source *source, struct pw_buffer *buffer) {
    start(kills, loop, source, buffer);
    return start_counting(kills);
}


int pw_oom_kills_open(struct pw_oom_kills *kills, struct pw_loop *loop,
                      const struct pw_source *source, struct pw_buffer *buffer) {
    start(kills, loop, source, buffer);
    if (pw_clock_is_virtual(&loop->clock)) {
        pw_listeners_add(&loop->listeners, &kills->listener);
        return 0;
    }
    return open_log(kills) ? start_counting(kills) : 0;
}


void pw_oom_kills_close(struct pw_oom_kills *kills) {
    pw_loop_cancel(kills->loop, &kills->timer);
    pw_listeners_remove(&kills->loop->listeners, &kills->listener);
    close_log(kills);
}
