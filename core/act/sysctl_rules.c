/* SPDX-License-Identifier: MIT */
#include "act/sysctl_rules.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "read/kernel_version.h"

#define MIB ((int64_t)1 << 20)

/* Least that vm.min_free_kbytes may be, and the share of memory that it may not exceed: the
 * kernel's own tuning stops there (mm/khugepaged.c, set_recommended_min_free_kbytes()). */
#define LEAST_FREE_KIB 1024
#define GREATEST_FREE_PERCENT 5

/* More than this kept free by all watermarks is memory that nobody can use. */
#define GREATEST_WATERMARK_PERCENT 10

/* A pause of all writers for less than this is never worth it. */
#define LEAST_DIRTY_BYTES MIB

/* What programs with many mappings are made to run with. */
#define USUAL_MAP_COUNT 65530

#define INPUT(key, field)                                                                          \
    { key, offsetof(struct pw_sysctl_facts, field) }

const struct pw_sysctl_input pw_sysctl_inputs[] = {
    INPUT("kernel.panic", kernel_panic_seconds),
    INPUT("vm.admin_reserve_kbytes", admin_reserve_kib),
    INPUT("vm.dirty_background_bytes", dirty_background_bytes),
    INPUT("vm.dirty_background_ratio", dirty_background_percent),
    INPUT("vm.dirty_bytes", dirty_bytes),
    INPUT("vm.dirty_ratio", dirty_percent),
    INPUT("vm.dirty_writeback_centisecs", dirty_writeback_centiseconds),
    INPUT("vm.laptop_mode", laptop_mode),
    INPUT("vm.max_map_count", max_map_count),
    INPUT("vm.min_free_kbytes", min_free_kib),
    INPUT("vm.oom_dump_tasks", oom_dump_tasks),
    INPUT("vm.oom_kill_allocating_task", oom_kill_allocating_task),
    INPUT("vm.overcommit_kbytes", overcommit_kib),
    INPUT("vm.overcommit_memory", overcommit_mode),
    INPUT("vm.overcommit_ratio", overcommit_percent),
    INPUT("vm.page-cluster", page_cluster),
    INPUT("vm.panic_on_oom", panic_on_oom),
    INPUT("vm.stat_interval", stat_interval_seconds),
    INPUT("vm.swappiness", swappiness),
    INPUT("vm.vfs_cache_pressure", vfs_cache_pressure),
    INPUT("vm.watermark_scale_factor", watermark_scale),
    INPUT("vm.zone_reclaim_mode", zone_reclaim_mode),
    {0},
};


int64_t *pw_sysctl_fact(struct pw_sysctl_facts *facts, const char *key) {
    for (const struct pw_sysctl_input *input = pw_sysctl_inputs; input->key; input++) {
        if (strcmp(input->key, key) == 0) {
            return (int64_t *)((char *)facts + input->offset);
        }
    }
    return NULL;
}


/* Says what is wrong; always true. */
__attribute__((format(printf, 2, 3))) static bool say(char problem[PW_PROBLEM_BYTES],
                                                      const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem, PW_PROBLEM_BYTES, format, arguments);
    va_end(arguments);
    return true;
}


static int64_t percent_of(int64_t part, int64_t whole) {
    return whole > 0 ? (int64_t)((double)part * 100 / (double)whole) : 0;
}


static bool has_too_little_free(const struct pw_sysctl_facts *facts,
                                char problem[PW_PROBLEM_BYTES]) {
    int64_t kib = facts->min_free_kib;
    return kib != PW_ABSENT && kib < LEAST_FREE_KIB &&
           say(problem, "under %d KiB the machine can hang when memory is short", LEAST_FREE_KIB);
}


