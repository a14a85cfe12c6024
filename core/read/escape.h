/* SPDX-License-Identifier: MIT
 *
 * Names that anybody may choose (comm, paths, cgroups), made safe to print: whatever the bytes,
 * they cannot move the cursor, change a colour, start a line or turn the writing around. Pure.
 */
#ifndef PAGEWARDEN_READ_ESCAPE_H
#define PAGEWARDEN_READ_ESCAPE_H

#include "read/text.h"

/* Most bytes that one character of the text becomes: four bytes as \xNN. */
#define PW_ESCAPED_LIMIT 16

/* Takes the next character off the front of `rest` and writes its printable form into `out`:
 * printable UTF-8 as it is, newline and tab as \n and \t, other controls (C0, DEL, C1), characters
 * of format (bidirectional, zero-width, tags) and bytes that are not UTF-8 as \xNN. A backslash
 * stays one backslash. Returns the bytes written, 0 at the end of the text. */
size_t pw_take_escaped(struct pw_slice *rest, char out[PW_ESCAPED_LIMIT]);

/* The columns a terminal gives the text: 0 for combining marks, 2 for what Unicode calls wide
 * (main blocks of TR 11: Hangul, Kana, Han, full-width forms, pictographs), else 1. A byte that is
 * not UTF-8 counts 1. Meant for escaped text. */
size_t pw_width(struct pw_slice text);

#endif
