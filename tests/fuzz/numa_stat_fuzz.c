/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/cgroup.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = fuzz_text(data, size), rest = text;
    struct pw_numa_line line;
    struct pw_numa_value value;
    struct pw_flaws flaws = {0};
    while (pw_next_numa_line(&rest, &line, &flaws)) {
        fuzz_demand_within(line.key, text);
        fuzz_demand_within(line.nodes, text);
        fuzz_demand(pw_next_numa_value(&line.nodes, &value, &flaws));
        while (pw_next_numa_value(&line.nodes, &value, &flaws)) {
        }
    }
    return 0;
}
