/* SPDX-License-Identifier: MIT
 *
 * What a file of /sys that holds one setting says, whichever way it is written. Pure.
 */
#ifndef PAGEWARDEN_READ_KNOB_H
#define PAGEWARDEN_READ_KNOB_H

#include "read/text.h"

enum pw_knob_kind {
    PW_KNOB_NUMBER,  /* "100", "max", "0x0007" */
    PW_KNOB_BOOLEAN, /* "true", "false", "Y", "N" */
    PW_KNOB_CHOICE,  /* "[always] madvise never" */
    PW_KNOB_TEXT,    /* anything else, without blanks and newlines at its ends */
};

struct pw_knob {
    enum pw_knob_kind kind;
    struct pw_number number;
    bool boolean;
    struct pw_slice text;   /* of a choice: what is chosen */
    struct pw_slice choice; /* of a choice: all of it, for pw_next_choice() */
};

/* Reads the text of the file; every text is something. */
struct pw_knob pw_parse_knob(struct pw_slice text);

#endif
