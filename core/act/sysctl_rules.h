/* SPDX-License-Identifier: MIT
 *
 * What goes wrong between the kernel's settings, and between them and the machine: a value that the
 * kernel takes and that still is a mistake. Pure.
 * Kernel: Documentation/admin-guide/sysctl/vm.rst, mm/overcommit-accounting.rst;
 * mm/page-writeback.c, domain_dirty_limits(); mm/util.c, vm_commit_limit(); mm/page_alloc.c,
 * __setup_per_zone_wmarks().
 */
#ifndef PAGEWARDEN_ACT_SYSCTL_RULES_H
#define PAGEWARDEN_ACT_SYSCTL_RULES_H

#include "read/text.h"

/* What the rules look at. A setting, and a figure of the machine, is PW_ABSENT where there is
 * none. */
struct pw_sysctl_facts {
    int64_t kernel_panic_seconds;
    int64_t admin_reserve_kib;
    int64_t dirty_background_bytes, dirty_background_percent;
    int64_t dirty_bytes, dirty_percent;
    int64_t dirty_writeback_centiseconds;
    int64_t laptop_mode;
    int64_t max_map_count;
    int64_t min_free_kib;
    int64_t oom_dump_tasks;
    int64_t oom_kill_allocating_task;
    int64_t overcommit_kib, overcommit_mode, overcommit_percent;
    int64_t page_cluster;
    int64_t panic_on_oom;
    int64_t stat_interval_seconds;
    int64_t swappiness;
    int64_t vfs_cache_pressure;
    int64_t watermark_scale; /* ten-thousandths */
    int64_t zone_reclaim_mode;

    int64_t kernel_version; /* 0 when it is not known */
    int64_t memory_bytes, swap_bytes;
    int64_t committed_bytes;                      /* promised to all processes */
    int64_t huge_pages_bytes;                     /* of all pools */
    int64_t free_huge_pages_bytes;                /* of those, not in use */
    int64_t crash_kernel_loaded;                  /* 1: a panic ends in a dump and a reboot */
    int64_t compressed_swaps, uncompressed_swaps; /* areas on zram, and all others */
    int64_t zswap_enabled;
};

/* Where a fact stands: a sysctl key, and its number among the facts. The list ends without a key.
 */
struct pw_sysctl_input {
    const char *key;
    size_t offset;
};

extern const struct pw_sysctl_input pw_sysctl_inputs[];

/* The fact that is the value of a key; NULL when no rule looks at it. */
int64_t *pw_sysctl_fact(struct pw_sysctl_facts *facts, const char *key);

/* Room for what a rule says, with its NUL. */
#define PW_PROBLEM_BYTES 192

struct pw_sysctl_rule {
    const char *key;     /* whose value is the mistake */
    const char *also[2]; /* keys that can make one of it */
    int danger;          /* as of struct pw_tunable */
    bool refused;        /* pagewarden does not write it unless the caller insists */
    /* Whether it is broken, and by what, as a clause. */
    bool (*is_broken)(const struct pw_sysctl_facts *facts, char problem[PW_PROBLEM_BYTES]);
    const char *advice;
};

/* All rules; ends without a key. */
extern const struct pw_sysctl_rule pw_sysctl_rules[];

/* The first rule that refuses to write `key`, `before` being as it is and `after` as it would be;
 * `problem` says why. NULL: nothing speaks against it. */
const struct pw_sysctl_rule *pw_sysctl_refusal(const char *key,
                                               const struct pw_sysctl_facts *before,
                                               const struct pw_sysctl_facts *after,
                                               char problem[PW_PROBLEM_BYTES]);

/* Whether any rule may refuse to write a key: then it is worth it to know the facts. */
bool pw_sysctl_is_refusable(const char *key);

#endif
