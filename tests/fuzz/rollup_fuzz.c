/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/rollup.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = fuzz_text(data, size);
    struct pw_rollup rollup;
    struct pw_flaws flaws = {0};
    int64_t bytes;
    pw_parse_rollup(text, &rollup, &flaws);
    fuzz_demand(rollup.count <= PW_ROLLUP_LIMIT);
    for (int i = 0; i < rollup.count; i++) {
        fuzz_demand_within(rollup.fields[i].key, text);
    }
    pw_rollup_uss(&rollup, &bytes);
    return 0;
}
