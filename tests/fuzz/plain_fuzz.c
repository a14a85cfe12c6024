/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/keyed.h"
#include "read/plain.h"


/* What the quick way takes is what the careful one would. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = fuzz_text(data, size), rest = text, careful, line, key;
    struct pw_plain_line plain;
    while (rest.size > 0) {
        careful = rest;
        bool taken = pw_take_plain_line(&rest, &plain);
        pw_take_line(&careful, &line);
        if (taken) {
            struct pw_number number;
            line = pw_slice_skip(line, plain.indent);
            key = plain.key;
            fuzz_demand(rest.data == careful.data && key.data == line.data);
            line = pw_slice_skip(line, key.size + plain.colon);
            fuzz_demand(pw_parse_value(line, &number) && number.value == plain.value);
        } else {
            fuzz_demand(rest.data != careful.data);
        }
        rest = careful;
    }
    return 0;
}
