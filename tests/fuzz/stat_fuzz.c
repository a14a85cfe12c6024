/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/stat.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = fuzz_text(data, size);
    struct pw_stat all, some;
    struct pw_flaws flaws = {0};
    bool read = pw_parse_stat(text, PW_STAT_ALL, &all, &flaws);
    fuzz_demand(read == pw_parse_stat(text, PW_STAT_UP_TO_RSS, &some, &flaws));
    if (read) {
        fuzz_demand_within(all.comm, text);
        fuzz_demand(all.rss_pages == some.rss_pages && all.state == some.state);
    }
    return 0;
}
