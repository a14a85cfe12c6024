/* SPDX-License-Identifier: MIT */
#include "act/journal_header.h"

#include <stdio.h>
#include <string.h>

#define MAGIC "pagewarden-journal "


/* The boot's id; "-" in a tree that has none. */
static void read_boot_id(const struct pw_source *source, char id[64]) {
    struct pw_buffer buffer = {0};
    strcpy(id, "-");
    if (pw_source_read(source, "proc/sys/kernel/random/boot_id", &buffer) == 0) {
        struct pw_slice text = pw_buffer_text(&buffer), word;
        if (pw_take_line(&text, &word) && word.size > 0 && word.size < 64) {
            memcpy(id, word.data, word.size);
            id[word.size] = '\0';
        }
    }
    pw_buffer_free(&buffer);
}


struct pw_journal_header pw_journal_header_of(enum pw_journal_place place,
                                              const struct pw_source *source) {
    char boot_id[64] = "any";
    struct pw_journal_header header;
    if (place == PW_JOURNAL_RUN) {
        read_boot_id(source, boot_id);
    }
    snprintf(header.text, sizeof header.text, MAGIC "%d %s\n", PW_JOURNAL_VERSION, boot_id);
    return header;
}


enum pw_journal_found pw_journal_judge(enum pw_journal_place place, const struct pw_source *source,
                                       struct pw_slice line) {
    struct pw_journal_header expected = pw_journal_header_of(place, source);
    struct pw_slice word;
    struct pw_number version;
    if (!pw_slice_starts(line, MAGIC)) {
        return PW_JOURNAL_OTHER_VERSION;
    }
    line = pw_slice_skip(line, strlen(MAGIC));
    if (!pw_take_word(&line, &word) || !pw_parse_number(word, &version) ||
        version.value != PW_JOURNAL_VERSION) {
        return PW_JOURNAL_OTHER_VERSION;
    }
    const char *boot_id = strrchr(expected.text, ' ') + 1;
    struct pw_slice ours = {boot_id, strlen(boot_id) - 1};
    line = pw_slice_trim(line);
    bool same = line.size == ours.size && memcmp(line.data, ours.data, ours.size) == 0;
    return same ? PW_JOURNAL_READ : PW_JOURNAL_OTHER_BOOT;
}
