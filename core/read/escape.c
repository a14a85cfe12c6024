/* SPDX-License-Identifier: MIT */
#include "read/escape.h"

#include <string.h>

/* No code point; the byte stands for itself. */
#define NOT_UTF8 UINT32_MAX

struct range {
    uint32_t first, last;
};

/* Controls, and characters of category Cf and the separators that act rather than show. */
static const struct range unprintable[] = {
    {0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},     {0x61C, 0x61C},
    {0x180E, 0x180E}, {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F},
    {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xFFFE, 0xFFFF}, {0xE0000, 0xE0FFF},
};

static const struct range combining[] = {
    {0x300, 0x36F},   {0x483, 0x489},   {0x591, 0x5BD},   {0x610, 0x61A},   {0x64B, 0x65F},
    {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
};

static const struct range wide[] = {
    {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x4DBF},   {0x4E00, 0xA4CF},
    {0xA960, 0xA97F},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
    {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF},
    {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
};

#define IS_IN(code_point, ranges) is_in(code_point, ranges, sizeof(ranges) / sizeof *(ranges))


static bool is_in(uint32_t code_point, const struct range ranges[], size_t count) {
    for (size_t i = 0; i < count && ranges[i].first <= code_point; i++) {
        if (code_point <= ranges[i].last) {
            return true;
        }
    }
    return false;
}


/* How many bytes a character has that begins with this one; 0 when none does. */
static size_t sequence_size(unsigned char lead) {
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xC2 || lead > 0xF4) {
        return 0;
    }
    return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}


/* The code point of a whole sequence of 2 to 4 bytes: not overlong, no surrogate, in Unicode. */
static uint32_t decode(const unsigned char *bytes, size_t size) {
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t code_point = bytes[0] & (0xFFu >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            return NOT_UTF8;
        }
        code_point = code_point << 6 | (bytes[i] & 0x3F);
    }
    bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    bool valid = code_point >= smallest[size] && code_point <= 0x10FFFF && !surrogate;
    return valid ? code_point : NOT_UTF8;
}


/* Takes one character: its bytes, and its code point. One byte when it begins no UTF-8. */
static uint32_t take_character(struct pw_slice *rest, struct pw_slice *bytes) {
    const unsigned char *data = (const unsigned char *)rest->data;
    size_t size = sequence_size(*data);
    uint32_t code_point = NOT_UTF8;
    if (size == 1) {
        code_point = *data;
    } else if (size > 1 && size <= rest->size) {
        code_point = decode(data, size);
    }
    *bytes = (struct pw_slice){rest->data, code_point == NOT_UTF8 ? 1 : size};
    *rest = pw_slice_skip(*rest, bytes->size);
    return code_point;
}


static size_t write_hexadecimal(struct pw_slice bytes, char *out) {
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < bytes.size; i++) {
        unsigned char byte = (unsigned char)bytes.data[i];
        *out++ = '\\';
        *out++ = 'x';
        *out++ = digits[byte >> 4];
        *out++ = digits[byte & 15];
    }
    return bytes.size * 4;
}


size_t pw_take_escaped(struct pw_slice *rest, char out[PW_ESCAPED_LIMIT]) {
    if (rest->size == 0) {
        return 0;
    }
    struct pw_slice bytes;
    uint32_t code_point = take_character(rest, &bytes);
    if (code_point == '\n' || code_point == '\t') {
        out[0] = '\\';
        out[1] = code_point == '\n' ? 'n' : 't';
        return 2;
    }
    if (code_point == NOT_UTF8 || IS_IN(code_point, unprintable)) {
        return write_hexadecimal(bytes, out);
    }
    memcpy(out, bytes.data, bytes.size);
    return bytes.size;
}


size_t pw_width(struct pw_slice text) {
    size_t columns = 0;
    while (text.size > 0) {
        struct pw_slice bytes;
        uint32_t code_point = take_character(&text, &bytes);
        if (!IS_IN(code_point, combining)) {
            columns += IS_IN(code_point, wide) ? 2 : 1;
        }
    }
    return columns;
}
