/* SPDX-License-Identifier: MIT */
#include "act/gate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "act/kernel.h"
#include "act/terms.h"

/* After so many writes by somebody else a policy lets go of a key. */
#define FOREIGN_WRITES 2

/* One passage through the gate. */
struct passage {
    struct pw_gate *gate;
    const struct pw_actor *actor;
    const struct pw_act *act;
    struct pw_act_outcome outcome;
    const struct pw_setting *setting; /* the act's, or in a pair the one the journal has */
    struct pw_setting of_journal;
    int file; /* of the setting: the one that is written */
    struct pw_values now;
    struct pw_entry *entry;
    bool renewed; /* a lease of its own, which the kernel has already */
};


int pw_gate_open(struct pw_gate *gate, const char *root, const struct pw_hooks *hooks) {
    *gate = (struct pw_gate){.hooks = *hooks};
    int error = pw_source_open(&gate->source, root);
    pw_journal_init(&gate->journal, &gate->source, &gate->hooks);
    return error;
}


void pw_gate_close(struct pw_gate *gate) {
    pw_journal_close(&gate->journal);
    pw_owners_release_all(&gate->owners, &gate->source, NULL);
    pw_cooldowns_forget(&gate->cooldowns, NULL);
    pw_buffer_free(&gate->buffer);
    pw_source_close(&gate->source);
}


/* Tells of the act, with one or two fields more. */
static void tell(const struct passage *passage, const char *event, const char *name,
                 const char *text, const char *second_name, const char *second) {
    struct pw_event_field fields[] = {{"policy", passage->actor->policy},
                                      {"key", passage->act->setting->key},
                                      {"value", passage->act->value},
                                      {name, text},
                                      {second_name, second}};
    pw_tell(&passage->gate->hooks, event, fields, second ? 5 : text ? 4 : 3);
}


static bool is_dry(const struct passage *passage) {
    return passage->actor->overlay != NULL;
}


static const char *key_of(const struct passage *passage) {
    return passage->act->setting->key;
}


static bool claim(struct passage *passage) {
    char owner[PW_OWNER_BYTES] = "";
    struct pw_gate *gate = passage->gate;
    int error = pw_owners_claim(&gate->owners, &gate->source, key_of(passage),
                                passage->actor->policy, is_dry(passage), owner);
    if (error == -EBUSY) {
        pw_refuse(&passage->outcome, EBUSY, "owned by %s", owner);
    } else if (error) {
        pw_refuse(&passage->outcome, -error, "it cannot be owned: /run/pagewarden/owners: %s",
                  strerror(-error));
    }
    return !error;
}


/* Gives the key up again, unless the policy has something to undo there. */
static void unclaim(struct passage *passage) {
    struct pw_gate *gate = passage->gate;
    const char *policy = passage->actor->policy;
    const struct pw_entry *entry = pw_journal_find(&gate->journal, key_of(passage), policy);
    if (is_dry(passage) || !entry || entry->state == PW_ENTRY_LET_GO) {
        pw_owners_release(&gate->owners, &gate->source, key_of(passage), policy, is_dry(passage));
    }
}


static bool read_now(struct passage *passage) {
    struct pw_gate *gate = passage->gate;
    int error = pw_setting_read(&gate->source, &gate->buffer, passage->setting, &passage->now);
    if (error == -EACCES) {
        pw_refuse(&passage->outcome, EACCES, "it cannot be read, so it could not be undone");
    } else if (error) {
        pw_refuse_setting(&passage->outcome, passage->setting, -error);
    }
    return !error;
}


/* Everything but the writing: an act that could not be done is refused in dry run too. */
static void do_as_if(struct passage *passage) {
    const struct pw_setting *setting = passage->setting;
    if (!setting->action) {
        if (!read_now(passage)) {
            return;
        }
        int error = pw_overlay_set(passage->actor->overlay, setting, 0, passage->act->value);
        if (error) {
            pw_refuse(&passage->outcome, -error, "%s", strerror(-error));
            return;
        }
    }
    passage->outcome.verdict = PW_ACT_WOULD;
    snprintf(passage->outcome.kept, sizeof passage->outcome.kept, "%s", passage->act->value);
}


/* Finds what the journal has of the key. Of a pair it may have the partner's entry: then the act is
 * on the second file of that. */
