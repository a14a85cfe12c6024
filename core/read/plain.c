/* SPDX-License-Identifier: MIT */
#include "read/plain.h"

/* So many digits, times 1024, stay below 2^63. */
#define SAFE_DIGITS 15

/* Where the reading is. Nothing is read at `end`. */
struct cursor {
    const char *at, *end;
};


static void skip_blanks(struct cursor *cursor) {
    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t')) {
        cursor->at++;
    }
}


/* Anything above a blank, up to a colon. */
static struct pw_slice take_key(struct cursor *cursor) {
    const char *start = cursor->at;
    while (cursor->at < cursor->end && (unsigned char)*cursor->at > ' ' && *cursor->at != ':') {
        cursor->at++;
    }
    return (struct pw_slice){start, (size_t)(cursor->at - start)};
}


static bool take_byte(struct cursor *cursor, char byte) {
    bool found = cursor->at < cursor->end && *cursor->at == byte;
    cursor->at += found;
    return found;
}


static bool take_digits(struct cursor *cursor, int64_t *value) {
    const char *start = cursor->at;
    int64_t sum = 0;
    while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9' &&
           cursor->at - start < SAFE_DIGITS) {
        sum = sum * 10 + (*cursor->at++ - '0');
    }
    *value = sum;
    return cursor->at > start;
}


static bool take_unit(struct cursor *cursor) {
    return take_byte(cursor, ' ') && take_byte(cursor, 'k') && take_byte(cursor, 'B');
}


bool pw_take_plain_line(struct pw_slice *rest, struct pw_plain_line *line) {
    struct cursor cursor = {rest->data, rest->data + rest->size};
    skip_blanks(&cursor);
    line->indent = (size_t)(cursor.at - rest->data);
    line->key = take_key(&cursor);
    line->colon = take_byte(&cursor, ':');
    const char *behind_key = cursor.at;
    skip_blanks(&cursor);
    if (line->key.size == 0 || (!line->colon && cursor.at == behind_key) ||
        !take_digits(&cursor, &line->value)) {
        return false;
    }
    if (!take_byte(&cursor, '\n')) {
        if (!take_unit(&cursor) || !take_byte(&cursor, '\n')) {
            return false;
        }
        line->value *= 1024;
    }
    *rest = (struct pw_slice){cursor.at, (size_t)(cursor.end - cursor.at)};
    return true;
}
