/* SPDX-License-Identifier: MIT */
#include "read/zone.h"


static struct pw_slice without_comma(struct pw_slice word) {
    bool comma = word.size > 0 && word.data[word.size - 1] == ',';
    return (struct pw_slice){word.data, word.size - comma};
}


static bool take_literal(struct pw_slice *line, const char *literal) {
    struct pw_slice word;
    return pw_take_word(line, &word) && pw_slice_is(word, literal);
}


bool pw_take_zone(struct pw_slice *line, int64_t *node, struct pw_slice *name) {
    struct pw_slice id;
    struct pw_number number;
    if (!take_literal(line, "Node") || !pw_take_word(line, &id) ||
        !pw_parse_number(without_comma(id), &number) || !take_literal(line, "zone") ||
        !pw_take_word(line, name)) {
        return false;
    }
    *node = number.value;
    *name = without_comma(*name);
    return name->size > 0;
}
