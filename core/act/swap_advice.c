/* SPDX-License-Identifier: MIT */
#include "act/swap_advice.h"

#include <stddef.h>

#define MIB ((int64_t)1 << 20)
#define GIB ((int64_t)1 << 30)

#define MOST_ROWS 4

/* One row of a table, for memory up to `to_bytes`: so many quarters of it, and so much more. */
struct row {
    int64_t to_bytes;
    bool without; /* the row ends before `to_bytes`: "less than" */
    bool none;    /* it gives no figure */
    int quarters;
    int64_t more_bytes;
    int64_t most_bytes; /* 0: no limit */
    int64_t least_bytes;
};

struct table {
    const char *source;
    const char *rule;
    const char *caveat;
    const char *hibernation_caveat;    /* with hibernation, instead */
    struct row rows[MOST_ROWS];        /* the last one ends at INT64_MAX */
    struct row hibernating[MOST_ROWS]; /* where they are others */
    void (*adjust)(const struct pw_swap_machine *machine, struct pw_swap_advice *advice);
};


static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}


/* Half of the free disk, whatever CONF_MAXDISK_PCT says: its divisor is fixed in the script. */
static void leave_half_of_the_disk(const struct pw_swap_machine *machine,
                                   struct pw_swap_advice *advice) {
    if (machine->disk_bytes != PW_ABSENT) {
        advice->size_bytes = smaller(advice->size_bytes, machine->disk_bytes / 2);
    }
}


/* So much that 30 % of memory and swap are free (swapspace, src/memory.c). */
static void free_thirty_percent(const struct pw_swap_machine *machine,
                                struct pw_swap_advice *advice) {
    if (machine->free_bytes == PW_ABSENT || machine->swap_bytes == PW_ABSENT) {
        advice->caveat = "it goes by what is free and by the swap there is, which were not given";
        return;
    }
    int64_t total_bytes = machine->ram_bytes + machine->swap_bytes;
    int64_t more_bytes = (total_bytes * 3 / 10 - machine->free_bytes) * 10 / 7;
    int64_t size_bytes = machine->swap_bytes + more_bytes;
    advice->size_bytes = size_bytes > 0 ? size_bytes : 0;
}


