/* SPDX-License-Identifier: MIT */
#include "read/maps.h"

#include <string.h>

#include "read/plain.h"


/* One more than the value of a digit, as the kernel writes them. A table has no branches, which
 * digits at random would send the wrong way. */
static const unsigned char digits_plus_one[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};


static unsigned digit_of(char c) {
    return digits_plus_one[(unsigned char)c];
}


/* Keys of fields begin with capitals, so "hex digits, minus" cannot be one. */
static bool is_mapping(struct pw_slice line) {
    size_t digits = 0;
    while (digits < line.size && digit_of(line.data[digits])) {
        digits++;
    }
    return digits > 0 && digits < line.size && line.data[digits] == '-';
}


/* Takes a hexadecimal number of at most 16 digits, and the byte behind it. */
static bool take_hexadecimal(struct pw_slice *line, char behind, uint64_t *value) {
    uint64_t sum = 0;
    size_t digits = 0;
    unsigned digit;
    while (digits < line->size && (digit = digit_of(line->data[digits])) > 0) {
        sum = sum << 4 | (digit - 1);
        digits++;
    }
    if (digits == 0 || digits > 16 || digits == line->size || line->data[digits] != behind) {
        return false;
    }
    *value = sum;
    *line = pw_slice_skip(*line, digits + 1);
    return true;
}


static bool ends_with(struct pw_slice slice, const char *suffix) {
    size_t size = strlen(suffix);
    return slice.size >= size && memcmp(slice.data + slice.size - size, suffix, size) == 0;
}


/* Behind the inode come blanks that fill the column, then the path, to the end of the line. */
static struct pw_slice path_of(struct pw_slice rest) {
    size_t blanks = 0;
    while (blanks < rest.size && rest.data[blanks] == ' ') {
        blanks++;
    }
    return pw_slice_skip(rest, blanks);
}


static bool parse_mapping(struct pw_slice line, struct pw_mapping *mapping) {
    struct pw_slice inode;
    struct pw_number number;
    if (!take_hexadecimal(&line, '-', &mapping->start) ||
        !take_hexadecimal(&line, ' ', &mapping->end) ||
        !pw_take_until(&line, ' ', &mapping->permissions) ||
        !take_hexadecimal(&line, ' ', &mapping->offset_bytes) ||
        !take_hexadecimal(&line, ':', &mapping->device_major) ||
        !take_hexadecimal(&line, ' ', &mapping->device_minor) || !pw_take_word(&line, &inode) ||
        !pw_parse_number(inode, &number)) {
        return false;
    }
    mapping->inode = number.value;
    mapping->path = path_of(line);
    mapping->deleted = ends_with(mapping->path, " (deleted)");
    return true;
}


static bool parse_field(struct pw_slice text, struct pw_smaps_line *line) {
    if (!pw_take_until(&text, ':', &line->field.key)) {
        return false;
    }
    if (pw_slice_is(line->field.key, "VmFlags")) {
        line->kind = PW_SMAPS_FLAGS;
        line->flags = pw_slice_trim(text);
        return true;
    }
    line->kind = PW_SMAPS_FIELD;
    return line->field.key.size > 0 && pw_parse_value(text, &line->field.number);
}


/* The usual field, in one pass. */
static bool take_plain_field(struct pw_slice *rest, struct pw_smaps_line *line) {
    struct pw_slice before = *rest;
    struct pw_plain_line plain;
    if (!pw_take_plain_line(rest, &plain)) {
        return false;
    }
    if (!plain.colon) {
        *rest = before;
        return false;
    }
    line->kind = PW_SMAPS_FIELD;
    line->field = (struct pw_field){plain.key, {.value = plain.value}};
    return true;
}


static bool take_any(struct pw_slice *rest, struct pw_smaps_line *line, struct pw_flaws *flaws) {
    struct pw_slice text;
    pw_take_line(rest, &text);
    if (parse_mapping(text, &line->mapping)) {
        line->kind = PW_SMAPS_MAPPING;
        return true;
    }
    if (!is_mapping(text) && parse_field(text, line)) {
        if (line->kind == PW_SMAPS_FIELD) {
            pw_note_number(flaws, &line->field.number);
        }
        return true;
    }
    flaws->skipped++;
    return false;
}


bool pw_next_smaps_line(struct pw_slice *rest, struct pw_smaps_line *line, struct pw_flaws *flaws) {
    while (rest->size > 0) {
        bool capital = rest->data[0] >= 'A' && rest->data[0] <= 'Z';
        if ((capital && take_plain_field(rest, line)) || take_any(rest, line, flaws)) {
            return true;
        }
    }
    return false;
}


size_t pw_mapping_path(const struct pw_mapping *mapping, char *out, size_t room) {
    return pw_unescape_octal(mapping->path, "\n", out, room);
}
