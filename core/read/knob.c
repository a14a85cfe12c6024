/* SPDX-License-Identifier: MIT */
#include "read/knob.h"

#include "read/single.h"


static struct pw_slice without_newlines(struct pw_slice text) {
    text = pw_slice_trim(text);
    while (text.size > 0 && text.data[text.size - 1] == '\n') {
        text.size--;
        text = pw_slice_trim(text);
    }
    return text;
}


static bool parse_boolean(struct pw_slice word, bool *value) {
    *value = pw_slice_is(word, "true") || pw_slice_is(word, "Y");
    return *value || pw_slice_is(word, "false") || pw_slice_is(word, "N");
}


static bool parse_mask(struct pw_slice word, struct pw_number *number) {
    uint64_t mask;
    if (!pw_slice_starts(word, "0x") || !pw_parse_hexadecimal(pw_slice_skip(word, 2), &mask)) {
        return false;
    }
    bool clamped = mask > INT64_MAX;
    *number = (struct pw_number){.value = clamped ? INT64_MAX : (int64_t)mask, .clamped = clamped};
    return true;
}


static bool find_chosen(struct pw_slice choice, struct pw_slice *chosen) {
    struct pw_choice word;
    while (pw_next_choice(&choice, &word)) {
        if (word.chosen) {
            *chosen = word.word;
            return true;
        }
    }
    return false;
}


struct pw_knob pw_parse_knob(struct pw_slice text) {
    struct pw_knob knob = {.kind = PW_KNOB_TEXT, .text = without_newlines(text)};
    struct pw_slice whole = knob.text;
    if (pw_parse_number(whole, &knob.number) || parse_mask(whole, &knob.number)) {
        knob.kind = PW_KNOB_NUMBER;
    } else if (parse_boolean(whole, &knob.boolean)) {
        knob.kind = PW_KNOB_BOOLEAN;
    } else if (find_chosen(whole, &knob.text)) {
        knob.kind = PW_KNOB_CHOICE;
        knob.choice = whole;
    }
    return knob;
}
