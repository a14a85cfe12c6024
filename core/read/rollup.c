/* SPDX-License-Identifier: MIT */
#include "read/rollup.h"

#include <string.h>

#include "read/maps.h"


static bool is_sum(struct pw_slice key) {
    static const char *const others[] = {"Size", "KernelPageSize", "MMUPageSize", "THPeligible",
                                         "ProtectionKey"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (pw_slice_is(key, others[i])) {
            return false;
        }
    }
    return true;
}


static bool same(struct pw_slice a, struct pw_slice b) {
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}


/* The place of a key. Every mapping names its fields in the same order, so it is nearly always
 * the one behind the last. -1 when it is new and there is no room. */
static int place_of(struct pw_rollup *rollup, struct pw_slice key, int expected) {
    if (expected < rollup->count && same(rollup->fields[expected].key, key)) {
        return expected;
    }
    for (int i = 0; i < rollup->count; i++) {
        if (same(rollup->fields[i].key, key)) {
            return i;
        }
    }
    if (rollup->count == PW_ROLLUP_LIMIT) {
        return -1;
    }
    rollup->fields[rollup->count] = (struct pw_field){.key = key};
    return rollup->count++;
}


static void add(struct pw_number *sum, const struct pw_number *number) {
    if (__builtin_add_overflow(sum->value, number->value, &sum->value)) {
        sum->value = number->value < 0 ? INT64_MIN : INT64_MAX;
        sum->clamped = true;
    }
}


/* Keeps the sums among what was added up. */
static void leave_out_others(struct pw_rollup *rollup) {
    int kept = 0;
    for (int i = 0; i < rollup->count; i++) {
        if (is_sum(rollup->fields[i].key)) {
            rollup->fields[kept++] = rollup->fields[i];
        }
    }
    rollup->count = kept;
}


void pw_parse_rollup(struct pw_slice text, struct pw_rollup *rollup, struct pw_flaws *flaws) {
    rollup->count = 0;
    struct pw_smaps_line line;
    int place = -1;
    while (pw_next_smaps_line(&text, &line, flaws)) {
        if (line.kind != PW_SMAPS_FIELD) {
            place = line.kind == PW_SMAPS_MAPPING ? -1 : place;
            continue;
        }
        int found = place_of(rollup, line.field.key, place + 1);
        if (found < 0) {
            flaws->skipped++;
            continue;
        }
        place = found;
        add(&rollup->fields[place].number, &line.field.number);
    }
    leave_out_others(rollup);
}


bool pw_rollup_value(const struct pw_rollup *rollup, const char *key, int64_t *bytes) {
    for (int i = 0; i < rollup->count; i++) {
        if (pw_slice_is(rollup->fields[i].key, key)) {
            *bytes = rollup->fields[i].number.value;
            return true;
        }
    }
    return false;
}


bool pw_rollup_uss(const struct pw_rollup *rollup, int64_t *bytes) {
    static const char *const parts[] = {"Private_Clean", "Private_Dirty", "Private_Hugetlb"};
    struct pw_number sum = {0}, part = {0};
    bool found = false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (pw_rollup_value(rollup, parts[i], &part.value)) {
            add(&sum, &part);
            found = true;
        }
    }
    *bytes = sum.value;
    return found;
}
