/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/keyed.h"


static void drain(struct pw_slice text, pw_next_field *next) {
    struct pw_slice rest = text;
    struct pw_field field;
    struct pw_flaws flaws = {0};
    while (next(&rest, &field, &flaws)) {
        fuzz_demand_within(field.key, text);
    }
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = fuzz_text(data, size);
    drain(text, pw_next_colon_field);
    drain(text, pw_next_node_field);
    drain(text, pw_next_blank_field);
    return 0;
}
