/* SPDX-License-Identifier: MIT
 *
 * How a process is ended: it is asked with a signal, killed when it has not ended within its grace,
 * and what memory it then still has is taken from it. What to do when, and nothing else: time and
 * whether it has ended are told, and who asks does what is said.
 */
#ifndef PAGEWARDEN_ACT_TERMINATION_H
#define PAGEWARDEN_ACT_TERMINATION_H

#include <stdbool.h>
#include <stdint.h>

/* How long a killed process has to end by itself before its memory is taken: exiting frees it all
 * in the fewest steps, and process_mrelease(2) would compete for the same locks. */
#define PW_TERMINATION_OWN_NS (INT64_C(100) * 1000 * 1000)

/* How long to wait for a killed process; one in an uninterruptible sleep may take for ever. */
#define PW_TERMINATION_PATIENCE_NS (INT64_C(5) * 1000 * 1000 * 1000)

/* What is to be done now. */
enum pw_termination_move {
    PW_TERMINATION_WAIT, /* until `due_ns`, or until it has ended */
    PW_TERMINATION_KILL, /* send SIGKILL */
    PW_TERMINATION_REAP, /* take its memory */
    PW_TERMINATION_END   /* no more: it has ended, or does not */
};

enum pw_termination_phase {
    PW_TERMINATION_ASKED,
    PW_TERMINATION_KILLED,
    PW_TERMINATION_REAPED,
    PW_TERMINATION_OVER
};

struct pw_termination {
    enum pw_termination_phase phase;
    bool killed; /* SIGKILL was sent */
    bool reap;
    int64_t began_ns;
    int64_t due_ns;     /* of the next step, unless it ends before */
    int64_t give_up_ns; /* once it was killed */
};

/* Begins when the first signal has been sent: SIGKILL, or one that is to be followed by SIGKILL
 * when the grace is over. `reap`: memory is to be taken. */
void pw_termination_begin(struct pw_termination *termination, int64_t now_ns, int64_t grace_ns,
                          bool killed, bool reap);

/* What to do now. Each move but waiting is said once. */
enum pw_termination_move pw_termination_next(struct pw_termination *termination, int64_t now_ns,
                                             bool ended);

/* The longest that a termination with such a grace can take. */
int64_t pw_termination_longest_ns(int64_t grace_ns);

#endif
