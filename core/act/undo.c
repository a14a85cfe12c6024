/* SPDX-License-Identifier: MIT */
#include "act/undo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "act/heirs.h"
#include "act/kernel.h"
#include "act/swap_setting.h"
#include "read/directory.h"

/* Whoever has CAP_SYS_RESOURCE sets with the score the floor below which its process may not set it
 * without (oom_score_adj_min, fs/proc/base.c); what that was before cannot be known. */
static const char floor_note[] = "by itself the process cannot go lower, even where it once could";

/* Tells of an entry; of a pair, both values. */
static void tell(const struct pw_journal *journal, const char *event, const struct pw_entry *entry,
                 const struct pw_values *now, const char *reason) {
    char id[24];
    int count = 4;
    snprintf(id, sizeof id, "%lld", (long long)entry->id);
    struct pw_event_field fields[6] = {
        {"id", id}, {"policy", entry->policy}, {"key", entry->key}, {"value", now->text[0]}};
    if (now->text[1][0]) {
        fields[count++] = (struct pw_event_field){"partner", now->text[1]};
    }
    if (reason) {
        fields[count++] = (struct pw_event_field){"reason", reason};
    }
    pw_tell(journal->hooks, event, fields, count);
}


/* Whether one file has what it may have in the middle of a write or an undo of ours. */
static bool is_between(const struct pw_journal *journal, const struct pw_entry *entry,
                       const struct pw_setting *setting, int file, const char *now) {
    bool zeroed = setting->files == 2 && pw_value_same(now, "0");
    bool written = file == entry->target &&
                   (pw_setting_value_same(setting, now, entry->next) ||
                    pw_value_rounded(entry->next, now, journal->source->page_size_bytes));
    bool restored = entry->state == PW_ENTRY_UNDOING &&
                    pw_setting_value_same(setting, now, entry->original.text[file]);
    return zeroed || written || restored ||
           pw_setting_value_same(setting, now, entry->last.text[file]);
}


/* Whether it is a swap file of the entry's making, be it on or, as after a boot, off. */
static bool is_made(const struct pw_entry *entry, const struct pw_setting *setting,
                    const struct pw_values *now) {
    const char *original = entry->original.text[0];
    return setting->kind == PW_SETTING_SWAP &&
           (pw_swap_setting_is_made(original, entry->last.text[0], now->text[0]) ||
            pw_swap_setting_is_made(original, entry->next, now->text[0]));
}


/* Whether what the kernel has now is ours to undo. */
static bool is_ours(const struct pw_journal *journal, const struct pw_entry *entry,
                    const struct pw_setting *setting, const struct pw_values *now) {
    if (is_made(entry, setting, now)) {
        return true;
    }
    if (entry->state == PW_ENTRY_HELD) {
        return pw_setting_has(setting, now, &entry->last);
    }
    bool ours = true;
    for (int file = 0; file < setting->files; file++) {
        ours = ours && is_between(journal, entry, setting, file, now->text[file]);
    }
    return ours;
}


static bool close_entry(struct pw_journal *journal, struct pw_entry *entry) {
    entry->state = PW_ENTRY_CLOSED;
    return pw_journal_record(journal, entry) == 0;
}


static const char *reason_of_failure(const struct pw_setting *setting, int error,
                                     char room[PW_REASON_BYTES]) {
    return error == -EIO ? "the kernel did not take the original"
                         : pw_setting_reason(setting, -error, room);
}


