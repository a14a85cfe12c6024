/* SPDX-License-Identifier: MIT */
#include "read/release.h"

/* No part of a release is larger, and PW_RELEASE() has no room for it. */
#define PART_LIMIT 999


static bool take_digits(struct pw_slice *rest, int *value) {
    size_t size = 0;
    *value = 0;
    while (size < rest->size && rest->data[size] >= '0' && rest->data[size] <= '9') {
        *value = *value * 10 + (rest->data[size++] - '0');
        if (*value > PART_LIMIT) {
            return false;
        }
    }
    *rest = pw_slice_skip(*rest, size);
    return size > 0;
}


static bool take_dot(struct pw_slice *rest) {
    bool found = pw_slice_starts(*rest, ".");
    *rest = pw_slice_skip(*rest, found);
    return found;
}


int pw_parse_release(struct pw_slice text) {
    int major, minor, patch = 0;
    if (!take_digits(&text, &major) || !take_dot(&text) || !take_digits(&text, &minor)) {
        return 0;
    }
    if (take_dot(&text) && !take_digits(&text, &patch)) {
        patch = 0;
    }
    return PW_RELEASE(major, minor, patch);
}


int pw_release_of(const struct pw_source *source, struct pw_buffer *buffer) {
    int error = pw_source_read(source, "proc/sys/kernel/osrelease", buffer);
    return error ? 0 : pw_parse_release(pw_buffer_text(buffer));
}
