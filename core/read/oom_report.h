/* SPDX-License-Identifier: MIT
 *
 * What the kernel says when it kills a process for memory, from the records of /dev/kmsg. Pure.
 *
 * Since Linux 5.0 that is a line of what was decided and one of what was done (mm/oom_kill.c,
 * dump_oom_summary() and __oom_kill_process()); before, only the second, with fewer numbers:
 *
 *     oom-kill:constraint=CONSTRAINT_MEMCG,…,oom_memcg=/a,task_memcg=/a/b,task=hog,pid=9,uid=0
 *     Memory cgroup out of memory: Killed process 9 (hog) total-vm:8kB, anon-rss:4kB, …
 */
#ifndef PAGEWARDEN_READ_OOM_REPORT_H
#define PAGEWARDEN_READ_OOM_REPORT_H

#include "read/log_line.h"

/* One kill. Numbers that were not said are PW_ABSENT, and texts empty. */
struct pw_oom_report {
    int64_t pid; /* as the first pid namespace numbers it */
    struct pw_slice comm;
    int64_t uid;
    int64_t total_vm_bytes, anon_rss_bytes, file_rss_bytes, shmem_rss_bytes, pgtables_bytes;
    int64_t oom_score_adj;
    struct pw_slice constraint; /* CONSTRAINT_NONE, _CPUSET, _MEMORY_POLICY or _MEMCG */
    struct pw_slice cgroup;     /* the process's */
    struct pw_slice oom_cgroup; /* the one whose limit was reached */
};

/* What was decided. The names in it are bytes that others chose; those of cgroups come first. */
struct pw_oom_summary {
    struct pw_slice constraint, cpuset, mems_allowed;
    struct pw_slice cgroup, oom_cgroup; /* as in the report */
    int64_t pid, uid;
};

/* Reads the line of what was decided, and that of what was done. False for any other. */
bool pw_parse_oom_summary(struct pw_slice line, struct pw_oom_summary *summary);
bool pw_parse_oom_kill(struct pw_slice line, struct pw_oom_report *report);

/* What was said so far. Starts empty: {0}. */
struct pw_oom_reports {
    char line[PW_LOG_LINE_BYTES];
    char summary[PW_LOG_LINE_BYTES];
    size_t summary_bytes;
    struct pw_log_gaps gaps;
};

/* Takes a record as read(2) gives it, such as "3,812,7063247407,-;text\n". True when it completes
 * the report of a kill, whose texts are valid until the next call. Records that programs wrote are
 * passed over, whatever they say. */
bool pw_oom_reports_add(struct pw_oom_reports *reports, struct pw_slice record,
                        struct pw_oom_report *report);

#endif
