/* SPDX-License-Identifier: MIT */
#include "host/loop.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Events taken in one wait; what is left over is there at the next. */
#define EVENTS 64

/* Where the timerfd's event says it came from: no slot has this number. */
#define CLOCK_SLOT PW_LOOP_WATCHERS


static union epoll_data address_of(uint32_t slot, uint32_t generation) {
    return (union epoll_data){.u64 = (uint64_t)generation << 32 | slot};
}


static int watch_clock(struct pw_loop *loop) {
    struct epoll_event event = {.events = EPOLLIN, .data = address_of(CLOCK_SLOT, 0)};
    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->clock.fd, &event) ? -errno : 0;
}


static void start(struct pw_loop *loop) {
    *loop = (struct pw_loop){.epoll_fd = epoll_create1(EPOLL_CLOEXEC), .armed_ns = PW_NEVER_NS};
    loop->clock.fd = -1;
}


int pw_loop_open(struct pw_loop *loop) {
    start(loop);
    int error = loop->epoll_fd < 0 ? -errno : pw_clock_open(&loop->clock);
    if (!error) {
        error = watch_clock(loop);
    }
    if (error) {
        pw_loop_close(loop);
    }
    return error;
}


int pw_loop_open_virtual(struct pw_loop *loop, int64_t now_ns) {
    start(loop);
    pw_clock_open_virtual(&loop->clock, now_ns);
    return loop->epoll_fd < 0 ? -errno : 0;
}


int pw_loop_embed(struct pw_loop *loop) {
    loop->embedded = true;
    return loop->epoll_fd;
}


void pw_loop_close(struct pw_loop *loop) {
    pw_timers_clear(&loop->timers);
    memset(loop->watchers, 0, sizeof loop->watchers);
    loop->listeners.first = NULL;
    loop->foreground = 0;
    pw_clock_close(&loop->clock);
    if (loop->epoll_fd >= 0) {
        close(loop->epoll_fd);
    }
    loop->epoll_fd = -1;
}


int64_t pw_loop_now(const struct pw_loop *loop) {
    return loop->clock.now(&loop->clock);
}


/* Arms the clock for the earliest timer. Inside an action that can wait for the end of the
 * dispatch; outside, whoever polls epoll_fd must see the change at once. A timerfd that has gone
 * off is readable until this arms it for the next timer, or for none. */
static int settle(struct pw_loop *loop) {
    int64_t due_ns = pw_timers_due(&loop->timers);
    if (loop->busy || due_ns == loop->armed_ns) {
        return 0;
    }
    loop->armed_ns = due_ns;
    return loop->clock.arm(&loop->clock, due_ns);
}


/* The end of time is as late as it gets. */
static int64_t later(int64_t moment_ns, int64_t duration_ns) {
    return duration_ns < PW_NEVER_NS - moment_ns ? moment_ns + duration_ns : PW_NEVER_NS;
}


int pw_loop_arm(struct pw_loop *loop, struct pw_timer *timer, int64_t delay_ns) {
    int64_t due_ns = later(pw_loop_now(loop), delay_ns);
    int error = pw_timers_arm(&loop->timers, timer, due_ns);
    return error ? error : settle(loop);
}


void pw_loop_cancel(struct pw_loop *loop, struct pw_timer *timer) {
    pw_timers_cancel(&loop->timers, timer);
    settle(loop);
}


static int free_slot(const struct pw_loop *loop) {
    for (int slot = 0; slot < PW_LOOP_WATCHERS; slot++) {
        if (!loop->watchers[slot].action) {
            return slot;
        }
    }
    return -ENOSPC;
}


int pw_loop_watch(struct pw_loop *loop, const struct pw_watcher *watcher, uint32_t events) {
    int slot = free_slot(loop);
    if (slot < 0) {
        return slot;
    }
    struct pw_watcher *place = &loop->watchers[slot];
    uint32_t generation = place->generation + 1;
    struct epoll_event event = {.events = events, .data = address_of((uint32_t)slot, generation)};
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, watcher->fd, &event)) {
        return -errno;
    }
    *place = *watcher;
    place->generation = generation;
    loop->foreground += !watcher->background;
    return slot;
}


void pw_loop_unwatch(struct pw_loop *loop, int slot) {
    struct pw_watcher *watcher = &loop->watchers[slot];
    if (watcher->action) {
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watcher->fd, NULL);
        loop->foreground -= !watcher->background;
        watcher->action = NULL;
    }
}


static void fire_timers(struct pw_loop *loop) {
    int64_t now_ns = pw_loop_now(loop);
    struct pw_timer *timer;
    while (!loop->stopped && (timer = pw_timers_take(&loop->timers, now_ns))) {
        timer->action(timer, timer->context);
    }
}


