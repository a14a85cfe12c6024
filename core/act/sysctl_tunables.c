/* SPDX-License-Identifier: MIT
 *
 * Ranges are those of the ctl_tables of 2.6.32, 6.1 and 6.12, and of what changed between them
 * (tests/lab/settings_lab.lua). An int takes no more than INT_MAX; an unsigned long takes anything
 * that is not negative, which 6.1 refuses and 5.10 left unwritten without a word. Of kernel.* there
 * is what decides about memory: what a panic does, what sysrq is allowed, who may share how much,
 * where pages migrate to, and whether a write counts.
 */
#include "act/tunable.h"

#define V(major, minor) PW_LINUX(major, minor, 0)
#define V26(patch) PW_LINUX(2, 6, patch)

/* The ranges that the kernel's own handlers have. */
#define INT INT32_MIN, INT32_MAX
#define ANY_INT PW_ABSENT, INT32_MAX /* it takes negative numbers that mean nothing */
#define INT_FROM(min) (min), INT32_MAX
#define TRUTH 0, 1
#define PERCENT 0, 100
#define ULONG 0, PW_ABSENT
#define JIFFIES PW_ABSENT, PW_ABSENT /* INT_MAX / HZ, and HZ is nowhere to be read */

const struct pw_tunable pw_sysctl_tunables[] = {
    {"kernel.numa_balancing", .unit = "mask",
     .eras = {{V(3, 13), TRUTH, NULL}, {V(5, 18), 0, 4, NULL}}, .danger = 1,
     .note =
         "Moves pages to the node that uses them (1), or to the tier that fits them (2), at the "
         "cost of faults."},
    {"kernel.numa_balancing_promote_rate_limit_MBps", .unit = "MiB/s",
     .eras = {{V(6, 1), INT_FROM(0), "65536"}}, .danger = 1,
     .note = "Bounds what tiering moves up in a second; too high a bound makes nodes trade pages."},
    {"kernel.panic", .unit = "seconds", .eras = {{V26(0), INT, "0"}}, .danger = 2,
     .note = "How long after a panic the machine reboots: 0 never, a negative number at once."},
    {"kernel.shm_rmid_forced", .unit = "boolean", .eras = {{V(3, 1), TRUTH, "0"}}, .danger = 3,
     .acts = true,
     .note = "1 destroys shared memory that no process is attached to, at once too, and databases "
             "count on theirs."},
    {"kernel.shmall", .unit = "pages",
     .eras = {{V26(0), ULONG, "2097152"}, {V(3, 16), ULONG, "18446744073692774399"}}, .danger = 2,
     .note = "Bounds all System V shared memory; databases do not start under too low a bound."},
    {"kernel.shmmax", .unit = "bytes",
     .eras = {{V26(0), ULONG, "33554432"}, {V(3, 16), ULONG, "18446744073692774399"}}, .danger = 2,
     .note = "Bounds one segment of System V shared memory; databases do not start under too low a "
             "bound."},
    {"kernel.sysctl_writes_strict", .unit = "mode",
     .eras = {{V(3, 16), -1, 1, "0"}, {V(4, 5), -1, 1, "1"}}, .danger = 1,
     .note =
         "Under 1 a write at another offset than 0 is ignored without a word; under 0 and -1 it "
         "counts."},
    {"kernel.sysrq", .unit = "mask", .eras = {{V26(0), ANY_INT, NULL}}, .danger = 2,
     .note = "What the keyboard's sysrq may do: 64 kills, 128 reboots; /proc/sysrq-trigger may "
             "all."},

    {"vm.admin_reserve_kbytes", .unit = "KiB", .eras = {{V(3, 10), ULONG, NULL}}, .danger = 2,
     .note =
         "Kept back for root; at 0 under vm.overcommit_memory 2 nobody may be able to log in and "
         "repair."},
    {"vm.block_dump", .unit = "boolean", .eras = {{V26(0), INT_FROM(0), "0"}}, .removed = V(5, 13),
     .danger = 1, .note = "Logs each block that is read or written, which floods the log.",
     .instead = "the tracepoints of blktrace say more"},
    {"vm.compact_memory", PW_TUNABLE_TRIGGER, .eras = {{V26(35), ANY_INT, NULL}}, .danger = 1,
     .acts = true, .note = "Compacts all memory at once, and stalls who allocates meanwhile."},
    {"vm.compact_unevictable_allowed", .unit = "boolean", .eras = {{V(4, 1), TRUTH, NULL}},
     .note = "Whether compaction moves locked pages, which then fault for a moment."},
    {"vm.compaction_proactiveness", .unit = "percent", .eras = {{V(5, 9), PERCENT, "20"}},
     .danger = 1, .acts = true,
     .note =
         "How hard memory is compacted ahead; since 5.15 any number but 0 compacts at once too."},
    {"vm.defrag_mode", .unit = "boolean", .eras = {{V(6, 15), TRUTH, "0"}}, .danger = 1,
     .note = "Keeps movable and unmovable pages apart, at the cost of reclaim and compaction."},
    {"vm.dirty_background_bytes", .unit = "bytes", .eras = {{V26(29), 1, PW_ABSENT, "0"}},
     .danger = 2,
     .note = "From here on dirty pages are written in the background; not below vm.dirty_bytes it "
             "counts as half of that.",
     .partner = "vm.dirty_background_ratio"},
    {"vm.dirty_background_ratio", .unit = "percent", .eras = {{V26(0), PERCENT, "10"}}, .danger = 2,
     .note =
         "From this share of what can be dirtied on, dirty pages are written in the background.",
     .partner = "vm.dirty_background_bytes"},
    {"vm.dirty_bytes", .unit = "bytes", .eras = {{V26(29), 2, PW_ABSENT, "0"}}, .danger = 3,
     .min_in_pages = true,
     .note =
         "From here on writers wait for the disk; a few pages stall every writer of the machine.",
     .partner = "vm.dirty_ratio"},
    {"vm.dirty_expire_centisecs", .unit = "centiseconds", .eras = {{V26(0), INT_FROM(0), "3000"}},
     .danger = 1,
     .note = "Dirty pages that are older are written by the next flush; this much is lost in a "
             "crash."},
    {"vm.dirty_ratio", .unit = "percent", .eras = {{V26(0), PERCENT, "20"}}, .danger = 3,
     .note =
         "From this share of what can be dirtied on writers wait for the disk; at 0 all of them "
         "do.",
     .partner = "vm.dirty_bytes"},
    {"vm.dirty_writeback_centisecs", .unit = "centiseconds", .eras = {{V26(0), ANY_INT, "500"}},
     .danger = 2, .acts = true,
     .note =
         "How often dirty pages are flushed; at 0 never by age, and a crash loses them; a change "
         "wakes the flushers."},
    {"vm.dirtytime_expire_seconds", .unit = "seconds", .eras = {{V(4, 0), INT_FROM(0), "43200"}},
     .note = "When the times of inodes on lazytime file systems are written."},
    {"vm.drop_caches", PW_TUNABLE_TRIGGER, .unit = "mask",
     .eras = {{V26(16), 1, 3, NULL}, {V(3, 16), 1, 4, NULL}}, .danger = 2, .acts = true,
     .note = "Drops clean page cache (1), dentries and inodes (2) of the whole machine, which then "
             "reads them again."},
    {"vm.enable_soft_offline", .unit = "boolean", .eras = {{V(6, 11), TRUTH, "1"}}, .danger = 1,
     .note = "Whether pages with many corrected errors are taken out of use, which splits huge "
             "pages."},
    {"vm.extfrag_threshold", .unit = "per mille", .eras = {{V26(35), 0, 1000, "500"}}, .danger = 1,
     .note = "How fragmented memory has to be before a large allocation compacts instead of "
             "reclaiming."},
    {"vm.extra_free_kbytes", .unit = "KiB", .eras = {{V(2, 6), INT_FROM(0), "0"}}, .danger = 3,
     .note = "Android's and some distributions': kept free besides vm.min_free_kbytes, so too much "
             "makes programs die.",
     .instead = "vm.watermark_scale_factor keeps more free"},
    {"vm.highmem_is_dirtyable", .unit = "boolean", .eras = {{V26(23), TRUTH, "0"}}, .danger = 2,
     .note =
         "32-bit only: whether high memory counts as what can be dirtied, which lets low memory "
         "run out."},
    {"vm.hugepages_treat_as_movable", .unit = "boolean", .eras = {{V26(23), INT_FROM(0), "0"}},
     .removed = V(4, 16), .danger = 1,
     .note = "Whether huge pages may come out of the movable zone.",
     .instead = "huge pages that can migrate come out of the movable zone by themselves"},
    {"vm.hugetlb_optimize_vmemmap", .unit = "boolean", .eras = {{V(5, 19), TRUTH, "0"}},
     .danger = 1,
     .note = "Frees most of what describes huge pages; making and freeing them is slower."},
    {"vm.hugetlb_shm_group", .unit = "group id", .eras = {{V26(7), ANY_INT, "0"}}, .danger = 1,
     .note = "The group that may make shared memory of huge pages."},
    {"vm.laptop_mode", .unit = "seconds", .eras = {{V26(6), JIFFIES, "0"}}, .removed = V(7, 0),
     .danger = 1, .note = "Gathers writes so that disks may sleep, and loses more in a crash.",
     .instead = "it does nothing since 7.0; vm.dirty_writeback_centisecs spaces flushes"},
    {"vm.legacy_va_layout", .unit = "boolean", .eras = {{V26(9), INT_FROM(0), "0"}}, .danger = 2,
     .note = "The address space of 2.4, which is easier to attack and has less room to map."},
    {"vm.lowmem_reserve_ratio", PW_TUNABLE_LIST, .unit = "1/ratio",
     .eras = {{V26(10), ANY_INT, NULL}}, .danger = 2,
     .note = "What each zone keeps from those that could do with a higher one; at 1 it keeps all."},
    {"vm.max_map_count", .unit = "mappings", .eras = {{V26(0), INT_FROM(0), "65530"}}, .danger = 2,
     .note = "A process that has so many gets no more, and often ends."},
    {"vm.mem_profiling", .unit = "boolean", .eras = {{V(6, 10), TRUTH, NULL}}, .danger = 1,
     .note = "Counts allocations by where they were made; for good when it is turned off once."},
    {"vm.memfd_noexec", .unit = "mode", .eras = {{V(6, 3), 0, 2, "0"}}, .danger = 1,
     .note = "Whether memfds may be executed; in a pid namespace it is not lowered again."},
    {"vm.memory_failure_early_kill", .unit = "boolean", .eras = {{V26(32), TRUTH, "0"}},
     .danger = 3,
     .note = "1 kills every process that has mapped a page with an uncorrected error, 0 those that "
             "touch it."},
    {"vm.memory_failure_recovery", .unit = "boolean", .eras = {{V26(32), TRUTH, "1"}}, .danger = 4,
     .note = "At 0 an uncorrected memory error panics the machine, where 1 loses a page."},
    {"vm.min_free_kbytes", .unit = "KiB", .eras = {{V26(0), INT_FROM(0), NULL}}, .danger = 4,
     .note = "Kept free for those who cannot wait: under 1024 the machine may hang, above 5 % of "
             "memory it kills at once."},
    {"vm.min_free_order_shift", .unit = "shift", .eras = {{V(2, 6), INT_FROM(0), NULL}},
     .danger = 3, .note = "Android's: how much less of each larger order is kept free.",
     .instead = "vm.watermark_boost_factor keeps large blocks together"},
    {"vm.min_slab_ratio", .unit = "percent", .eras = {{V26(19), PERCENT, "5"}}, .danger = 1,
     .note = "Under vm.zone_reclaim_mode: a node with less slab than this does not reclaim it."},
    {"vm.min_unmapped_ratio", .unit = "percent", .eras = {{V26(18), PERCENT, "1"}}, .danger = 1,
     .note = "Under vm.zone_reclaim_mode: a node with less unmapped file cache does not reclaim "
             "it."},
    {"vm.mmap_min_addr", .unit = "bytes", .eras = {{V26(23), ULONG, NULL}}, .danger = 2,
     .note = "Nothing is mapped below it; at 0 a null pointer of the kernel's can be attacked."},
    {"vm.mmap_rnd_bits", .unit = "bits", .eras = {{V(4, 5), PW_ABSENT, PW_ABSENT, NULL}},
     .danger = 2,
     .note = "How random addresses are; the processor bounds it, and fewer are easier to attack."},
    {"vm.mmap_rnd_compat_bits", .unit = "bits", .eras = {{V(4, 5), PW_ABSENT, PW_ABSENT, NULL}},
     .danger = 2,
     .note = "How random the addresses of 32-bit programs are; fewer are easier to attack."},
    {"vm.nr_hugepages", .unit = "pages", .eras = {{V26(0), ULONG, "0"}}, .danger = 3, .acts = true,
     .note =
         "Takes so many huge pages out of memory now, as far as it finds them; nothing else can "
         "use them."},
    {"vm.nr_hugepages_mempolicy", .unit = "pages", .eras = {{V26(33), ULONG, "0"}}, .danger = 3,
     .acts = true, .note = "The same on the nodes of the writer's memory policy."},
    {"vm.nr_overcommit_hugepages", .unit = "pages", .eras = {{V26(24), ULONG, "0"}}, .danger = 2,
     .note = "So many huge pages may be made on demand and freed again."},
    {"vm.nr_pdflush_threads", .unit = "threads", .eras = {{V26(0), PW_ABSENT, PW_ABSENT, "0"}},
     .removed = V(5, 0), .note = "Since 2.6.32 always 0: each device has a flusher of its own.",
     .instead = "since 2.6.32 each device has a flusher of its own; nr_dirty and nr_writeback in "
                "/proc/vmstat show how they do"},
    {"vm.nr_trim_pages", .unit = "pages", .eras = {{V26(29), INT_FROM(0), "1"}},
     .note = "Without an MMU: from how many on the pages behind a mapping are given back."},
    {"vm.numa_stat", .unit = "boolean", .eras = {{V(4, 15), TRUTH, "1"}},
     .note = "Counts where allocations of each node went; at 0 they cost a little less."},
    {"vm.numa_zonelist_order", PW_TUNABLE_WORD,
     .eras = {{V26(23), PW_ABSENT, PW_ABSENT, NULL}, {V(4, 14), PW_ABSENT, PW_ABSENT, "Node"}},
     .note = "By node or by zone; since 4.14 by node only."},
    {"vm.oom_dump_tasks", .unit = "boolean",
     .eras = {{V26(25), ANY_INT, "0"}, {V26(36), ANY_INT, "1"}},
     .note = "Whether the report of an OOM kill has the table of processes, which shows why it was "
             "that one."},
    {"vm.oom_kill_allocating_task", .unit = "boolean", .eras = {{V26(24), ANY_INT, "0"}},
     .danger = 3,
     .note =
         "Kills whoever asked for memory last, whatever its score: a small daemon as soon as the "
         "culprit."},
    {"vm.overcommit_kbytes", .unit = "KiB", .eras = {{V(3, 14), ULONG, "0"}}, .danger = 3,
     .note = "Under vm.overcommit_memory 2, what may be promised besides swap.",
     .partner = "vm.overcommit_ratio"},
    {"vm.overcommit_memory", .unit = "mode", .eras = {{V26(0), 0, 2, "0"}}, .danger = 3,
     .note = "0 guesses, 1 promises anything, 2 no more than the commit limit, above which every "
             "fork fails."},
    {"vm.overcommit_ratio", .unit = "percent", .eras = {{V26(0), ANY_INT, "50"}}, .danger = 3,
     .note = "Under vm.overcommit_memory 2, the share of memory that may be promised besides swap.",
     .partner = "vm.overcommit_kbytes"},
    {"vm.page-cluster", .unit = "log2 pages",
     /* The upper bound came between 6.2 and 6.12; a larger number never meant anything. */
     .eras = {{V26(0), INT_FROM(0), "3"}, {V(6, 2), 0, 31, "3"}}, .danger = 1,
     .note = "A fault reads 2^n pages from swap; 0 for one, which suits zram."},
    {"vm.page_lock_unfairness", .unit = "times", .eras = {{V(5, 9), INT_FROM(0), "5"}},
     .note = "How often a waiter for a page's lock may be overtaken."},
    {"vm.panic_on_oom", .unit = "mode", .eras = {{V26(18), 0, 2, "0"}}, .danger = 4,
     .note = "Panics the machine instead of killing: 1 unless a cgroup or node ran out, 2 always."},
    {"vm.percpu_pagelist_fraction", .unit = "1/n", .eras = {{V26(16), INT_FROM(0), "0"}},
     .removed = V(5, 14), .danger = 1,
     .note = "How much of a zone the lists of the processors hold; 0, or 8 and more.",
     .instead = "vm.percpu_pagelist_high_fraction"},
    {"vm.percpu_pagelist_high_fraction", .unit = "1/n", .eras = {{V(5, 14), INT_FROM(0), "0"}},
     .danger = 1, .note = "How much of a zone the lists of the processors hold; 0, or 8 and more."},
    {"vm.scan_unevictable_pages", PW_TUNABLE_TRIGGER, .eras = {{V26(28), ANY_INT, NULL}},
     .removed = V(3, 18), .acts = true,
     .note = "Looked at locked pages again; since 3.1 it does nothing.",
     .instead = "nothing is needed: pages find back by themselves"},
    {"vm.stat_interval", .unit = "seconds", .eras = {{V26(22), JIFFIES, "1"}},
     .note = "How old the numbers of /proc/vmstat may be, which pagewarden and others decide by."},
    {"vm.stat_refresh", PW_TUNABLE_TRIGGER, .eras = {{V(4, 7), PW_ABSENT, PW_ABSENT, NULL}},
     .acts = true,
     .note = "Gathers the counters of all processors into /proc/vmstat, by work on each of them."},
    {"vm.swap_token_timeout", .unit = "seconds", .eras = {{V26(9), INT_FROM(0), "300"}},
     .removed = V26(20), .note = "Kept one process from being swapped out for a while.",
     .instead = "since 3.15 refaults steer reclaim; against thrashing there is lru_gen/min_ttl_ms "
                "(6.1), and /proc/pressure/memory shows it"},
    {"vm.swappiness", .unit = "of 200", .eras = {{V26(0), PERCENT, "60"}, {V(5, 8), 0, 200, "60"}},
     .danger = 1,
     .note = "What swapping costs against reading files again: 100 the same, 0 swaps only when "
             "nearly no file cache is left."},
    {"vm.unprivileged_userfaultfd", .unit = "boolean",
     .eras = {{V(5, 2), TRUTH, "1"}, {V(5, 11), TRUTH, "0"}}, .danger = 2,
     .note = "Whether anybody may stop the kernel in a fault, which helps attacks."},
    {"vm.user_reserve_kbytes", .unit = "KiB", .eras = {{V(3, 10), ULONG, NULL}}, .danger = 2,
     .note = "Under vm.overcommit_memory 2, kept back so that a user can log in and stop what took "
             "all."},
    {"vm.vfs_cache_pressure", .unit = "percent", .eras = {{V26(0), INT_FROM(0), "100"}},
     .danger = 3,
     .note =
         "How soon dentries and inodes are reclaimed; at 0 never, until programs die for them."},
    {"vm.vfs_cache_pressure_denom", .unit = "divisor", .eras = {{V(6, 16), INT_FROM(100), "100"}},
     .danger = 1, .note = "What vm.vfs_cache_pressure is divided by."},
    {"vm.watermark_boost_factor", .unit = "1/10000", .eras = {{V(5, 0), INT_FROM(0), "15000"}},
     .danger = 1,
     .note = "How much more is reclaimed for a while after memory fragmented; 0 for nothing."},
    {"vm.watermark_scale_factor", .unit = "1/10000",
     /* 5.10.186 and 5.15.58 have the larger range too. */
     .eras = {{V(4, 6), 1, 1000, "10"}, {V(5, 17), 1, 3000, "10"}}, .danger = 3,
     .note =
         "The steps between the watermarks: 1000 keeps a fifth of memory free, and what needs it "
         "dies."},
    {"vm.zone_reclaim_mode", .unit = "mask", .eras = {{V26(16), INT_FROM(0), "0"}}, .danger = 2,
     .note = "1 reclaims on a node before it uses another's free memory, which costs servers of "
             "files their cache."},
    {0},
};