static bool restore(struct pw_journal *journal, struct pw_buffer *buffer, struct pw_entry *entry,
                    const struct pw_setting *setting, struct pw_values *now) {
    enum pw_entry_state before = entry->state;
    entry->state = PW_ENTRY_UNDOING;
    pw_journal_record(journal, entry); /* on a full disk the value is put back all the same */
    int error =
        pw_kernel_put_back(journal->source, buffer, journal->hooks, setting, &entry->original, now);
    if (error) {
        entry->state = before;
        pw_journal_record(journal, entry);
        char room[PW_REASON_BYTES];
        tell(journal, "left", entry, now, reason_of_failure(setting, error, room));
        return false;
    }
    bool is_score = setting->kind == PW_SETTING_OOM;
    if (is_score) {
        pw_heirs_restore(journal->source, buffer, setting, entry->last.text[0],
                         entry->original.text[0]);
    }
    tell(journal, "undone", entry, now, is_score ? floor_note : NULL);
    close_entry(journal, entry);
    return true;
}


static void leave_foreign(struct pw_journal *journal, struct pw_entry *entry,
                          const struct pw_values *now) {
    char reason[PW_VALUE_BYTES + 64];
    if (entry->state == PW_ENTRY_LET_GO) {
        snprintf(reason, sizeof reason, "let go after %d writes by somebody else",
                 entry->foreign_writes);
    } else {
        snprintf(reason, sizeof reason, "somebody else wrote it after our last write, %s",
                 entry->state == PW_ENTRY_HELD ? entry->last.text[entry->target] : entry->next);
    }
    tell(journal, "left", entry, now, reason);
    close_entry(journal, entry);
}


/* Without its process or cgroup there is no value; otherwise somebody else may be able to read. */
static bool leave_unread(struct pw_journal *journal, struct pw_entry *entry,
                         const struct pw_setting *setting, int error) {
    struct pw_values nothing = {0};
    bool gone = error == -ESRCH || error == -ENOENT || error == -ENODEV;
    char room[PW_REASON_BYTES];
    tell(journal, gone ? "gone" : "left", entry, &nothing,
         pw_setting_reason(setting, -error, room));
    if (gone) {
        close_entry(journal, entry);
    }
    return gone;
}


bool pw_undo_entry(struct pw_journal *journal, struct pw_buffer *buffer, struct pw_entry *entry) {
    struct pw_setting setting;
    struct pw_values now;
    setting.kind = PW_SETTING_SYSCTL; /* should the key be of no kind */
    int error = pw_setting_of_key(journal->source, buffer, entry->key, &setting);
    if (!error) {
        error = pw_setting_read(journal->source, buffer, &setting, &now);
    }
    if (error) {
        return leave_unread(journal, entry, &setting, error);
    }
    if (entry->state != PW_ENTRY_LET_GO && pw_setting_has(&setting, &now, &entry->original)) {
        tell(journal, "undone", entry, &now, NULL);
        close_entry(journal, entry);
        return true;
    }
    if (entry->state != PW_ENTRY_LET_GO && is_ours(journal, entry, &setting, &now)) {
        return restore(journal, buffer, entry, &setting, &now);
    }
    leave_foreign(journal, entry, &now);
    return true;
}


static void tell_journal(const struct pw_journal *journal, const char *event, const char *reason) {
    struct pw_event_field fields[] = {{"journal", journal->name}, {"reason", reason}};
    pw_tell(journal->hooks, event, fields, 2);
}


/* A journal of another boot is empty now, and goes when it is closed. */
static void discard(struct pw_journal *journal) {
    tell_journal(journal, "journal_discarded", "it is of another boot, and what it says is gone");
    pw_journal_close(journal);
}


static void refuse(struct pw_journal *journal, int found) {
    if (found != -ENOENT) {
        bool version = found == PW_JOURNAL_OTHER_VERSION;
        tell_journal(journal, "journal_refused",
                     version ? "it is of another version of pagewarden" : strerror(-found));
    }
    pw_journal_forget(journal);
}


struct loaded {
    struct pw_journal journal;
    bool alive;
};

/* All journals that could be read. */
struct journals {
    struct loaded *loaded;
    int count;
};