static bool has_too_much_free(const struct pw_sysctl_facts *facts, char problem[PW_PROBLEM_BYTES]) {
    int64_t kib = facts->min_free_kib, memory_kib = facts->memory_bytes / 1024;
    return kib != PW_ABSENT && memory_kib > 0 && kib > memory_kib / 100 * GREATEST_FREE_PERCENT &&
           say(problem,
               "it keeps %" PRId64 " %% of memory free, and what needs that memory is killed",
               percent_of(kib, memory_kib));
}


/* What all watermarks together keep free: the high one is two steps above the low one. */
static int64_t high_watermark_kib(const struct pw_sysctl_facts *facts) {
    int64_t by_scale = facts->memory_bytes / 1024 / 10000 * facts->watermark_scale;
    int64_t by_reserve = facts->min_free_kib / 4;
    return facts->min_free_kib + 2 * (by_scale > by_reserve ? by_scale : by_reserve);
}


static bool reclaims_too_early(const struct pw_sysctl_facts *facts,
                               char problem[PW_PROBLEM_BYTES]) {
    if (facts->watermark_scale == PW_ABSENT || facts->min_free_kib == PW_ABSENT ||
        facts->memory_bytes <= 0) {
        return false;
    }
    int64_t percent = percent_of(high_watermark_kib(facts), facts->memory_bytes / 1024);
    return percent > GREATEST_WATERMARK_PERCENT &&
           say(problem, "kswapd reclaims until %" PRId64 " %% of memory is free", percent);
}


static bool never_reclaims_inodes(const struct pw_sysctl_facts *facts,
                                  char problem[PW_PROBLEM_BYTES]) {
    return facts->vfs_cache_pressure == 0 &&
           say(problem, "at 0 dentries and inodes are never reclaimed, and programs die for them");
}


static bool panics_for_good(const struct pw_sysctl_facts *facts, char problem[PW_PROBLEM_BYTES]) {
    return facts->panic_on_oom > 0 && facts->kernel_panic_seconds == 0 &&
           facts->crash_kernel_loaded != 1 &&
           say(problem,
               "the machine panics when memory runs out, and stays down: kernel.panic is 0 "
               "and no crash kernel is loaded");
}


static int64_t commit_limit_bytes(const struct pw_sysctl_facts *facts) {
    int64_t huge = facts->huge_pages_bytes > 0 ? facts->huge_pages_bytes : 0;
    int64_t allowed = facts->overcommit_kib > 0
                          ? facts->overcommit_kib * 1024
                          : (facts->memory_bytes - huge) / 100 * facts->overcommit_percent;
    return allowed + (facts->swap_bytes > 0 ? facts->swap_bytes : 0);
}


static bool knows_commitment(const struct pw_sysctl_facts *facts) {
    return facts->overcommit_mode == 2 && facts->memory_bytes > 0 &&
           facts->committed_bytes != PW_ABSENT && facts->overcommit_percent != PW_ABSENT;
}


static bool has_promised_too_much(const struct pw_sysctl_facts *facts,
                                  char problem[PW_PROBLEM_BYTES]) {
    if (!knows_commitment(facts) || facts->committed_bytes <= commit_limit_bytes(facts)) {
        return false;
    }
    return say(problem,
               "%" PRId64 " MiB are promised already and the limit is %" PRId64
               " MiB: every allocation and fork fails",
               facts->committed_bytes / MIB, commit_limit_bytes(facts) / MIB);
}


static bool has_promised_nearly_all(const struct pw_sysctl_facts *facts,
                                    char problem[PW_PROBLEM_BYTES]) {
    if (!knows_commitment(facts)) {
        return false;
    }
    int64_t percent = percent_of(facts->committed_bytes, commit_limit_bytes(facts));
    return percent >= 90 && percent <= 100 &&
           say(problem, "%" PRId64 " %% of what may be promised is: allocations are about to fail",
               percent);
}


static bool bounds_nothing(const struct pw_sysctl_facts *facts, char problem[PW_PROBLEM_BYTES]) {
    bool changed = facts->overcommit_kib > 0 || facts->overcommit_percent != 50;
    return facts->overcommit_mode != PW_ABSENT && facts->overcommit_mode != 2 &&
           facts->overcommit_percent != PW_ABSENT && changed &&
           say(problem, "it bounds nothing while vm.overcommit_memory is %" PRId64,
               facts->overcommit_mode);
}


