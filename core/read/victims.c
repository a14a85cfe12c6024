/* SPDX-License-Identifier: MIT */
#include "read/victims.h"

#include <errno.h>

#include "read/cgroupfs.h"
#include "read/kernel_version.h"
#include "read/keyed.h"
#include "read/single.h"

/* Since 5.9 everybody with an oom_score_adj of 0 has this or more; before, only who uses that many
 * thousandths of all memory. */
#define SIGNED_SCORE 666

/* A score that nobody has who is next to -1000. */
#define SURE_SCORE 10


size_t pw_victims_size(uint32_t capacity) {
    return capacity *
           (sizeof(struct pw_candidate) + sizeof(struct pw_badness) + sizeof(struct pw_ranked));
}


static int64_t read_uptime(const struct pw_source *source, struct pw_buffer *buffer) {
    double seconds;
    return pw_source_read(source, "proc/uptime", buffer) == 0 &&
                   pw_parse_single_decimal(pw_buffer_text(buffer), &seconds) && seconds < 1e15
               ? (int64_t)seconds
               : 0;
}


void pw_victims_begin(struct pw_victims *victims, const struct pw_source *source,
                      struct pw_buffer *buffer, uint32_t capacity, void *memory) {
    *victims = (struct pw_victims){.source = source, .buffer = buffer, .candidates = memory};
    victims->badness = (struct pw_badness *)(void *)(victims->candidates + capacity);
    victims->ranked = (struct pw_ranked *)(void *)(victims->badness + capacity);
    victims->rules = pw_badness_rules_of(pw_kernel_version(source, buffer));
    victims->uptime_seconds = read_uptime(source, buffer);
}


int pw_victims_add(struct pw_victims *victims, const struct pw_identity *identity) {
    uint32_t number = victims->count;
    struct pw_candidate *candidate = &victims->candidates[number];
    int error = pw_read_candidate(victims->source, identity, victims->buffer, candidate);
    if (error) {
        return error;
    }
    int64_t started = candidate->start_ticks / victims->source->clock_ticks_per_second;
    candidate->sized.run_seconds = pw_subtract_saturating(victims->uptime_seconds, started);
    victims->ranked[number] = (struct pw_ranked){.pid = identity->pid,
                                                 .parent_pid = candidate->parent_pid,
                                                 .start_ticks = candidate->start_ticks,
                                                 .row = number};
    victims->count++;
    return 0;
}


/* What a kernel does is not always what its version says: distributions carry changes back. */
static void learn_rules(struct pw_victims *victims) {
    bool seen_signed = false, seen_unsigned = false;
    for (uint32_t i = 0; i < victims->count; i++) {
        const struct pw_candidate *candidate = &victims->candidates[i];
        const struct pw_rated *rated = &candidate->rated;
        victims->rules.by_size = victims->rules.by_size && !candidate->has_adj;
        if (candidate->spared || rated->oom_score_adj != 0 || candidate->oom_score <= 0) {
            continue;
        }
        seen_unsigned |= candidate->oom_score < SIGNED_SCORE;
        seen_signed |= rated->rss_pages < victims->total_pages / 2 - rated->swap_pages;
    }
    if (seen_unsigned || seen_signed) {
        victims->rules.signed_score = !seen_unsigned;
    }
}


static int64_t children_pages(const struct pw_victims *victims, int64_t pid) {
    int64_t pages = 0;
    for (uint32_t i = 0; i < victims->count; i++) {
        const struct pw_candidate *child = &victims->candidates[i];
        if (child->parent_pid == pid && child->sized.total_vm_pages > 0) {
            pages = pw_add_saturating(pages, child->sized.total_vm_pages / 2 + 1);
        }
    }
    return pages;
}


/* Before 2.6.36 oom_score is the badness. */
static struct pw_badness rate_by_size(const struct pw_victims *victims, uint32_t number) {
    const struct pw_candidate *candidate = &victims->candidates[number];
    struct pw_sized sized = candidate->sized;
    if (candidate->oom_score != PW_ABSENT) {
        return (struct pw_badness){.pages = candidate->oom_score};
    }
    sized.children_pages = children_pages(victims, victims->ranked[number].pid);
    return (struct pw_badness){.pages = pw_rate_by_size(&sized)};
}


