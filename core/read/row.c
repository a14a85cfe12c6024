/* SPDX-License-Identifier: MIT */
#include "read/row.h"

/* A run of as many digits stays below 2^63. */
#define SAFE_DIGITS 18


static bool ends_word(const char *at, const char *end) {
    return at == end || *at == ' ' || *at == '\n' || *at == '\t';
}


/* Most numbers of /proc are short and plain. Returns where the word ends, or NULL when it is
 * anything else. */
static const char *scan_plain(const char *at, const char *end, int64_t *value) {
    const char *start = at;
    int64_t sum = 0;
    for (; at < end && *at >= '0' && *at <= '9' && at - start < SAFE_DIGITS; at++) {
        sum = sum * 10 + (*at - '0');
    }
    *value = sum;
    return at > start && ends_word(at, end) ? at : NULL;
}


static const char *scan_word(const char *at, const char *end, int64_t *value, bool *present,
                             struct pw_flaws *flaws) {
    const char *start = at;
    while (!ends_word(at, end)) {
        at++;
    }
    struct pw_number number = {0};
    *present = pw_parse_number((struct pw_slice){start, (size_t)(at - start)}, &number);
    *value = number.value;
    flaws->skipped += !*present;
    pw_note_number(flaws, &number);
    return at;
}


uint64_t pw_parse_row(struct pw_slice *line, int64_t numbers[], int count, struct pw_flaws *flaws) {
    const char *at = line->data, *end = line->data + line->size;
    uint64_t found = 0;
    for (int i = 0; i < count; i++) {
        while (at < end && (*at == ' ' || *at == '\t')) {
            at++;
        }
        numbers[i] = 0;
        if (at == end || *at == '\n') {
            continue;
        }
        bool present = true;
        const char *next = scan_plain(at, end, &numbers[i]);
        at = next ? next : scan_word(at, end, &numbers[i], &present, flaws);
        found |= (uint64_t)present << i;
    }
    *line = (struct pw_slice){at, (size_t)(end - at)};
    return found;
}


int pw_row_length(uint64_t present) {
    return ~present ? __builtin_ctzll(~present) : PW_ROW_LIMIT;
}