static bool find_entry(struct passage *passage) {
    struct pw_gate *gate = passage->gate;
    passage->setting = passage->act->setting;
    passage->entry = pw_journal_find(&gate->journal, key_of(passage), passage->actor->policy);
    if (passage->entry && strcmp(passage->entry->key, key_of(passage)) != 0) {
        passage->file = 1;
        passage->setting = &passage->of_journal;
        pw_setting_of_key(&gate->source, &gate->buffer, passage->entry->key, &passage->of_journal);
    }
    if (passage->entry && passage->entry->state == PW_ENTRY_LET_GO) {
        pw_refuse(&passage->outcome, EBUSY, "let go after %d writes by somebody else",
                  passage->entry->foreign_writes);
        return false;
    }
    return true;
}


static bool record(struct passage *passage) {
    int error = pw_journal_record(&passage->gate->journal, passage->entry);
    if (error) {
        pw_refuse(&passage->outcome, -error, "it cannot be journalled: /run/pagewarden: %s",
                  strerror(-error));
    }
    return !error;
}


static bool let_go(struct passage *passage) {
    passage->entry->state = PW_ENTRY_LET_GO;
    tell(passage, "let_go", "kept", passage->now.text[passage->file], NULL, NULL);
    if (record(passage)) {
        pw_refuse(&passage->outcome, EBUSY, "let go after %d writes by somebody else",
                  passage->entry->foreign_writes);
    }
    return false;
}


/* Whether the setting still is as the policy left it, or may be written over. */
static bool check_foreign(struct passage *passage) {
    struct pw_entry *entry = passage->entry;
    bool ours = true;
    for (int file = 0; file < passage->setting->files; file++) {
        ours = ours && pw_value_same(passage->now.text[file], entry->last.text[file]);
    }
    if (ours) {
        return true;
    }
    char count[24];
    snprintf(count, sizeof count, "%d", ++entry->foreign_writes);
    tell(passage, "foreign_write", "kept", passage->now.text[passage->file], "count", count);
    return entry->foreign_writes < FOREIGN_WRITES || let_go(passage);
}


static bool make_entry(struct passage *passage) {
    struct pw_entry *entry = pw_entry_new(key_of(passage), passage->actor->policy);
    if (entry) {
        entry->original = entry->last = passage->now;
        entry->lifetime = passage->act->lifetime;
        entry->by_default = passage->act->by_default;
        if (passage->act->original) {
            snprintf(entry->original.text[passage->file], sizeof *entry->original.text, "%s",
                     passage->act->original);
        }
    }
    int error = entry ? pw_journal_add(&passage->gate->journal, entry) : -ENOMEM;
    if (error) {
        pw_refuse(&passage->outcome, -error, "it cannot be journalled: /run/pagewarden: %s",
                  strerror(-error));
        return false;
    }
    passage->entry = entry;
    return true;
}


/* Writes the record that undoes the act, before there is anything to undo. */
static bool prepare(struct passage *passage) {
    bool known = passage->entry != NULL;
    if (known ? !check_foreign(passage) : !make_entry(passage)) {
        return false;
    }
    struct pw_entry *entry = passage->entry;
    entry->state = PW_ENTRY_WRITING;
    entry->target = passage->file;
    snprintf(entry->next, sizeof entry->next, "%s", passage->act->value);
    if (record(passage)) {
        return true;
    }
    entry->state = known ? PW_ENTRY_HELD : PW_ENTRY_CLOSED;
    return false;
}


/* Whether a write that failed left everything as it was before. */
static bool is_untouched(struct passage *passage) {
    struct pw_gate *gate = passage->gate;
    struct pw_values now;
    bool same = pw_setting_read(&gate->source, &gate->buffer, passage->setting, &now) == 0;
    for (int file = 0; file < passage->setting->files; file++) {
        same = same && strcmp(now.text[file], passage->now.text[file]) == 0;
    }
    return same;
}


/* The kernel has it, or has not, or nobody knows; the journal says which. */
static void finish(struct passage *passage, const struct pw_values *after, bool known) {
    struct pw_entry *entry = passage->entry;
    if (passage->outcome.verdict == PW_ACT_DONE) {
        entry->state = PW_ENTRY_HELD;
        entry->last = *after;
        entry->lifetime = passage->act->lifetime;
        entry->by_default = passage->act->by_default;
        entry->offered = false;
    } else if (is_untouched(passage)) {
        entry->state = known ? PW_ENTRY_HELD : PW_ENTRY_CLOSED;
    }
    pw_journal_record(&passage->gate->journal, entry); /* without it, it counts as being written */
    pw_journal_tidy(&passage->gate->journal);
}


