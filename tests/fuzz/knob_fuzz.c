/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/knob.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = fuzz_text(data, size);
    fuzz_demand_within(pw_parse_knob(text).text, text);
    return 0;
}
