/* SPDX-License-Identifier: MIT */
#include "read/text.h"

#include <string.h>


static bool is_blank(char c) {
    return (unsigned char)c <= ' ' && (c == ' ' || c == '\t' || c == '\r' || c == '\0');
}


static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}


struct pw_slice pw_slice_of(const char *string) {
    return (struct pw_slice){string, strlen(string)};
}


bool pw_slice_is(struct pw_slice slice, const char *string) {
    size_t size = strlen(string);
    return slice.size == size && memcmp(slice.data, string, size) == 0;
}


bool pw_slice_starts(struct pw_slice slice, const char *prefix) {
    size_t size = strlen(prefix);
    return slice.size >= size && memcmp(slice.data, prefix, size) == 0;
}


struct pw_slice pw_slice_trim(struct pw_slice slice) {
    while (slice.size > 0 && is_blank(slice.data[0])) {
        slice.data++;
        slice.size--;
    }
    while (slice.size > 0 && is_blank(slice.data[slice.size - 1])) {
        slice.size--;
    }
    return slice;
}


struct pw_slice pw_slice_skip(struct pw_slice slice, size_t count) {
    if (count > slice.size) {
        count = slice.size;
    }
    return (struct pw_slice){slice.data + count, slice.size - count};
}


bool pw_take_line(struct pw_slice *rest, struct pw_slice *line) {
    if (rest->size == 0) {
        return false;
    }
    const char *newline = memchr(rest->data, '\n', rest->size);
    size_t size = newline ? (size_t)(newline - rest->data) : rest->size;
    *line = (struct pw_slice){rest->data, size};
    *rest = pw_slice_skip(*rest, newline ? size + 1 : size);
    return true;
}


bool pw_take_word(struct pw_slice *rest, struct pw_slice *word) {
    size_t start = 0;
    while (start < rest->size && is_blank(rest->data[start])) {
        start++;
    }
    size_t end = start;
    while (end < rest->size && !is_blank(rest->data[end])) {
        end++;
    }
    *word = (struct pw_slice){rest->data + start, end - start};
    *rest = pw_slice_skip(*rest, end);
    return word->size > 0;
}


bool pw_take_until(struct pw_slice *rest, char separator, struct pw_slice *head) {
    const char *at = rest->size ? memchr(rest->data, separator, rest->size) : NULL;
    if (!at) {
        return false;
    }
    size_t size = (size_t)(at - rest->data);
    *head = (struct pw_slice){rest->data, size};
    *rest = pw_slice_skip(*rest, size + 1);
    return true;
}


/* The magnitude of a run of digits, stopped at UINT64_MAX. */
static bool parse_magnitude(struct pw_slice digits, uint64_t *magnitude) {
    if (digits.size == 0) {
        return false;
    }
    uint64_t sum = 0;
    bool overflow = false;
    for (size_t i = 0; i < digits.size; i++) {
        if (!is_digit(digits.data[i])) {
            return false;
        }
        overflow |= __builtin_mul_overflow(sum, 10u, &sum);
        overflow |= __builtin_add_overflow(sum, (uint64_t)(digits.data[i] - '0'), &sum);
    }
    *magnitude = overflow ? UINT64_MAX : sum;
    return true;
}


bool pw_parse_number(struct pw_slice word, struct pw_number *number) {
    if (pw_slice_is(word, "max")) {
        *number = (struct pw_number){.value = INT64_MAX, .unlimited = true};
        return true;
    }
    bool negative = word.size > 0 && word.data[0] == '-';
    uint64_t magnitude;
    if (!parse_magnitude(pw_slice_skip(word, negative), &magnitude)) {
        return false;
    }
    uint64_t limit = (uint64_t)INT64_MAX + negative;
    bool clamped = magnitude > limit;
    if (clamped) {
        magnitude = limit;
    }
    int64_t value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    *number = (struct pw_number){.value = value, .clamped = clamped};
    return true;
}


static int hexadecimal_digit(char c) {
    if (is_digit(c)) {
        return c - '0';
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}


bool pw_parse_hexadecimal(struct pw_slice word, uint64_t *value) {
    if (word.size == 0 || word.size > 16) {
        return false;
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < word.size; i++) {
        int digit = hexadecimal_digit(word.data[i]);
        if (digit < 0) {
            return false;
        }
        sum = sum << 4 | (uint64_t)digit;
    }
    *value = sum;
    return true;
}


bool pw_parse_decimal(struct pw_slice word, double *value) {
    struct pw_slice fraction = word, whole = word;
    uint64_t units, parts = 0;
    double scale = 1;
    if (pw_take_until(&fraction, '.', &whole)) {
        if (fraction.size > 18 || !parse_magnitude(fraction, &parts)) {
            return false;
        }
        for (size_t i = 0; i < fraction.size; i++) {
            scale *= 10;
        }
    }
    if (!parse_magnitude(whole, &units)) {
        return false;
    }
    *value = (double)units + (double)parts / scale;
    return true;
}


void pw_scale_number(struct pw_number *number, int64_t factor) {
    if (number->unlimited) {
        return;
    }
    int64_t product;
    if (__builtin_mul_overflow(number->value, factor, &product)) {
        number->clamped = true;
        product = number->value < 0 ? INT64_MIN : INT64_MAX;
    }
    number->value = product;
}


char *pw_append_number(char *at, int64_t number) {
    char digits[20];
    int count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0) {
        *at++ = digits[--count];
    }
    *at = '\0';
    return at;
}


int64_t pw_add_saturating(int64_t a, int64_t b) {
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) {
        sum = b < 0 ? INT64_MIN : INT64_MAX;
    }
    return sum;
}


int64_t pw_subtract_saturating(int64_t a, int64_t b) {
    int64_t difference;
    if (__builtin_sub_overflow(a, b, &difference)) {
        difference = b < 0 ? INT64_MAX : INT64_MIN;
    }
    return difference;
}


void pw_note_number(struct pw_flaws *flaws, const struct pw_number *number) {
    flaws->clamped += number->clamped;
}


static bool is_octal(char c) {
    return c >= '0' && c <= '7';
}


/* The byte that an escape at the front of `text` stands for, or -1 when there is none. */
static int octal_escape(struct pw_slice text) {
    if (text.size < 4 || text.data[0] != '\\' || text.data[1] > '3' || !is_octal(text.data[1]) ||
        !is_octal(text.data[2]) || !is_octal(text.data[3])) {
        return -1;
    }
    return (text.data[1] - '0') << 6 | (text.data[2] - '0') << 3 | (text.data[3] - '0');
}


size_t pw_unescape_octal(struct pw_slice text, const char *escapable, char *out, size_t room) {
    size_t written = 0;
    while (text.size > 0 && written < room) {
        int byte = octal_escape(text);
        bool escaped = byte > 0 && strchr(escapable, byte);
        out[written++] = escaped ? (char)byte : text.data[0];
        text = pw_slice_skip(text, escaped ? 4 : 1);
    }
    return written;
}


size_t pw_escape_octal(struct pw_slice text, const char *escapable, char *out, size_t room) {
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        bool escaped = byte && strchr(escapable, byte);
        size_t added = escaped ? 4 : 1;
        if (size + added <= room && escaped) {
            out[size] = '\\';
            out[size + 1] = (char)('0' + (byte >> 6));
            out[size + 2] = (char)('0' + (byte >> 3 & 7));
            out[size + 3] = (char)('0' + (byte & 7));
        } else if (size + added <= room) {
            out[size] = (char)byte;
        }
        size += added;
    }
    return size;
}
