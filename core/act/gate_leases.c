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
        if (is_of(entry, policy)) {
            entry->offered |= entry->lifetime == PW_LEASE;
            entry->before = (struct pw_entry_before){true, entry->lifetime, entry->last};
        }
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


/* The setting that an entry is of; of a pair, as the key of the member that is not zero. */
static int setting_in_force(struct pw_gate *gate, const struct pw_entry *entry, int *file,
                            struct pw_setting *setting) {
    const struct pw_values *values = &entry->before.last;
    int error = pw_setting_of_key(&gate->source, &gate->buffer, entry->key, setting);
    *file = !error && setting->files == 2 && pw_value_same(values->text[0], "0");
    if (*file == 0) {
        return error;
    }
    char path[PW_KEY_BYTES];
    snprintf(path, sizeof path, "%s", setting->paths[1] + strlen("proc/sys/"));
    return pw_setting_of_sysctl(pw_slice_of(path), setting);
}


static void write_again(struct pw_gate *gate, const struct pw_entry *entry) {
    struct pw_setting setting;
    int file;
    if (setting_in_force(gate, entry, &file, &setting) == 0) {
        char value[PW_VALUE_BYTES];
        snprintf(value, sizeof value, "%s", entry->before.last.text[file]);
        struct pw_actor actor = {.policy = entry->policy};
        struct pw_act act = {.setting = &setting,
                             .value = value,
                             .lifetime = entry->before.lifetime,
                             .by_default = entry->by_default,
                             .dangerous = true,
                             .self = true};
        pw_gate_pass(gate, &actor, &act);
    }
}


static bool is_as_before(const struct pw_entry *entry) {
    const struct pw_entry_before *before = &entry->before;
    return entry->lifetime == before->lifetime &&
           strcmp(entry->last.text[0], before->last.text[0]) == 0 &&
           strcmp(entry->last.text[1], before->last.text[1]) == 0;
}


/* What only the new policy changed goes first: nothing is taken out of the journal after that. */
void pw_gate_retract(struct pw_gate *gate, const char *policy) {
    for (int i = gate->journal.count - 1; i >= 0; i--) {
        struct pw_entry *entry = gate->journal.entries[i];
        if (is_of(entry, policy) && !entry->before.known && entry->lifetime == PW_LEASE) {
            pw_undo_entry(&gate->journal, &gate->buffer, entry);
            pw_owners_release(&gate->owners, &gate->source, entry->key, entry->policy, false);
        }
    }
    pw_journal_tidy(&gate->journal);
    for (int i = 0; i < gate->journal.count; i++) {
        struct pw_entry *entry = gate->journal.entries[i];
        if (is_of(entry, policy) && entry->before.known) {
            entry->offered = false;
            if (!is_as_before(entry)) {
                write_again(gate, entry);
            }
        }
    }
}