static const struct table tables[] = {
    {
        .source = "guide",
        .rule = "1 to 2 GiB of RAM: 1.5 times as much; to 8 GiB: as much; above: 0.75 times",
        .caveat = "its share never ends: 384 GiB of swap for 512 GiB of RAM",
        .hibernation_caveat = "it says nothing of hibernation",
        .rows = {{.to_bytes = GIB, .without = true, .none = true},
                 {.to_bytes = 2 * GIB, .quarters = 6},
                 {.to_bytes = 8 * GIB, .quarters = 4},
                 {.to_bytes = INT64_MAX, .quarters = 3}},
    },
    {
        .source = "rhel3",
        .rule = "twice the RAM, at least 32 MiB and at most 2 GiB",
        .hibernation_caveat = "it says nothing of hibernation",
        .rows = {{.to_bytes = INT64_MAX,
                  .quarters = 8,
                  .least_bytes = 32 * MIB,
                  .most_bytes = 2 * GIB}},
    },
    {
        .source = "rhel4",
        .rule = "to 2 GiB of RAM: twice as much; above: 2 GiB more than the RAM",
        .hibernation_caveat = "it says nothing of hibernation",
        .rows = {{.to_bytes = 2 * GIB, .quarters = 8},
                 {.to_bytes = INT64_MAX, .quarters = 4, .more_bytes = 2 * GIB}},
    },
    {
        .source = "fedora20",
        .rule = "under 2 GiB of RAM: twice as much (thrice to hibernate); to 8 GiB: as much "
                "(twice); to 64 GiB: half (1.5 times); above: 4 GiB",
        .hibernation_caveat = "above 64 GiB of RAM it has no figure for hibernation",
        .rows = {{.to_bytes = 2 * GIB, .without = true, .quarters = 8},
                 {.to_bytes = 8 * GIB, .quarters = 4},
                 {.to_bytes = 64 * GIB, .quarters = 2},
                 {.to_bytes = INT64_MAX, .more_bytes = 4 * GIB}},
        .hibernating = {{.to_bytes = 2 * GIB, .without = true, .quarters = 12},
                        {.to_bytes = 8 * GIB, .quarters = 8},
                        {.to_bytes = 64 * GIB, .quarters = 6},
                        {.to_bytes = INT64_MAX, .none = true}},
    },
    {
        .source = "rhel9",
        .rule = "to 2 GiB of RAM: twice as much (thrice to hibernate); to 8 GiB: as much (twice); "
                "above: at least 4 GiB (to 64 GiB 1.5 times)",
        .caveat = "above 8 GiB of RAM it gives the least there should be",
        .hibernation_caveat = "above 64 GiB of RAM it advises against hibernation",
        .rows = {{.to_bytes = 2 * GIB, .quarters = 8},
                 {.to_bytes = 8 * GIB, .quarters = 4},
                 {.to_bytes = INT64_MAX, .more_bytes = 4 * GIB}},
        .hibernating = {{.to_bytes = 2 * GIB, .quarters = 12},
                        {.to_bytes = 8 * GIB, .quarters = 8},
                        {.to_bytes = 64 * GIB, .quarters = 6},
                        {.to_bytes = INT64_MAX, .none = true}},
    },
    {
        .source = "dphys-swapfile",
        .rule = "twice the RAM, at most 2 GiB and half of the disk that is free",
        .hibernation_caveat = "it says nothing of hibernation",
        .rows = {{.to_bytes = INT64_MAX, .quarters = 8, .most_bytes = 2 * GIB}},
        .adjust = leave_half_of_the_disk,
    },
    {
        .source = "zram-generator",
        .rule = "half the RAM, at most 4 GiB, compressed in RAM",
        .hibernation_caveat = "what is in RAM cannot hold a system that hibernates",
        .rows = {{.to_bytes = INT64_MAX, .quarters = 2, .most_bytes = 4 * GIB}},
    },
    {
        .source = "systemd-swap",
        .rule = "a quarter of the RAM, compressed in RAM, and files of 256 MiB as they are needed",
        .caveat = "the size is without the files, of which there are 32 at most",
        .hibernation_caveat = "what is in RAM cannot hold a system that hibernates",
        .rows = {{.to_bytes = INT64_MAX, .quarters = 1}},
    },
    {
        .source = "swapspace",
        .rule = "so much that 30 % of RAM and swap are free, in files that come and go",
        .hibernation_caveat = "it says nothing of hibernation",
        .rows = {{.to_bytes = INT64_MAX, .none = true}},
        .adjust = free_thirty_percent,
    },
};


static int64_t evaluate(const struct row *row, int64_t ram_bytes) {
    if (row->none) {
        return PW_ABSENT;
    }
    int64_t size_bytes = ram_bytes / 4 * row->quarters + row->more_bytes;
    if (size_bytes < row->least_bytes) {
        size_bytes = row->least_bytes;
    }
    return row->most_bytes ? smaller(size_bytes, row->most_bytes) : size_bytes;
}


static const struct row *row_for(const struct row rows[], int64_t ram_bytes) {
    while (ram_bytes > rows->to_bytes || (rows->without && ram_bytes == rows->to_bytes)) {
        rows++;
    }
    return rows;
}


static void find_jumps(const struct row rows[], struct pw_swap_advice *advice) {
    advice->jump_count = 0;
    for (; rows->to_bytes != INT64_MAX; rows++) {
        struct pw_swap_jump jump = {rows->to_bytes, evaluate(rows, rows->to_bytes),
                                    evaluate(rows + 1, rows->to_bytes)};
        if (jump.below_bytes != jump.above_bytes) {
            advice->jumps[advice->jump_count++] = jump;
        }
    }
}


bool pw_swap_advise(const struct pw_swap_machine *machine, int table,
                    struct pw_swap_advice *advice) {
    if (table < 0 || (size_t)table >= sizeof tables / sizeof *tables) {
        return false;
    }
    const struct table *asked = &tables[table];
    bool other = machine->hibernation && asked->hibernating[0].to_bytes;
    const struct row *rows = other ? asked->hibernating : asked->rows;
    advice->source = asked->source;
    advice->rule = asked->rule;
    advice->caveat = machine->hibernation ? asked->hibernation_caveat : asked->caveat;
    advice->size_bytes = evaluate(row_for(rows, machine->ram_bytes), machine->ram_bytes);
    find_jumps(rows, advice);
    if (asked->adjust) {
        asked->adjust(machine, advice);
    }
    return true;
}
