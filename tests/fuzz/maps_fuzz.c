/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/maps.h"


static size_t unescape(const void *what, char *out, size_t room) {
    return pw_mapping_path(what, out, room);
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = fuzz_text(data, size), rest = text;
    struct pw_smaps_line line;
    struct pw_flaws flaws = {0};
    while (pw_next_smaps_line(&rest, &line, &flaws)) {
        if (line.kind == PW_SMAPS_MAPPING) {
            fuzz_demand_within(line.mapping.permissions, text);
            fuzz_demand_within(line.mapping.path, text);
            fuzz_demand_room(unescape, &line.mapping);
        } else {
            fuzz_demand_within(line.field.key, text);
        }
    }
    return 0;
}
