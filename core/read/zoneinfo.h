/* SPDX-License-Identifier: MIT
 *
 * /proc/zoneinfo: the zones of each memory node, in pages. Pure.
 * Format: mm/vmstat.c, zoneinfo_show_print().
 */
#ifndef PAGEWARDEN_READ_ZONEINFO_H
#define PAGEWARDEN_READ_ZONEINFO_H

#include "read/keyed.h"

enum pw_zone_kind {
    PW_ZONE_BEGIN,      /* "Node 0, zone      DMA": node and name */
    PW_ZONE_COUNTER,    /* of the zone: free, min, low, high, …; field */
    PW_ZONE_PER_NODE,   /* of the whole node, under its first zone only (Linux 4.8); field */
    PW_ZONE_PROTECTION, /* "protection: (0, 2877, 7826)"; pages kept from each other zone: list */
    PW_ZONE_CPU,        /* a set of pages kept for one CPU begins; field.number is the CPU */
    PW_ZONE_PAGESET     /* of that set: count, high, batch, …; field */
};

/* One line, with its place: two things are called "high", the watermark and a pageset's. */
struct pw_zone_line {
    enum pw_zone_kind kind;
    int64_t node;
    struct pw_slice name;
    struct pw_field field;
    struct pw_slice list; /* for pw_next_protection() */
};

/* Where the walk over the text is; starts as {.rest = text}. */
struct pw_zone_walk {
    struct pw_slice rest;
    bool per_node;
    bool pagesets;
};

/* The next line that says something. Lines of any other shape are skipped and counted; false at
 * the end. */
bool pw_next_zone_line(struct pw_zone_walk *walk, struct pw_zone_line *line,
                       struct pw_flaws *flaws);

/* Takes the next number of a protection list; false at the end. */
bool pw_next_protection(struct pw_slice *list, struct pw_number *pages, struct pw_flaws *flaws);

#endif
