/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/kernel_stack.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = fuzz_text(data, size), rest = text, function;
    struct pw_flaws flaws = {0};
    fuzz_demand_within(pw_parse_wchan(text), text);
    while (pw_next_stack_function(&rest, &function, &flaws)) {
        fuzz_demand_within(function, text);
        fuzz_demand(function.size > 0);
    }
    return 0;
}
