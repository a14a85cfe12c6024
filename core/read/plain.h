/* SPDX-License-Identifier: MIT
 *
 * The shape that most lines of /proc have, taken in one pass over their bytes: parsers try it
 * first, and take what it refuses the careful way. This is what keeps parsing under a tenth of
 * what the read costs. Pure.
 */
#ifndef PAGEWARDEN_READ_PLAIN_H
#define PAGEWARDEN_READ_PLAIN_H

#include "read/text.h"

/* "  MemTotal:       16777216 kB\n" or "nr_free_pages 977769\n". */
struct pw_plain_line {
    size_t indent;       /* blanks before the key */
    struct pw_slice key; /* one word, without the colon */
    bool colon;          /* one followed it */
    int64_t value;       /* bytes where the unit was kB */
};

/* Takes the next line when it is a key, a colon or blanks, at most 15 digits and perhaps " kB",
 * and nothing else. False, and nothing changed, for any other line and at the end. */
bool pw_take_plain_line(struct pw_slice *rest, struct pw_plain_line *line);

#endif
