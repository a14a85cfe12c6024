/* SPDX-License-Identifier: MIT
 *
 * The one way for every change to the system:
 *
 *   owner -> grant -> dry run -> cool-down -> journal -> kernel -> audit
 *
 * Told of it (hooks.h) are, each with { policy, key, value } and what else is named here:
 *
 *   "act"            done: { was, kept }, kept being what the kernel made of the value
 *   "adopted"        a lease that was handed on is the policy's again; nothing was written
 *   "would"          decided in dry run, and not done
 *   "refused"        { reason, errno }
 *   "foreign_write"  { kept, count }: somebody else had changed what we wrote
 *   "let_go"         { kept }: the second time; the policy does not get the key again
 *   "kept"           { id }: a lease has become a keep, to be undone by that number
 *
 * and what undo.h and journal.h tell.
 */
#ifndef PAGEWARDEN_ACT_GATE_H
#define PAGEWARDEN_ACT_GATE_H

#include "act/cooldown.h"
#include "act/fallback.h"
#include "act/grant.h"
#include "act/hooks.h"
#include "act/journal.h"
#include "act/overlay.h"
#include "act/owner.h"

/* One for a host, over one root. */
struct pw_gate {
    struct pw_source source;
    struct pw_buffer buffer;
    struct pw_hooks hooks;
    struct pw_journal journal;         /* of what the kernel has */
    struct pw_journal journal_on_disk; /* of what outlasts a boot */
    struct pw_owners owners;
    struct pw_cooldowns cooldowns;
    int64_t next_kill_ns;         /* on the hooks' clock: no kill (deed.h) is let through before */
    char asked_key[PW_KEY_BYTES]; /* but SIGKILL to whom the last one only asked to end */
    struct pw_fallback fallback;  /* of a policy that may kill */
    bool imagined; /* a test's world is behind it, which does what deeds (deed.h) would have done */
};

/* Who acts, and on what terms. */
struct pw_actor {
    const char *policy;
    const struct pw_grants *grants; /* NULL: everything is granted */
    struct pw_overlay *overlay;     /* where a dry run's settings go; NULL: it is not one */
};

/* A change. */
struct pw_act {
    const struct pw_setting *setting;
    const char *value;
    enum pw_lifetime lifetime; /* of a setting that is an action: none, for it is not undone */
    bool by_default;           /* nobody said so: pw_gate_keep() may change it */
    bool self;                 /* pagewarden's own process may be meant */
    bool dangerous;            /* a value that is refused for what it does is meant */
    const char *original;      /* what undoing puts back; NULL: what is there now. Where it is what
                                  is written, that leaves nothing to undo, and no owner */
    int64_t cooldown_ns;       /* before the policy may write the key again; 0 for none */
};

enum pw_verdict { PW_ACT_DONE, PW_ACT_WOULD, PW_ACT_REFUSED };

/* What became of it. */
struct pw_act_outcome {
    enum pw_verdict verdict;
    int error; /* a positive errno when it was refused */
    char reason[PW_REASON_BYTES];
    char kept[PW_VALUE_BYTES]; /* what the kernel has now; in dry run, what was asked for */
};

/* Opens a gate over a root. Nothing is written yet, and what dead processes left is not touched.
 * 0 or -errno. The hooks are copied. The gate must stay where it is. */
int pw_gate_open(struct pw_gate *gate, const char *root, const struct pw_hooks *hooks);

/* Undoes nothing: leases that are still held are left to who starts next, to be undone or handed
 * on. Stop the policies first. Gives up all keys. */
void pw_gate_close(struct pw_gate *gate);

/* Lets a change through, or not. */
struct pw_act_outcome pw_gate_pass(struct pw_gate *gate, const struct pw_actor *actor,
                                   const struct pw_act *act);

/* A change that takes long is let through in two halves, and made between them. The first one looks
 * whether it may be made, asks `check` whether it can, which refuses through pw_refuse(), and
 * journals it; NULL, and what became of it in `outcome`, when there is nothing left to do: refused,
 * only said in dry run, or there already. Before the second half the gate must not be closed. */
struct pw_passage;

typedef bool pw_act_check(void *context, struct pw_act_outcome *outcome);

struct pw_passage *pw_gate_begin(struct pw_gate *gate, const struct pw_actor *actor,
                                 const struct pw_act *act, pw_act_check *check, void *context,
                                 struct pw_act_outcome *outcome);

/* The second half: finds out what the kernel has now, and journals that. `error` is 0 or a positive
 * errno, and then `reason` says why it was not made. With ECANCELED nobody knows whether it is
 * under way still, and the journal goes on saying so. Frees the passage. */
struct pw_act_outcome pw_gate_end(struct pw_passage *passage, int error, const char *reason);

/* Ends a policy: undoes its leases, last first, and gives up its keys and cool-downs. */
void pw_gate_stop(struct pw_gate *gate, const char *policy);

/* Makes keeps of the leases of a policy that did not say how long they are for: it has done what it
 * was to do, and nothing of it runs on. */
void pw_gate_keep(struct pw_gate *gate, const char *policy);

/* What undoing a policy's change of a key puts back; NULL when it has changed nothing there. Valid
 * until the gate is used again. */
const char *pw_gate_original(const struct pw_gate *gate, const char *policy, const char *key);

/* Forgets what a policy changed of processes that have ended since. */
void pw_gate_forget_ended(struct pw_gate *gate, const char *policy);

/* Undoes the leases that dead processes left. Returns how many, or -errno. */
int pw_gate_recover(struct pw_gate *gate);

/* Hands leases on. At a reload pw_gate_offer() marks those of a policy; at a restart
 * pw_gate_adopt() takes over those of dead processes instead of undoing them, and returns how many
 * or -errno. A policy of the same name that writes such a key again takes the lease up, its first
 * original kept, and what the kernel has already is not written again. Then pw_gate_settle() undoes
 * what the policy did not take up; of all policies when it is NULL. */
void pw_gate_offer(struct pw_gate *gate, const char *policy);
int pw_gate_adopt(struct pw_gate *gate);
void pw_gate_settle(struct pw_gate *gate, const char *policy);

/* Ends an offer at a reload otherwise: the new policy has failed, and what it changed is made again
 * what the old one, which goes on, had made of it. */
void pw_gate_retract(struct pw_gate *gate, const char *policy);

/* Makes a change without a gate: the caller's own rights, nothing owned and nothing journalled. */
struct pw_act_outcome pw_act_alone(const struct pw_source *source, struct pw_buffer *buffer,
                                   const struct pw_act *act);

#endif
