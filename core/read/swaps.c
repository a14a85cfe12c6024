/* SPDX-License-Identifier: MIT */
#include "read/swaps.h"

#include <limits.h>
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


/* Its path as a string; false for one that was removed or is too long. */
static bool read_path(const struct pw_swap_area *area, char path[PATH_MAX]) {
    size_t size = area->deleted ? 0 : pw_swap_filename(area, path, PATH_MAX);
    if (size == 0 || size == PATH_MAX) {
        return false;
    }
    path[size] = '\0';
    return true;
}


bool pw_find_swap_area(struct pw_slice text, const char *path, struct pw_swap_area *area) {
    char name[PATH_MAX];
    struct pw_flaws flaws = {0};
    while (pw_next_swap_area(&text, area, &flaws)) {
        if (read_path(area, name) && strcmp(name, path) == 0) {
            return true;
        }
    }
    return false;
}


static bool has_last(const struct pw_swap_area *area, const char *last) {
    char path[PATH_MAX];
    const char *slash =
        pw_slice_is(area->type, "file") && read_path(area, path) ? strrchr(path, '/') : NULL;
    return slash && strcmp(slash + 1, last) == 0;
}


bool pw_find_swap_area_below(struct pw_slice text, const char *last, int64_t size_bytes,
                             struct pw_swap_area *area) {
    struct pw_swap_area other;
    struct pw_flaws flaws = {0};
    bool found = false;
    while (pw_next_swap_area(&text, &other, &flaws)) {
        bool better = !found || other.size_bytes > area->size_bytes;
        if (other.size_bytes < size_bytes && better && has_last(&other, last)) {
            *area = other;
            found = true;
        }
    }
    return found;
}
