/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/cgroup.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = fuzz_text(data, size), rest = text, controller;
    struct pw_membership membership;
    struct pw_flaws flaws = {0};
    while (pw_next_membership(&rest, &membership, &flaws)) {
        fuzz_demand_within(membership.path, text);
        while (pw_next_controller(&membership.controllers, &controller)) {
            fuzz_demand_within(controller, text);
        }
    }
    return 0;
}
