/* SPDX-License-Identifier: MIT */
#include "read/kernel_version.h"

/* Each part has 16 bits. */
#define GREATEST_PART 0xffff


/* Takes digits off the front of `text`; false when there are none. */
static bool take_part(struct pw_slice *text, int64_t *part) {
    size_t digits = 0;
    *part = 0;
    while (digits < text->size && text->data[digits] >= '0' && text->data[digits] <= '9') {
        *part = *part * 10 + (text->data[digits++] - '0');
        *part = *part < GREATEST_PART ? *part : GREATEST_PART;
    }
    *text = pw_slice_skip(*text, digits);
    return digits > 0;
}


static int64_t parse_release(struct pw_slice word) {
    int64_t parts[3] = {0};
    for (int i = 0; i < 3; i++) {
        if (!take_part(&word, &parts[i]) || word.size == 0 || word.data[0] != '.') {
            break;
        }
        word = pw_slice_skip(word, 1);
    }
    return PW_LINUX(parts[0], parts[1], parts[2]);
}


int64_t pw_parse_kernel_version(struct pw_slice text) {
    struct pw_slice line, word;
    if (!pw_take_line(&text, &line)) {
        return 0;
    }
    while (pw_take_word(&line, &word)) {
        int64_t version = parse_release(word);
        if (version) {
            return version;
        }
    }
    return 0;
}


int64_t pw_kernel_version(const struct pw_source *source, struct pw_buffer *buffer) {
    static const char *const files[] = {"proc/sys/kernel/osrelease", "proc/version"};
    int64_t version = 0;
    for (int i = 0; i < 2 && !version; i++) {
        if (pw_source_read(source, files[i], buffer) == 0) {
            version = pw_parse_kernel_version(pw_buffer_text(buffer));
        }
    }
    return version;
}
