/* SPDX-License-Identifier: MIT */
#include "host/timer.h"

#include <errno.h>
#include <stdlib.h>

#include "host/clock.h"

#define FIRST_CAPACITY 16


static int64_t latest(const struct pw_timer *timer) {
    return timer->due_ns + timer->slack_ns;
}


static bool is_before(const struct pw_timer *a, const struct pw_timer *b) {
    return latest(a) != latest(b) ? latest(a) < latest(b) : a->turn < b->turn;
}


static void put(struct pw_timers *timers, size_t index, struct pw_timer *timer) {
    timers->heap[index] = timer;
    timer->place = index + 1;
}


static void sift_up(struct pw_timers *timers, size_t index) {
    struct pw_timer *timer = timers->heap[index];
    while (index > 0 && is_before(timer, timers->heap[(index - 1) / 2])) {
        put(timers, index, timers->heap[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    put(timers, index, timer);
}


/* The child of `index` that fires first; `count` or more when it has none. */
static size_t earlier_child(const struct pw_timers *timers, size_t index) {
    size_t child = 2 * index + 1;
    bool has_right = child + 1 < timers->count;
    return has_right && is_before(timers->heap[child + 1], timers->heap[child]) ? child + 1 : child;
}


static void sift_down(struct pw_timers *timers, size_t index) {
    struct pw_timer *timer = timers->heap[index];
    size_t child = earlier_child(timers, index);
    while (child < timers->count && is_before(timers->heap[child], timer)) {
        put(timers, index, timers->heap[child]);
        index = child;
        child = earlier_child(timers, index);
    }
    put(timers, index, timer);
}


static int reserve(struct pw_timers *timers) {
    if (timers->count < timers->capacity) {
        return 0;
    }
    size_t capacity = timers->capacity ? timers->capacity * 2 : FIRST_CAPACITY;
    struct pw_timer **heap = realloc(timers->heap, capacity * sizeof(struct pw_timer *));
    if (!heap) {
        return -ENOMEM;
    }
    timers->heap = heap;
    timers->capacity = capacity;
    return 0;
}


int pw_timers_arm(struct pw_timers *timers, struct pw_timer *timer, int64_t due_ns) {
    pw_timers_cancel(timers, timer);
    int error = reserve(timers);
    if (error) {
        return error;
    }
    timer->due_ns = due_ns;
    timer->turn = timers->turns++;
    timers->foreground += !timer->background;
    timers->heap[timers->count] = timer;
    sift_up(timers, timers->count++);
    return 0;
}


void pw_timers_cancel(struct pw_timers *timers, struct pw_timer *timer) {
    if (timer->place == 0) {
        return;
    }
    size_t index = timer->place - 1;
    struct pw_timer *last = timers->heap[--timers->count];
    timers->foreground -= !timer->background;
    timer->place = 0;
    if (last != timer) {
        put(timers, index, last);
        sift_up(timers, index);
        sift_down(timers, last->place - 1);
    }
}


int64_t pw_timers_due(const struct pw_timers *timers) {
    return timers->count ? latest(timers->heap[0]) : PW_NEVER_NS;
}


/* The heap has room: the timer was in it a moment ago. */
static void rearm(struct pw_timers *timers, struct pw_timer *timer, int64_t now_ns) {
    int64_t late_ns = now_ns - timer->due_ns;
    int64_t periods = late_ns / timer->period_ns + 1;
    timer->due_ns += periods * timer->period_ns;
    timer->turn = timers->turns++;
    sift_down(timers, 0);
}


struct pw_timer *pw_timers_take(struct pw_timers *timers, int64_t now_ns) {
    if (timers->count == 0 || timers->heap[0]->due_ns > now_ns) {
        return NULL;
    }
    struct pw_timer *timer = timers->heap[0];
    if (timer->period_ns > 0) {
        rearm(timers, timer, now_ns);
    } else {
        pw_timers_cancel(timers, timer);
    }
    return timer;
}


void pw_timers_clear(struct pw_timers *timers) {
    for (size_t i = 0; i < timers->count; i++) {
        timers->heap[i]->place = 0;
    }
    free(timers->heap);
    *timers = (struct pw_timers){0};
}
