/* SPDX-License-Identifier: MIT */
#include "act/mm.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "act/kernel.h"
#include "act/tunable_check.h"
#include "read/keyed.h"
#include "read/knob.h"
#include "read/single.h"

#define THP "transparent_hugepage"

/* Most of the bytes of a choice that a message repeats. */
#define SHOWN_BYTES 96


/* No part of a path may be empty, "." or "..". */
static bool is_plain(struct pw_slice part) {
    return part.size > 0 && !pw_slice_is(part, ".") && !pw_slice_is(part, "..");
}


static bool has_plain_parts(struct pw_slice name) {
    struct pw_slice part;
    while (pw_take_until(&name, '/', &part)) {
        if (!is_plain(part)) {
            return false;
        }
    }
    return is_plain(name);
}


/* DAMON's tree is requests, and page_idle a bitmap of all pages; zram devices are set up in steps,
 * and are not here at all. */
static bool is_of_setting(struct pw_slice name) {
    return has_plain_parts(name) && !memchr(name.data, '\0', name.size) &&
           !memchr(name.data, '\n', name.size) && !pw_slice_starts(name, "damon/") &&
           !pw_slice_starts(name, "page_idle/") && !pw_slice_starts(name, "zram");
}


bool pw_mm_path(const struct pw_source *source, struct pw_slice name, char *out, size_t room) {
    if (!is_of_setting(name)) {
        return false;
    }
    bool zswap = pw_slice_starts(name, "zswap/");
    bool red_hat = pw_slice_starts(name, THP "/") && !pw_source_has(source, PW_MM_FOLDER "/" THP) &&
                   pw_source_has(source, PW_MM_FOLDER "/redhat_" THP);
    struct pw_slice rest = pw_slice_skip(name, zswap ? strlen("zswap/") : 0);
    int size = snprintf(out, room, "%s/%s%.*s", zswap ? PW_ZSWAP_FOLDER : PW_MM_FOLDER,
                        red_hat ? "redhat_" : "", (int)rest.size, rest.data);
    return size >= 0 && (size_t)size < room;
}


static int print(char out[PW_VALUE_BYTES], struct pw_slice text) {
    if (text.size >= PW_VALUE_BYTES || memchr(text.data, '\n', text.size) ||
        memchr(text.data, '\0', text.size)) {
        return -E2BIG;
    }
    memcpy(out, text.data, text.size);
    out[text.size] = '\0';
    return 0;
}


/* A number that is larger than ours can be stays as it is written. */
int pw_mm_value(struct pw_slice text, char out[PW_VALUE_BYTES]) {
    struct pw_knob knob = pw_parse_knob(text);
    if (knob.kind == PW_KNOB_BOOLEAN) {
        return print(out, pw_slice_of(knob.boolean ? "1" : "0"));
    }
    if (knob.kind == PW_KNOB_NUMBER && !knob.number.clamped && !knob.number.unlimited) {
        snprintf(out, PW_VALUE_BYTES, "%" PRId64, knob.number.value);
        return 0;
    }
    return print(out, knob.text);
}


/* "always [madvise] never" with the brackets around the value. */
static int show_choice(struct pw_slice choice, const char *value, char out[PW_VALUE_BYTES]) {
    struct pw_choice word;
    bool found = false;
    size_t size = 0;
    while (pw_next_choice(&choice, &word)) {
        bool chosen = pw_slice_is(word.word, value);
        found = found || chosen;
        size += (size_t)snprintf(out + size, PW_VALUE_BYTES - size, "%s%s%.*s%s", size ? " " : "",
                                 chosen ? "[" : "", (int)word.word.size, word.word.data,
                                 chosen ? "]" : "");
        if (size >= PW_VALUE_BYTES) {
            return -E2BIG;
        }
    }
    return found ? 0 : -EINVAL;
}


int pw_mm_show(struct pw_slice text, const char *value, char out[PW_VALUE_BYTES]) {
    struct pw_knob knob = pw_parse_knob(text);
    struct pw_number number;
    if (knob.kind == PW_KNOB_CHOICE) {
        return show_choice(knob.choice, value, out);
    }
    if (knob.kind == PW_KNOB_BOOLEAN) {
        bool lower = knob.text.size > 1;
        bool on = strcmp(value, "1") == 0;
        return print(out, pw_slice_of(lower ? (on ? "true" : "false") : (on ? "Y" : "N")));
    }
    if (pw_slice_starts(knob.text, "0x") && pw_parse_number(pw_slice_of(value), &number)) {
        snprintf(out, PW_VALUE_BYTES, "0x%0*" PRIx64, (int)knob.text.size - 2,
                 (uint64_t)number.value);
        return 0;
    }
    return print(out, pw_slice_of(value));
}


static bool check_choice(struct pw_slice choice, const char *value,
                         struct pw_act_outcome *outcome) {
    char shown[PW_VALUE_BYTES];
    int size = choice.size < SHOWN_BYTES ? (int)choice.size : SHOWN_BYTES;
    if (show_choice(choice, value, shown) != -EINVAL) {
        return true;
    }
    pw_refuse(outcome, EINVAL, "'%s' is none of the words there are: %.*s", value, size,
              choice.data);
    return false;
}


/* PW_ABSENT before 3.14. */
static int64_t read_available(const struct pw_source *source, struct pw_buffer *buffer) {
    struct pw_field field;
    struct pw_flaws flaws = {0};
    if (pw_source_read(source, "proc/meminfo", buffer)) {
        return PW_ABSENT;
    }
    struct pw_slice rest = pw_buffer_text(buffer);
    while (pw_next_colon_field(&rest, &field, &flaws)) {
        if (pw_slice_is(field.key, "MemAvailable")) {
            return field.number.value;
        }
    }
    return PW_ABSENT;
}


/* A machine that has merged pages needs memory to take them apart (mm/ksm.c, unmerge). */
static bool check_unmerging(const struct pw_source *source, struct pw_buffer *buffer,
                            struct pw_act_outcome *outcome) {
    struct pw_number pages = {0};
    struct pw_flaws flaws = {0};
    if (pw_source_read(source, PW_MM_FOLDER "/ksm/pages_sharing", buffer) == 0) {
        pw_parse_single(pw_buffer_text(buffer), &pages, &flaws);
    }
    int64_t wanted = pages.value * source->page_size_bytes;
    int64_t available = read_available(source, buffer);
    if (available == PW_ABSENT || wanted <= available) {
        return true;
    }
    pw_refuse(outcome, EPERM,
              "2 is refused: to take merged pages apart needs %" PRId64 " MiB, and %" PRId64
              " MiB are available (dangerous = true insists)",
              wanted >> 20, available >> 20);
    return false;
}


bool pw_mm_check(const struct pw_source *source, struct pw_buffer *buffer, const struct pw_act *act,
                 struct pw_act_outcome *outcome) {
    const char *name = strchr(act->setting->key, ' ') + 1;
    const struct pw_tunable *tunable = pw_tunable_find(pw_mm_tunables, pw_slice_of(name));
    if (act->dangerous) {
        return true;
    }
    if (pw_source_read(source, act->setting->paths[0], buffer) == 0) {
        struct pw_knob knob = pw_parse_knob(pw_buffer_text(buffer));
        if (knob.kind == PW_KNOB_CHOICE && !check_choice(knob.choice, act->value, outcome)) {
            return false;
        }
    }
    if (tunable && !pw_tunable_check(tunable, source, buffer, act->value, outcome)) {
        return false;
    }
    bool unmerges = strcmp(name, "ksm/run") == 0 && strcmp(act->value, "2") == 0;
    return !unmerges || check_unmerging(source, buffer, outcome);
}
