/* SPDX-License-Identifier: MIT */
#include "read/swaps.h"

#include <string.h>

/* " (deleted)", its blank escaped like those of the name. */
static const char deleted_suffix[] = "\\040(deleted)";


static bool take_number(struct pw_slice *line, struct pw_number *number) {
    struct pw_slice word;
    return pw_take_word(line, &word) && pw_parse_number(word, number);
}


static bool is_deleted(struct pw_slice filename) {
    size_t size = sizeof deleted_suffix - 1;
    return filename.size > size &&
           memcmp(filename.data + filename.size - size, deleted_suffix, size) == 0;
}


static bool parse_area(struct pw_slice line, struct pw_swap_area *area, struct pw_flaws *flaws) {
    struct pw_number size, used, priority;
    if (!pw_take_word(&line, &area->filename) || !pw_take_word(&line, &area->type) ||
        !take_number(&line, &size) || !take_number(&line, &used) ||
        !take_number(&line, &priority)) {
        return false;
    }
    pw_scale_number(&size, 1024);
    pw_scale_number(&used, 1024);
    pw_note_number(flaws, &size);
    pw_note_number(flaws, &used);
    area->size_bytes = size.value;
    area->used_bytes = used.value;
    area->priority = priority.value;
    area->deleted = is_deleted(area->filename);
    return true;
}


bool pw_next_swap_area(struct pw_slice *rest, struct pw_swap_area *area, struct pw_flaws *flaws) {
    struct pw_slice line;
    while (pw_take_line(rest, &line)) {
        if (pw_slice_starts(line, "Filename")) {
            continue;
        }
        if (parse_area(line, area, flaws)) {
            return true;
        }
        flaws->skipped++;
    }
    return false;
}


size_t pw_swap_filename(const struct pw_swap_area *area, char *out, size_t room) {
    struct pw_slice name = area->filename;
    if (area->deleted) {
        name.size -= sizeof deleted_suffix - 1;
    }
    return pw_unescape_octal(name, " \t\n\\", out, room);
}
