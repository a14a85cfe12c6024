/* SPDX-License-Identifier: MIT
 *
 * What is known of a setting beforehand, as the table that `describe` gives.
 */
#ifndef PAGEWARDEN_BIND_TUNABLE_H
#define PAGEWARDEN_BIND_TUNABLE_H

#include "act/tunable.h"
#include "bind/reader.h"

/* [-0, +1, m] A table about the setting `key`, as it is on the reader's kernel; of one that nobody
 * heard of, `tunable` being NULL, that. */
void pw_push_tunable(lua_State *L, struct pw_reader *reader, const struct pw_tunable *tunable,
                     const char *key, bool present);

#endif
