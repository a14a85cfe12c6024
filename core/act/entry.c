/* SPDX-License-Identifier: MIT */
#include "act/entry.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act/checksum.h"

/* Eight hexadecimal digits and a blank. */
#define CHECKSUM_BYTES 9

static const char *const lifetime_names[] = {"lease", "keep"};
static const char *const state_names[] = {"held", "writing", "undoing", "let-go", "closed"};

struct line {
    char *text;
    size_t size;
};


struct pw_entry *pw_entry_new(const char *key, const char *policy) {
    struct pw_entry *entry = calloc(1, sizeof *entry);
    if (!entry) {
        return NULL;
    }
    entry->key = strdup(key);
    entry->policy = strdup(policy);
    if (!entry->key || !entry->policy) {
        pw_entry_free(entry);
        return NULL;
    }
    return entry;
}


struct pw_entry *pw_entry_copy(const struct pw_entry *entry) {
    struct pw_entry *copy = pw_entry_new(entry->key, entry->policy);
    if (copy) {
        char *key = copy->key, *policy = copy->policy;
        *copy = *entry;
        copy->key = key;
        copy->policy = policy;
    }
    return copy;
}


void pw_entry_free(struct pw_entry *entry) {
    if (entry) {
        free(entry->key);
        free(entry->policy);
        free(entry);
    }
}


/* A blank, and everything that would end a field or a line, as \xNN. */
static void add(struct line *line, const char *name, const char *text) {
    line->size += (size_t)sprintf(line->text + line->size, " %s=", name);
    for (; *text; text++) {
        bool plain = *text > ' ' && *text < 0x7f && *text != '\\';
        line->size += (size_t)sprintf(line->text + line->size, plain ? "%c" : "\\x%02x",
                                      (unsigned char)*text);
    }
}


static void add_number(struct line *line, const char *name, int64_t number) {
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)number);
    add(line, name, text);
}


size_t pw_entry_write(const struct pw_entry *entry, char text[PW_ENTRY_LINE_BYTES]) {
    struct line line = {text, CHECKSUM_BYTES - 1};
    add_number(&line, "id", entry->id);
    add(&line, "state", state_names[entry->state]);
    add(&line, "lifetime", lifetime_names[entry->lifetime]);
    add(&line, "policy", entry->policy);
    add(&line, "key", entry->key);
    add(&line, "was", entry->original.text[0]);
    add(&line, "partner-was", entry->original.text[1]);
    add(&line, "last", entry->last.text[0]);
    add(&line, "partner-last", entry->last.text[1]);
    add(&line, "next", entry->next);
    add_number(&line, "target", entry->target);
    add_number(&line, "foreign", entry->foreign_writes);
    struct pw_slice body = {text + CHECKSUM_BYTES, line.size - CHECKSUM_BYTES};
    char sum[CHECKSUM_BYTES];
    snprintf(sum, sizeof sum, "%08x", pw_checksum(body));
    memcpy(text, sum, CHECKSUM_BYTES - 1);
    text[line.size++] = '\n';
    return line.size;
}


static int digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}


/* Undoes add(), into `out` with a NUL; false when it does not fit or makes no sense. */
static bool unescape(struct pw_slice text, char *out, size_t room) {
    while (text.size > 0 && room > 1) {
        char byte = text.data[0];
        size_t taken = 1;
        if (byte == '\\') {
            if (text.size < 4 || text.data[1] != 'x' || digit(text.data[2]) < 0 ||
                digit(text.data[3]) < 0) {
                return false;
            }
            byte = (char)(digit(text.data[2]) << 4 | digit(text.data[3]));
            taken = 4;
        }
        *out++ = byte;
        room--;
        text = pw_slice_skip(text, taken);
    }
    *out = '\0';
    return text.size == 0;
}


/* Takes the field of this name, which must be the next one. */
static bool take(struct pw_slice *rest, const char *name, char *out, size_t room) {
    struct pw_slice word, before;
    return pw_take_word(rest, &word) && pw_take_until(&word, '=', &before) &&
           pw_slice_is(before, name) && unescape(word, out, room);
}


static bool take_number(struct pw_slice *rest, const char *name, int64_t *value) {
    char text[24];
    struct pw_number number;
    if (!take(rest, name, text, sizeof text) || !pw_parse_number(pw_slice_of(text), &number)) {
        return false;
    }
    *value = number.value;
    return true;
}


static bool take_choice(struct pw_slice *rest, const char *name, const char *const names[],
                        int count, int *choice) {
    char text[16];
    if (!take(rest, name, text, sizeof text)) {
        return false;
    }
    for (*choice = 0; *choice < count && strcmp(text, names[*choice]) != 0; ++*choice) {
    }
    return *choice < count;
}


static bool take_values(struct pw_slice *rest, struct pw_entry *entry) {
    return take(rest, "was", entry->original.text[0], PW_VALUE_BYTES) &&
           take(rest, "partner-was", entry->original.text[1], PW_VALUE_BYTES) &&
           take(rest, "last", entry->last.text[0], PW_VALUE_BYTES) &&
           take(rest, "partner-last", entry->last.text[1], PW_VALUE_BYTES) &&
           take(rest, "next", entry->next, PW_VALUE_BYTES);
}


static struct pw_entry *read_fields(struct pw_slice rest) {
    int64_t id, target, foreign_writes;
    int state, lifetime;
    char policy[NAME_MAX + 1], key[PW_KEY_BYTES];
    if (!take_number(&rest, "id", &id) || !take_choice(&rest, "state", state_names, 5, &state) ||
        !take_choice(&rest, "lifetime", lifetime_names, 2, &lifetime) ||
        !take(&rest, "policy", policy, sizeof policy) || !take(&rest, "key", key, sizeof key)) {
        return NULL;
    }
    struct pw_entry *entry = pw_entry_new(key, policy);
    if (!entry || !take_values(&rest, entry) || !take_number(&rest, "target", &target) ||
        !take_number(&rest, "foreign", &foreign_writes) || target < 0 || target > 1) {
        pw_entry_free(entry);
        return NULL;
    }
    entry->id = id;
    entry->state = (enum pw_entry_state)state;
    entry->lifetime = (enum pw_lifetime)lifetime;
    entry->target = (int)target;
    entry->foreign_writes = (int)foreign_writes;
    return entry;
}


struct pw_entry *pw_entry_read(struct pw_slice line) {
    struct pw_slice sum = {line.data, CHECKSUM_BYTES - 1};
    uint64_t checksum;
    if (line.size < CHECKSUM_BYTES || line.data[CHECKSUM_BYTES - 1] != ' ' ||
        !pw_parse_hexadecimal(sum, &checksum)) {
        return NULL;
    }
    struct pw_slice body = pw_slice_skip(line, CHECKSUM_BYTES);
    return checksum == pw_checksum(body) ? read_fields(body) : NULL;
}