static void rate(struct pw_victims *victims, struct pw_ranked *ranked) {
    const struct pw_badness_rules *rules = &victims->rules;
    struct pw_candidate *candidate = &victims->candidates[ranked->row];
    struct pw_badness *badness = &victims->badness[ranked->row];
    *badness = rules->by_size ? rate_by_size(victims, ranked->row)
                              : pw_rate(rules, &candidate->rated, victims->total_pages);
    if (!candidate->spared && candidate->oom_score == 0 && rules->signed_score &&
        pw_badness_score(rules, badness, victims->total_pages) >= SURE_SCORE) {
        candidate->spared = PW_SPARED_KERNEL;
    }
    ranked->badness_pages = badness->pages;
    ranked->spared = candidate->spared != PW_NOT_SPARED;
}


void pw_victims_rank(struct pw_victims *victims, int64_t total_pages, size_t top) {
    victims->total_pages = total_pages;
    learn_rules(victims);
    for (uint32_t i = 0; i < victims->count; i++) {
        rate(victims, &victims->ranked[i]);
    }
    pw_rank(&victims->rules, victims->ranked, victims->count, top);
}


/* Memory and swap of a machine, in bytes. */
struct machine {
    int64_t memory_bytes, swap_bytes;
};


static struct machine read_machine(const struct pw_source *source, struct pw_buffer *buffer) {
    struct machine machine = {0};
    struct pw_field field;
    struct pw_flaws flaws = {0};
    if (pw_source_read(source, "proc/meminfo", buffer)) {
        return machine;
    }
    struct pw_slice text = pw_buffer_text(buffer);
    while (pw_next_colon_field(&text, &field, &flaws)) {
        if (pw_slice_is(field.key, "MemTotal")) {
            machine.memory_bytes = field.number.value;
        } else if (pw_slice_is(field.key, "SwapTotal")) {
            machine.swap_bytes = field.number.value;
        }
    }
    return machine;
}


int64_t pw_machine_pages(const struct pw_source *source, struct pw_buffer *buffer) {
    struct machine machine = read_machine(source, buffer);
    return pw_add_saturating(machine.memory_bytes, machine.swap_bytes) / source->page_size_bytes;
}


/* Whether the kernel counts on swap for the cgroup: version 2 has the machine's swappiness. */
static bool may_swap(const struct pw_source *source, const struct pw_cgroups *cgroups,
                     struct pw_slice path, struct pw_buffer *buffer) {
    struct pw_number swappiness;
    struct pw_flaws flaws = {0};
    int error = cgroups->version == 1
                    ? pw_cgroup_read_named(source, cgroups, path, "memory.swappiness", buffer)
                    : pw_source_read(source, "proc/sys/vm/swappiness", buffer);
    return error || !pw_parse_single(pw_buffer_text(buffer), &swappiness, &flaws) ||
           swappiness.value != 0;
}


/* Swap that the cgroup may have beside `max_bytes` of memory, by its own limits. */
static int64_t swap_limit(const struct pw_source *source, const struct pw_cgroups *cgroups,
                          struct pw_slice path, struct pw_buffer *buffer, int64_t max_bytes) {
    struct pw_number limit;
    bool is_v1 = cgroups->version == 1;
    enum pw_cgroup_file file = is_v1 ? PW_CGROUP_MEMSW_MAX : PW_CGROUP_SWAP_MAX;
    if (pw_cgroup_read_number(source, cgroups, path, file, buffer, &limit) || limit.unlimited) {
        return INT64_MAX;
    }
    int64_t bytes = is_v1 ? pw_subtract_saturating(limit.value, max_bytes) : limit.value;
    return bytes > 0 ? bytes : 0;
}


int pw_cgroup_pages(const struct pw_source *source, struct pw_slice path, struct pw_buffer *buffer,
                    int64_t *pages) {
    struct pw_cgroups cgroups = pw_cgroups_find(source, buffer);
    struct pw_number max;
    if (!cgroups.version) {
        return -EOPNOTSUPP;
    }
    if (!pw_cgroup_exists(source, &cgroups, path)) {
        return -ENOENT;
    }
    if (pw_cgroup_read_number(source, &cgroups, path, PW_CGROUP_MAX, buffer, &max) ||
        max.unlimited) {
        *pages = pw_machine_pages(source, buffer);
        return 0;
    }
    int64_t swap_bytes = 0;
    if (may_swap(source, &cgroups, path, buffer)) {
        int64_t of_machine = read_machine(source, buffer).swap_bytes;
        swap_bytes = swap_limit(source, &cgroups, path, buffer, max.value);
        swap_bytes = swap_bytes < of_machine ? swap_bytes : of_machine;
    }
    *pages = pw_add_saturating(max.value, swap_bytes) / source->page_size_bytes;
    return 0;
}
