/* SPDX-License-Identifier: MIT
 *
 * What parsing costs on top of reading: for each file, the best time of open, read and close, and
 * of the same with its parser, taken in turns. Goal: 10 %.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "read/buddyinfo.h"
#include "read/diskstats.h"
#include "read/keyed.h"
#include "read/maps.h"
#include "read/pressure.h"
#include "read/rollup.h"
#include "read/slabinfo.h"
#include "read/source.h"
#include "read/stat.h"
#include "read/status.h"
#include "read/zoneinfo.h"

#define GOAL_PERCENT 10

typedef void parse_all(struct pw_slice text, struct pw_flaws *flaws);

/* Keeps the compiler from dropping what is parsed and not used. */
static volatile int64_t kept;


static void parse_stat(struct pw_slice text, struct pw_flaws *flaws) {
    struct pw_stat stat;
    pw_parse_stat(text, PW_STAT_ALL, &stat, flaws);
    kept = stat.rss_pages;
}


static void parse_statm(struct pw_slice text, struct pw_flaws *flaws) {
    struct pw_statm statm;
    pw_parse_statm(text, &statm, flaws);
    kept = statm.size_pages;
}


static void parse_status(struct pw_slice text, struct pw_flaws *flaws) {
    struct pw_status_field field;
    while (pw_next_status_field(&text, &field, flaws)) {
        kept = field.number.value;
    }
}


static void parse_status_memory(struct pw_slice text, struct pw_flaws *flaws) {
    struct pw_status_memory memory;
    pw_parse_status_memory(text, &memory, flaws);
    kept = memory.swap_bytes;
}


static void parse_colon(struct pw_slice text, struct pw_flaws *flaws) {
    struct pw_field field;
    while (pw_next_colon_field(&text, &field, flaws)) {
        kept = field.number.value;
    }
}


static void parse_blank(struct pw_slice text, struct pw_flaws *flaws) {
    struct pw_field field;
    while (pw_next_blank_field(&text, &field, flaws)) {
        kept = field.number.value;
    }
}


static void parse_zoneinfo(struct pw_slice text, struct pw_flaws *flaws) {
    struct pw_zone_walk walk = {.rest = text};
    struct pw_zone_line line;
    while (pw_next_zone_line(&walk, &line, flaws)) {
        kept = line.field.number.value;
    }
}


static void parse_buddyinfo(struct pw_slice text, struct pw_flaws *flaws) {
    struct pw_free_blocks blocks;
    while (pw_next_buddy(&text, &blocks, flaws)) {
        kept = (int64_t)blocks.zone.size;
    }
}


static void parse_slabinfo(struct pw_slice text, struct pw_flaws *flaws) {
    struct pw_slab slab;
    while (pw_next_slab(&text, &slab, flaws)) {
        kept = (int64_t)slab.name.size;
    }
}


static void parse_diskstats(struct pw_slice text, struct pw_flaws *flaws) {
    struct pw_disk disk;
    while (pw_next_disk(&text, &disk, flaws)) {
        kept = (int64_t)disk.name.size;
    }
}


static void parse_pressure(struct pw_slice text, struct pw_flaws *flaws) {
    struct pw_pressure pressure;
    pw_parse_pressure(text, &pressure, flaws);
}


static void parse_smaps(struct pw_slice text, struct pw_flaws *flaws) {
    struct pw_smaps_line line;
    while (pw_next_smaps_line(&text, &line, flaws)) {
        kept = line.field.number.value;
    }
}


static void parse_rollup(struct pw_slice text, struct pw_flaws *flaws) {
    struct pw_rollup rollup;
    pw_parse_rollup(text, &rollup, flaws);
    kept = rollup.count;
}


static const struct {
    const char *path;
    parse_all *parse;
} files[] = {
    {"proc/self/stat", parse_stat},
    {"proc/self/statm", parse_statm},
    {"proc/self/status", parse_status},
    {"proc/self/status", parse_status_memory},
    {"proc/self/io", parse_colon},
    {"proc/self/smaps_rollup", parse_rollup},
    {"proc/self/smaps", parse_smaps},
    {"proc/self/maps", parse_smaps},
    {"proc/meminfo", parse_colon},
    {"proc/vmstat", parse_blank},
    {"proc/zoneinfo", parse_zoneinfo},
    {"proc/buddyinfo", parse_buddyinfo},
    {"proc/slabinfo", parse_slabinfo},
    {"proc/diskstats", parse_diskstats},
    {"proc/pressure/memory", parse_pressure},
};


static double now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}


/* Microseconds of one read, parsed or not; negative when this machine has no such file. */
static double once(struct pw_source *source, const char *path, struct pw_buffer *buffer,
                   parse_all *parse) {
    struct pw_flaws flaws = {0};
    double start = now_us();
    if (pw_source_read(source, path, buffer)) {
        return -1;
    }
    if (parse) {
        parse(pw_buffer_text(buffer), &flaws);
    }
    return now_us() - start;
}


static void measure(struct pw_source *source, const char *path, parse_all *parse, int rounds) {
    static struct pw_buffer buffer;
    double read_us = 1e9, both_us = 1e9;
    for (int i = 0; i < rounds; i++) {
        double bare = once(source, path, &buffer, NULL);
        double parsed = once(source, path, &buffer, parse);
        if (bare < 0 || parsed < 0) {
            printf("%-24s not readable here\n", path);
            return;
        }
        read_us = bare < read_us ? bare : read_us;
        both_us = parsed < both_us ? parsed : both_us;
    }
    double percent = (both_us / read_us - 1) * 100;
    printf("%-24s %7zu %9.2f %9.2f %7.1f %%%s\n", path, buffer.size_bytes, read_us, both_us,
           percent, percent > GOAL_PERCENT ? "  MISSED" : "");
}


int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 3000;
    struct pw_source source;
    pw_source_open(&source, "/");
    printf("%-24s %7s %9s %9s %9s   goal <= %d %%\n", "file", "bytes", "read us", "+ parse",
           "parsing", GOAL_PERCENT);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        measure(&source, files[i].path, files[i].parse, rounds);
    }
    pw_source_close(&source);
    return 0;
}
