/* SPDX-License-Identifier: MIT */
#include "act/tunable_check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "act/kernel.h"
#include "read/kernel_version.h"


/* What is written, and where it is said why not. */
struct trial {
    const struct pw_source *source;
    struct pw_buffer *buffer;
    const char *value;
    const struct pw_tunable *tunable;
    struct pw_act_outcome *outcome;
};


/* The kernel takes a leading 0 for an octal number (kernel/sysctl.c, proc_get_long()). */
static bool is_octal(struct pw_slice word) {
    struct pw_slice digits = pw_slice_skip(word, pw_slice_starts(word, "-"));
    return digits.size > 1 && digits.data[0] == '0';
}


static bool parse_word(const struct trial *trial, struct pw_slice word, struct pw_number *number) {
    if (pw_parse_number(word, number) && !number->unlimited && !is_octal(word)) {
        return true;
    }
    pw_refuse(trial->outcome, EINVAL, "'%.*s' is not a decimal number", (int)word.size, word.data);
    return false;
}


/* "0 to 200", "at least 8192"; in the words of the kernel that it is. */
static void describe_range(int64_t min, int64_t max, char *text, size_t room) {
    if (max == PW_ABSENT) {
        snprintf(text, room, "at least %" PRId64, min);
    } else if (min == PW_ABSENT) {
        snprintf(text, room, "at most %" PRId64, max);
    } else {
        snprintf(text, room, "%" PRId64 " to %" PRId64, min, max);
    }
}


static void refuse_range(const struct trial *trial, int64_t value, int64_t min, int64_t max) {
    char range[64];
    bool off = value == 0 && trial->tunable->partner;
    describe_range(min, max, range, sizeof range);
    pw_refuse(trial->outcome, EINVAL, "%" PRId64 " is out of range: %s on this kernel%s%s", value,
              range, off ? "; to turn it off set " : "", off ? trial->tunable->partner : "");
}


static bool is_in_range(const struct trial *trial, const struct pw_era *era,
                        const struct pw_number *number) {
    int64_t min = pw_tunable_min(trial->tunable, era, trial->source->page_size_bytes);
    int64_t value = number->value;
    if (min == PW_ABSENT && value < 0) {
        pw_refuse(trial->outcome, EINVAL, "a negative number means nothing here");
        return false;
    }
    if ((min != PW_ABSENT && value < min) || (era->max != PW_ABSENT && value > era->max)) {
        refuse_range(trial, value, min, era->max);
        return false;
    }
    return true;
}


/* The version is only asked for where it makes a difference. */
static const struct pw_era *era_of(const struct trial *trial) {
    bool differs = trial->tunable->eras[1].since != 0;
    int64_t version = differs ? pw_kernel_version(trial->source, trial->buffer) : 0;
    return pw_tunable_era(trial->tunable, version);
}


/* How many numbers there are; -1 when one was refused. */
static int check_words(const struct trial *trial) {
    struct pw_slice rest = pw_slice_of(trial->value), word;
    const struct pw_era *era = era_of(trial);
    int count = 0;
    while (pw_take_word(&rest, &word)) {
        struct pw_number number;
        if (!parse_word(trial, word, &number) || !is_in_range(trial, era, &number)) {
            return -1;
        }
        count++;
    }
    return count;
}


bool pw_tunable_check(const struct pw_tunable *tunable, const struct pw_source *source,
                      struct pw_buffer *buffer, const char *value, struct pw_act_outcome *outcome) {
    struct trial trial = {source, buffer, value, tunable, outcome};
    if (tunable->kind == PW_TUNABLE_WORD) {
        return true;
    }
    int count = check_words(&trial);
    bool fits = count == 1 || (count > 1 && tunable->kind == PW_TUNABLE_LIST);
    if (count >= 0 && !fits) {
        pw_refuse(outcome, EINVAL, "it takes one number");
    }
    return fits;
}