static int load(struct journals *journals, enum pw_journal_place place,
                const struct pw_source *source, const struct pw_hooks *hooks, const char *name) {
    struct loaded *loaded =
        realloc(journals->loaded, ((size_t)journals->count + 1) * sizeof *loaded);
    if (!loaded) {
        return -ENOMEM;
    }
    journals->loaded = loaded;
    struct pw_journal *journal = &loaded[journals->count].journal;
    int found = pw_journal_load(journal, place, source, hooks, name);
    if (found == PW_JOURNAL_READ || found == PW_JOURNAL_ALIVE) {
        loaded[journals->count++].alive = found == PW_JOURNAL_ALIVE;
    } else if (found == PW_JOURNAL_OTHER_BOOT) {
        discard(journal);
    } else {
        refuse(journal, found);
    }
    return 0;
}


static int load_place(struct journals *journals, enum pw_journal_place place,
                      const struct pw_source *source, const struct pw_hooks *hooks,
                      struct pw_buffer *buffer) {
    int error = pw_directory_read(source, pw_journal_folders[place], buffer);
    struct pw_slice names = pw_buffer_text(buffer), name;
    while (!error && pw_take_name(&names, &name)) {
        error = load(journals, place, source, hooks, name.data);
    }
    return error == -ENOENT ? 0 : error;
}


static int load_all(struct journals *journals, const struct pw_source *source,
                    const struct pw_hooks *hooks, struct pw_buffer *buffer) {
    *journals = (struct journals){0};
    int error = 0;
    for (int place = 0; place < PW_JOURNAL_PLACES && !error; place++) {
        error = load_place(journals, (enum pw_journal_place)place, source, hooks, buffer);
    }
    return error;
}


static void close_all(struct journals *journals) {
    for (int i = 0; i < journals->count; i++) {
        if (journals->loaded[i].alive) {
            pw_journal_forget(&journals->loaded[i].journal);
        } else {
            pw_journal_close(&journals->loaded[i].journal);
        }
    }
    free(journals->loaded);
}


struct found {
    struct pw_journal *journal;
    struct pw_entry *entry;
    bool alive;
};


/* The newest lease of the dead that is older than `before`. */
static struct found newest_lease(struct journals *journals, int64_t before) {
    struct found found = {0};
    for (int i = 0; i < journals->count; i++) {
        struct pw_journal *journal = &journals->loaded[i].journal;
        for (int j = 0; j < journal->count && !journals->loaded[i].alive; j++) {
            struct pw_entry *entry = journal->entries[j];
            bool newer = !found.entry || entry->id > found.entry->id;
            if (entry->lifetime == PW_LEASE && entry->id < before && newer) {
                found = (struct found){journal, entry, false};
            }
        }
    }
    return found;
}


static struct found entry_of(struct journals *journals, int64_t id) {
    for (int i = 0; i < journals->count; i++) {
        struct pw_journal *journal = &journals->loaded[i].journal;
        for (int j = 0; j < journal->count; j++) {
            if (journal->entries[j]->id == id) {
                return (struct found){journal, journal->entries[j], journals->loaded[i].alive};
            }
        }
    }
    return (struct found){0};
}


static int undo_leases(struct journals *journals, struct pw_buffer *buffer) {
    int count = 0;
    struct found found = newest_lease(journals, INT64_MAX);
    while (found.entry) {
        pw_undo_entry(found.journal, buffer, found.entry);
        found = newest_lease(journals, found.entry->id);
        count++;
    }
    return count;
}


static int undo_one(struct journals *journals, struct pw_buffer *buffer, int64_t id) {
    struct found found = entry_of(journals, id);
    if (!found.entry) {
        return -ENOENT;
    }
    if (found.alive) {
        return -EBUSY;
    }
    return pw_undo_entry(found.journal, buffer, found.entry);
}


int pw_undo_dead(const struct pw_source *source, const struct pw_hooks *hooks,
                 struct pw_buffer *buffer, int64_t id) {
    struct journals journals;
    int count = load_all(&journals, source, hooks, buffer);
    if (!count) {
        count = id ? undo_one(&journals, buffer, id) : undo_leases(&journals, buffer);
    }
    close_all(&journals);
    return count;
}


