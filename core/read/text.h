/* SPDX-License-Identifier: MIT
 *
 * Slices of text and the numbers in them: what every parser of /proc is made of.
 * Pure: no I/O, no allocation. A slice is never NUL-terminated and never trusted.
 */
#ifndef PAGEWARDEN_READ_TEXT_H
#define PAGEWARDEN_READ_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that belong to somebody else. */
struct pw_slice {
    const char *data;
    size_t size;
};

/* What a parser met and could not take as it stood. One bad field or line never fails a file. */
struct pw_flaws {
    uint32_t skipped; /* lines or fields that were passed over */
    uint32_t clamped; /* numbers beyond int64_t, brought to its nearest end */
};

/* A number as the kernel printed it, in the range of a Lua integer. */
struct pw_number {
    int64_t value;
    bool clamped;   /* the text held more than int64_t can */
    bool unlimited; /* the text was "max"; value is INT64_MAX */
};

/* A number that is not there: nil in Lua, never 0. */
#define PW_ABSENT INT64_MIN

/* A slice over a string literal or another NUL-terminated string. */
struct pw_slice pw_slice_of(const char *string);

/* True when the slice is exactly `string`. */
bool pw_slice_is(struct pw_slice slice, const char *string);

/* True when the slice begins with `prefix`. */
bool pw_slice_starts(struct pw_slice slice, const char *prefix);

/* The slice without blanks, tabs, carriage returns and NULs at both ends. */
struct pw_slice pw_slice_trim(struct pw_slice slice);

/* The slice without its first `count` bytes; empty when it has fewer. */
struct pw_slice pw_slice_skip(struct pw_slice slice, size_t count);

/* Takes the next line, without its newline, off the front of `rest`; false at the end. The last
 * line needs no newline. */
bool pw_take_line(struct pw_slice *rest, struct pw_slice *line);

/* Takes the next word, delimited by blanks or tabs, off the front of `rest`; false at the end. */
bool pw_take_word(struct pw_slice *rest, struct pw_slice *word);

/* Splits at the first `separator`: `head` before it, `rest` after it. False, and nothing changed,
 * when there is none. `head` may be the same object as `rest`'s source but not as `rest`. */
bool pw_take_until(struct pw_slice *rest, char separator, struct pw_slice *head);

/* Reads a whole word as a decimal number with an optional sign, or "max". Numbers over 2^63-1 are
 * clamped and say so. False, and `number` untouched, for anything else. */
bool pw_parse_number(struct pw_slice word, struct pw_number *number);

/* Reads a whole word as a non-negative hexadecimal number without prefix. */
bool pw_parse_hexadecimal(struct pw_slice word, uint64_t *value);

/* Reads a whole word such as "12.34". */
bool pw_parse_decimal(struct pw_slice word, double *value);

/* Multiplies by a positive factor (1024 for what the kernel suffixes with kB), clamping at the
 * ends of int64_t. */
void pw_scale_number(struct pw_number *number, int64_t factor);

/* Writes a number that is not negative at `at`, and a NUL; returns where that is. No stdio here. */
char *pw_append_number(char *at, int64_t number);

/* a + b and a - b, stopped at the ends of int64_t. */
int64_t pw_add_saturating(int64_t a, int64_t b);
int64_t pw_subtract_saturating(int64_t a, int64_t b);

/* Counts the number's flaw, if it has one. */
void pw_note_number(struct pw_flaws *flaws, const struct pw_number *number);

/* Copies `text` into `out` with backslash-and-three-octal-digits sequences undone, as seq_file's
 * mangle_path() makes them in /proc/swaps and maps (fs/seq_file.c). Returns the bytes written, at
 * most `room`. Only sequences that name one of `escapable` are undone: maps escapes newline alone
 * and leaves backslashes as they are, so anything else there is the file's own name. */
size_t pw_unescape_octal(struct pw_slice text, const char *escapable, char *out, size_t room);

/* The other way: each of `escapable` becomes a backslash and three octal digits. Returns the bytes
 * that all of it takes; no more than `room` are written, and no sequence in part. */
size_t pw_escape_octal(struct pw_slice text, const char *escapable, char *out, size_t room);

#endif
