/* SPDX-License-Identifier: MIT
 *
 * /proc/PID/stat and /proc/PID/statm: what the kernel says of a process at the least cost.
 * Pure. Formats: fs/proc/array.c, do_task_stat() and proc_pid_statm().
 */
#ifndef PAGEWARDEN_READ_STAT_H
#define PAGEWARDEN_READ_STAT_H

#include "read/text.h"

/* How many of the numbers behind the state to read. */
enum {
    PW_STAT_UP_TO_RSS = 21, /* up to rss: what a sweep wants, for half the price */
    PW_STAT_ALL = 49        /* since Linux 3.5; 41 before, 36 in the oldest captures */
};

/* In flags: a kernel thread (PF_KTHREAD in include/linux/sched.h). */
#define PW_STAT_KERNEL_THREAD 0x00200000

/* One process. Members after `present` stand in the file's order, under their names in proc(5). */
struct pw_stat {
    int64_t pid;
    struct pw_slice comm; /* the bytes between the first "(" and the last ")" */
    char state;           /* R S D Z T t X I, or a letter to come */
    uint64_t present;     /* bit 0 for ppid and so on: what the kernel printed; the rest is 0 */
    union {
        int64_t numbers[PW_STAT_ALL];
        struct {
            int64_t ppid, pgrp, session, tty_nr, tpgid, flags;
            int64_t minflt, cminflt, majflt, cmajflt;
            int64_t utime_ticks, stime_ticks, cutime_ticks, cstime_ticks;
            int64_t priority, nice, num_threads, itrealvalue, starttime_ticks;
            int64_t vsize_bytes, rss_pages, rsslim_bytes;
            int64_t startcode, endcode, startstack, kstkesp, kstkeip;
            int64_t signal, blocked, sigignore, sigcatch, wchan, nswap, cnswap;
            int64_t exit_signal, processor, rt_priority, policy;
            int64_t delayacct_blkio_ticks, guest_time_ticks, cguest_time_ticks;
            int64_t start_data, end_data, start_brk, arg_start, arg_end, env_start, env_end;
            int64_t exit_code;
        };
    };
};

/* The names of numbers[] in proc(5). */
extern const char *const pw_stat_names[PW_STAT_ALL];

/* Reads stat's text. The name may hold anything, newlines and brackets too, so it ends at the last
 * ")" there is. Of the numbers the first `count` are read, as far as this kernel has them. False
 * when there is no pid, name or state. */
bool pw_parse_stat(struct pw_slice text, int count, struct pw_stat *stat, struct pw_flaws *flaws);

/* Whether nothing is left of the process but its entry, until its parent has waited for it. A
 * leader that has ended shows as a zombie too, but while it has threads the process lives. */
bool pw_stat_is_over(const struct pw_stat *stat);

/* /proc/PID/statm, in pages. Kernel threads have nothing but zeros. */
struct pw_statm {
    uint64_t present;
    union {
        int64_t numbers[7];
        struct {
            int64_t size_pages, resident_pages, shared_pages, text_pages;
            int64_t lib_pages, data_pages, dirty_pages; /* lib and dirty: 0 since Linux 2.6 */
        };
    };
};

/* Reads statm's text; false when its first two numbers are not there. */
bool pw_parse_statm(struct pw_slice text, struct pw_statm *statm, struct pw_flaws *flaws);

#endif
