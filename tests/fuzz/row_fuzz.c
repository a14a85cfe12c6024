/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/row.h"


/* The first byte says how many columns are wanted. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int count = size > 0 ? data[0] % (PW_ROW_LIMIT + 1) : 0;
    struct pw_slice text = pw_slice_skip(fuzz_text(data, size), 1), rest = text;
    int64_t numbers[PW_ROW_LIMIT];
    struct pw_flaws flaws = {0};
    uint64_t present = pw_parse_row(&rest, numbers, count, &flaws);
    fuzz_demand_within(rest, text);
    fuzz_demand(pw_row_length(present) <= count);
    return 0;
}
