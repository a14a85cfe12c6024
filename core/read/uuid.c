/* SPDX-License-Identifier: MIT */
#include "read/uuid.h"

#include <string.h>


/* Before which bytes the hyphens stand: 8-4-4-4-12 digits. */
static bool is_hyphen_before(int byte) {
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}


bool pw_uuid_parse(struct pw_slice text, struct pw_uuid *uuid) {
    struct pw_uuid read;
    if (text.size != PW_UUID_TEXT_BYTES - 1) {
        return false;
    }
    for (int byte = 0; byte < PW_UUID_BYTES; byte++) {
        uint64_t value;
        if (is_hyphen_before(byte)) {
            if (text.data[0] != '-') {
                return false;
            }
            text = pw_slice_skip(text, 1);
        }
        if (!pw_parse_hexadecimal((struct pw_slice){text.data, 2}, &value)) {
            return false;
        }
        read.bytes[byte] = (unsigned char)value;
        text = pw_slice_skip(text, 2);
    }
    *uuid = read;
    return true;
}


void pw_uuid_format(const struct pw_uuid *uuid, char text[PW_UUID_TEXT_BYTES]) {
    static const char digits[] = "0123456789abcdef";
    for (int byte = 0; byte < PW_UUID_BYTES; byte++) {
        if (is_hyphen_before(byte)) {
            *text++ = '-';
        }
        *text++ = digits[uuid->bytes[byte] >> 4];
        *text++ = digits[uuid->bytes[byte] & 15];
    }
    *text = '\0';
}


bool pw_uuid_is_nil(const struct pw_uuid *uuid) {
    static const struct pw_uuid nil;
    return memcmp(uuid, &nil, sizeof nil) == 0;
}
