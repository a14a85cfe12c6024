/* SPDX-License-Identifier: MIT
 *
 * Putting back what was written: of one entry, and of everything that dead processes left.
 *
 * Told of it are, each with { id, policy, key, value }, where value is what the kernel has now
 * (and partner what it has of the key's partner):
 *
 *   "undone"      value is the original again; of a score { reason } says what is not
 *   "left"        it is not, and { reason } says why
 *
 * and of whole journals, with { journal }: "journal_discarded" of another boot, "journal_refused"
 * of another version or unreadable, with { reason }.
 */
#ifndef PAGEWARDEN_ACT_UNDO_H
#define PAGEWARDEN_ACT_UNDO_H

#include "act/journal.h"

/* Undoes one entry of a journal and records it. A value that is not what was written last is
 * somebody else's and is left; processes that
 * inherited a score have it put back with that of their forebear. When the original cannot be
 * written the entry stays open, for somebody with more rights; else it is closed. Returns whether
 * it is closed. */
bool pw_undo_entry(struct pw_journal *journal, struct pw_buffer *buffer, struct pw_entry *entry);

/* Undoes the leases that dead processes left, last first. With an id it undoes that entry alone,
 * lease or keep. Returns how many entries it dealt with, or -errno: with an id, -ENOENT when there
 * is no such entry, and -EBUSY when its process lives. */
int pw_undo_dead(const struct pw_source *source, const struct pw_hooks *hooks,
                 struct pw_buffer *buffer, int64_t id);

/* Takes the leases that dead processes left into `journal`, marked as offered, and removes them
 * from theirs. Returns how many, or -errno. */
int pw_undo_adopt(struct pw_journal *journal, struct pw_buffer *buffer);

/* Takes into `journal` what a dead process of the same policy kept of a setting, or was changing
 * when it ended, when what there is now is what it left: then there is one original to go back to.
 * The entry, or NULL when there is none, or no memory for it. */
struct pw_entry *pw_undo_inherit(struct pw_journal *journal, struct pw_buffer *buffer,
                                 const struct pw_setting *setting, const char *policy,
                                 const struct pw_values *now);

/* Calls back for every open entry of every journal of this boot, in no order.
 * `alive` says whether the journal's process lives. 0 or -errno. */
int pw_undo_list(const struct pw_source *source, const struct pw_hooks *hooks,
                 struct pw_buffer *buffer,
                 void (*found)(void *context, const struct pw_entry *entry,
                               const struct pw_journal *journal, bool alive),
                 void *context);

#endif
