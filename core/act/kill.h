/* SPDX-License-Identifier: MIT
 *
 * A signal to one process, and to no other that has its pid by then: a pidfd is opened first (Linux
 * 5.3), then /proc is asked when the process started, and all that follows goes through the pidfd.
 * Nothing here allocates once the buffer has held a stat.
 */
#ifndef PAGEWARDEN_ACT_KILL_H
#define PAGEWARDEN_ACT_KILL_H

#include "act/gate.h"
#include "read/process.h"

/* At this oom_score_adj and below a process is protected: pagewarden.oom protects with -900, and
 * services that must not die use less (sshd -1000, containerd -999). */
#define PW_KILL_PROTECTED_ADJ (-900)

/* Where processes are looked up, and what the caller takes upon itself. */
struct pw_killer {
    const struct pw_source *source;
    struct pw_buffer *buffer;
    bool protected_too; /* protected processes may be meant */
    bool racy;          /* before Linux 5.3 the pid will do, which may be another's by then */
};

/* A process that a signal may go to. */
struct pw_victim {
    struct pw_identity process;
    int fd; /* pidfd; -1 when closed, of another root's process, and of a racy kill */
    int64_t rss_bytes;
};

/* Finds a process and holds on to it. False, and the outcome a refusal, when it has ended (ESRCH)
 * or is one that must not be killed: init, pagewarden itself, its parent, a kernel thread, one that
 * is protected. Without a start time it is whoever has the pid now. */
bool pw_victim_take(const struct pw_killer *killer, const struct pw_identity *process,
                    struct pw_victim *victim, struct pw_act_outcome *outcome);

/* Sends it a signal. False, and the outcome a refusal, when it has ended meanwhile (ESRCH) or the
 * caller may not (EPERM). */
bool pw_victim_signal(const struct pw_killer *killer, const struct pw_victim *victim, int number,
                      struct pw_act_outcome *outcome);

/* Whether all its threads have ended, be it waited for or not. */
bool pw_victim_has_ended(const struct pw_killer *killer, const struct pw_victim *victim);

/* What it still has in memory, and the letter of its state; 0 and 'X' when it is gone. */
int64_t pw_victim_rss(const struct pw_killer *killer, const struct pw_victim *victim, char *state);

/* Lets go of it; safe to call twice, and on {.fd = -1}. */
void pw_victim_release(struct pw_victim *victim);

/* The number of a signal by its name, "TERM" or "SIGTERM"; 0 for one that is not sent here. */
int pw_signal_number(struct pw_slice name);

/* The names that are, with "SIG"; ends with NULL. */
extern const char *const pw_signal_names[];

/* "SIGTERM"; of a number that pw_signal_number() gave. */
const char *pw_signal_name(int number);

/* Whether the signal is there to end a process: some make it read its configuration or stop. */
bool pw_signal_ends(int number);

#endif
