/* SPDX-License-Identifier: MIT
 *
 * What this process changed, so that another can undo it: a file PID-START in one of two folders,
 * locked for as long as the process lives. The first line is
 *
 *   pagewarden-journal 1 BOOT-ID
 *
 * and every other one an entry (entry.h).
 *
 *   ROOT/run/pagewarden/journal       what the kernel has. /run is memory: what write(2) took
 *                                     survives the process, and after a reboot there is nothing to
 *                                     undo, so nothing is flushed further.
 *   ROOT/var/lib/pagewarden/journal   what is on disk, and outlasts a boot. BOOT-ID is "any", and
 *                                     every record is flushed.
 */
#ifndef PAGEWARDEN_ACT_JOURNAL_H
#define PAGEWARDEN_ACT_JOURNAL_H

#include "act/entry.h"
#include "act/hooks.h"

#define PW_JOURNAL_VERSION 1

enum pw_journal_place { PW_JOURNAL_RUN, PW_JOURNAL_DISK, PW_JOURNAL_PLACES };

/* Their folders, from the root. */
extern const char *const pw_journal_folders[PW_JOURNAL_PLACES];

/* Room for the name of a journal's file, with its NUL. */
#define PW_JOURNAL_NAME_BYTES 64

struct pw_journal {
    const struct pw_source *source;
    const struct pw_hooks *hooks;
    enum pw_journal_place place;
    int fd; /* locked; -1 while there is nothing in it */
    char name[PW_JOURNAL_NAME_BYTES];
    size_t size_bytes;
    struct pw_entry **entries; /* in the order of their numbers */
    int count;
};

/* How pw_journal_load() ended, when not with -errno. */
enum pw_journal_found {
    PW_JOURNAL_READ,
    PW_JOURNAL_ALIVE,         /* its process lives; read all the same, for who only looks */
    PW_JOURNAL_OTHER_VERSION, /* not read and not touched */
    PW_JOURNAL_OTHER_BOOT,    /* what it would undo is gone */
};

/* An empty journal; its file is made with the first record. */
void pw_journal_init(struct pw_journal *journal, enum pw_journal_place place,
                     const struct pw_source *source, const struct pw_hooks *hooks);

/* Reads the journal of another process, and locks it when that is dead. A tail that is torn or
 * corrupt is cut off, and "journal_cut" { journal, bytes } told. Returns an enum pw_journal_found,
 * or -errno. */
int pw_journal_load(struct pw_journal *journal, enum pw_journal_place place,
                    const struct pw_source *source, const struct pw_hooks *hooks, const char *name);

/* The open entry that the policy has for a key, or for its partner; NULL when there is none. */
struct pw_entry *pw_journal_find(const struct pw_journal *journal, const char *key,
                                 const char *policy);

/* Adds an entry, and takes it over; with the next number when it has none. 0 or -errno, and then
 * the entry is freed. Nothing is written yet. */
int pw_journal_add(struct pw_journal *journal, struct pw_entry *entry);

/* Writes an entry's state: 0 or -errno, and then the file is as it was. */
int pw_journal_record(struct pw_journal *journal, const struct pw_entry *entry);

/* Forgets the entries that are closed, and writes the file anew when most of it is history. */
void pw_journal_tidy(struct pw_journal *journal);

/* Lets go of the file, which is removed when it has no open entry. */
void pw_journal_close(struct pw_journal *journal);

/* Lets go of a journal that was only looked at; its file is left alone. */
void pw_journal_forget(struct pw_journal *journal);

#endif
