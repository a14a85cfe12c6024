/* SPDX-License-Identifier: MIT */
#include "read/fstab.h"

#include <limits.h>
#include <string.h>

/* What ends a field or a line, or begins an escape. */
#define ESCAPABLE " \t\n\r\\"

#define BETWEEN " none swap "
#define BEHIND " 0 0"


static bool parse(struct pw_slice whole, struct pw_fstab_line *line) {
    struct pw_slice rest = whole, where, type;
    bool comment = pw_slice_starts(pw_slice_trim(whole), "#");
    if (comment || !pw_take_word(&rest, &line->device) || !pw_take_word(&rest, &where) ||
        !pw_take_word(&rest, &type) || !pw_slice_is(type, "swap")) {
        return false;
    }
    line->whole = whole;
    if (!pw_take_word(&rest, &line->options)) {
        line->options = pw_slice_of("");
    }
    return true;
}


bool pw_next_fstab_swap(struct pw_slice *rest, struct pw_fstab_line *line) {
    struct pw_slice whole;
    while (pw_take_line(rest, &whole)) {
        if (parse(whole, line)) {
            return true;
        }
    }
    return false;
}


bool pw_fstab_is_of(const struct pw_fstab_line *line, const char *path) {
    char name[PATH_MAX];
    size_t size = pw_unescape_octal(line->device, ESCAPABLE, name, sizeof name);
    return pw_slice_is((struct pw_slice){name, size}, path);
}


size_t pw_fstab_write(const char *path, const char *options, char *out, size_t room) {
    size_t device = pw_escape_octal(pw_slice_of(path), ESCAPABLE, NULL, 0);
    size_t size = device + strlen(BETWEEN) + strlen(options) + strlen(BEHIND);
    if (size < room) {
        pw_escape_octal(pw_slice_of(path), ESCAPABLE, out, room);
        stpcpy(stpcpy(stpcpy(out + device, BETWEEN), options), BEHIND);
    }
    return size;
}
