/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/oom_dump.h"


static void drain_fields(struct pw_slice rest, struct pw_slice text) {
    struct pw_field field;
    while (pw_next_oom_field(&rest, &field)) {
        fuzz_demand_within(field.key, text);
    }
}


static void drain_place(const struct pw_oom_place *place, struct pw_slice text) {
    struct pw_slice rest = place->rest;
    struct pw_oom_blocks blocks;
    fuzz_demand_within(place->zone, text);
    drain_fields(place->rest, text);
    while (pw_next_oom_blocks(&rest, &blocks)) {
    }
}


static void check_beginning(struct pw_slice line) {
    struct pw_oom_invocation invocation;
    struct pw_oom_invoker invoker;
    struct pw_oom_cpuset cpuset;
    struct pw_oom_limit limit;
    if (pw_parse_oom_invocation(line, &invocation)) {
        fuzz_demand_within(invocation.comm, line);
        fuzz_demand_within(invocation.gfp_flags, line);
    }
    if (pw_parse_oom_invoker(line, &invoker)) {
        fuzz_demand_within(invoker.kernel, line);
    }
    if (pw_parse_oom_cpuset(line, &cpuset)) {
        fuzz_demand_within(cpuset.cpuset, line);
        fuzz_demand_within(cpuset.mems_allowed, line);
    }
    if (pw_parse_oom_limit(line, &limit)) {
        fuzz_demand_within(limit.cgroup, line);
        fuzz_demand_within(limit.oom_cgroup, line);
    }
}


static void check_memory(struct pw_slice line) {
    struct pw_oom_place place;
    struct pw_oom_stats stats;
    struct pw_oom_usage usage;
    struct pw_oom_slab slab;
    struct pw_oom_count count;
    struct pw_field field;
    struct pw_slice pages;
    if (pw_parse_oom_node(line, &place) || pw_parse_oom_zone(line, &place) ||
        pw_parse_oom_free_list(line, &place) || pw_parse_oom_hugepages(line, &place)) {
        drain_place(&place, line);
    }
    if (pw_parse_oom_stats(line, &stats)) {
        fuzz_demand_within(stats.cgroup, line);
        drain_fields(stats.fields, line);
    }
    if (pw_parse_oom_reserve(line, &pages)) {
        fuzz_demand_within(pages, line);
    }
    fuzz_demand(!pw_parse_oom_count(line, &count) || count.key);
    pw_parse_oom_usage(line, &usage);
    pw_parse_oom_slab(line, &slab);
    pw_parse_oom_stat(line, &field);
    pw_is_oom_totals(line);
}


static void check_end(struct pw_slice line) {
    struct pw_oom_choice choice;
    struct pw_oom_reaping reaping;
    struct pw_slice text;
    if (pw_parse_oom_choice(line, &choice)) {
        fuzz_demand_within(choice.comm, line);
    }
    if (pw_parse_oom_reaping(line, &reaping)) {
        drain_fields(reaping.left, line);
    }
    if (pw_parse_oom_group(line, &text) || pw_parse_oom_panic(line, &text)) {
        fuzz_demand_within(text, line);
    }
    fuzz_demand(!(pw_is_oom_manual(line) && pw_is_oom_without_victim(line)));
}


static void check_task(struct pw_slice columns, struct pw_slice line) {
    struct pw_oom_task task;
    struct pw_oom_column column;
    if (!pw_parse_oom_task(line, &task)) {
        return;
    }
    while (pw_next_oom_column(&columns, &task.values, &column)) {
        if (column.is_text) {
            fuzz_demand_within(column.text, line);
        }
    }
}


/* Each line is one of the log, and the last heading holds for the tasks below it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice text = fuzz_text(data, size), columns = pw_slice_of(""), line;
    while (pw_take_line(&text, &line)) {
        check_beginning(line);
        check_memory(line);
        check_end(line);
        check_task(columns, line);
        pw_parse_oom_columns(line, &columns);
    }
    return 0;
}
