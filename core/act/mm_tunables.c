/* SPDX-License-Identifier: MIT
 *
 * Ranges are those of mm/ksm.c, mm/huge_memory.c, mm/khugepaged.c, mm/shmem.c, mm/vmscan.c,
 * mm/swap_state.c, mm/memory-tiers.c, mm/hugetlb.c and mm/zswap.c of 6.1 and 6.12.
 */
#include "act/tunable.h"

#define V(major, minor) PW_LINUX(major, minor, 0)

#define UINT 0, UINT32_MAX
#define ULONG 0, PW_ABSENT
#define TRUTH 0, 1
#define PERCENT 0, 100
#define WORD PW_ABSENT, PW_ABSENT

#define THP "transparent_hugepage/"
#define KHUGEPAGED THP "khugepaged/"

const struct pw_tunable pw_mm_tunables[] = {
    {"hugepages/hugepages-*kB/demote", PW_TUNABLE_TRIGGER, .unit = "pages",
     .eras = {{V(5, 16), ULONG, NULL}}, .danger = 1, .acts = true,
     .note = "Splits so many free huge pages of this size into smaller ones."},
    {"hugepages/hugepages-*kB/nr_hugepages", .unit = "pages", .eras = {{V(2, 6), ULONG, "0"}},
     .danger = 3, .acts = true,
     .note = "Takes so many huge pages of this size out of memory now, as far as it finds them; "
             "nothing else can use them."},
    {"hugepages/hugepages-*kB/nr_hugepages_mempolicy", .unit = "pages",
     .eras = {{V(2, 6), ULONG, "0"}}, .danger = 3, .acts = true,
     .note = "The same on the nodes of the writer's memory policy."},
    {"hugepages/hugepages-*kB/nr_overcommit_hugepages", .unit = "pages",
     .eras = {{V(2, 6), ULONG, "0"}}, .danger = 2,
     .note = "So many huge pages of this size may be made on demand and freed again."},
    {"ksm/advisor_max_cpu", .unit = "percent", .eras = {{V(6, 8), ULONG, "70"}}, .danger = 1,
     .note = "What the advisor lets ksmd take of a processor."},
    {"ksm/advisor_max_pages_to_scan", .unit = "pages", .eras = {{V(6, 8), ULONG, "30000"}},
     .danger = 1, .note = "The most that the advisor has scanned at once."},
    {"ksm/advisor_min_pages_to_scan", .unit = "pages", .eras = {{V(6, 8), ULONG, "500"}},
     .note = "The least that the advisor has scanned at once."},
    {"ksm/advisor_mode", PW_TUNABLE_WORD, .eras = {{V(6, 8), WORD, "none"}}, .danger = 1,
     .acts = true,
     .note = "Under scan-time the kernel tunes ksm/pages_to_scan by itself, and takes no other; a "
             "change resets it."},
    {"ksm/advisor_target_scan_time", .unit = "seconds", .eras = {{V(6, 8), 1, PW_ABSENT, "200"}},
     .note = "How long the advisor wants a scan of everything to take."},
    {"ksm/max_page_sharing", .unit = "mappings", .eras = {{V(4, 13), 2, INT32_MAX, "256"}},
     .danger = 1,
     .note = "How many may share a page, which bounds how long it is looked for; EBUSY once pages "
             "are shared."},
    {"ksm/merge_across_nodes", .unit = "boolean", .eras = {{V(3, 9), TRUTH, "1"}}, .danger = 1,
     .note = "Whether pages of different nodes are merged, which are then far from one of them; "
             "EBUSY once pages are shared."},
    {"ksm/pages_to_scan", .unit = "pages", .eras = {{V(2, 6), UINT, "100"}}, .danger = 1,
     .note = "How much ksmd looks at before it sleeps, which is what it costs."},
    {"ksm/run", .unit = "mode", .eras = {{V(2, 6), 0, 2, "0"}}, .danger = 3, .acts = true,
     .note = "1 merges equal pages, 0 stops, 2 takes all merged pages apart again, for which there "
             "has to be memory."},
    {"ksm/sleep_millisecs", .unit = "milliseconds", .eras = {{V(2, 6), UINT, "20"}}, .danger = 1,
     .note = "How long ksmd sleeps between scans; at 0 it takes a processor."},
    {"ksm/smart_scan", .unit = "boolean", .eras = {{V(6, 7), TRUTH, "1"}},
     .note = "Whether pages that were not merged before are looked at less often."},
    {"ksm/stable_node_chains_prune_millisecs", .unit = "milliseconds",
     .eras = {{V(4, 13), UINT, "2000"}},
     .note = "How often copies of much shared pages are checked."},
    {"ksm/use_zero_pages", .unit = "boolean", .eras = {{V(4, 12), TRUTH, "0"}},
     .note = "Whether pages of zeros become the kernel's own zero page."},
    {"lru_gen/enabled", .unit = "mask", .eras = {{V(6, 1), 0, UINT32_MAX, NULL}}, .danger = 2,
     .note =
         "The multi-generational LRU: 1 itself, 2 and 4 ways of looking at page tables; a switch "
         "sorts all pages anew."},
    {"lru_gen/min_ttl_ms", .unit = "milliseconds", .eras = {{V(6, 1), UINT, "0"}}, .danger = 3,
     .note = "What was used in this time is not reclaimed: rather than thrash, the kernel kills."},
    {"numa/demotion_enabled", .unit = "boolean", .eras = {{V(5, 16), TRUTH, "0"}}, .danger = 1,
     .note = "Whether reclaim moves pages to slower memory instead."},
    {"swap/vma_ra_enabled", .unit = "boolean", .eras = {{V(4, 14), TRUTH, "1"}}, .danger = 1,
     .note = "Reads ahead from swap what lies together in memory, where no swap is on a rotating "
             "disk."},
    {THP "defrag", PW_TUNABLE_WORD, .eras = {{V(2, 6), WORD, "madvise"}}, .danger = 2,
     .note = "Who waits for huge pages: under always every fault may stall in reclaim and "
             "compaction."},
    {THP "enabled", PW_TUNABLE_WORD, .eras = {{V(2, 6), WORD, NULL}}, .danger = 2,
     .note = "Who gets huge pages: under always everybody, and a page touched may be 2 MiB used."},
    {THP "hugepages-*kB/enabled", PW_TUNABLE_WORD, .eras = {{V(6, 8), WORD, NULL}}, .danger = 2,
     .note = "Who gets pages of this size; under inherit as transparent_hugepage/enabled says."},
    {THP "hugepages-*kB/shmem_enabled", PW_TUNABLE_WORD, .eras = {{V(6, 11), WORD, NULL}},
     .danger = 2,
     .note = "Which shared memory gets pages of this size; under inherit as "
             "transparent_hugepage/shmem_enabled says."},
    {KHUGEPAGED "alloc_sleep_millisecs", .unit = "milliseconds", .eras = {{V(2, 6), UINT, "60000"}},
     .danger = 1, .note = "How long khugepaged waits after it found no huge page."},
    {KHUGEPAGED "defrag", .unit = "boolean", .eras = {{V(2, 6), TRUTH, "1"}}, .danger = 1,
     .note = "Whether khugepaged reclaims and compacts for huge pages."},
    {KHUGEPAGED "max_ptes_none", .unit = "pages", .eras = {{V(2, 6), ULONG, "511"}}, .danger = 2,
     .note = "How many empty pages a huge page may take in, which is memory that nobody asked for; "
             "the kernel bounds it by the pages in a huge page."},
    {KHUGEPAGED "max_ptes_shared", .unit = "pages", .eras = {{V(5, 8), ULONG, "256"}}, .danger = 1,
     .note = "How many shared pages a huge page may take in, which are copied."},
    {KHUGEPAGED "max_ptes_swap", .unit = "pages", .eras = {{V(4, 7), ULONG, "64"}}, .danger = 1,
     .note = "How many pages are read from swap to make a huge page."},
    {KHUGEPAGED "pages_to_scan", .unit = "pages", .eras = {{V(2, 6), 1, UINT32_MAX, "4096"}},
     .danger = 1, .note = "How much khugepaged looks at before it sleeps."},
    {KHUGEPAGED "scan_sleep_millisecs", .unit = "milliseconds", .eras = {{V(2, 6), UINT, "10000"}},
     .danger = 1, .note = "How long khugepaged sleeps between scans; at 0 it takes a processor."},
    {THP "shmem_enabled", PW_TUNABLE_WORD, .eras = {{V(4, 8), WORD, "never"}}, .danger = 2,
     .note = "Which shared memory and tmpfs get huge pages; force is for tests."},
    {THP "shrink_underused", .unit = "boolean", .eras = {{V(6, 12), TRUTH, "1"}},
     .note = "Whether huge pages that are mostly zeros are split when memory is short."},
    {THP "use_zero_page", .unit = "boolean", .eras = {{V(3, 8), TRUTH, "1"}},
     .note = "Whether reading untouched memory gets one huge page of zeros for all."},
    {"zswap/accept_threshold_percent", .unit = "percent", .eras = {{V(5, 6), UINT, "90"}},
     .note = "A pool that was full takes pages again once it is down to this share of its limit."},
    {"zswap/compressor", PW_TUNABLE_WORD, .eras = {{V(3, 11), WORD, NULL}}, .danger = 1,
     .note = "What compresses pages that come in from now on."},
    {"zswap/enabled", .unit = "boolean", .eras = {{V(3, 11), TRUTH, NULL}}, .danger = 1,
     .note =
         "Whether pages on their way to swap are kept compressed in memory; what is in it stays "
         "until it is used."},
    {"zswap/exclusive_loads", .unit = "boolean", .eras = {{V(6, 5), TRUTH, NULL}},
     .removed = V(6, 8), .note = "Whether a page that is read leaves the pool.",
     .instead = "since 6.8 every page that is read leaves the pool"},
    {"zswap/max_pool_percent", .unit = "percent", .eras = {{V(3, 11), UINT, "20"}}, .danger = 2,
     .note = "How much of memory the compressed pages may take; above it they go to the disk."},
    {"zswap/non_same_filled_pages_enabled", .unit = "boolean", .eras = {{V(5, 18), TRUTH, "1"}},
     .removed = V(6, 9), .note = "Whether pages of more than one repeated word are kept.",
     .instead = "a cgroup's memory.zswap.max keeps its pages out"},
    {"zswap/same_filled_pages_enabled", .unit = "boolean", .eras = {{V(4, 16), TRUTH, "1"}},
     .removed = V(6, 9), .note = "Whether pages of one repeated word are kept as that word.",
     .instead = "since 6.9 they always are"},
    {"zswap/shrinker_enabled", .unit = "boolean", .eras = {{V(6, 8), TRUTH, NULL}}, .danger = 1,
     .note = "Whether cold pages are written on to the disk when memory is short."},
    {"zswap/zpool", PW_TUNABLE_WORD, .eras = {{V(3, 11), WORD, NULL}}, .removed = V(6, 18),
     .danger = 1, .note = "What stores the compressed pages.",
     .instead = "since 6.18 it is always zsmalloc"},
    {0},
};
