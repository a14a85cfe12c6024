/* SPDX-License-Identifier: MIT */
#include "host/listener.h"

#include <stddef.h>


/* The link that holds this listener, or the last link, which holds NULL. */
static struct pw_listener **link_to(struct pw_listeners *listeners,
                                    const struct pw_listener *listener) {
    struct pw_listener **link = &listeners->first;
    while (*link && *link != listener) {
        link = &(*link)->next;
    }
    return link;
}


void pw_listeners_add(struct pw_listeners *listeners, struct pw_listener *listener) {
    struct pw_listener **link = link_to(listeners, listener);
    if (!*link) {
        *link = listener;
        listener->next = NULL;
        listener->turn = ++listeners->turns;
    }
}


void pw_listeners_remove(struct pw_listeners *listeners, struct pw_listener *listener) {
    struct pw_listener **link = link_to(listeners, listener);
    if (*link) {
        *link = listener->next;
        listener->turn = 0;
    }
}


/* The first of a topic with a turn in (after, until]. Turns grow along the list. */
static struct pw_listener *next_of(const struct pw_listeners *listeners, enum pw_topic topic,
                                   uint64_t after, uint64_t until) {
    struct pw_listener *listener = listeners->first;
    while (listener && (listener->turn <= after || listener->topic != topic)) {
        listener = listener->next;
    }
    return listener && listener->turn <= until ? listener : NULL;
}


/* By turns, since an action may take any listener out of the list, and its memory with it. */
int pw_listeners_tell(struct pw_listeners *listeners, enum pw_topic topic, const void *event) {
    uint64_t until = listeners->turns, turn = 0;
    int count = 0;
    struct pw_listener *listener;
    while ((listener = next_of(listeners, topic, turn, until))) {
        turn = listener->turn;
        count += listener->action(listener, event);
    }
    return count;
}