static bool locks_root_out(const struct pw_sysctl_facts *facts, char problem[PW_PROBLEM_BYTES]) {
    return facts->overcommit_mode == 2 && facts->admin_reserve_kib == 0 &&
           say(problem, "nothing is kept back for root, who may be unable to log in and repair");
}


static bool stalls_all_writers(const struct pw_sysctl_facts *facts,
                               char problem[PW_PROBLEM_BYTES]) {
    return facts->dirty_percent == 0 &&
           (facts->dirty_bytes == 0 || facts->dirty_bytes == PW_ABSENT) &&
           say(problem, "at 0, and with vm.dirty_bytes 0, every writer waits for the disk");
}


static bool stalls_writers_early(const struct pw_sysctl_facts *facts,
                                 char problem[PW_PROBLEM_BYTES]) {
    return facts->dirty_bytes > 0 && facts->dirty_bytes < LEAST_DIRTY_BYTES &&
           say(problem, "so little stalls every writer of the machine");
}


static bool flushes_at_half(const char *limit, char problem[PW_PROBLEM_BYTES]) {
    return say(problem, "it is not below %s, so the kernel begins to write at half of that", limit);
}


/* Only what is in the same unit can be compared without knowing what can be dirtied. */
static bool flushes_too_late_by_bytes(const struct pw_sysctl_facts *facts,
                                      char problem[PW_PROBLEM_BYTES]) {
    return facts->dirty_bytes > 0 && facts->dirty_background_bytes >= facts->dirty_bytes &&
           flushes_at_half("vm.dirty_bytes", problem);
}


static bool flushes_too_late_by_ratio(const struct pw_sysctl_facts *facts,
                                      char problem[PW_PROBLEM_BYTES]) {
    return facts->dirty_percent > 0 && facts->dirty_background_bytes <= 0 &&
           facts->dirty_background_percent >= facts->dirty_percent &&
           flushes_at_half("vm.dirty_ratio", problem);
}


static bool never_flushes(const struct pw_sysctl_facts *facts, char problem[PW_PROBLEM_BYTES]) {
    return facts->dirty_writeback_centiseconds == 0 &&
           say(problem, "at 0 dirty pages are never written for their age, and a crash loses them");
}


static bool gathers_writes(const struct pw_sysctl_facts *facts, char problem[PW_PROBLEM_BYTES]) {
    if (facts->laptop_mode <= 0) {
        return false;
    }
    return facts->kernel_version >= PW_LINUX(7, 0, 0)
               ? say(problem, "it does nothing since 7.0")
               : say(problem, "writes are put off so that disks may sleep, and a crash loses more");
}


static bool has_swap(const struct pw_sysctl_facts *facts) {
    return facts->swap_bytes > 0;
}


/* 3.5 made 0 mean it: mm/vmscan.c, get_scan_count(). RHEL 6 took it into its 2.6.32. */
static bool keeps_swap_unused(const struct pw_sysctl_facts *facts, char problem[PW_PROBLEM_BYTES]) {
    return facts->swappiness == 0 && has_swap(facts) &&
           say(problem, "at 0 swap is not used until the file cache is nearly gone, and programs "
                        "may be killed with swap free");
}


static bool prefers_slow_swap(const struct pw_sysctl_facts *facts, char problem[PW_PROBLEM_BYTES]) {
    bool fast = facts->zswap_enabled == 1 || facts->uncompressed_swaps == 0;
    return facts->swappiness > 100 && has_swap(facts) && !fast &&
           say(problem, "over 100 swapping counts as cheaper than reading files, and there is swap "
                        "that is not compressed memory");
}


