/* SPDX-License-Identifier: MIT */
#include "act/checksum.h"


uint32_t pw_checksum(struct pw_slice bytes) {
    uint32_t sum = UINT32_MAX;
    for (size_t i = 0; i < bytes.size; i++) {
        sum ^= (uint8_t)bytes.data[i];
        for (int bit = 0; bit < 8; bit++) {
            sum = sum >> 1 ^ (sum & 1 ? UINT32_C(0xedb88320) : 0);
        }
    }
    return ~sum;
}
