/* SPDX-License-Identifier: MIT
 *
 * Those who want to hear of what comes without a descriptor: each dispatch of a loop, and in tests
 * whatever the kernel would have said. A listener belongs to its caller; nothing here allocates.
 */
#ifndef PAGEWARDEN_HOST_LISTENER_H
#define PAGEWARDEN_HOST_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

enum pw_topic {
    PW_TOPIC_DISPATCH, /* an embedded loop looks at what is ready; the event is NULL */
    PW_TOPIC_EXIT,     /* struct pw_identity */
    PW_TOPIC_PRESSURE, /* struct pw_pressure_news */
    PW_TOPIC_OOM_KILL  /* struct pw_oom_event */
};

struct pw_listener;

/* Returns whether the event was for this listener. It may add and remove any listener. */
typedef bool pw_listener_action(struct pw_listener *listener, const void *event);

struct pw_listener {
    pw_listener_action *action;
    void *context; /* the action's */
    enum pw_topic topic;
    /* The list's own. */
    struct pw_listener *next;
    uint64_t turn; /* 0: not in the list */
};

struct pw_listeners {
    struct pw_listener *first;
    uint64_t turns;
};

/* Adds the listener, which is the last to hear; harmless when it is in the list. */
void pw_listeners_add(struct pw_listeners *listeners, struct pw_listener *listener);

/* Removes the listener; harmless when it is not in the list. */
void pw_listeners_remove(struct pw_listeners *listeners, struct pw_listener *listener);

/* Tells all that were listening to the topic when the call began and still are. Returns how many
 * the event was for. */
int pw_listeners_tell(struct pw_listeners *listeners, enum pw_topic topic, const void *event);

#endif