/* A lease that was handed on, or is asked for again, and that the kernel has already. */
static bool has_already(const struct passage *passage) {
    const struct pw_entry *entry = passage->entry;
    return entry && entry->state == PW_ENTRY_HELD && entry->lifetime == passage->act->lifetime &&
           pw_value_same(entry->last.text[passage->file], passage->act->value) &&
           pw_value_same(passage->now.text[passage->file], passage->act->value);
}


static void renew(struct passage *passage) {
    if (passage->entry->offered) {
        tell(passage, "adopted", NULL, NULL, NULL, NULL);
    }
    passage->entry->offered = false;
    passage->entry->by_default = passage->act->by_default;
    passage->renewed = true;
    snprintf(passage->outcome.kept, sizeof passage->outcome.kept, "%s",
             passage->now.text[passage->file]);
}


/* Whether the act undoes what came from elsewhere, so that nothing of it is to be undone. */
static bool is_undoing(const struct passage *passage) {
    const struct pw_act *act = passage->act;
    return !passage->entry && act->original && pw_value_same(act->original, act->value);
}


static void write_setting(struct passage *passage) {
    struct pw_gate *gate = passage->gate;
    if (!find_entry(passage) || !read_now(passage)) {
        return;
    }
    if (has_already(passage)) {
        renew(passage);
        return;
    }
    bool known = passage->entry != NULL, undoing = is_undoing(passage);
    if (!undoing && !prepare(passage)) {
        return;
    }
    struct pw_values after;
    pw_kernel_write(&gate->source, &gate->buffer, passage->setting, passage->file,
                    passage->act->value, &passage->now, &after, &passage->outcome);
    pw_step(&gate->hooks);
    if (!undoing) {
        finish(passage, &after, known);
    }
}


static void do_it(struct passage *passage) {
    struct pw_gate *gate = passage->gate;
    if (passage->act->setting->action) {
        pw_kernel_write(&gate->source, &gate->buffer, passage->act->setting, 0, passage->act->value,
                        NULL, NULL, &passage->outcome);
    } else {
        write_setting(passage);
    }
}


static void audit(const struct passage *passage) {
    const struct pw_act_outcome *outcome = &passage->outcome;
    char number[24];
    if (outcome->verdict == PW_ACT_REFUSED) {
        snprintf(number, sizeof number, "%d", outcome->error);
        tell(passage, "refused", "reason", outcome->reason, "errno", number);
    } else if (outcome->verdict == PW_ACT_WOULD) {
        tell(passage, "would", NULL, NULL, NULL, NULL);
    } else if (!passage->renewed) {
        tell(passage, "act", "was", passage->now.text[passage->file], "kept", outcome->kept);
    }
}


/* Owner, grant and cool-down; then the act itself, or none of it. */
static void pass(struct passage *passage) {
    struct pw_gate *gate = passage->gate;
    struct pw_source seen = gate->source;
    if (is_dry(passage)) {
        pw_overlay_attach(passage->actor->overlay, &seen);
    }
    if (!pw_kernel_check(&seen, &gate->buffer, passage->act, &passage->outcome) ||
        !claim(passage)) {
        return;
    }
    pw_step(&gate->hooks);
    struct pw_terms terms = {gate, passage->actor, key_of(passage), passage->act->cooldown_ns};
    if (pw_terms_allow(&terms, pw_setting_bound(passage->act->setting), &passage->outcome)) {
        if (is_dry(passage)) {
            do_as_if(passage);
        } else {
            do_it(passage);
        }
    }
    if (passage->outcome.verdict == PW_ACT_REFUSED) {
        unclaim(passage);
        return;
    }
    pw_terms_start_cooldown(&terms, &passage->outcome);
    if (is_undoing(passage)) {
        unclaim(passage);
    }
}


struct pw_act_outcome pw_gate_pass(struct pw_gate *gate, const struct pw_actor *actor,
                                   const struct pw_act *act) {
    struct passage passage = {.gate = gate, .actor = actor, .act = act, .setting = act->setting};
    pass(&passage);
    audit(&passage);
    return passage.outcome;
}
