/* SPDX-License-Identifier: MIT */
#include "act/gate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act/kernel.h"
#include "act/terms.h"
#include "act/undo.h"

/* After so many writes by somebody else a policy lets go of a key. */
#define FOREIGN_WRITES 2

/* One passage through the gate. */
struct pw_passage {
    struct pw_gate *gate;
    struct pw_journal *journal; /* the one that its entry is in */
    const struct pw_actor *actor;
    const struct pw_act *act;
    struct pw_act_outcome outcome;
    const struct pw_setting *setting; /* the act's, or in a pair the one the journal has */
    struct pw_setting of_journal;
    int file; /* of the setting: the one that is written */
    struct pw_values now;
    struct pw_entry *entry;
    bool known;   /* the policy had something to undo there before */
    bool undoing; /* it undoes what came from elsewhere: nothing of it is to be undone */
    bool renewed; /* a lease of its own, which the kernel has already */
};


int pw_gate_open(struct pw_gate *gate, const char *root, const struct pw_hooks *hooks) {
    *gate = (struct pw_gate){.hooks = *hooks};
    int error = pw_source_open(&gate->source, root);
    pw_journal_init(&gate->journal, PW_JOURNAL_RUN, &gate->source, &gate->hooks);
    pw_journal_init(&gate->journal_on_disk, PW_JOURNAL_DISK, &gate->source, &gate->hooks);
    return error;
}


void pw_gate_close(struct pw_gate *gate) {
    pw_journal_close(&gate->journal);
    pw_journal_close(&gate->journal_on_disk);
    pw_owners_release_all(&gate->owners, &gate->source, NULL);
    pw_cooldowns_forget(&gate->cooldowns, NULL);
    pw_fallback_free(&gate->fallback);
    pw_buffer_free(&gate->buffer);
    pw_source_close(&gate->source);
}


/* Tells of the act, with one or two fields more. */
static void tell(const struct pw_passage *passage, const char *event, const char *name,
                 const char *text, const char *second_name, const char *second) {
    struct pw_event_field fields[] = {{"policy", passage->actor->policy},
                                      {"key", passage->act->setting->key},
                                      {"value", passage->act->value},
                                      {name, text},
                                      {second_name, second}};
    pw_tell(&passage->gate->hooks, event, fields, second ? 5 : text ? 4 : 3);
}


static bool is_dry(const struct pw_passage *passage) {
    return passage->actor->overlay != NULL;
}


static const char *key_of(const struct pw_passage *passage) {
    return passage->act->setting->key;
}


