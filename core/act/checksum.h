/* SPDX-License-Identifier: MIT
 *
 * The checksum that frames a journal's records. Pure.
 */
#ifndef PAGEWARDEN_ACT_CHECKSUM_H
#define PAGEWARDEN_ACT_CHECKSUM_H

#include "read/text.h"

/* CRC-32 as in Ethernet and zlib: polynomial 0xedb88320, reflected, inverted at both ends. */
uint32_t pw_checksum(struct pw_slice bytes);

#endif
