/* SPDX-License-Identifier: MIT */
#include "act/sysctl_facts.h"

#include <limits.h>

#include "act/sysctl.h"
#include "read/kernel_version.h"
#include "read/keyed.h"
#include "read/knob.h"
#include "read/swaps.h"


/* Of a file that holds one number or truth; PW_ABSENT of any other. */
static int64_t read_one(const struct pw_source *source, struct pw_buffer *buffer,
                        const char *path) {
    if (pw_source_read(source, path, buffer)) {
        return PW_ABSENT;
    }
    struct pw_knob knob = pw_parse_knob(pw_buffer_text(buffer));
    return knob.kind == PW_KNOB_NUMBER    ? knob.number.value
           : knob.kind == PW_KNOB_BOOLEAN ? knob.boolean
                                          : PW_ABSENT;
}


static void read_settings(const struct pw_source *source, struct pw_buffer *buffer,
                          struct pw_sysctl_facts *facts) {
    char path[NAME_MAX];
    for (const struct pw_sysctl_input *input = pw_sysctl_inputs; input->key; input++) {
        pw_sysctl_path(input->key, path, sizeof path);
        *pw_sysctl_fact(facts, input->key) = read_one(source, buffer, path);
    }
}


/* Hugetlb counts all pools since 4.20; before, the pool of the usual size is what is shown. */
static void read_memory(const struct pw_source *source, struct pw_buffer *buffer,
                        struct pw_sysctl_facts *facts) {
    int64_t pages = PW_ABSENT, free_pages = PW_ABSENT, page_bytes = PW_ABSENT;
    struct {
        const char *key;
        int64_t *number;
    } wanted[] = {
        {"MemTotal", &facts->memory_bytes},
        {"SwapTotal", &facts->swap_bytes},
        {"Committed_AS", &facts->committed_bytes},
        {"Hugetlb", &facts->huge_pages_bytes},
        {"HugePages_Total", &pages},
        {"HugePages_Free", &free_pages},
        {"Hugepagesize", &page_bytes},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        *wanted[i].number = PW_ABSENT;
    }
    if (pw_source_read(source, "proc/meminfo", buffer)) {
        return;
    }
    struct pw_slice rest = pw_buffer_text(buffer);
    struct pw_flaws flaws = {0};
    struct pw_field field;
    while (pw_next_colon_field(&rest, &field, &flaws)) {
        for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
            if (pw_slice_is(field.key, wanted[i].key)) {
                *wanted[i].number = field.number.value;
            }
        }
    }
    if (pages > 0 && page_bytes > 0 && facts->huge_pages_bytes == PW_ABSENT) {
        facts->huge_pages_bytes = pages * page_bytes;
    }
    facts->free_huge_pages_bytes = free_pages > 0 && page_bytes > 0 ? free_pages * page_bytes : 0;
}


static void count_swaps(const struct pw_source *source, struct pw_buffer *buffer,
                        struct pw_sysctl_facts *facts) {
    facts->compressed_swaps = facts->uncompressed_swaps = 0;
    if (pw_source_read(source, "proc/swaps", buffer)) {
        return;
    }
    struct pw_slice rest = pw_buffer_text(buffer);
    struct pw_flaws flaws = {0};
    struct pw_swap_area area;
    while (pw_next_swap_area(&rest, &area, &flaws)) {
        bool compressed = pw_slice_starts(area.filename, "/dev/zram");
        facts->compressed_swaps += compressed;
        facts->uncompressed_swaps += !compressed;
    }
}


void pw_sysctl_read_facts(const struct pw_source *source, struct pw_buffer *buffer,
                          struct pw_sysctl_facts *facts) {
    *facts = (struct pw_sysctl_facts){0};
    read_settings(source, buffer, facts);
    read_memory(source, buffer, facts);
    count_swaps(source, buffer, facts);
    facts->kernel_version = pw_kernel_version(source, buffer);
    facts->crash_kernel_loaded = read_one(source, buffer, "sys/kernel/kexec_crash_loaded");
    facts->zswap_enabled = read_one(source, buffer, "sys/module/zswap/parameters/enabled");
}
