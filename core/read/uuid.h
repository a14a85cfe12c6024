/* SPDX-License-Identifier: MIT
 *
 * The 128-bit names that swap areas and file systems have, and how they are written. Pure.
 */
#ifndef PAGEWARDEN_READ_UUID_H
#define PAGEWARDEN_READ_UUID_H

#include "read/text.h"

#define PW_UUID_BYTES 16

/* Room for "c1b9d5a2-f162-11cf-9ece-0020afc76f16", with its NUL. */
#define PW_UUID_TEXT_BYTES 37

struct pw_uuid {
    unsigned char bytes[PW_UUID_BYTES];
};

/* Reads the usual writing, in letters of either case. False, and nothing changed, for another. */
bool pw_uuid_parse(struct pw_slice text, struct pw_uuid *uuid);

/* Writes it in small letters. */
void pw_uuid_format(const struct pw_uuid *uuid, char text[PW_UUID_TEXT_BYTES]);

/* Whether all of it is zero: none was given. */
bool pw_uuid_is_nil(const struct pw_uuid *uuid);

#endif
