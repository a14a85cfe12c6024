/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/slabinfo.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = fuzz_text(data, size), rest = text;
    struct pw_slab slab;
    struct pw_flaws flaws = {0};
    while (pw_next_slab(&rest, &slab, &flaws)) {
        fuzz_demand_within(slab.name, text);
        fuzz_demand((slab.present & 0x1f) == 0x1f && slab.present >> PW_SLAB_NUMBERS == 0);
    }
    return 0;
}
