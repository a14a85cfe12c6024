/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/buddyinfo.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = fuzz_text(data, size), rest = text;
    struct pw_free_blocks blocks;
    struct pw_flaws flaws = {0};
    while (pw_next_page_type(&rest, &blocks, &flaws)) {
        fuzz_demand_within(blocks.zone, text);
        fuzz_demand_within(blocks.type, text);
        fuzz_demand(blocks.orders > 0 && blocks.orders <= PW_ORDER_LIMIT);
    }
    return 0;
}