static bool reads_ahead_in_memory(const struct pw_sysctl_facts *facts,
                                  char problem[PW_PROBLEM_BYTES]) {
    return facts->page_cluster > 0 && facts->compressed_swaps > 0 &&
           facts->uncompressed_swaps == 0 &&
           say(problem, "all swap is zram, where reading ahead only costs decompressing");
}


static bool kills_whoever_asks(const struct pw_sysctl_facts *facts,
                               char problem[PW_PROBLEM_BYTES]) {
    return facts->oom_kill_allocating_task > 0 &&
           say(problem, "whoever asks for memory last is killed, whatever its oom_score_adj");
}


static bool hides_the_killed(const struct pw_sysctl_facts *facts, char problem[PW_PROBLEM_BYTES]) {
    return facts->oom_dump_tasks == 0 &&
           say(problem, "the report of a kill does not show whom the kernel chose from");
}


static bool shuns_other_nodes(const struct pw_sysctl_facts *facts, char problem[PW_PROBLEM_BYTES]) {
    return facts->zone_reclaim_mode > 0 &&
           say(problem, "a node drops its caches before it uses the free memory of another");
}


static bool maps_too_little(const struct pw_sysctl_facts *facts, char problem[PW_PROBLEM_BYTES]) {
    return facts->max_map_count != PW_ABSENT && facts->max_map_count < USUAL_MAP_COUNT &&
           say(problem, "programs count on the usual %d mappings, and end without them",
               USUAL_MAP_COUNT);
}


static bool shows_old_numbers(const struct pw_sysctl_facts *facts, char problem[PW_PROBLEM_BYTES]) {
    return facts->stat_interval_seconds > 10 &&
           say(problem, "what /proc/vmstat shows is %" PRId64 " seconds old",
               facts->stat_interval_seconds);
}


static bool hoards_huge_pages(const struct pw_sysctl_facts *facts, char problem[PW_PROBLEM_BYTES]) {
    int64_t percent = percent_of(facts->free_huge_pages_bytes, facts->memory_bytes);
    return facts->memory_bytes > 0 && percent > 10 &&
           say(problem, "%" PRId64 " %% of memory is huge pages that nobody uses or can use",
               percent);
}


