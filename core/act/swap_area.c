/* SPDX-License-Identifier: MIT */
#include "act/swap_area.h"

#include <errno.h>
#include <string.h>
#include <sys/swap.h>
#include <unistd.h>

#include "act/swap_imagined.h"
#include "act/swap_zram.h"
#include "read/keyed.h"

/* Where linux/swap.h has these, sys/swap.h has only the first. */
#ifndef SWAP_FLAG_DISCARD_ONCE
#define SWAP_FLAG_DISCARD_ONCE 0x20000
#define SWAP_FLAG_DISCARD_PAGES 0x40000
#endif


/* Only where there is such a name is the file asked. */
static bool find_cut(const struct pw_source *source, struct pw_slice text, const char *path,
                     struct pw_swap_area *area) {
    const char *last = strrchr(path, '/') + 1;
    if (!pw_find_swap_area_below(text, last, INT64_MAX, area)) {
        return false;
    }
    return pw_find_swap_area_below(text, last, pw_swap_active_bytes(source, path), area);
}


bool pw_swap_area_find(const struct pw_source *source, struct pw_slice text, const char *path,
                       struct pw_swap_area *area) {
    return pw_find_swap_area(text, path, area) || find_cut(source, text, path, area);
}


static int count_areas(struct pw_slice text) {
    struct pw_swap_area area;
    struct pw_flaws flaws = {0};
    int count = 0;
    while (pw_next_swap_area(&text, &area, &flaws)) {
        count++;
    }
    return count;
}


static int read_swaps(const struct pw_source *source, struct pw_buffer *buffer, const char *path,
                      struct pw_swap_use *use) {
    int error = pw_source_read(source, "proc/swaps", buffer);
    struct pw_slice text = error ? pw_slice_of("") : pw_buffer_text(buffer);
    struct pw_swap_area area;
    use->areas = count_areas(text);
    use->on = pw_swap_area_find(source, text, path, &area);
    if (use->on) {
        use->priority = area.priority < 0 ? PW_SWAP_ANY_PRIORITY : (int)area.priority;
        use->used_bytes = area.used_bytes;
    }
    return error == -ENOENT ? 0 : error; /* a kernel without swap */
}


static int read_available(const struct pw_source *source, struct pw_buffer *buffer,
                          int64_t *available_bytes) {
    struct pw_field field;
    struct pw_flaws flaws = {0};
    int error = pw_source_read(source, "proc/meminfo", buffer);
    struct pw_slice text = error ? pw_slice_of("") : pw_buffer_text(buffer);
    while (pw_next_colon_field(&text, &field, &flaws)) {
        if (pw_slice_is(field.key, "MemAvailable")) {
            *available_bytes = field.number.value;
        }
    }
    return error == -ENOENT ? 0 : error;
}


int pw_swap_use_read(const struct pw_source *source, struct pw_buffer *buffer, const char *path,
                     struct pw_swap_use *use) {
    *use = (struct pw_swap_use){.available_bytes = PW_ABSENT};
    int error = read_swaps(source, buffer, path, use);
    return error ? error : read_available(source, buffer, &use->available_bytes);
}


/* What the file or disk itself says. */
static int read_place(const struct pw_source *source, const char *path,
                      struct pw_swap_state *state) {
    struct pw_swap_probe probe;
    int error = pw_swap_probe(source, path, &probe);
    if (error == -ENOENT || error == -EINVAL) {
        state->place = error == -ENOENT ? PW_SWAP_ABSENT : PW_SWAP_OTHER;
        return 0;
    }
    bool area = probe.header.signature == PW_SWAP_NEW;
    state->place = area ? PW_SWAP_OFF : PW_SWAP_OTHER;
    if (area) {
        state->size_bytes = probe.size_bytes;
        state->uuid = probe.header.uuid;
        memcpy(state->label, probe.header.label, sizeof state->label);
    }
    return error;
}


int pw_swap_area_read(const struct pw_source *source, struct pw_buffer *buffer, const char *path,
                      struct pw_swap_state *state) {
    struct pw_swap_use use = {0};
    *state = (struct pw_swap_state){.priority = PW_SWAP_ANY_PRIORITY};
    int error = read_swaps(source, buffer, path, &use);
    if (!error && pw_zram_is(path) && !pw_zram_is_set_up(source, buffer, path)) {
        state->place = PW_SWAP_ABSENT;
    } else if (!error) {
        error = read_place(source, path, state);
    }
    if (!error && use.on) {
        state->place = PW_SWAP_ON;
        state->priority = use.priority;
    }
    return error;
}


static int flags_of(const struct pw_swap_state *state) {
    static const int discard_flags[] = {
        [PW_SWAP_NO_DISCARD] = 0,
        [PW_SWAP_DISCARD_ONCE] = SWAP_FLAG_DISCARD | SWAP_FLAG_DISCARD_ONCE,
        [PW_SWAP_DISCARD_PAGES] = SWAP_FLAG_DISCARD | SWAP_FLAG_DISCARD_PAGES,
        [PW_SWAP_DISCARD_BOTH] = SWAP_FLAG_DISCARD,
    };
    int preferred = state->priority == PW_SWAP_ANY_PRIORITY
                        ? 0
                        : SWAP_FLAG_PREFER | (state->priority & SWAP_FLAG_PRIO_MASK);
    return preferred | discard_flags[state->discard];
}


int pw_swap_area_on(const struct pw_source *source, const char *path,
                    const struct pw_swap_state *state) {
    struct pw_swap_probe probe;
    if (source->live) {
        return swapon(path, flags_of(state)) ? -errno : 0;
    }
    int error = pw_swap_probe(source, path, &probe);
    return error ? error : pw_swap_imagine_on(source, path, probe.size_bytes, state->priority);
}


int pw_swap_area_off(const struct pw_source *source, const char *path) {
    if (source->live) {
        return swapoff(path) ? -errno : 0;
    }
    return pw_swap_imagine_off(source, path);
}
