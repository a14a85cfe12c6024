/* SPDX-License-Identifier: MIT
 *
 * One process as the kernel sees it when it looks for somebody to kill for memory: what it is rated
 * by (badness.h), or why it is spared.
 */
#ifndef PAGEWARDEN_READ_CANDIDATE_H
#define PAGEWARDEN_READ_CANDIDATE_H

#include "read/badness.h"
#include "read/process.h"

enum pw_spared {
    PW_NOT_SPARED,
    PW_SPARED_INIT,          /* the first process; in a container it is not the machine's */
    PW_SPARED_KERNEL_THREAD, /* PF_KTHREAD */
    PW_SPARED_ADJ,           /* oom_score_adj is -1000, or oom_adj -17 */
    PW_SPARED_EMPTY,         /* no thread has memory any more: a zombie */
    PW_SPARED_KERNEL,        /* the kernel gives it no score, for it shares its parent's memory
                                until it execs (vfork), or is dying of SIGKILL already */
};

struct pw_candidate {
    enum pw_spared spared;
    struct pw_rated rated;
    struct pw_sized sized; /* without its children, and run_seconds 0 */
    int64_t parent_pid, start_ticks;
    bool has_adj;      /* the kernel has oom_score_adj (2.6.36, and RHEL 6) */
    int64_t oom_score; /* the kernel's own; PW_ABSENT when it cannot be read */
};

/* "init", "kernel thread", "adj", "no memory", "kernel"; NULL for PW_NOT_SPARED. */
const char *pw_spared_name(enum pw_spared spared);

/* Takes the lines of /proc/PID/status that count. Pure. */
void pw_parse_candidate_status(struct pw_slice text, int64_t page_size_bytes,
                               struct pw_candidate *candidate);

/* Reads a process. A leader that is a zombie while other threads live is rated by their memory,
 * as the kernel does (find_lock_task_mm()). PW_SPARED_KERNEL is not for here to say. 0 or -errno;
 * what may not be read counts as nothing. */
int pw_read_candidate(const struct pw_source *source, const struct pw_identity *identity,
                      struct pw_buffer *buffer, struct pw_candidate *candidate);

#endif
