/* SPDX-License-Identifier: MIT
 *
 * What a journal holds of one key that one policy wrote, and its line of text. The text of an entry
 * is all of its state, so of the lines with the same id the last one counts. Pure.
 */
#ifndef PAGEWARDEN_ACT_ENTRY_H
#define PAGEWARDEN_ACT_ENTRY_H

#include "act/setting.h"

enum pw_lifetime {
    PW_LEASE, /* undone when the policy stops, however it stops */
    PW_KEEP,  /* stays until somebody undoes it by its number */
};

enum pw_entry_state {
    PW_ENTRY_HELD,    /* the kernel has what was written last */
    PW_ENTRY_WRITING, /* a write was under way: the kernel has the last value or the next */
    PW_ENTRY_UNDOING, /* it was being put back: each file has its old value or a later one */
    PW_ENTRY_LET_GO,  /* somebody else wants it otherwise; it is not touched again */
    PW_ENTRY_CLOSED,  /* nothing is left to undo */
};

/* What there is to know of an entry when its policy is replaced, should the new one fail. */
struct pw_entry_before {
    bool known; /* it was there then */
    enum pw_lifetime lifetime;
    struct pw_values last;
};

struct pw_entry {
    int64_t id; /* its number, machine-wide */
    enum pw_lifetime lifetime;
    enum pw_entry_state state;
    int foreign_writes;            /* found in place of our last write */
    int target;                    /* the file that `next` is for */
    bool offered;                  /* not in the text: handed on, and not taken up yet */
    bool under_way;                /* not in the text: between pw_gate_begin() and pw_gate_end() */
    bool by_default;               /* not in the text: nobody said how long it is for */
    struct pw_entry_before before; /* not in the text */
    char *key;
    char *policy;
    struct pw_values original, last;
    char next[PW_VALUE_BYTES];
};

/* Room for a line, whatever is in the entry. */
#define PW_ENTRY_LINE_BYTES ((size_t)24 << 10)

/* A new entry; NULL when there is no memory. */
struct pw_entry *pw_entry_new(const char *key, const char *policy);

/* The same once more; NULL when there is no memory. */
struct pw_entry *pw_entry_copy(const struct pw_entry *entry);

void pw_entry_free(struct pw_entry *entry);

/* Writes the entry's line, with its checksum in front and a newline behind; returns its size. */
size_t pw_entry_write(const struct pw_entry *entry, char line[PW_ENTRY_LINE_BYTES]);

/* Reads a line without its newline: a new entry, or NULL for a line that was not written by
 * pw_entry_write(), is torn or corrupt, and when there is no memory. */
struct pw_entry *pw_entry_read(struct pw_slice line);

#endif
