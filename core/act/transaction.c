/* SPDX-License-Identifier: MIT */
#include "act/transaction.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "act/kernel.h"
#include "act/terms.h"
#include "act/undo.h"


static struct pw_entry *entry_of(const struct pw_transaction *transaction, const char *key) {
    struct pw_gate *gate = transaction->gate;
    return gate ? pw_journal_find(&gate->journal, key, transaction->actor->policy) : NULL;
}


/* Notes what there is to put back. What cannot be read is refused by the gate itself. */
static bool remember(const struct pw_transaction *transaction, const struct pw_setting *setting,
                     struct pw_change *change, struct pw_act_outcome *outcome) {
    const struct pw_entry *entry = entry_of(transaction, change->key);
    if (setting->action) {
        pw_refuse(outcome, EINVAL, "it does something at once, which nothing can put back");
        return false;
    }
    change->known = entry != NULL;
    change->lifetime = entry ? entry->lifetime : transaction->terms.lifetime;
    change->by_default = entry ? entry->by_default : transaction->terms.by_default;
    int error = pw_setting_read(transaction->source, transaction->buffer, setting, &change->before);
    if (error) {
        pw_refuse_setting(outcome, setting, -error);
    }
    return !error;
}


static struct pw_act_outcome pass(const struct pw_transaction *transaction,
                                  const struct pw_act *act) {
    return transaction->gate ? pw_gate_pass(transaction->gate, transaction->actor, act)
                             : pw_act_alone(transaction->source, transaction->buffer, act);
}


/* The cool-downs are started when all is done. */
static bool make(const struct pw_transaction *transaction, struct pw_change *change,
                 struct pw_act_outcome *outcome) {
    struct pw_setting setting;
    struct pw_act act = transaction->terms;
    int error = pw_setting_of_key(transaction->source, transaction->buffer, change->key, &setting);
    if (error) {
        pw_refuse(outcome, -error, "%s", strerror(-error));
        return false;
    }
    if (!remember(transaction, &setting, change, outcome)) {
        return false;
    }
    if (transaction->only_differences && pw_value_same(change->before.text[0], change->value)) {
        memcpy(change->kept, change->before.text[0], sizeof change->kept);
        return true;
    }
    act.setting = &setting;
    act.value = change->value;
    act.cooldown_ns = 0;
    *outcome = pass(transaction, &act);
    memcpy(change->kept, outcome->kept, sizeof change->kept);
    return outcome->verdict != PW_ACT_REFUSED;
}


/* Undoes a lease or keep that the transaction began. */
static void forget(struct pw_gate *gate, struct pw_entry *entry) {
    pw_undo_entry(&gate->journal, &gate->buffer, entry);
    pw_owners_release(&gate->owners, &gate->source, entry->key, entry->policy, false);
    pw_journal_tidy(&gate->journal);
}


/* Writes the value that the policy had written before, which goes through the gate like any other.
 * Of a pair that is the member that was not 0. */
static void write_again(const struct pw_transaction *transaction, const struct pw_change *change,
                        const struct pw_setting *setting) {
    struct pw_setting partner;
    struct pw_actor actor = *transaction->actor;
    struct pw_act act = {.setting = setting,
                         .value = change->before.text[0],
                         .lifetime = change->lifetime,
                         .by_default = change->by_default,
                         .dangerous = true};
    bool of_partner = setting->files == 2 && pw_value_same(change->before.text[0], "0") &&
                      change->before.text[1][0] && !pw_value_same(change->before.text[1], "0");
    if (of_partner) {
        pw_setting_of_partner(setting, &partner);
        act.setting = &partner;
        act.value = change->before.text[1];
    }
    actor.grants = NULL; /* it was in force, so that it is not asked whether it may be */
    pw_gate_pass(transaction->gate, &actor, &act);
}


static void put_back(const struct pw_transaction *transaction, const struct pw_change *change,
                     const struct pw_setting *setting, struct pw_values *now) {
    static const struct pw_hooks none = {0};
    struct pw_entry *entry = entry_of(transaction, change->key);
    if (!transaction->gate) {
        pw_kernel_put_back(transaction->source, transaction->buffer, &none, setting,
                           &change->before, now);
    } else if (entry && change->known) {
        write_again(transaction, change, setting);
    } else if (entry) {
        forget(transaction->gate, entry);
    }
}


/* Puts one change back, and whether it is: somebody else may have written it meanwhile. */
static bool take_back(const struct pw_transaction *transaction, const struct pw_change *change) {
    struct pw_setting setting;
    struct pw_values now;
    const struct pw_source *source = transaction->source;
    if (pw_setting_of_key(source, transaction->buffer, change->key, &setting) ||
        pw_setting_read(source, transaction->buffer, &setting, &now)) {
        return false;
    }
    put_back(transaction, change, &setting, &now);
    return pw_setting_read(source, transaction->buffer, &setting, &now) == 0 &&
           pw_setting_has(&setting, &now, &change->before);
}


/* Adds to the reason what became of the changes before the one that was refused. */
static void explain(struct pw_act_outcome *outcome, const char *left) {
    size_t size = strlen(outcome->reason);
    snprintf(outcome->reason + size, sizeof outcome->reason - size, "%s%s",
             left ? "; and this could not be put back: " : "; what was set before it is put back",
             left ? left : "");
}


static void take_all_back(const struct pw_transaction *transaction, int made,
                          struct pw_act_outcome *outcome) {
    const char *left = NULL;
    for (int i = made - 1; i >= 0; i--) {
        if (!take_back(transaction, &transaction->changes[i])) {
            left = transaction->changes[i].key;
        }
    }
    if (made > 0) {
        explain(outcome, left);
    }
}


static void start_cooldowns(const struct pw_transaction *transaction) {
    struct pw_act_outcome unused;
    for (int i = 0; i < transaction->count && transaction->gate; i++) {
        struct pw_terms terms = {transaction->gate, transaction->actor, transaction->changes[i].key,
                                 transaction->terms.cooldown_ns};
        pw_terms_start_cooldown(&terms, &unused);
    }
}


static int run(const struct pw_transaction *transaction, struct pw_act_outcome *outcome) {
    for (int i = 0; i < transaction->count; i++) {
        if (!make(transaction, &transaction->changes[i], outcome)) {
            return i;
        }
    }
    start_cooldowns(transaction);
    return -1;
}


/* What a dry run would have set is in its overlay alone. */
static int run_dry(struct pw_transaction *transaction, struct pw_act_outcome *outcome) {
    struct pw_overlay *overlay = transaction->actor->overlay, before;
    if (pw_overlay_copy(overlay, &before)) {
        pw_refuse(outcome, ENOMEM, "%s", strerror(ENOMEM));
        return 0;
    }
    int refused = run(transaction, outcome);
    if (refused >= 0) {
        struct pw_overlay after = *overlay;
        *overlay = before;
        before = after;
    }
    pw_overlay_free(&before);
    return refused;
}


int pw_transaction_run(struct pw_transaction *transaction, struct pw_act_outcome *outcome) {
    if (transaction->gate && transaction->actor->overlay) {
        return run_dry(transaction, outcome);
    }
    int refused = run(transaction, outcome);
    if (refused >= 0) {
        take_all_back(transaction, refused, outcome);
    }
    return refused;
}
