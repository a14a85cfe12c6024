/* SPDX-License-Identifier: MIT */
#include "trend/history.h"

#include <math.h>
#include <string.h>

#define NOBODY UINT32_MAX


static size_t round_up(size_t bytes) {
    size_t alignment = _Alignof(struct pw_followed);
    return (bytes + alignment - 1) / alignment * alignment;
}


static size_t heads_bytes(uint32_t processes) {
    return round_up(sizeof(struct pw_history) + processes * sizeof(uint32_t));
}


static size_t followed_bytes(const struct pw_history_shape *shape) {
    return round_up(sizeof(struct pw_followed) + shape->columns * sizeof(float));
}


static size_t series_bytes(const struct pw_history_shape *shape) {
    return shape->columns * sizeof(struct pw_series);
}


size_t pw_history_bytes(const struct pw_history_shape *shape, const struct pw_history_room *room) {
    return heads_bytes(room->processes) + room->processes * followed_bytes(shape) +
           room->series * series_bytes(shape);
}


struct pw_followed *pw_history_at(struct pw_history *history, uint32_t place) {
    char *first = (char *)history + heads_bytes(history->room.processes);
    return (struct pw_followed *)(void *)(first + place * followed_bytes(&history->shape));
}


static struct pw_series *series_at(struct pw_history *history, uint32_t place) {
    char *first = (char *)pw_history_at(history, history->room.processes);
    return (struct pw_series *)(void *)(first + place * series_bytes(&history->shape));
}


static void free_place(struct pw_history *history, struct pw_followed *followed) {
    followed->pid = 0;
    followed->next = history->free;
    history->free = followed->place;
}


/* A free one holds the number of the next. */
static void free_series(struct pw_history *history, uint32_t place) {
    memcpy(series_at(history, place), &history->series_free, sizeof history->series_free);
    history->series_free = place;
}


void pw_history_init(struct pw_history *history, const struct pw_history_shape *shape,
                     const struct pw_history_room *room) {
    *history = (struct pw_history){
        .shape = *shape, .room = *room, .free = NOBODY, .series_free = PW_NO_SERIES};
    for (uint32_t place = room->processes; place-- > 0;) {
        history->heads[place] = NOBODY;
        pw_history_at(history, place)->place = place;
        free_place(history, pw_history_at(history, place));
    }
    for (uint32_t place = room->series; place-- > 0;) {
        free_series(history, place);
    }
}


/* The head of the chain that a process is in. The multiplier is 2^64 over the golden ratio. */
static uint32_t *head_of(struct pw_history *history, int32_t pid, int64_t start_time) {
    uint64_t key = (uint64_t)start_time << 22 ^ (uint64_t)pid;
    uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15) >> 32;
    return &history->heads[hash % history->room.processes];
}


struct pw_followed *pw_history_find(struct pw_history *history, int32_t pid, int64_t start_time) {
    uint32_t place = *head_of(history, pid, start_time);
    while (place != NOBODY) {
        struct pw_followed *followed = pw_history_at(history, place);
        if (followed->pid == pid && followed->start_time == start_time) {
            return followed;
        }
        place = followed->next;
    }
    return NULL;
}


static struct pw_followed *take_place(struct pw_history *history, int32_t pid, int64_t start_time) {
    if (history->free == NOBODY) {
        return NULL;
    }
    struct pw_followed *followed = pw_history_at(history, history->free);
    uint32_t *head = head_of(history, pid, start_time);
    history->free = followed->next;
    history->count++;
    followed->pid = pid;
    followed->start_time = start_time;
    followed->series = PW_NO_SERIES;
    followed->next = *head;
    *head = followed->place;
    return followed;
}


struct pw_followed *pw_history_follow(struct pw_history *history, int32_t pid, int64_t start_time) {
    struct pw_followed *followed = pw_history_find(history, pid, start_time);
    if (followed) {
        return followed;
    }
    followed = take_place(history, pid, start_time);
    for (uint32_t i = 0; followed && i < history->shape.columns; i++) {
        followed->floors[i] = INFINITY;
    }
    return followed;
}


struct pw_series *pw_history_series(struct pw_history *history, const struct pw_followed *followed,
                                    uint32_t column) {
    return followed->series == PW_NO_SERIES ? NULL : series_at(history, followed->series) + column;
}


static uint32_t take_series(struct pw_history *history) {
    uint32_t place = history->series_free;
    if (place != PW_NO_SERIES) {
        memcpy(&history->series_free, series_at(history, place), sizeof history->series_free);
        history->series_count++;
    }
    return place;
}


struct pw_series *pw_history_keep(struct pw_history *history, struct pw_followed *followed) {
    if (followed->series == PW_NO_SERIES) {
        followed->series = take_series(history);
        for (uint32_t i = 0; followed->series != PW_NO_SERIES && i < history->shape.columns; i++) {
            pw_series_init(pw_history_series(history, followed, i), history->shape.finest_seconds);
        }
    }
    return pw_history_series(history, followed, 0);
}


/* Whether a column has risen so far above its floor that its series are worth keeping. */
static bool screen(const struct pw_history *history, struct pw_followed *followed,
                   const double *sizes) {
    bool risen = false;
    for (uint32_t i = 0; i < history->shape.columns; i++) {
        followed->floors[i] = fminf(followed->floors[i], (float)sizes[i]);
        risen = risen || sizes[i] > (double)followed->floors[i] + history->shape.screen;
    }
    return risen;
}


bool pw_history_add(struct pw_history *history, struct pw_followed *followed, double seconds,
                    const double *sizes) {
    followed->seen_seconds = seconds;
    bool risen = screen(history, followed, sizes);
    if (followed->series == PW_NO_SERIES && !risen) {
        return true;
    }
    struct pw_series *series = pw_history_keep(history, followed);
    for (uint32_t i = 0; series && i < history->shape.columns; i++) {
        pw_series_add(series + i, seconds, sizes[i]);
    }
    return series != NULL;
}


void pw_history_forget(struct pw_history *history, struct pw_followed *followed) {
    uint32_t *link = head_of(history, followed->pid, followed->start_time);
    while (*link != followed->place) {
        link = &pw_history_at(history, *link)->next;
    }
    *link = followed->next;
    if (followed->series != PW_NO_SERIES) {
        free_series(history, followed->series);
        history->series_count--;
    }
    free_place(history, followed);
    history->count--;
}


uint32_t pw_history_expire(struct pw_history *history, double before_seconds) {
    uint32_t count = history->count;
    for (uint32_t place = 0; place < history->room.processes; place++) {
        struct pw_followed *followed = pw_history_at(history, place);
        if (followed->pid != 0 && followed->seen_seconds < before_seconds) {
            pw_history_forget(history, followed);
        }
    }
    return count - history->count;
}


static void copy(struct pw_history *to, struct pw_history *from, const struct pw_followed *old) {
    struct pw_followed *new = take_place(to, old->pid, old->start_time);
    new->seen_seconds = old->seen_seconds;
    memcpy(new->floors, old->floors, to->shape.columns * sizeof *new->floors);
    if (old->series != PW_NO_SERIES) {
        new->series = take_series(to);
        memcpy(series_at(to, new->series), series_at(from, old->series), series_bytes(&to->shape));
    }
}


void pw_history_copy(struct pw_history *to, struct pw_history *from) {
    for (uint32_t place = 0; place < from->room.processes; place++) {
        const struct pw_followed *old = pw_history_at(from, place);
        if (old->pid != 0) {
            copy(to, from, old);
        }
    }
}
