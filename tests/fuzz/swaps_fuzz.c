/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/swaps.h"


static size_t unescape(const void *what, char *out, size_t room) {
    return pw_swap_filename(what, out, room);
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = fuzz_text(data, size), rest = text;
    struct pw_swap_area area;
    struct pw_flaws flaws = {0};
    while (pw_next_swap_area(&rest, &area, &flaws)) {
        fuzz_demand_within(area.filename, text);
        fuzz_demand_within(area.type, text);
        fuzz_demand_room(unescape, &area);
    }
    return 0;
}
