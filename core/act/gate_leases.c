/* SPDX-License-Identifier: MIT
 *
 * The gate's leases when policies end, or begin again.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "act/gate.h"
#include "act/undo.h"


static bool is_of(const struct pw_entry *entry, const char *policy) {
    return !policy || strcmp(entry->policy, policy) == 0;
}


/* Undoes leases from the last to the first; only those that nobody took up, when `offered`. */
static void undo(struct pw_gate *gate, const char *policy, bool offered) {
    for (int i = gate->journal.count - 1; i >= 0; i--) {
        struct pw_entry *entry = gate->journal.entries[i];
        if (entry->lifetime == PW_LEASE && is_of(entry, policy) && (entry->offered || !offered)) {
            pw_undo_entry(&gate->journal, &gate->buffer, entry);
            pw_owners_release(&gate->owners, &gate->source, entry->key, entry->policy, false);
        }
    }
    pw_journal_tidy(&gate->journal);
}


void pw_gate_stop(struct pw_gate *gate, const char *policy) {
    undo(gate, policy, false);
    pw_owners_release_all(&gate->owners, &gate->source, policy);
    pw_cooldowns_forget(&gate->cooldowns, policy);
}


static void keep(struct pw_gate *gate, struct pw_entry *entry) {
    char id[24];
    struct pw_event_field fields[] = {{"id", id},
                                      {"policy", entry->policy},
                                      {"key", entry->key},
                                      {"value", entry->last.text[entry->target]}};
    snprintf(id, sizeof id, "%lld", (long long)entry->id);
    entry->lifetime = PW_KEEP;
    if (pw_journal_record(&gate->journal, entry)) {
        entry->lifetime = PW_LEASE; /* as whoever reads the journal sees it */
    } else {
        pw_tell(&gate->hooks, "kept", fields, 4);
    }
}


void pw_gate_keep(struct pw_gate *gate, const char *policy) {
    for (int i = 0; i < gate->journal.count; i++) {
        struct pw_entry *entry = gate->journal.entries[i];
        if (entry->by_default && entry->lifetime == PW_LEASE && is_of(entry, policy) &&
            entry->state == PW_ENTRY_HELD) {
            keep(gate, entry);
        }
    }
}


const char *pw_gate_original(const struct pw_gate *gate, const char *policy, const char *key) {
    const struct pw_entry *entry = pw_journal_find(&gate->journal, key, policy);
    return entry ? entry->original.text[0] : NULL;
}


/* Whether an entry is of a process that is no more. */
static bool has_ended(struct pw_gate *gate, const struct pw_entry *entry) {
    struct pw_setting setting;
    struct pw_values values;
    return pw_setting_of_key(&gate->source, &gate->buffer, entry->key, &setting) == 0 &&
           setting.kind == PW_SETTING_OOM &&
           pw_setting_read(&gate->source, &gate->buffer, &setting, &values) == -ESRCH;
}


void pw_gate_forget_ended(struct pw_gate *gate, const char *policy) {
    for (int i = gate->journal.count - 1; i >= 0; i--) {
        struct pw_entry *entry = gate->journal.entries[i];
        if (is_of(entry, policy) && has_ended(gate, entry)) {
            pw_undo_entry(&gate->journal, &gate->buffer, entry);
            pw_owners_release(&gate->owners, &gate->source, entry->key, entry->policy, false);
        }
    }
    pw_journal_tidy(&gate->journal);
}


int pw_gate_recover(struct pw_gate *gate) {
    return pw_undo_dead(&gate->source, &gate->hooks, &gate->buffer, 0);
}


void pw_gate_offer(struct pw_gate *gate, const char *policy) {
    for (int i = 0; i < gate->journal.count; i++) {
        struct pw_entry *entry = gate->journal.entries[i];
        entry->offered |= is_of(entry, policy) && entry->lifetime == PW_LEASE;
    }
}


int pw_gate_adopt(struct pw_gate *gate) {
    int count = pw_undo_adopt(&gate->journal, &gate->buffer);
    char owner[PW_OWNER_BYTES];
    for (int i = 0; i < gate->journal.count; i++) {
        const struct pw_entry *entry = gate->journal.entries[i];
        if (entry->offered) { /* a key that somebody else has by now is found out when it is used */
            pw_owners_claim(&gate->owners, &gate->source, entry->key, entry->policy, false, owner);
        }
    }
    return count;
}


void pw_gate_settle(struct pw_gate *gate, const char *policy) {
    undo(gate, policy, true);
}
