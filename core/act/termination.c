/* SPDX-License-Identifier: MIT */
#include "act/termination.h"


static void enter_killed(struct pw_termination *termination, int64_t now_ns) {
    termination->phase = PW_TERMINATION_KILLED;
    termination->killed = true;
    termination->give_up_ns = now_ns + PW_TERMINATION_PATIENCE_NS;
    termination->due_ns =
        termination->reap ? now_ns + PW_TERMINATION_OWN_NS : termination->give_up_ns;
}


void pw_termination_begin(struct pw_termination *termination, int64_t now_ns, int64_t grace_ns,
                          bool killed, bool reap) {
    *termination =
        (struct pw_termination){.began_ns = now_ns, .due_ns = now_ns + grace_ns, .reap = reap};
    if (killed) {
        enter_killed(termination, now_ns);
    }
}


static enum pw_termination_move end(struct pw_termination *termination) {
    termination->phase = PW_TERMINATION_OVER;
    return PW_TERMINATION_END;
}


enum pw_termination_move pw_termination_next(struct pw_termination *termination, int64_t now_ns,
                                             bool ended) {
    if (ended || termination->phase == PW_TERMINATION_OVER) {
        return end(termination);
    }
    if (now_ns < termination->due_ns) {
        return PW_TERMINATION_WAIT;
    }
    if (termination->phase == PW_TERMINATION_ASKED) {
        enter_killed(termination, now_ns);
        return PW_TERMINATION_KILL;
    }
    if (termination->phase == PW_TERMINATION_KILLED && termination->reap) {
        termination->phase = PW_TERMINATION_REAPED;
        termination->due_ns = termination->give_up_ns;
        return PW_TERMINATION_REAP;
    }
    return end(termination);
}


int64_t pw_termination_longest_ns(int64_t grace_ns) {
    return grace_ns + PW_TERMINATION_PATIENCE_NS;
}
