/* SPDX-License-Identifier: MIT */
#include "read/keyed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef bool next_field(struct pw_slice *rest, struct pw_field *field, struct pw_flaws *flaws);


/* Whatever the text, parsing ends, and keys lie within it. */
static void drain(struct pw_slice text, next_field *next) {
    struct pw_slice rest = text;
    struct pw_field field;
    struct pw_flaws flaws = {0};
    while (next(&rest, &field, &flaws)) {
        if (field.key.data < text.data || field.key.data + field.key.size > text.data + text.size) {
            __builtin_trap();
        }
    }
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = {(const char *)data, size};
    drain(text, pw_next_colon_field);
    drain(text, pw_next_node_field);
    drain(text, pw_next_blank_field);
    return 0;
}
