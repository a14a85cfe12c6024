/* SPDX-License-Identifier: MIT
 *
 * What the kernel writes down about an OOM kill before it says who was killed (oom_report.h): who
 * ran out, where memory was, and who had it. Each function reads one kind of line of the log, and
 * is false for any other. Pure.
 *
 * Kernel: mm/oom_kill.c, dump_header(); mm/show_mem.c, __show_mem(), mm/page_alloc.c before 6.3;
 * mm/memcontrol.c, mem_cgroup_print_oom_meminfo(). Read in 6.12, and in reports of 2.6.32, 3.10,
 * 3.16, 4.4, 4.14, 5.4, 5.17 and 6.x.
 */
#ifndef PAGEWARDEN_READ_OOM_DUMP_H
#define PAGEWARDEN_READ_OOM_DUMP_H

#include "read/keyed.h"
#include "read/text.h"

/* "sshd invoked oom-killer: gfp_mask=0x201da, order=0, oom_adj=-17, oom_score_adj=-1000": with this
 * a report begins. */
struct pw_oom_invocation {
    struct pw_slice comm;
    int64_t gfp_mask;
    struct pw_slice gfp_flags; /* "GFP_KERNEL|__GFP_ZERO"; empty before 4.6 */
    int64_t order;             /* -1: sysrq f asked for it */
    int64_t oom_adj, oom_score_adj;
};

bool pw_parse_oom_invocation(struct pw_slice line, struct pw_oom_invocation *invocation);

/* "CPU: 0 PID: 5641 Comm: app Not tainted 5.4.17 #2", in 2.6.32 "Pid: 1743, comm: sshd Not tainted
 * 2.6.32 #1": the process that ran out. */
struct pw_oom_invoker {
    int64_t pid;
    struct pw_slice kernel; /* its release */
};

bool pw_parse_oom_invoker(struct pw_slice line, struct pw_oom_invoker *invoker);

/* "sshd cpuset=/ mems_allowed=0"; since 5.0 the summary has it. */
struct pw_oom_cpuset {
    struct pw_slice cpuset, mems_allowed;
};

bool pw_parse_oom_cpuset(struct pw_slice line, struct pw_oom_cpuset *cpuset);

/* "Task in /a/b killed as a result of limit of /a", before 4.20. */
struct pw_oom_limit {
    struct pw_slice cgroup, oom_cgroup;
};

bool pw_parse_oom_limit(struct pw_slice line, struct pw_oom_limit *limit);

/* "memory: usage 4kB, limit 9007199254740988kB, failcnt 8", of "memory", "swap", "kmem" or
 * "memory+swap". What stands for no limit is unlimited, as "max" is. */
struct pw_oom_usage {
    struct pw_slice name;
    struct pw_number usage_bytes, limit_bytes, failures;
};

bool pw_parse_oom_usage(struct pw_slice line, struct pw_oom_usage *usage);

/* "Memory cgroup stats for /a: cache:4KB rss:0KB": before 5.2, or of version 1, the fields follow,
 * for pw_next_oom_field(); else lines of one field each. */
struct pw_oom_stats {
    struct pw_slice cgroup, fields;
};

bool pw_parse_oom_stats(struct pw_slice line, struct pw_oom_stats *stats);

/* "anon 20418560". */
bool pw_parse_oom_stat(struct pw_slice line, struct pw_field *field);

/* "active_anon:239 inactive_anon:6955 isolated_anon:0", in pages, and nothing else. */
bool pw_is_oom_totals(struct pw_slice line);

/* What a line is about: a node, and a zone of it. */
struct pw_oom_place {
    int64_t node;         /* PW_ABSENT on kernels without NUMA */
    struct pw_slice zone; /* empty: the node as a whole */
    struct pw_slice rest;
};

/* "Node 0 active_anon:968kB …", since 4.8; for pw_next_oom_field(). */
bool pw_parse_oom_node(struct pw_slice line, struct pw_oom_place *place);

/* "Node 0 DMA free:519112kB min:10428kB …"; for pw_next_oom_field(). */
bool pw_parse_oom_zone(struct pw_slice line, struct pw_oom_place *place);

