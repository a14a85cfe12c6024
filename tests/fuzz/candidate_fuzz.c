/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/candidate.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_candidate candidate = {0};
    struct pw_badness_rules rules = pw_badness_rules_of(0);
    pw_parse_candidate_status(fuzz_text(data, size), 4096, &candidate);
    fuzz_demand(candidate.rated.page_table_pages >= 0 && candidate.rated.swap_pages >= 0);
    struct pw_badness badness = pw_rate(&rules, &candidate.rated, 1 << 20);
    fuzz_demand(pw_badness_score(&rules, &badness, 1 << 20) >= 0);
    return 0;
}