/* The entry is in the taker's journal before it leaves the dead one's. An undo that was under way
 * is brought to its end instead. */
static int adopt(struct pw_journal *journal, struct pw_buffer *buffer, struct found found) {
    if (found.entry->state != PW_ENTRY_HELD) {
        return pw_undo_entry(found.journal, buffer, found.entry), 0;
    }
    struct pw_entry *copy = pw_entry_copy(found.entry);
    int error = copy ? pw_journal_add(journal, copy) : -ENOMEM;
    if (!error && !(error = pw_journal_record(journal, copy))) {
        copy->offered = true;
        close_entry(found.journal, found.entry);
    }
    return error;
}


int pw_undo_adopt(struct pw_journal *journal, struct pw_buffer *buffer) {
    struct journals journals;
    int count = 0, error = load_all(&journals, journal->source, journal->hooks, buffer);
    struct found found = newest_lease(&journals, INT64_MAX);
    while (found.entry && !error) {
        error = adopt(journal, buffer, found);
        found = newest_lease(&journals, found.entry->id);
        count++;
    }
    close_all(&journals);
    return error ? error : count;
}


static bool is_kept(const struct found *found, const struct pw_setting *setting, const char *policy,
                    const struct pw_values *now) {
    const struct pw_entry *entry = found->entry;
    bool whole = entry->state == PW_ENTRY_HELD || entry->state == PW_ENTRY_WRITING;
    return entry->lifetime == PW_KEEP && whole && strcmp(entry->key, setting->key) == 0 &&
           strcmp(entry->policy, policy) == 0 && is_ours(found->journal, entry, setting, now);
}


static struct found find_kept(struct journals *journals, enum pw_journal_place place,
                              const struct pw_setting *setting, const char *policy,
                              const struct pw_values *now) {
    for (int i = 0; i < journals->count; i++) {
        struct pw_journal *journal = &journals->loaded[i].journal;
        bool dead = !journals->loaded[i].alive && journal->place == place;
        for (int j = 0; j < journal->count && dead; j++) {
            struct found found = {journal, journal->entries[j], false};
            if (is_kept(&found, setting, policy, now)) {
                return found;
            }
        }
    }
    return (struct found){0};
}


struct pw_entry *pw_undo_inherit(struct pw_journal *journal, struct pw_buffer *buffer,
                                 const struct pw_setting *setting, const char *policy,
                                 const struct pw_values *now) {
    struct journals journals;
    struct pw_entry *entry = NULL;
    int error = load_all(&journals, journal->source, journal->hooks, buffer);
    struct found found = {0};
    if (!error) {
        found = find_kept(&journals, journal->place, setting, policy, now);
    }
    if (found.entry) {
        found.entry->state = PW_ENTRY_HELD; /* what a write that ended early left is known by now */
    }
    if (found.entry && adopt(journal, buffer, found) == 0) {
        entry = pw_journal_find(journal, setting->key, policy);
    }
    if (entry) {
        entry->offered = false;
        entry->last = *now;
    }
    close_all(&journals);
    return entry;
}


int pw_undo_list(const struct pw_source *source, const struct pw_hooks *hooks,
                 struct pw_buffer *buffer,
                 void (*found)(void *context, const struct pw_entry *entry,
                               const struct pw_journal *journal, bool alive),
                 void *context) {
    struct journals journals;
    int error = load_all(&journals, source, hooks, buffer);
    for (int i = 0; i < journals.count; i++) {
        const struct loaded *loaded = &journals.loaded[i];
        for (int j = 0; j < loaded->journal.count; j++) {
            found(context, loaded->journal.entries[j], &loaded->journal, loaded->alive);
        }
    }
    close_all(&journals);
    return error;
}
