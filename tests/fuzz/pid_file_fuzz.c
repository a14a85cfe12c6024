/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/pid_file.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int64_t pid = pw_parse_pid_file(fuzz_text(data, size));
    fuzz_demand(pid >= 0 && pid <= 4 << 20);
    return 0;
}
