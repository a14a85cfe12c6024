/* SPDX-License-Identifier: MIT
 *
 * What every fuzz target shares. Each hands any bytes to one parser and demands that it ends, that
 * the slices it gives lie within the text, and, by the sanitizers, that it does nothing undefined.
 */
#ifndef PAGEWARDEN_TESTS_FUZZ_H
#define PAGEWARDEN_TESTS_FUZZ_H

#include "read/text.h"

/* The entry point of libFuzzer, which each target defines. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_demand(bool condition) {
    if (!condition) {
        __builtin_trap();
    }
}

static inline struct pw_slice fuzz_text(const uint8_t *data, size_t size) {
    return (struct pw_slice){(const char *)data, size};
}

/* The part lies within the text; an empty one may be anywhere. */
static inline void fuzz_demand_within(struct pw_slice part, struct pw_slice text) {
    fuzz_demand(part.size == 0 ||
                (part.data >= text.data && part.data + part.size <= text.data + text.size));
}

/* Unescaping writes no more than it was given, whatever the room. */
typedef size_t fuzz_unescape(const void *what, char *out, size_t room);

static inline void fuzz_demand_room(fuzz_unescape *unescape, const void *what) {
    char out[64];
    for (size_t room = 0; room <= sizeof out; room += 21) {
        fuzz_demand(unescape(what, out, room) <= room);
    }
}

#endif
