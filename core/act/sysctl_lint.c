/* SPDX-License-Identifier: MIT */
#include "act/sysctl_lint.h"

#include <stdio.h>
#include <string.h>

#include "act/sysctl.h"
#include "act/sysctl_facts.h"
#include "act/tunable.h"
#include "read/kernel_version.h"


/* Where it is looked, and who is told. */
struct search {
    const struct pw_source *source;
    struct pw_buffer *buffer;
    struct pw_sysctl_facts facts;
    void (*found)(void *context, const struct pw_sysctl_finding *finding);
    void *context;
};


/* What a key has now; false when it has nothing to show. */
static bool read_value(const struct pw_source *source, struct pw_buffer *buffer, const char *key,
                       char value[PW_VALUE_BYTES]) {
    struct pw_setting setting;
    struct pw_values values;
    if (pw_setting_of_sysctl(pw_slice_of(key), &setting) || setting.action ||
        pw_setting_read(source, buffer, &setting, &values)) {
        return false;
    }
    memcpy(value, values.text[0], PW_VALUE_BYTES);
    return true;
}


static bool is_out_of_range(const struct pw_source *source, const struct pw_tunable *tunable,
                            int64_t version, const char *value) {
    const struct pw_era *era = pw_tunable_era(tunable, version);
    int64_t min = pw_tunable_min(tunable, era, source->page_size_bytes);
    struct pw_number number;
    bool off = tunable->partner && pw_value_same(value, "0"); /* the partner is in force */
    return tunable->kind == PW_TUNABLE_NUMBER && !off &&
           pw_parse_number(pw_slice_of(value), &number) &&
           ((min != PW_ABSENT && number.value < min) ||
            (era->max != PW_ABSENT && number.value > era->max));
}


static void find_broken_rules(struct search *search) {
    char problem[PW_PROBLEM_BYTES];
    for (const struct pw_sysctl_rule *rule = pw_sysctl_rules; rule->key; rule++) {
        struct pw_sysctl_finding finding = {
            .key = rule->key, .danger = rule->danger, .problem = problem, .advice = rule->advice};
        if (rule->is_broken(&search->facts, problem) &&
            read_value(search->source, search->buffer, rule->key, finding.value)) {
            search->found(search->context, &finding);
        }
    }
}


static void find_out_of_range(struct search *search) {
    for (const struct pw_tunable *tunable = pw_sysctl_tunables; tunable->name; tunable++) {
        struct pw_sysctl_finding finding = {
            .key = tunable->name,
            .danger = tunable->danger,
            .problem = "the kernel documents another range for it, so it may not mean what it says",
            .advice = "set it to a value within the range that describe gives"};
        if (read_value(search->source, search->buffer, tunable->name, finding.value) &&
            is_out_of_range(search->source, tunable, search->facts.kernel_version, finding.value)) {
            search->found(search->context, &finding);
        }
    }
}


void pw_sysctl_lint(const struct pw_source *source, struct pw_buffer *buffer,
                    void (*found)(void *context, const struct pw_sysctl_finding *finding),
                    void *context) {
    struct search search = {.source = source, .buffer = buffer, .found = found, .context = context};
    pw_sysctl_read_facts(source, buffer, &search.facts);
    find_broken_rules(&search);
    find_out_of_range(&search);
}
