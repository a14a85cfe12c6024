/* SPDX-License-Identifier: MIT
 *
 * How a kernel rates processes when it has to kill one for memory: oom_badness() in mm/oom_kill.c,
 * which was another one in other versions. Pure.
 */
#ifndef PAGEWARDEN_READ_BADNESS_H
#define PAGEWARDEN_READ_BADNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a process with CAP_SYS_ADMIN is spared. */
enum pw_root_bonus {
    PW_NO_BONUS,     /* since 4.17 (d46078b28889) */
    PW_BONUS_OF_OWN, /* 3 % of its own memory: 3.14 to 4.16 (778c14affaf9) */
    PW_BONUS_OF_ALL, /* 3 % of all memory: before */
};

/* What differs between versions. */
struct pw_badness_rules {
    bool by_size;        /* before 2.6.36: the address space counts, see struct pw_sized */
    bool in_thousandths; /* before 3.5: in thousandths of all memory, 1 at least, not in pages */
    bool page_tables;    /* they count; since 2.6.39 */
    bool signed_score;   /* since 5.9: below 0 too, and oom_score has 667 for 0 (9066e5cfb73c) */
    bool child_first;    /* before 5.1: the worst child of the worst dies for it (bbbe48029720) */
    bool youngest_first; /* of equals; since 5.3 (f168a9a54ec3), the oldest before */
    enum pw_root_bonus root_bonus;
};

/* The rules of a version (kernel_version.h); of the newest for 0. */
struct pw_badness_rules pw_badness_rules_of(int64_t version);

/* What is looked at in a process; what is not known is 0. */
struct pw_rated {
    int64_t rss_pages, swap_pages, page_table_pages;
    int64_t oom_score_adj;
    bool admin; /* it has CAP_SYS_ADMIN */
};

/* A badness and what it is the sum of, in pages. */
struct pw_badness {
    int64_t memory_pages; /* resident, swapped, and page tables where they count */
    int64_t adj_pages;    /* of oom_score_adj, above or below 0 */
    int64_t root_pages;   /* of the root bonus, 0 or below */
    int64_t pages;        /* what the kernel compares: the sum, but 1 at least before 5.9 */
};

/* Rates a process that may be killed. `total_pages` is all memory and swap, or a cgroup's limit. */
struct pw_badness pw_rate(const struct pw_badness_rules *rules, const struct pw_rated *rated,
                          int64_t total_pages);

/* What /proc/PID/oom_score says of a badness. */
int64_t pw_badness_score(const struct pw_badness_rules *rules, const struct pw_badness *badness,
                         int64_t total_pages);

/* What kernels before 2.6.36 looked at: badness() there. */
struct pw_sized {
    int64_t total_vm_pages;
    int64_t children_pages; /* of each child with memory of its own: half, and one page */
    int64_t cpu_seconds, run_seconds;
    int64_t oom_adj;
    bool nice;   /* its priority was lowered */
    bool admin;  /* it has CAP_SYS_ADMIN or CAP_SYS_RESOURCE */
    bool raw_io; /* it has CAP_SYS_RAWIO */
};

/* Rates a process as they did, as far as /proc tells: what is left out is whether it may use the
 * memory nodes in question. There oom_score is the badness itself. */
int64_t pw_rate_by_size(const struct pw_sized *sized);

/* oom_adj, -17 to 15, for an oom_score_adj and the other way round, as kernels that have both
 * convert them (oom_adj_write() and oom_adj_read() in fs/proc/base.c). Not a round trip: 1 makes
 * 58, and 58 makes 0. */
int64_t pw_adj_of_oom_adj(int64_t oom_adj);
int64_t pw_oom_adj_of_adj(int64_t adj);

/* The oom_adj that makes the nearest oom_score_adj, for kernels that have no other; -17, which is
 * never to be killed, only for -1000. */
int64_t pw_nearest_oom_adj(int64_t adj);

/* One process in a ranking. */
struct pw_ranked {
    int64_t pid, parent_pid, start_ticks;
    int64_t badness_pages;
    bool spared;         /* it may not be killed */
    uint32_t row;        /* the caller's own */
    int64_t instead_pid; /* where a child dies for the chosen: which; else 0 */
};

/* Sorts processes, the next victim first and those that are spared last, and says of the first
 * `top` where the kernel takes a child instead. */
void pw_rank(const struct pw_badness_rules *rules, struct pw_ranked *ranked, size_t count,
             size_t top);

#endif
