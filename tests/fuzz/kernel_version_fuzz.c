/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/kernel_version.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int64_t version = pw_parse_kernel_version(fuzz_text(data, size));
    fuzz_demand(version >= 0 && version <= PW_LINUX(0xffff, 0xffff, 0xffff));
    return 0;
}
