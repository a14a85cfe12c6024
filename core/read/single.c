/* SPDX-License-Identifier: MIT */
#include "read/single.h"


bool pw_parse_single(struct pw_slice text, struct pw_number *number, struct pw_flaws *flaws) {
    struct pw_slice line;
    if (!pw_take_line(&text, &line) || !pw_parse_number(pw_slice_trim(line), number)) {
        flaws->skipped++;
        return false;
    }
    pw_note_number(flaws, number);
    while (pw_take_line(&text, &line)) {
        flaws->skipped += pw_slice_trim(line).size > 0;
    }
    return true;
}


bool pw_parse_single_decimal(struct pw_slice text, double *value) {
    struct pw_slice line, word;
    return pw_take_line(&text, &line) && pw_take_word(&line, &word) &&
           pw_parse_decimal(word, value);
}


static bool is_bracketed(struct pw_slice word) {
    return word.size >= 2 && word.data[0] == '[' && word.data[word.size - 1] == ']';
}


bool pw_next_choice(struct pw_slice *rest, struct pw_choice *choice) {
    struct pw_slice line = *rest;
    pw_take_line(rest, &line);
    if (!pw_take_word(&line, &choice->word)) {
        return false;
    }
    *rest = line;
    choice->chosen = is_bracketed(choice->word);
    if (choice->chosen) {
        choice->word = (struct pw_slice){choice->word.data + 1, choice->word.size - 2};
    }
    return true;
}


bool pw_next_argument(struct pw_slice *rest, struct pw_slice *argument) {
    if (rest->size == 0) {
        return false;
    }
    if (!pw_take_until(rest, '\0', argument)) {
        *argument = *rest;
        *rest = pw_slice_skip(*rest, rest->size);
    }
    return true;
}
