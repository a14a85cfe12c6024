/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/stat.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_statm statm;
    struct pw_flaws flaws = {0};
    bool read = pw_parse_statm(fuzz_text(data, size), &statm, &flaws);
    fuzz_demand(read || flaws.skipped > 0);
    return 0;
}