static bool claim(struct pw_passage *passage) {
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


/* What the policy has to undo of the key, and the journal that says so. */
static struct pw_entry *find_in_journals(struct pw_passage *passage) {
    const char *policy = passage->actor->policy;
    passage->journal = &passage->gate->journal_on_disk;
    struct pw_entry *entry = pw_journal_find(passage->journal, key_of(passage), policy);
    if (!entry) {
        passage->journal = &passage->gate->journal;
        entry = pw_journal_find(passage->journal, key_of(passage), policy);
    }
    return entry;
}


/* Gives the key up again, unless the policy has something to undo there. */
static void unclaim(struct pw_passage *passage) {
    struct pw_gate *gate = passage->gate;
    const char *policy = passage->actor->policy;
    const struct pw_entry *entry = find_in_journals(passage);
    if (is_dry(passage) || !entry || entry->state == PW_ENTRY_LET_GO) {
        pw_owners_release(&gate->owners, &gate->source, key_of(passage), policy, is_dry(passage));
    }
}


static bool read_now(struct pw_passage *passage) {
    struct pw_gate *gate = passage->gate;
    int error = pw_setting_read(&gate->source, &gate->buffer, passage->setting, &passage->now);
    if (error == -EACCES) {
        pw_refuse(&passage->outcome, EACCES, "it cannot be read, so it could not be undone");
    } else if (error) {
        pw_refuse_setting(&passage->outcome, passage->setting, -error);
    }
    return !error;
}


static void say_would(struct pw_passage *passage) {
    passage->outcome.verdict = PW_ACT_WOULD;
    snprintf(passage->outcome.kept, sizeof passage->outcome.kept, "%s", passage->act->value);
}


/* Remembers the value, for what the policy does and reads later to agree. */
static void overlay(struct pw_passage *passage) {
    struct pw_gate *gate = passage->gate;
    const struct pw_setting *setting = passage->setting;
    char shown[PW_VALUE_BYTES];
    int error = pw_setting_show(&gate->source, &gate->buffer, setting, passage->act->value, shown);
    error = error ? error : pw_overlay_set(passage->actor->overlay, setting, 0, shown);
    if (error) {
        pw_refuse(&passage->outcome, -error, "%s", strerror(-error));
    } else {
        say_would(passage);
    }
}


/* Everything but the writing: an act that could not be done is refused in dry run too. */
static void do_as_if(struct pw_passage *passage) {
    if (passage->setting->action) {
        say_would(passage);
    } else if (read_now(passage)) {
        overlay(passage);
    }
}


/* Finds what the journal has of the key. Of a pair it may have the partner's entry: then the act is
 * on the second file of that. */
static bool find_entry(struct pw_passage *passage) {
    struct pw_gate *gate = passage->gate;
    passage->setting = passage->act->setting;
    passage->entry = find_in_journals(passage);
    if (passage->entry && strcmp(passage->entry->key, key_of(passage)) != 0) {
        passage->file = 1;
        passage->setting = &passage->of_journal;
        pw_setting_of_key(&gate->source, &gate->buffer, passage->entry->key, &passage->of_journal);
    }
    if (passage->entry && passage->entry->under_way) {
        pw_refuse(&passage->outcome, EBUSY, "a change of it is under way");
        return false;
    }
    if (passage->entry && passage->entry->state == PW_ENTRY_LET_GO) {
        pw_refuse(&passage->outcome, EBUSY, "let go after %d writes by somebody else",
                  passage->entry->foreign_writes);
        return false;
    }
    return true;
}


static bool refuse_unjournalled(struct pw_passage *passage, int error) {
    pw_refuse(&passage->outcome, -error, "it cannot be journalled: /%s: %s",
              pw_journal_folders[passage->journal->place], strerror(-error));
    return false;
}


static bool record(struct pw_passage *passage) {
    int error = pw_journal_record(passage->journal, passage->entry);
    return error ? refuse_unjournalled(passage, error) : true;
}


static bool let_go(struct pw_passage *passage) {
    passage->entry->state = PW_ENTRY_LET_GO;
    tell(passage, "let_go", "kept", passage->now.text[passage->file], NULL, NULL);
    if (record(passage)) {
        pw_refuse(&passage->outcome, EBUSY, "let go after %d writes by somebody else",
                  passage->entry->foreign_writes);
    }
    return false;
}


/* Whether a file has what was written last, or what was under way when nobody knew its end. */
static bool is_ours(const struct pw_passage *passage, int file) {
    const struct pw_entry *entry = passage->entry;
    const char *now = passage->now.text[file];
    bool written = entry->state == PW_ENTRY_WRITING && entry->target == file &&
                   pw_setting_value_same(passage->setting, now, entry->next);
    return written || pw_setting_value_same(passage->setting, now, entry->last.text[file]);
}


/* Whether the setting still is as the policy left it, or may be written over. */
static bool check_foreign(struct pw_passage *passage) {
    struct pw_entry *entry = passage->entry;
    bool ours = true;
    for (int file = 0; file < passage->setting->files; file++) {
        ours = ours && is_ours(passage, file);
    }
    if (ours) {
        return true;
    }
    char count[24];
    snprintf(count, sizeof count, "%d", ++entry->foreign_writes);
    tell(passage, "foreign_write", "kept", passage->now.text[passage->file], "count", count);
    return entry->foreign_writes < FOREIGN_WRITES || let_go(passage);
}


static bool make_entry(struct pw_passage *passage) {
    struct pw_gate *gate = passage->gate;
    bool on_disk = pw_setting_is_on_disk(passage->setting, passage->now.text[passage->file],
                                         passage->act->value);
    passage->journal = on_disk ? &gate->journal_on_disk : &gate->journal;
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
    int error = entry ? pw_journal_add(passage->journal, entry) : -ENOMEM;
    if (error) {
        return refuse_unjournalled(passage, error);
    }
    passage->entry = entry;
    return true;
}


/* What this run has done to the path since comes to its end with what is taken over. */
static void take_over(struct pw_passage *passage, struct pw_journal *journal,
                      struct pw_entry *inherited) {
    if (passage->entry) {
        passage->entry->state = PW_ENTRY_CLOSED;
        pw_journal_record(passage->journal, passage->entry);
    }
    passage->journal = journal;
    passage->entry = inherited;
}


/* When a policy removes an area that it made when it ran before, nothing is left to undo of either:
 * what was kept then is taken over, and comes to its end here. Of a path that this run has done
 * something to, only what outlasts more than that does. */
static bool inherit(struct pw_passage *passage) {
    struct pw_gate *gate = passage->gate;
    struct pw_journal *const journals[] = {&gate->journal_on_disk, &gate->journal};
    struct pw_entry *inherited = NULL;
    bool removes = passage->setting->kind == PW_SETTING_SWAP && passage->act->lifetime == PW_KEEP &&
                   strcmp(passage->act->value, "absent") == 0;
    for (int i = 0; i < PW_JOURNAL_PLACES && removes && !inherited; i++) {
        if (passage->entry && passage->journal == journals[i]) {
            break;
        }
        inherited = pw_undo_inherit(journals[i], &gate->buffer, passage->setting,
                                    passage->actor->policy, &passage->now);
        if (inherited) {
            take_over(passage, journals[i], inherited);
        }
    }
    return inherited != NULL;
}


/* Writes the record that undoes the act, before there is anything to undo. */
static bool prepare(struct pw_passage *passage) {
    bool own = passage->entry != NULL;
    if (own && !check_foreign(passage)) {
        return false;
    }
    passage->known = inherit(passage) || own;
    if (!passage->known && !make_entry(passage)) {
        return false;
    }
    struct pw_entry *entry = passage->entry;
    entry->state = PW_ENTRY_WRITING;
    entry->target = passage->file;
    snprintf(entry->next, sizeof entry->next, "%s", passage->act->value);
    if (record(passage)) {
        return true;
    }
    entry->state = passage->known ? PW_ENTRY_HELD : PW_ENTRY_CLOSED;
    return false;
}


/* Whether a write that failed left everything as it was before. */
static bool is_untouched(struct pw_passage *passage) {
    struct pw_gate *gate = passage->gate;
    struct pw_values now;
    bool same = pw_setting_read(&gate->source, &gate->buffer, passage->setting, &now) == 0;
    for (int file = 0; file < passage->setting->files; file++) {
        same = same && strcmp(now.text[file], passage->now.text[file]) == 0;
    }
    return same;
}


/* Whether what is kept is what there was: then nothing is left to undo. */
static bool is_back(const struct pw_passage *passage, const struct pw_values *after) {
    bool back = passage->act->lifetime == PW_KEEP;
    for (int file = 0; file < passage->setting->files; file++) {
        back = back && pw_setting_value_same(passage->setting, after->text[file],
                                             passage->entry->original.text[file]);
    }
    return back;
}


/* The kernel has it, or has not, or nobody knows; the journal says which. */
static void finish(struct pw_passage *passage, const struct pw_values *after) {
    struct pw_entry *entry = passage->entry;
    if (passage->outcome.verdict == PW_ACT_DONE) {
        entry->state = is_back(passage, after) ? PW_ENTRY_CLOSED : PW_ENTRY_HELD;
        entry->last = *after;
        entry->lifetime = passage->act->lifetime;
        entry->by_default = passage->act->by_default;
        entry->offered = false;
    } else if (is_untouched(passage)) {
        entry->state = passage->known ? PW_ENTRY_HELD : PW_ENTRY_CLOSED;
    }
    pw_journal_record(passage->journal, entry); /* without it, it counts as being written */
    pw_journal_tidy(passage->journal);
}


/* A lease that was handed on, or is asked for again, and that the kernel has already. */
static bool has_already(const struct pw_passage *passage) {
    const struct pw_entry *entry = passage->entry;
    return entry && entry->state == PW_ENTRY_HELD && entry->lifetime == passage->act->lifetime &&
           pw_setting_value_same(passage->setting, entry->last.text[passage->file],
                                 passage->act->value) &&
           pw_setting_value_same(passage->setting, passage->now.text[passage->file],
                                 passage->act->value);
}


static void renew(struct pw_passage *passage) {
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
static bool is_undoing(const struct pw_passage *passage) {
    const struct pw_act *act = passage->act;
    return !passage->entry && act->original && pw_value_same(act->original, act->value);
}


/* Everything up to the write. False: there is nothing left to do. */
static bool begin_setting(struct pw_passage *passage) {
    if (!find_entry(passage) || !read_now(passage)) {
        return false;
    }
    if (has_already(passage)) {
        renew(passage);
        return false;
    }
    passage->undoing = is_undoing(passage);
    return passage->undoing || prepare(passage);
}


static void write_setting(struct pw_passage *passage) {
    struct pw_gate *gate = passage->gate;
    struct pw_values after;
    if (!begin_setting(passage)) {
        return;
    }
    pw_kernel_write(&gate->source, &gate->buffer, passage->setting, passage->file,
                    passage->act->value, &passage->now, &after, &passage->outcome);
    pw_step(&gate->hooks);
    if (!passage->undoing) {
        finish(passage, &after);
    }
}


static void do_it(struct pw_passage *passage) {
    struct pw_gate *gate = passage->gate;
    if (passage->act->setting->action) {
        pw_kernel_write(&gate->source, &gate->buffer, passage->act->setting, 0, passage->act->value,
                        NULL, NULL, &passage->outcome);
    } else {
        write_setting(passage);
    }
}


static void audit(const struct pw_passage *passage) {
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


static struct pw_terms terms_of(const struct pw_passage *passage) {
    return (struct pw_terms){passage->gate, passage->actor, key_of(passage),
                             passage->act->cooldown_ns};
}


/* Owner, grant and cool-down. Without an owner there is nothing to leave. */
static bool enter(struct pw_passage *passage, bool *owned) {
    struct pw_gate *gate = passage->gate;
    struct pw_source seen = gate->source;
    if (is_dry(passage)) {
        pw_overlay_attach(passage->actor->overlay, &seen);
    }
    *owned =
        pw_kernel_check(&seen, &gate->buffer, passage->act, &passage->outcome) && claim(passage);
    if (!*owned) {
        return false;
    }
    pw_step(&gate->hooks);
    struct pw_terms terms = terms_of(passage);
    return pw_terms_allow(&terms, pw_setting_bound(passage->act->setting), &passage->outcome);
}


static void leave(struct pw_passage *passage) {
    if (passage->outcome.verdict == PW_ACT_REFUSED) {
        unclaim(passage);
        return;
    }
    struct pw_terms terms = terms_of(passage);
    pw_terms_start_cooldown(&terms, &passage->outcome);
    if (is_undoing(passage)) {
        unclaim(passage);
    }
}


struct pw_act_outcome pw_gate_pass(struct pw_gate *gate, const struct pw_actor *actor,
                                   const struct pw_act *act) {
    struct pw_passage passage = {.gate = gate, .actor = actor, .act = act, .setting = act->setting};
    bool owned;
    if (enter(&passage, &owned)) {
        if (is_dry(&passage)) {
            do_as_if(&passage);
        } else {
            do_it(&passage);
        }
    }
    if (owned) {
        leave(&passage);
    }
    audit(&passage);
    return passage.outcome;
}


/* A long change up to its write. False: there is nothing left to do. */
static bool begin(struct pw_passage *passage, pw_act_check *check, void *context) {
    if (!check(context, &passage->outcome)) {
        return false;
    }
    if (is_dry(passage)) {
        overlay(passage);
        return false;
    }
    return begin_setting(passage);
}


struct pw_passage *pw_gate_begin(struct pw_gate *gate, const struct pw_actor *actor,
                                 const struct pw_act *act, pw_act_check *check, void *context,
                                 struct pw_act_outcome *outcome) {
    struct pw_passage *passage = calloc(1, sizeof *passage);
    bool owned;
    if (!passage) {
        pw_refuse(outcome, ENOMEM, "%s", strerror(ENOMEM));
        return NULL;
    }
    *passage =
        (struct pw_passage){.gate = gate, .actor = actor, .act = act, .setting = act->setting};
    if (enter(passage, &owned) && begin(passage, check, context)) {
        passage->entry->under_way = true;
        return passage;
    }
    if (owned) {
        leave(passage);
    }
    audit(passage);
    *outcome = passage->outcome;
    free(passage);
    return NULL;
}


struct pw_act_outcome pw_gate_end(struct pw_passage *passage, int error, const char *reason) {
    struct pw_gate *gate = passage->gate;
    struct pw_values after;
    passage->entry->under_way = false;
    int unread =
        error ? 0 : pw_setting_read(&gate->source, &gate->buffer, passage->setting, &after);
    if (error) {
        pw_refuse(&passage->outcome, error, "%s", reason);
    } else if (unread) {
        pw_refuse_setting(&passage->outcome, passage->setting, -unread);
    } else {
        strcpy(passage->outcome.kept, after.text[passage->file]);
    }
    if (error != ECANCELED) {
        finish(passage, &after);
    }
    leave(passage);
    audit(passage);
    struct pw_act_outcome outcome = passage->outcome;
    free(passage);
    return outcome;
}
