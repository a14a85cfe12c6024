/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/pressure.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_pressure pressure;
    struct pw_flaws flaws = {0};
    pw_parse_pressure(fuzz_text(data, size), &pressure, &flaws);
    fuzz_demand(pressure.some.present || pressure.some.avg10_percent == 0);
    fuzz_demand(pressure.full.present || pressure.full.avg10_percent == 0);
    return 0;
}
