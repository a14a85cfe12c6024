/* SPDX-License-Identifier: MIT
 *
 * The first line of a journal: its version, and the boot that its values belong to.
 */
#ifndef PAGEWARDEN_ACT_JOURNAL_HEADER_H
#define PAGEWARDEN_ACT_JOURNAL_HEADER_H

#include "act/journal.h"

struct pw_journal_header {
    char text[128];
};

/* The line, with its newline, of a journal that is made now. */
struct pw_journal_header pw_journal_header_of(enum pw_journal_place place,
                                              const struct pw_source *source);

/* Whether the journal that begins with this line may be read: PW_JOURNAL_READ, _OTHER_VERSION or
 * _OTHER_BOOT. */
enum pw_journal_found pw_journal_judge(enum pw_journal_place place, const struct pw_source *source,
                                       struct pw_slice line);

#endif
