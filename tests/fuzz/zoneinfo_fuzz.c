/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/zoneinfo.h"


static void drain_protection(struct pw_slice list) {
    struct pw_number pages;
    struct pw_flaws flaws = {0};
    while (pw_next_protection(&list, &pages, &flaws)) {
    }
}


static void check(const struct pw_zone_line *line, struct pw_slice text) {
    switch (line->kind) {
    case PW_ZONE_BEGIN:
        fuzz_demand_within(line->name, text);
        break;
    case PW_ZONE_PROTECTION:
        fuzz_demand_within(line->list, text);
        drain_protection(line->list);
        break;
    default:
        fuzz_demand_within(line->field.key, text);
    }
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = fuzz_text(data, size);
    struct pw_zone_walk walk = {.rest = text};
    struct pw_zone_line line;
    struct pw_flaws flaws = {0};
    while (pw_next_zone_line(&walk, &line, &flaws)) {
        check(&line, text);
    }
    return 0;
}
