/* SPDX-License-Identifier: MIT
 *
 * What comes of SysRq f. It kills one process however much memory is free, but not at once: the
 * kernel's killer runs in a worker, and says in the log and in vmstat what it did.
 * Kernel: drivers/tty/sysrq.c, moom_callback(); mm/oom_kill.c, out_of_memory().
 */
#ifndef PAGEWARDEN_ACT_MANUAL_OOM_H
#define PAGEWARDEN_ACT_MANUAL_OOM_H

#include "read/log_tail.h"
#include "read/oom_report.h"

/* Why it must not be asked for here: NULL, or the reason. Before Linux 4.3 vm.panic_on_oom, and a
 * machine on which nothing may be killed, make it a panic. */
const char *pw_manual_oom_taboo(const struct pw_source *source, struct pw_buffer *buffer);

enum pw_manual_oom_end {
    PW_MANUAL_OOM_PENDING, /* the kernel has not said yet */
    PW_MANUAL_OOM_KILLED,
    PW_MANUAL_OOM_NOBODY, /* there was no process that it may kill */
};

struct pw_manual_oom {
    const struct pw_source *source;
    struct pw_buffer *buffer;
    struct pw_log_tail tail;
    struct pw_oom_reports reports;
    int64_t kills_before; /* PW_ABSENT before Linux 4.13 */

    struct pw_oom_report report; /* of the one that was killed; valid when `reported` */
    bool reported;
};

/* Notes how things are before it is asked for. What it is given must outlive it. */
void pw_manual_oom_begin(struct pw_manual_oom *oom, const struct pw_source *source,
                         struct pw_buffer *buffer);

/* Looks at what was said since. `last`: the log has had its time, and what vmstat says will do. */
enum pw_manual_oom_end pw_manual_oom_look(struct pw_manual_oom *oom, bool last);

/* Safe to call twice. */
void pw_manual_oom_close(struct pw_manual_oom *oom);

#endif
