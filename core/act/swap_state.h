/* SPDX-License-Identifier: MIT
 *
 * What a path is to swapping, as a setting's value has it, so that it can be journalled, compared
 * and put back:
 *
 *   "absent"                                            there is no file
 *   "other"                                             something that is no swap area
 *   "off size=1073741824 uuid=c1b9d5a2-… label=spare"   an area that is not in use
 *   "on priority=5 size=1073741824 uuid=c1b9d5a2-…"     one that is
 *
 * A priority that is not there was, or is to be, chosen by the kernel: negative, and renumbered
 * when another area goes. "discard=once", "=pages" or "=both" may be asked for, and is not shown by
 * the kernel. The label of an area that is on is not in its text. Pure.
 */
#ifndef PAGEWARDEN_ACT_SWAP_STATE_H
#define PAGEWARDEN_ACT_SWAP_STATE_H

#include "read/swap_header.h"

enum pw_swap_place { PW_SWAP_ABSENT, PW_SWAP_OTHER, PW_SWAP_OFF, PW_SWAP_ON };

enum pw_swap_discard {
    PW_SWAP_NO_DISCARD,
    PW_SWAP_DISCARD_ONCE,  /* the whole area when it is put on */
    PW_SWAP_DISCARD_PAGES, /* what is freed, while it is on */
    PW_SWAP_DISCARD_BOTH,
};

/* The priority of an area that has the kernel's choice. */
#define PW_SWAP_ANY_PRIORITY (-1)
#define PW_SWAP_MOST_PRIORITY 32767

struct pw_swap_state {
    enum pw_swap_place place;
    int priority; /* 0 to PW_SWAP_MOST_PRIORITY, or PW_SWAP_ANY_PRIORITY */
    enum pw_swap_discard discard;
    int64_t size_bytes;  /* of the file, header and all; 0 when it is not known */
    struct pw_uuid uuid; /* nil when it is not known */
    char label[PW_SWAP_LABEL_BYTES + 1];
};

/* Room for the text of any state, with its NUL. */
#define PW_SWAP_STATE_BYTES 128

/* Reads a state's text. False for anything else. */
bool pw_swap_state_parse(struct pw_slice text, struct pw_swap_state *state);

/* Writes it. */
void pw_swap_state_format(const struct pw_swap_state *state, char text[PW_SWAP_STATE_BYTES]);

/* Whether two states are the same, as far as both say; what the kernel does not show is not
 * compared. */
bool pw_swap_state_same(const struct pw_swap_state *state, const struct pw_swap_state *other);

/* Whether both are of one area, be it on or off: one that has the same UUID. */
bool pw_swap_state_is_of(const struct pw_swap_state *state, const struct pw_swap_state *other);

/* "once", "pages" or "both". PW_SWAP_NO_DISCARD has no name. */
const char *pw_swap_discard_name(enum pw_swap_discard discard);

/* The discard of a name; PW_SWAP_NO_DISCARD when it is none. */
enum pw_swap_discard pw_swap_discard_of(struct pw_slice name);

#endif
