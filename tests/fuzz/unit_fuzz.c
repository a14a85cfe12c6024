/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "fuzz.h"
#include "read/cgroup.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = fuzz_text(data, size);
    struct pw_slice unit = pw_unit_of_path(text);
    fuzz_demand_within(unit, text);
    fuzz_demand(!unit.size || !memchr(unit.data, '/', unit.size));
    fuzz_demand(pw_cgroup_is_within(text, text));
    return 0;
}
