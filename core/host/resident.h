/* SPDX-License-Identifier: MIT
 *
 * Staying able to run when memory is short: this process's pages kept in memory, and its standing
 * with the kernel's OOM killer.
 */
#ifndef PAGEWARDEN_HOST_RESIDENT_H
#define PAGEWARDEN_HOST_RESIDENT_H

#include "read/source.h"

/* Locks what is in memory now and what comes later, page by page as it is touched
 * (MCL_ONFAULT, Linux 4.4), so that stacks do not count with their full size. What of programs and
 * libraries only starting up needed is let go of first: call it when that is done. Returns 0 or
 * -errno:
 * EPERM without CAP_IPC_LOCK unless RLIMIT_MEMLOCK is unlimited, since under a limit every later
 * allocation could fail. */
int pw_lock_memory(void);

/* Lets this process run before all others that are not real-time: who is to stop a crowd must not
 * wait his turn in it. Returns 0 or -errno: EACCES or EPERM without CAP_SYS_NICE. */
int pw_raise_priority(void);

/* Writes PROC/self/oom_score_adj beneath the root, -1000 to 1000. Returns 0 or -errno: EACCES when
 * lowering it wants CAP_SYS_RESOURCE. */
int pw_set_own_oom_score_adj(const struct pw_source *source, int adjustment);

#endif
