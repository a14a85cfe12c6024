/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/release.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int release = pw_parse_release(fuzz_text(data, size));
    fuzz_demand(release >= 0 && release <= PW_RELEASE(999, 999, 999));
    return 0;
}
