/* SPDX-License-Identifier: MIT
 *
 * Finding one's way in lines that were written for people, by the marks in them. Pure.
 */
#ifndef PAGEWARDEN_READ_SEARCH_H
#define PAGEWARDEN_READ_SEARCH_H

#include "read/text.h"

/* What follows the first `mark` in the text, or the last one; false, and `rest` untouched, when
 * there is none. */
bool pw_find_first(struct pw_slice text, const char *mark, struct pw_slice *rest);
bool pw_find_last(struct pw_slice text, const char *mark, struct pw_slice *rest);

/* The text before the mark after which those left `rest`. */
struct pw_slice pw_before(struct pw_slice text, struct pw_slice rest, const char *mark);

/* What lies between the first `from` and the first `to` after it; empty when one is missing. */
struct pw_slice pw_between(struct pw_slice text, const char *from, const char *to);

/* Takes `prefix` off the front of the text; false, and nothing changed, when it is not there. */
bool pw_take_prefix(struct pw_slice *text, const char *prefix);

/* The text without `suffix`, if it ends with that. */
struct pw_slice pw_without_suffix(struct pw_slice text, const char *suffix);

/* Takes decimal digits off the front of the text, and a minus before them. */
bool pw_take_number(struct pw_slice *text, int64_t *value);

#endif