/* "Node 0 DMA: 142*4kB (UEC) 161*8kB (UE) … = 519120kB"; for pw_next_oom_blocks(). */
bool pw_parse_oom_free_list(struct pw_slice line, struct pw_oom_place *place);

/* "Node 0 hugepages_total=0 hugepages_free=0 hugepages_surp=0 hugepages_size=2048kB"; for
 * pw_next_oom_field(). */
bool pw_parse_oom_hugepages(struct pw_slice line, struct pw_oom_place *place);

/* "lowmem_reserve[]: 0 0 3188 3188": pages, of the zone that came before. */
bool pw_parse_oom_reserve(struct pw_slice line, struct pw_slice *pages);

/* Takes the next "free:519112kB" or "hugepages_total=0" off the front; what is no number is passed
 * over. Bytes where the kernel wrote kB or KB. */
bool pw_next_oom_field(struct pw_slice *rest, struct pw_field *field);

/* Takes the next "142*4kB" off the front: so many free blocks of this size. */
struct pw_oom_blocks {
    int64_t size_bytes, count;
};

bool pw_next_oom_blocks(struct pw_slice *rest, struct pw_oom_blocks *blocks);

/* "Free swap  = 785668kB", "1012736 pages RAM" and the like: a key of ours, "swap_free" in bytes,
 * "ram_pages". */
struct pw_oom_count {
    const char *key;
    struct pw_number number;
};

bool pw_parse_oom_count(struct pw_slice line, struct pw_oom_count *count);

/* "kmalloc-4k  1024KB  2048KB", below "Unreclaimable slab info:" (4.15). */
struct pw_oom_slab {
    struct pw_slice name;
    struct pw_number used_bytes, total_bytes;
};

bool pw_parse_oom_slab(struct pw_slice line, struct pw_oom_slab *slab);

/* "[  pid  ]   uid  tgid total_vm      rss …": the columns of the list of tasks, for
 * pw_next_oom_column(). */
bool pw_parse_oom_columns(struct pw_slice line, struct pw_slice *columns);

/* "[  22921]     0 22921 …": a task, and its values in the columns. */
struct pw_oom_task {
    int64_t pid;
    struct pw_slice values;
};

bool pw_parse_oom_task(struct pw_slice line, struct pw_oom_task *task);

/* One column of a task: the last one, its name, is a text and the others are numbers. */
struct pw_oom_column {
    struct pw_slice key, text;
    struct pw_number number;
    bool is_text;
};

/* Takes the next column and its value; false at the end, and when the value is missing. */
bool pw_next_oom_column(struct pw_slice *columns, struct pw_slice *values,
                        struct pw_oom_column *column);

/* "Out of memory: Kill process 1151 (sniproxy) score 394 or sacrifice child": whom the kernel chose
 * before 5.0, of whom a child may have been killed instead. */
struct pw_oom_choice {
    int64_t pid, score;
    struct pw_slice comm;
};

bool pw_parse_oom_choice(struct pw_slice line, struct pw_oom_choice *choice);

/* "oom_reaper: reaped process 9 (hog), now anon-rss:0kB, …", since 4.6: what it had left is for
 * pw_next_oom_field(). "oom_reaper: unable to reap pid:9 (hog)" reaped nothing. */
struct pw_oom_reaping {
    int64_t pid;
    bool reaped;
    struct pw_slice left;
};

bool pw_parse_oom_reaping(struct pw_slice line, struct pw_oom_reaping *reaping);

/* "Tasks in /a are going to be killed due to memory.oom.group set". */
bool pw_parse_oom_group(struct pw_slice line, struct pw_slice *cgroup);

/* "Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled", and panics for
 * want of somebody to kill: the reason. */
bool pw_parse_oom_panic(struct pw_slice line, struct pw_slice *reason);

/* "sysrq: Manual OOM execution": somebody asked for it. */
bool pw_is_oom_manual(struct pw_slice line);

/* "Out of memory and no killable processes...", and what sysrq f says of that. */
bool pw_is_oom_without_victim(struct pw_slice line);

#endif
