/* SPDX-License-Identifier: MIT
 *
 * A deed: a change to the system that is done and cannot be put back, so that no journal holds it.
 * A signal, a sysrq letter, a cache that is dropped.
 */
#ifndef PAGEWARDEN_ACT_DEED_H
#define PAGEWARDEN_ACT_DEED_H

#include "act/gate.h"

/* The pause after a kill when nobody says otherwise. What a kill frees shows in counters that the
 * kernel brings up to date once a second (vm.stat_interval, mm/vmstat.c): whoever looks sooner may
 * find memory as short as before, and kill the next one for nothing. */
#define PW_KILL_PAUSE_NS (INT64_C(1000) * 1000 * 1000)

struct pw_deed {
    /* The word that grants it, a blank, and what it is about: "kill 812:45678", "sysrq f",
     * "reclaim drop_caches". */
    const char *key;
    const char *value;   /* what is done, for the log: "SIGTERM", "3" */
    int64_t cooldown_ns; /* before the policy may do something with the key again; 0 for none */

    /* Of one that kills: for how long no policy may kill again; 0 when it kills nobody. Kills come
     * one at a time and with a pause. */
    int64_t kill_ns;

    /* Whether it may and can be done at all; changes nothing. A dry run asks too. Refuses through
     * pw_refuse() and returns false when not. NULL: it can. */
    bool (*check)(void *context, struct pw_act_outcome *outcome);

    /* Does it. Refuses through pw_refuse() and returns false when the kernel did not take it, which
     * leaves nothing half done. */
    bool (*perform)(void *context, struct pw_act_outcome *outcome);

    void *context;
};

/* Lets a deed through, or not: grant -> cool-down -> pause between kills -> check -> dry run ->
 * kernel -> audit. Only the machine's own kernel is met: under another root a deed is refused with
 * EXDEV, unless the gate's world is imagined; then "act" is told and the world does the rest. */
struct pw_act_outcome pw_gate_do(struct pw_gate *gate, const struct pw_actor *actor,
                                 const struct pw_deed *deed);

/* Tells, as refused, that a deed which was let through and begun failed later. */
void pw_gate_tell_failure(const struct pw_gate *gate, const struct pw_actor *actor,
                          const struct pw_deed *deed, int error, const char *reason);

/* Ends the time of a kill early, for what was killed has ended: others may follow in `pause_ns`.
 * `next_kill_ns` is the gate's as that kill left it; after another kill nothing happens. */
void pw_gate_end_kill(struct pw_gate *gate, int64_t next_kill_ns, int64_t pause_ns);

/* Does it without a gate: the caller's own rights, and nobody is told. */
struct pw_act_outcome pw_deed_alone(const struct pw_source *source, const struct pw_deed *deed);

#endif
