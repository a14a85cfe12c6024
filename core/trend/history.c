/* SPDX-License-Identifier: MIT */
#include "trend/history.h"

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
    return sizeof(struct pw_followed) + shape->columns * pw_envelope_bytes(&shape->envelope);
}


size_t pw_history_bytes(const struct pw_history_shape *shape, uint32_t processes) {
    return heads_bytes(processes) + processes * followed_bytes(shape);
}


static struct pw_followed *at_place(struct pw_history *history, uint32_t place) {
    char *first = (char *)history + heads_bytes(history->processes);
    return (struct pw_followed *)(void *)(first + place * followed_bytes(&history->shape));
}


static void free_place(struct pw_history *history, struct pw_followed *followed) {
    followed->pid = 0;
    followed->next = history->free;
    history->free = followed->place;
}


void pw_history_init(struct pw_history *history, const struct pw_history_shape *shape,
                     uint32_t processes) {
    *history = (struct pw_history){.shape = *shape, .processes = processes, .free = NOBODY};
    for (uint32_t place = processes; place-- > 0;) {
        history->heads[place] = NOBODY;
        at_place(history, place)->place = place;
        free_place(history, at_place(history, place));
    }
}


/* The head of the chain that a process is in. The multiplier is 2^64 over the golden ratio. */
static uint32_t *head_of(struct pw_history *history, int32_t pid, int64_t start_time) {
    uint64_t key = (uint64_t)start_time << 22 ^ (uint64_t)pid;
    uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15) >> 32;
    return &history->heads[hash % history->processes];
}


struct pw_followed *pw_history_find(struct pw_history *history, int32_t pid, int64_t start_time) {
    uint32_t place = *head_of(history, pid, start_time);
    while (place != NOBODY) {
        struct pw_followed *followed = at_place(history, place);
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
    struct pw_followed *followed = at_place(history, history->free);
    uint32_t *head = head_of(history, pid, start_time);
    history->free = followed->next;
    history->count++;
    followed->pid = pid;
    followed->start_time = start_time;
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
        pw_envelope_init(pw_history_envelope(history, followed, i), &history->shape.envelope);
    }
    return followed;
}


struct pw_envelope *pw_history_envelope(struct pw_history *history, struct pw_followed *followed,
                                        uint32_t column) {
    char *first = (char *)(followed + 1);
    return (struct pw_envelope *)(void *)(first +
                                          column * pw_envelope_bytes(&history->shape.envelope));
}


static void forget(struct pw_history *history, struct pw_followed *followed) {
    uint32_t *link = head_of(history, followed->pid, followed->start_time);
    while (*link != followed->place) {
        link = &at_place(history, *link)->next;
    }
    *link = followed->next;
    free_place(history, followed);
    history->count--;
}


uint32_t pw_history_expire(struct pw_history *history, double before_seconds) {
    uint32_t count = history->count;
    for (uint32_t place = 0; place < history->processes; place++) {
        struct pw_followed *followed = at_place(history, place);
        if (followed->pid != 0 && followed->seen_seconds < before_seconds) {
            forget(history, followed);
        }
    }
    return count - history->count;
}


void pw_history_copy(struct pw_history *to, struct pw_history *from) {
    size_t envelopes = from->shape.columns * pw_envelope_bytes(&from->shape.envelope);
    for (uint32_t place = 0; place < from->processes; place++) {
        struct pw_followed *old = at_place(from, place);
        if (old->pid != 0) {
            struct pw_followed *copy = take_place(to, old->pid, old->start_time);
            copy->seen_seconds = old->seen_seconds;
            memcpy(copy + 1, old + 1, envelopes);
        }
    }
}
