/* SPDX-License-Identifier: MIT */
#include "read/search.h"

#include <string.h>


static bool find(struct pw_slice text, const char *mark, bool last, struct pw_slice *rest) {
    size_t size = strlen(mark);
    bool found = false;
    for (size_t at = 0; at + size <= text.size && (last || !found); at++) {
        if (memcmp(text.data + at, mark, size) == 0) {
            *rest = pw_slice_skip(text, at + size);
            found = true;
        }
    }
    return found;
}


bool pw_find_first(struct pw_slice text, const char *mark, struct pw_slice *rest) {
    return find(text, mark, false, rest);
}


bool pw_find_last(struct pw_slice text, const char *mark, struct pw_slice *rest) {
    return find(text, mark, true, rest);
}


struct pw_slice pw_before(struct pw_slice text, struct pw_slice rest, const char *mark) {
    return (struct pw_slice){text.data, text.size - rest.size - strlen(mark)};
}


struct pw_slice pw_between(struct pw_slice text, const char *from, const char *to) {
    struct pw_slice start, rest;
    if (!pw_find_first(text, from, &start) || !pw_find_first(start, to, &rest)) {
        return (struct pw_slice){text.data, 0};
    }
    return pw_before(start, rest, to);
}


bool pw_take_prefix(struct pw_slice *text, const char *prefix) {
    if (!pw_slice_starts(*text, prefix)) {
        return false;
    }
    *text = pw_slice_skip(*text, strlen(prefix));
    return true;
}


struct pw_slice pw_without_suffix(struct pw_slice text, const char *suffix) {
    size_t size = strlen(suffix);
    bool ends = text.size >= size && memcmp(text.data + text.size - size, suffix, size) == 0;
    return (struct pw_slice){text.data, ends ? text.size - size : text.size};
}


bool pw_take_number(struct pw_slice *text, int64_t *value) {
    size_t size = text->size > 0 && text->data[0] == '-';
    while (size < text->size && text->data[size] >= '0' && text->data[size] <= '9') {
        size++;
    }
    struct pw_number number;
    if (!pw_parse_number((struct pw_slice){text->data, size}, &number)) {
        return false;
    }
    *value = number.value;
    *text = pw_slice_skip(*text, size);
    return true;
}