const struct pw_sysctl_rule pw_sysctl_rules[] = {
    {"vm.min_free_kbytes", .danger = 4, .refused = true, .is_broken = has_too_little_free,
     .advice = "set it to 1024 or more"},
    {"vm.min_free_kbytes", .danger = 4, .refused = true, .is_broken = has_too_much_free,
     .advice = "set it to 5 % of memory or less; vm.watermark_scale_factor keeps more free"},
    {"vm.watermark_scale_factor", .danger = 3, .is_broken = reclaims_too_early,
     .advice = "lower it, or vm.min_free_kbytes"},
    {"vm.vfs_cache_pressure", .danger = 3, .refused = true, .is_broken = never_reclaims_inodes,
     .advice = "set it to 1 or more"},
    {"vm.panic_on_oom",
     {"kernel.panic"},
     .danger = 4,
     .refused = true,
     .is_broken = panics_for_good,
     .advice = "set kernel.panic above 0, or vm.panic_on_oom to 0"},
    {"vm.overcommit_memory",
     {"vm.overcommit_ratio", "vm.overcommit_kbytes"},
     .danger = 3,
     .refused = true,
     .is_broken = has_promised_too_much,
     .advice = "raise vm.overcommit_ratio, add swap, or set vm.overcommit_memory to 0"},
    {"vm.overcommit_memory", .danger = 2, .is_broken = has_promised_nearly_all,
     .advice = "raise vm.overcommit_ratio or add swap"},
    {"vm.overcommit_ratio", .danger = 0, .is_broken = bounds_nothing,
     .advice = "set vm.overcommit_memory to 2 if it is to count"},
    {"vm.admin_reserve_kbytes", .danger = 2, .is_broken = locks_root_out,
     .advice = "set it to 8192"},
    {"vm.dirty_ratio", .danger = 3, .is_broken = stalls_all_writers,
     .advice = "set vm.dirty_ratio to 20, which is the kernel's default"},
    {"vm.dirty_bytes", .danger = 3, .is_broken = stalls_writers_early,
     .advice = "set it to what the disks write in a second or more"},
    {"vm.dirty_background_bytes", .danger = 1, .is_broken = flushes_too_late_by_bytes,
     .advice =
         "set it to half of vm.dirty_bytes or less, so that writing begins before writers wait"},
    {"vm.dirty_background_ratio", .danger = 1, .is_broken = flushes_too_late_by_ratio,
     .advice =
         "set it to half of vm.dirty_ratio or less, so that writing begins before writers wait"},
    {"vm.dirty_writeback_centisecs", .danger = 2, .is_broken = never_flushes,
     .advice = "set it to 500, which is the kernel's default"},
    {"vm.laptop_mode", .danger = 1, .is_broken = gathers_writes, .advice = "set it to 0"},
    {"vm.swappiness", .danger = 2, .is_broken = keeps_swap_unused,
     .advice = "set it to 1 to swap as little as is safe"},
    {"vm.swappiness", .danger = 1, .is_broken = prefers_slow_swap,
     .advice = "set it to 100 or less unless swap is faster than the disks"},
    {"vm.page-cluster", .danger = 1, .is_broken = reads_ahead_in_memory, .advice = "set it to 0"},
    {"vm.oom_kill_allocating_task", .danger = 3, .is_broken = kills_whoever_asks,
     .advice = "set it to 0, so that protecting a daemon protects it"},
    {"vm.oom_dump_tasks", .danger = 0, .is_broken = hides_the_killed,
     .advice = "set it to 1 to be able to tell afterwards"},
    {"vm.zone_reclaim_mode", .danger = 2, .is_broken = shuns_other_nodes,
     .advice = "set it to 0 unless every program stays on its node"},
    {"vm.max_map_count", .danger = 2, .is_broken = maps_too_little,
     .advice = "set it to 65530, which is the kernel's default, or more"},
    {"vm.stat_interval", .danger = 1, .is_broken = shows_old_numbers, .advice = "set it to 1"},
    {"vm.nr_hugepages", .danger = 2, .is_broken = hoards_huge_pages,
     .advice = "lower it to what programs ask for"},
    {0},
};


static bool concerns(const struct pw_sysctl_rule *rule, const char *key) {
    bool concerned = strcmp(rule->key, key) == 0;
    for (int i = 0; i < 2 && rule->also[i]; i++) {
        concerned = concerned || strcmp(rule->also[i], key) == 0;
    }
    return concerned;
}


/* Another key that only leaves a mistake as it was may be written: it may be on the way out. */
static bool refuses(const struct pw_sysctl_rule *rule, const char *key,
                    const struct pw_sysctl_facts *before, const struct pw_sysctl_facts *after,
                    char problem[PW_PROBLEM_BYTES]) {
    if (!rule->refused || !concerns(rule, key)) {
        return false;
    }
    bool was_broken = strcmp(rule->key, key) != 0 && rule->is_broken(before, problem);
    return !was_broken && rule->is_broken(after, problem);
}


const struct pw_sysctl_rule *pw_sysctl_refusal(const char *key,
                                               const struct pw_sysctl_facts *before,
                                               const struct pw_sysctl_facts *after,
                                               char problem[PW_PROBLEM_BYTES]) {
    for (const struct pw_sysctl_rule *rule = pw_sysctl_rules; rule->key; rule++) {
        if (refuses(rule, key, before, after, problem)) {
            return rule;
        }
    }
    return NULL;
}


bool pw_sysctl_is_refusable(const char *key) {
    for (const struct pw_sysctl_rule *rule = pw_sysctl_rules; rule->key; rule++) {
        if (rule->refused && concerns(rule, key)) {
            return true;
        }
    }
    return false;
}
