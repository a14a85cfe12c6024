/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/diskstats.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = fuzz_text(data, size), rest = text;
    struct pw_disk disk;
    struct pw_flaws flaws = {0};
    while (pw_next_disk(&rest, &disk, &flaws)) {
        fuzz_demand_within(disk.name, text);
        fuzz_demand(disk.present >> PW_DISK_NUMBERS == 0);
    }
    return 0;
}
