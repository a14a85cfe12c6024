/* SPDX-License-Identifier: MIT */
#include "read/cgroup.h"

#include <string.h>


static bool split_membership(struct pw_slice line, struct pw_membership *membership) {
    struct pw_slice id;
    struct pw_number number;
    if (!pw_take_until(&line, ':', &id) || !pw_take_until(&line, ':', &membership->controllers) ||
        !pw_parse_number(id, &number) || line.size == 0) {
        return false;
    }
    membership->id = number.value;
    membership->path = line;
    return true;
}


bool pw_next_membership(struct pw_slice *rest, struct pw_membership *membership,
                        struct pw_flaws *flaws) {
    struct pw_slice line;
    while (pw_take_line(rest, &line)) {
        if (split_membership(line, membership)) {
            return true;
        }
        flaws->skipped++;
    }
    return false;
}


bool pw_next_controller(struct pw_slice *controllers, struct pw_slice *controller) {
    if (controllers->size == 0) {
        return false;
    }
    if (!pw_take_until(controllers, ',', controller)) {
        *controller = *controllers;
        *controllers = pw_slice_skip(*controllers, controllers->size);
    }
    return true;
}


static bool ends_with(struct pw_slice text, const char *end) {
    size_t size = strlen(end);
    return text.size > size && memcmp(text.data + text.size - size, end, size) == 0;
}


struct pw_slice pw_unit_of_path(struct pw_slice path) {
    struct pw_slice part = {0};
    do {
        path = pw_slice_skip(path, path.size > 0 && path.data[0] == '/');
        if (!pw_take_until(&path, '/', &part)) {
            part = path;
            path = pw_slice_skip(path, path.size);
        }
    } while (ends_with(part, ".slice"));
    part = pw_slice_skip(part, pw_slice_starts(part, "_")); /* what might clash is escaped so */
    return ends_with(part, ".service") || ends_with(part, ".scope")
               ? part
               : pw_slice_skip(part, part.size);
}


bool pw_cgroup_is_within(struct pw_slice path, struct pw_slice group) {
    while (group.size > 0 && group.data[group.size - 1] == '/') {
        group.size--;
    }
    return path.size >= group.size &&
           (group.size == 0 || memcmp(path.data, group.data, group.size) == 0) &&
           (path.size == group.size || path.data[group.size] == '/');
}


/* "N0=123". */
static bool parse_numa_value(struct pw_slice word, struct pw_numa_value *value) {
    struct pw_slice node;
    struct pw_number id;
    if (!pw_take_until(&word, '=', &node) || !pw_slice_starts(node, "N") ||
        !pw_parse_number(pw_slice_skip(node, 1), &id) || !pw_parse_number(word, &value->number)) {
        return false;
    }
    value->node = id.value;
    return true;
}


/* "anon" or "total=123". */
static bool parse_numa_key(struct pw_slice word, struct pw_numa_line *line) {
    line->key = word;
    line->has_total = pw_take_until(&word, '=', &line->key);
    return line->key.size > 0 && (!line->has_total || pw_parse_number(word, &line->total));
}


static bool split_numa_line(struct pw_slice text, struct pw_numa_line *line) {
    struct pw_slice word;
    if (!pw_take_word(&text, &word) || !parse_numa_key(word, line)) {
        return false;
    }
    line->nodes = text;
    struct pw_numa_value first;
    return pw_take_word(&text, &word) && parse_numa_value(word, &first);
}


bool pw_next_numa_line(struct pw_slice *rest, struct pw_numa_line *line, struct pw_flaws *flaws) {
    struct pw_slice text;
    while (pw_take_line(rest, &text)) {
        if (split_numa_line(text, line)) {
            if (line->has_total) {
                pw_note_number(flaws, &line->total);
            }
            return true;
        }
        flaws->skipped++;
    }
    return false;
}


bool pw_next_numa_value(struct pw_slice *nodes, struct pw_numa_value *value,
                        struct pw_flaws *flaws) {
    struct pw_slice word;
    while (pw_take_word(nodes, &word)) {
        if (parse_numa_value(word, value)) {
            pw_note_number(flaws, &value->number);
            return true;
        }
        flaws->skipped++;
    }
    return false;
}
