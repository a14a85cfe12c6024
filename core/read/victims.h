/* SPDX-License-Identifier: MIT
 *
 * Whom the kernel would kill for memory, and next: many candidates, rated by the rules of the
 * kernel that they run on. In memory that the caller brings.
 */
#ifndef PAGEWARDEN_READ_VICTIMS_H
#define PAGEWARDEN_READ_VICTIMS_H

#include "read/candidate.h"

struct pw_victims {
    const struct pw_source *source;
    struct pw_buffer *buffer;
    int64_t uptime_seconds;
    struct pw_badness_rules rules;
    int64_t total_pages; /* what adj is a thousandth of */
    struct pw_candidate *candidates;
    struct pw_badness *badness; /* of the candidate with the same number */
    struct pw_ranked *ranked;   /* after pw_victims_rank(): in order, `row` being that number */
    uint32_t count;
};

/* Bytes of memory that so many candidates need. */
size_t pw_victims_size(uint32_t capacity);

/* Begins with no candidates, in memory of pw_victims_size(capacity) bytes that is aligned for
 * int64_t. The source and the buffer must outlive it. */
void pw_victims_begin(struct pw_victims *victims, const struct pw_source *source,
                      struct pw_buffer *buffer, uint32_t capacity, void *memory);

/* Reads a process and adds it; there must be room. 0 or -errno. */
int pw_victims_add(struct pw_victims *victims, const struct pw_identity *identity);

/* Rates all and sorts them, by the rules of the kernel's version as far as its own oom_score does
 * not show others; see pw_rank() for `top`. */
void pw_victims_rank(struct pw_victims *victims, int64_t total_pages, size_t top);

/* All memory and swap of a machine in pages; 0 when it does not say. */
int64_t pw_machine_pages(const struct pw_source *source, struct pw_buffer *buffer);

/* What a cgroup that runs into its limit may have of memory and swap (mem_cgroup_get_max()); that
 * of the machine when it has no limit. 0, or -errno when there is no such cgroup. */
int pw_cgroup_pages(const struct pw_source *source, struct pw_slice path, struct pw_buffer *buffer,
                    int64_t *pages);

#endif
