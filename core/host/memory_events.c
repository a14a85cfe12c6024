/* SPDX-License-Identifier: MIT */
#include "host/memory_events.h"

#include <string.h>
#include <sys/inotify.h>

#include "read/keyed.h"


/* The counter of this name, made if there is room; NULL if not. */
static struct pw_memory_counter *counter_of(struct pw_memory_events *events, struct pw_slice name) {
    for (int i = 0; i < events->count; i++) {
        if (pw_slice_is(name, events->counters[i].name)) {
            return &events->counters[i];
        }
    }
    if (events->count == PW_MEMORY_COUNTERS || name.size >= sizeof events->counters->name) {
        return NULL;
    }
    struct pw_memory_counter *counter = &events->counters[events->count++];
    *counter = (struct pw_memory_counter){.value = 0};
    memcpy(counter->name, name.data, name.size);
    return counter;
}


/* Returns how many counters have changed, or -errno. */
static int read_counters(struct pw_memory_events *events) {
    int error = pw_source_read(events->source, events->path, events->buffer);
    if (error) {
        return error;
    }
    struct pw_slice rest = pw_buffer_text(events->buffer);
    struct pw_field field;
    struct pw_flaws flaws = {0};
    int changed = 0;
    while (pw_next_blank_field(&rest, &field, &flaws)) {
        struct pw_memory_counter *counter = counter_of(events, field.key);
        if (counter) {
            counter->growth = pw_subtract_saturating(field.number.value, counter->value);
            counter->value = field.number.value;
            changed += counter->growth != 0;
        }
    }
    return changed;
}


/* Whatever happened, the file says what it means. */
static void look(struct pw_file_watch *watch, uint32_t mask, const char *name, void *context) {
    (void)watch;
    (void)mask;
    (void)name;
    struct pw_memory_events *events = context;
    int changed = read_counters(events);
    if (changed < 0) {
        pw_memory_events_close(events);
        events->action(events, true, events->context);
    } else if (changed > 0) {
        events->action(events, false, events->context);
    }
}


int pw_memory_events_open(struct pw_memory_events *events, struct pw_file_changes *changes,
                          struct pw_loop *loop, const struct pw_source *source,
                          struct pw_buffer *buffer) {
    events->source = source;
    events->buffer = buffer;
    events->count = 0;
    events->file = (struct pw_file_watch){.action = look, .context = events};
    events->folder = events->file;
    int error = pw_file_watch_open(&events->folder, changes, loop, source, events->parent,
                                   IN_DELETE | IN_MOVED_FROM);
    if (!error) {
        error = pw_file_watch_open(&events->file, changes, loop, source, events->path, IN_MODIFY);
    }
    if (!error) {
        int read = read_counters(events);
        error = read < 0 ? read : 0;
    }
    if (error) {
        pw_memory_events_close(events);
    }
    return error;
}


void pw_memory_events_close(struct pw_memory_events *events) {
    pw_file_watch_close(&events->file);
    pw_file_watch_close(&events->folder);
}
