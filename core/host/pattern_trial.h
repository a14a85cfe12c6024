/* SPDX-License-Identifier: MIT
 *
 * Tries what a Lua pattern would cost. Lua's matcher backtracks, and forty bytes can keep it busy
 * for hours with no way to stop it; this one asks every so often whether to go on. It matches as
 * Lua 5.4 does but keeps nothing of what it finds. No Lua.
 */
#ifndef PAGEWARDEN_HOST_PATTERN_TRIAL_H
#define PAGEWARDEN_HOST_PATTERN_TRIAL_H

#include <stdbool.h>

#include "read/text.h"

struct pw_pattern_trial {
    struct pw_slice subject;
    struct pw_slice pattern;
    size_t start; /* where in the subject to begin */
    bool anchors; /* a leading '^' ties it to the start, as for all but gmatch */
    bool all;     /* every match in turn is wanted, not only the first */
    bool (*may_go_on)(void *context);
    void *context;
};

/* Where the last match that was found lies in the subject; NULL for none. */
struct pw_pattern_match {
    const char *begin;
    const char *end;
};

/* True when no subject of this size can keep the pattern busy for longer than a trial is worth. */
bool pw_pattern_is_cheap(size_t subject_size, struct pw_slice pattern);

/* Tries it. False when it was told not to go on. A malformed pattern ends where Lua raises. */
bool pw_pattern_try(const struct pw_pattern_trial *trial, struct pw_pattern_match *match);

#endif
