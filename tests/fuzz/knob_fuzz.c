/* SPDX-License-Identifier: MIT */
#include "read/knob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


/* What a knob says lies within its text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = {(const char *)data, size};
    struct pw_knob knob = pw_parse_knob(text);
    if (knob.text.data < text.data || knob.text.data + knob.text.size > text.data + text.size) {
        __builtin_trap();
    }
    return 0;
}
