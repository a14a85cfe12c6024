/* SPDX-License-Identifier: MIT */
#include "act/swap_state.h"

#include <stdio.h>
#include <string.h>

static const char *const place_names[] = {"absent", "other", "off", "on"};
static const char *const discard_names[] = {NULL, "once", "pages", "both"};


const char *pw_swap_discard_name(enum pw_swap_discard discard) {
    return discard_names[discard];
}


enum pw_swap_discard pw_swap_discard_of(struct pw_slice name) {
    int discard = PW_SWAP_DISCARD_BOTH;
    while (discard > PW_SWAP_NO_DISCARD && !pw_slice_is(name, discard_names[discard])) {
        discard--;
    }
    return (enum pw_swap_discard)discard;
}


static bool parse_place(struct pw_slice word, enum pw_swap_place *place) {
    for (int i = PW_SWAP_ABSENT; i <= PW_SWAP_ON; i++) {
        if (pw_slice_is(word, place_names[i])) {
            *place = (enum pw_swap_place)i;
            return true;
        }
    }
    return false;
}


static bool parse_label(struct pw_slice text, char label[PW_SWAP_LABEL_BYTES + 1]) {
    size_t size = 0;
    while (text.size > 0 && size < PW_SWAP_LABEL_BYTES) {
        bool escaped = text.data[0] == '%';
        uint64_t byte = (unsigned char)text.data[0];
        struct pw_slice digits = {text.data + 1, 2};
        if (escaped && (text.size < 3 || !pw_parse_hexadecimal(digits, &byte))) {
            return false;
        }
        label[size++] = (char)byte;
        text = pw_slice_skip(text, escaped ? 3 : 1);
    }
    label[size] = '\0';
    return text.size == 0;
}


static bool parse_number(struct pw_slice text, int64_t most, int64_t *value) {
    struct pw_number number;
    if (!pw_parse_number(text, &number) || number.value < 0 || number.value > most) {
        return false;
    }
    *value = number.value;
    return true;
}


static bool parse_priority(struct pw_slice text, int *priority) {
    int64_t value;
    if (!parse_number(text, PW_SWAP_MOST_PRIORITY, &value)) {
        return false;
    }
    *priority = (int)value;
    return true;
}


static bool parse_detail(struct pw_slice word, struct pw_swap_state *state) {
    struct pw_slice name;
    if (!pw_take_until(&word, '=', &name)) {
        return false;
    }
    if (pw_slice_is(name, "priority")) {
        return parse_priority(word, &state->priority);
    }
    if (pw_slice_is(name, "discard")) {
        state->discard = pw_swap_discard_of(word);
        return state->discard != PW_SWAP_NO_DISCARD;
    }
    if (pw_slice_is(name, "size")) {
        return parse_number(word, INT64_MAX, &state->size_bytes);
    }
    if (pw_slice_is(name, "uuid")) {
        return pw_uuid_parse(word, &state->uuid);
    }
    return pw_slice_is(name, "label") && parse_label(word, state->label);
}


bool pw_swap_state_parse(struct pw_slice text, struct pw_swap_state *state) {
    struct pw_slice word;
    *state = (struct pw_swap_state){.priority = PW_SWAP_ANY_PRIORITY};
    if (!pw_take_word(&text, &word) || !parse_place(word, &state->place)) {
        return false;
    }
    while (pw_take_word(&text, &word)) {
        if (!parse_detail(word, state)) {
            return false;
        }
    }
    return true;
}


/* Whatever would end a word, or begin an escape, as %XX. */
static char *format_label(const char *label, char *out) {
    out = stpcpy(out, " label=");
    for (; *label; label++) {
        bool plain = *label > ' ' && *label < 0x7f && *label != '%';
        out += sprintf(out, plain ? "%c" : "%%%02x", (unsigned char)*label);
    }
    return out;
}


void pw_swap_state_format(const struct pw_swap_state *state, char text[PW_SWAP_STATE_BYTES]) {
    char *out = stpcpy(text, place_names[state->place]);
    if (state->place == PW_SWAP_ON && state->priority != PW_SWAP_ANY_PRIORITY) {
        out += sprintf(out, " priority=%d", state->priority);
    }
    if (state->place == PW_SWAP_ON && state->discard) {
        out += sprintf(out, " discard=%s", discard_names[state->discard]);
    }
    if (state->size_bytes > 0) {
        out += sprintf(out, " size=%lld", (long long)state->size_bytes);
    }
    if (!pw_uuid_is_nil(&state->uuid)) {
        out = stpcpy(out, " uuid=");
        pw_uuid_format(&state->uuid, out);
        out += PW_UUID_TEXT_BYTES - 1;
    }
    if (state->place == PW_SWAP_OFF && state->label[0]) {
        format_label(state->label, out);
    }
}


/* What is not known may be anything. */
static bool is_same_area(const struct pw_swap_state *state, const struct pw_swap_state *other) {
    return pw_uuid_is_nil(&state->uuid) || pw_uuid_is_nil(&other->uuid) ||
           memcmp(&state->uuid, &other->uuid, sizeof state->uuid) == 0;
}


bool pw_swap_state_same(const struct pw_swap_state *state, const struct pw_swap_state *other) {
    bool same_priority = state->place != PW_SWAP_ON || state->priority == other->priority;
    return state->place == other->place && same_priority && is_same_area(state, other);
}


bool pw_swap_state_is_of(const struct pw_swap_state *state, const struct pw_swap_state *other) {
    bool areas = state->place >= PW_SWAP_OFF && other->place >= PW_SWAP_OFF;
    return areas && !pw_uuid_is_nil(&state->uuid) &&
           memcmp(&state->uuid, &other->uuid, sizeof state->uuid) == 0;
}