/* The watcher an event is for; NULL when it is gone or the event is the clock's. */
static struct pw_watcher *watcher_of(struct pw_loop *loop, const struct epoll_event *event) {
    uint32_t slot = (uint32_t)event->data.u64;
    uint32_t generation = (uint32_t)(event->data.u64 >> 32);
    if (slot >= PW_LOOP_WATCHERS || loop->watchers[slot].generation != generation) {
        return NULL;
    }
    return loop->watchers[slot].action ? &loop->watchers[slot] : NULL;
}


/* The rank is looked up anew for each event, since an action may have unwatched a later one. */
static void hand_out(struct pw_loop *loop, struct epoll_event *events, int count,
                     enum pw_rank rank) {
    for (int i = 0; i < count && !loop->stopped; i++) {
        struct pw_watcher *watcher = watcher_of(loop, &events[i]);
        if (watcher && watcher->rank == rank) {
            watcher->action(loop, watcher->fd, events[i].events, watcher->context);
        }
    }
}


static int wait_and_hand_out(struct pw_loop *loop, int timeout_ms) {
    struct epoll_event events[EVENTS];
    int count = epoll_wait(loop->epoll_fd, events, EVENTS, timeout_ms);
    if (count < 0) {
        return errno == EINTR ? 0 : -errno;
    }
    if (loop->observer) {
        loop->observer->begin(loop->observer->context);
    }
    for (enum pw_rank rank = PW_RANK_SIGNAL; rank <= PW_RANK_CONTROL; rank++) {
        hand_out(loop, events, count, rank);
        if (rank == PW_RANK_PRESSURE && loop->embedded) {
            pw_listeners_tell(&loop->listeners, PW_TOPIC_DISPATCH, NULL);
        }
        if (rank == PW_RANK_TIMER) {
            fire_timers(loop);
        }
    }
    if (loop->observer) {
        loop->observer->end(loop->observer->context);
    }
    return 0;
}


/* A virtual clock does not make anybody wait: what is ready goes first, then time jumps. */
static int wait_for_more(struct pw_loop *loop) {
    int64_t due_ns = pw_timers_due(&loop->timers);
    if (!pw_clock_is_virtual(&loop->clock) || due_ns == PW_NEVER_NS) {
        return wait_and_hand_out(loop, -1);
    }
    pw_clock_move(&loop->clock, due_ns);
    return wait_and_hand_out(loop, 0);
}


/* The clock is armed before each wait, although actions are allowed to leave it for later. */
static int run(struct pw_loop *loop, int64_t end_ns) {
    (void)end_ns;
    int error = 0;
    while (!error && !loop->stopped && (loop->foreground || loop->timers.foreground)) {
        loop->busy = false;
        error = settle(loop);
        loop->busy = true;
        if (!error) {
            error = wait_for_more(loop);
        }
    }
    return error;
}


static int dispatch(struct pw_loop *loop, int64_t end_ns) {
    (void)end_ns;
    return wait_and_hand_out(loop, 0);
}


static bool has_timer_until(const struct pw_loop *loop, int64_t end_ns) {
    return loop->timers.count && pw_timers_due(&loop->timers) <= end_ns;
}


/* To `end_ns`, from timer to timer; what became ready after the last one has its turn at the end.
 */
static int advance(struct pw_loop *loop, int64_t end_ns) {
    int error = 0;
    while (!error && !loop->stopped && has_timer_until(loop, end_ns)) {
        pw_clock_move(&loop->clock, pw_timers_due(&loop->timers));
        error = wait_and_hand_out(loop, 0);
    }
    if (!error && !loop->stopped) {
        pw_clock_move(&loop->clock, end_ns);
        error = wait_and_hand_out(loop, 0);
    }
    return error;
}


/* Does one of the three above, one at a time. */
static int enter(struct pw_loop *loop, int (*work)(struct pw_loop *loop, int64_t end_ns),
                 int64_t end_ns) {
    if (loop->busy) {
        return -EBUSY;
    }
    loop->busy = true;
    loop->stopped = false;
    int error = work(loop, end_ns);
    loop->busy = false;
    int unsettled = settle(loop);
    return error ? error : unsettled;
}


int pw_loop_run(struct pw_loop *loop) {
    return enter(loop, run, PW_NEVER_NS);
}


int pw_loop_dispatch(struct pw_loop *loop) {
    return enter(loop, dispatch, PW_NEVER_NS);
}


void pw_loop_stop(struct pw_loop *loop) {
    loop->stopped = true;
}


int pw_loop_advance(struct pw_loop *loop, int64_t duration_ns) {
    if (!pw_clock_is_virtual(&loop->clock)) {
        return -EINVAL;
    }
    return enter(loop, advance, later(pw_loop_now(loop), duration_ns));
}
