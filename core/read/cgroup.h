/* SPDX-License-Identifier: MIT
 *
 * Control groups: which a process is in, and memory.numa_stat of both versions. Their other files
 * are keyed.h's (memory.stat, memory.events) and single.h's (memory.current, memory.max). Pure.
 */
#ifndef PAGEWARDEN_READ_CGROUP_H
#define PAGEWARDEN_READ_CGROUP_H

#include "read/text.h"

/* One line of /proc/PID/cgroup, "id:controllers:path". Version 2 has id 0 and no controllers. The
 * path is the group's own bytes, colons too; a removed group's ends in " (deleted)". */
struct pw_membership {
    int64_t id;
    struct pw_slice controllers; /* delimited by commas */
    struct pw_slice path;
};

/* The next line; others are skipped and counted. Format: kernel/cgroup/cgroup.c,
 * proc_cgroup_show(). */
bool pw_next_membership(struct pw_slice *rest, struct pw_membership *membership,
                        struct pw_flaws *flaws);

/* Takes the next controller of a list; false at the end. */
bool pw_next_controller(struct pw_slice *controllers, struct pw_slice *controller);

/* The systemd unit that a path in its hierarchy is of, such as "cron.service": what is below a unit
 * is that unit's own affair. Empty when it is of none. As cg_path_get_unit() finds it. */
struct pw_slice pw_unit_of_path(struct pw_slice path);

/* Whether a group's path is another group's, "/" being the root, or of one below it. */
bool pw_cgroup_is_within(struct pw_slice path, struct pw_slice group);

/* One line of memory.numa_stat: "anon N0=1 N1=2" (version 2, bytes) or "total=3 N0=1 N1=2"
 * (version 1, pages). */
struct pw_numa_line {
    struct pw_slice key;
    struct pw_slice nodes; /* for pw_next_numa_value() */
    bool has_total;        /* version 1 */
    struct pw_number total;
};

/* The value of one node. */
struct pw_numa_value {
    int64_t node;
    struct pw_number number;
};

/* The next line with a value for a node; others are skipped and counted. Format:
 * mm/memcontrol.c, memory_numa_stat_show(); mm/memcontrol-v1.c, memcg_numa_stat_show(). */
bool pw_next_numa_line(struct pw_slice *rest, struct pw_numa_line *line, struct pw_flaws *flaws);

/* Takes the next "N0=123"; false at the end. */
bool pw_next_numa_value(struct pw_slice *nodes, struct pw_numa_value *value,
                        struct pw_flaws *flaws);

#endif
