/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/single.h"


static void drain_words(struct pw_slice text) {
    struct pw_slice rest = text, argument;
    struct pw_choice choice;
    while (pw_next_choice(&rest, &choice)) {
        fuzz_demand_within(choice.word, text);
    }
    rest = text;
    while (pw_next_argument(&rest, &argument)) {
        fuzz_demand_within(argument, text);
    }
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = fuzz_text(data, size);
    struct pw_number number;
    struct pw_flaws flaws = {0};
    double value;
    fuzz_demand(pw_parse_single(text, &number, &flaws) || flaws.skipped > 0);
    if (pw_parse_single_decimal(text, &value)) {
        fuzz_demand(value >= 0);
    }
    drain_words(text);
    return 0;
}
