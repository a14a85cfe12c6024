/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "fuzz.h"
#include "read/fstab.h"


/* A line that we write is read as what was written. */
static void demand_round_trip(const char *path) {
    char text[512];
    if (pw_fstab_write(path, "sw,nofail", text, sizeof text) < sizeof text && path[0]) {
        struct pw_slice rest = pw_slice_of(text);
        struct pw_fstab_line line;
        fuzz_demand(pw_next_fstab_swap(&rest, &line) || path[0] == '#');
    }
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = fuzz_text(data, size), rest = text;
    struct pw_fstab_line line;
    char path[128];
    while (pw_next_fstab_swap(&rest, &line)) {
        fuzz_demand_within(line.whole, text);
        fuzz_demand_within(line.device, text);
        pw_fstab_is_of(&line, "/swap");
    }
    size_t length = size < sizeof path - 1 ? size : sizeof path - 1;
    memcpy(path, data, length);
    path[length] = '\0';
    demand_round_trip(path);
    return 0;
}
