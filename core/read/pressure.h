/* SPDX-License-Identifier: MIT
 *
 * Pressure stall information: /proc/pressure/{cpu,memory,io,irq} and a cgroup's *.pressure. Pure.
 */
#ifndef PAGEWARDEN_READ_PRESSURE_H
#define PAGEWARDEN_READ_PRESSURE_H

#include "read/text.h"

/* One line: how much of the time was lost. */
struct pw_stall {
    bool present;
    double avg10_percent, avg60_percent, avg300_percent;
    int64_t total_microseconds;
};

/* cpu has no `full` before Linux 5.13, irq (6.1) has no `some`. */
struct pw_pressure {
    struct pw_stall some; /* at least one task was stalled */
    struct pw_stall full; /* all that were not idle were */
};

/* Reads the file. Lines of any other shape are skipped and counted. Format: kernel/sched/psi.c,
 * psi_show(). */
void pw_parse_pressure(struct pw_slice text, struct pw_pressure *pressure, struct pw_flaws *flaws);

#endif
