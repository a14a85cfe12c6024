/* SPDX-License-Identifier: MIT */
#include "host/pressure_trigger.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "read/pressure.h"

#define MICROSECOND_NS 1000


/* 0 or -errno: EOPNOTSUPP also when the file has no such line. */
static int take_sample(struct pw_pressure_trigger *trigger, struct pw_stall *stall) {
    struct pw_pressure pressure;
    struct pw_flaws flaws = {0};
    int error = pw_source_reread_record(trigger->fd, trigger->buffer);
    if (error) {
        return error;
    }
    pw_parse_pressure(pw_buffer_text(trigger->buffer), &pressure, &flaws);
    *stall = trigger->request.full ? pressure.full : pressure.some;
    return stall->present ? 0 : -EOPNOTSUPP;
}


static void finish(struct pw_pressure_trigger *trigger) {
    struct pw_pressure_event event = {.gone = true};
    pw_pressure_close(trigger);
    trigger->action(trigger, &event, trigger->context);
}


/* An eighth less than a window, so that a kernel which counts from its own earlier moment is not
 * taken for early. */
static void deliver(struct pw_pressure_trigger *trigger, const struct pw_stall *stall,
                    bool synthetic) {
    int64_t now_ns = pw_loop_now(trigger->loop), width_ns = trigger->window.width_ns;
    if (now_ns < trigger->quiet_until_ns) {
        return;
    }
    trigger->quiet_until_ns = now_ns + width_ns - width_ns / 8;
    struct pw_pressure_event event = {stall->total_microseconds, stall->avg10_percent, synthetic,
                                      false};
    trigger->action(trigger, &event, trigger->context);
}


/* POLLERR means that the cgroup is gone; it would stay, and keep the loop busy. */
static void take_trigger(struct pw_loop *loop, int fd, uint32_t events, void *context) {
    (void)loop;
    (void)fd;
    struct pw_pressure_trigger *trigger = context;
    struct pw_stall stall;
    if (events & EPOLLERR || take_sample(trigger, &stall)) {
        finish(trigger);
    } else {
        deliver(trigger, &stall, false);
    }
}


static void compare(struct pw_pressure_trigger *trigger) {
    struct pw_stall stall;
    if (take_sample(trigger, &stall)) {
        finish(trigger);
        return;
    }
    int64_t lost_us =
        pw_stall_window_add(&trigger->window, pw_loop_now(trigger->loop), stall.total_microseconds);
    if (lost_us >= trigger->request.stall_us) {
        deliver(trigger, &stall, true);
    }
}


static void compare_now_and_then(struct pw_timer *timer, void *context) {
    (void)timer;
    compare(context);
}


static bool compare_at_dispatch(struct pw_listener *listener, const void *event) {
    (void)event;
    compare(listener->context);
    return true;
}


static bool hear_news(struct pw_listener *listener, const void *event) {
    struct pw_pressure_trigger *trigger = listener->context;
    const struct pw_pressure_news *news = event;
    if (news->full != trigger->request.full || strcmp(news->path, trigger->request.path) != 0) {
        return false;
    }
    if (news->event.gone) {
        finish(trigger);
    } else {
        trigger->action(trigger, &news->event, trigger->context);
    }
    return true;
}


static void start(struct pw_pressure_trigger *trigger, struct pw_loop *loop,
                  const struct pw_pressure_request *request, struct pw_buffer *buffer) {
    trigger->loop = loop;
    trigger->request = *request;
    trigger->buffer = buffer;
    trigger->timer = (struct pw_timer){0};
    trigger->listener = (struct pw_listener){0};
    trigger->quiet_until_ns = 0;
    trigger->fd = -1;
    trigger->slot = -1;
}


/* A timer that compares, from the sample taken now. */
static int start_comparing(struct pw_pressure_trigger *trigger, bool background) {
    struct pw_stall stall;
    int64_t width_ns = trigger->request.window_us * MICROSECOND_NS;
    int error = take_sample(trigger, &stall);
    if (error) {
        return error;
    }
    pw_stall_window_start(&trigger->window, width_ns, pw_loop_now(trigger->loop),
                          stall.total_microseconds);
    trigger->timer = (struct pw_timer){.action = compare_now_and_then,
                                       .context = trigger,
                                       .period_ns = width_ns,
                                       .background = background};
    return pw_loop_arm(trigger->loop, &trigger->timer, width_ns);
}


static int closed_with(struct pw_pressure_trigger *trigger, int error) {
    if (error) {
        pw_pressure_close(trigger);
    }
    return error;
}


int pw_pressure_follow(struct pw_pressure_trigger *trigger, struct pw_loop *loop,
                       const struct pw_source *source, const struct pw_pressure_request *request,
                       struct pw_buffer *buffer) {
    start(trigger, loop, request, buffer);
    trigger->fd = pw_source_open_at(source, source->root_fd, request->path);
    return trigger->fd < 0 ? trigger->fd : closed_with(trigger, start_comparing(trigger, false));
}


static int watch_trigger(struct pw_pressure_trigger *trigger) {
    struct pw_watcher watcher = {
        .action = take_trigger, .context = trigger, .fd = trigger->fd, .rank = PW_RANK_PRESSURE};
    trigger->slot = pw_loop_watch(trigger->loop, &watcher, EPOLLPRI);
    return trigger->slot < 0 ? trigger->slot : 0;
}


static int listen_to(struct pw_pressure_trigger *trigger, enum pw_topic topic,
                     pw_listener_action *action) {
    trigger->listener = (struct pw_listener){action, trigger, topic, NULL, 0};
    pw_listeners_add(&trigger->loop->listeners, &trigger->listener);
    return 0;
}


static int watch(struct pw_pressure_trigger *trigger) {
    struct pw_stall stall;
    int error = take_sample(trigger, &stall);
    if (!error) {
        error = watch_trigger(trigger);
    }
    if (!error && trigger->loop->embedded) {
        listen_to(trigger, PW_TOPIC_DISPATCH, compare_at_dispatch);
        error = start_comparing(trigger, true);
    }
    return closed_with(trigger, error);
}


/* What says that this file takes no trigger of ours, though it can be read. */
static bool is_refusal(int error) {
    return error == -EACCES || error == -EROFS || error == -EINVAL;
}


int pw_pressure_open(struct pw_pressure_trigger *trigger, struct pw_loop *loop,
                     const struct pw_source *source, const struct pw_pressure_request *request,
                     struct pw_buffer *buffer) {
    start(trigger, loop, request, buffer);
    if (pw_clock_is_virtual(&loop->clock)) {
        return listen_to(trigger, PW_TOPIC_PRESSURE, hear_news);
    }
    int fd = pw_pressure_file_open(source, request);
    if (fd >= 0) {
        trigger->fd = fd;
        trigger->window.width_ns = request->window_us * MICROSECOND_NS;
        return watch(trigger);
    }
    return is_refusal(fd) ? pw_pressure_follow(trigger, loop, source, request, buffer) : fd;
}


void pw_pressure_close(struct pw_pressure_trigger *trigger) {
    pw_loop_cancel(trigger->loop, &trigger->timer);
    pw_listeners_remove(&trigger->loop->listeners, &trigger->listener);
    if (trigger->slot >= 0) {
        pw_loop_unwatch(trigger->loop, trigger->slot);
    }
    if (trigger->fd >= 0) {
        close(trigger->fd);
    }
    trigger->slot = -1;
    trigger->fd = -1;
}
