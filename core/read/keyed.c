/* SPDX-License-Identifier: MIT */
#include "read/keyed.h"

#include "read/plain.h"

/* One line of some grammar, as a key and the text of its value. */
typedef bool split_line(struct pw_slice line, struct pw_slice *key, struct pw_slice *value);


static bool split_at_colon(struct pw_slice line, struct pw_slice *key, struct pw_slice *value) {
    *value = line;
    return pw_take_until(value, ':', key) && key->size > 0;
}


static bool split_node_line(struct pw_slice line, struct pw_slice *key, struct pw_slice *value) {
    struct pw_slice node, id;
    return pw_take_word(&line, &node) && pw_slice_is(node, "Node") && pw_take_word(&line, &id) &&
           split_at_colon(pw_slice_trim(line), key, value);
}


static bool split_at_blank(struct pw_slice line, struct pw_slice *key, struct pw_slice *value) {
    *value = line;
    return pw_take_word(value, key);
}


bool pw_parse_value(struct pw_slice text, struct pw_number *number) {
    struct pw_slice word, unit;
    if (!pw_take_word(&text, &word) || !pw_parse_number(word, number)) {
        return false;
    }
    if (!pw_take_word(&text, &unit)) {
        return true;
    }
    pw_scale_number(number, 1024);
    return pw_slice_is(unit, "kB") && pw_slice_trim(text).size == 0;
}


static bool next_field(struct pw_slice *rest, split_line *split, struct pw_field *field,
                       struct pw_flaws *flaws) {
    struct pw_slice line, value;
    while (pw_take_line(rest, &line)) {
        line = pw_slice_trim(line);
        if (line.size == 0) {
            continue;
        }
        if (split(line, &field->key, &value) && pw_parse_value(value, &field->number)) {
            pw_note_number(flaws, &field->number);
            return true;
        }
        flaws->skipped++;
    }
    return false;
}


/* The usual line, in one pass. */
static bool take_plain_field(struct pw_slice *rest, bool colon, struct pw_field *field) {
    struct pw_slice before = *rest;
    struct pw_plain_line line;
    if (!pw_take_plain_line(rest, &line)) {
        return false;
    }
    if (line.colon != colon) {
        *rest = before;
        return false;
    }
    *field = (struct pw_field){line.key, {.value = line.value}};
    return true;
}


bool pw_next_colon_field(struct pw_slice *rest, struct pw_field *field, struct pw_flaws *flaws) {
    return take_plain_field(rest, true, field) || next_field(rest, split_at_colon, field, flaws);
}


bool pw_next_node_field(struct pw_slice *rest, struct pw_field *field, struct pw_flaws *flaws) {
    return next_field(rest, split_node_line, field, flaws);
}


bool pw_next_blank_field(struct pw_slice *rest, struct pw_field *field, struct pw_flaws *flaws) {
    return take_plain_field(rest, false, field) || next_field(rest, split_at_blank, field, flaws);
}
