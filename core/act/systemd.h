/* SPDX-License-Identifier: MIT
 *
 * Limits of cgroups that systemd manages are set by systemd: it writes its own idea of them again
 * at every daemon-reload and whenever it realizes the unit, and documents that nobody else is to
 * write there (systemd's CGROUP_DELEGATION.md, "don't"). So the value goes to it as a property, for
 * this boot (SetUnitProperties, by systemctl set-property --runtime), and it writes the file before
 * it answers. What is below a unit with Delegate=yes is not systemd's.
 */
#ifndef PAGEWARDEN_ACT_SYSTEMD_H
#define PAGEWARDEN_ACT_SYSTEMD_H

#include "read/source.h"

/* Room for the name of a unit with its NUL (systemd's UNIT_NAME_MAX). */
#define PW_UNIT_BYTES 256

/* Room for "MemoryHigh=…". */
#define PW_ASSIGNMENT_BYTES 192

/* The unit that a cgroup's path is of, by its last part: "nginx.service". False when it is none. */
bool pw_systemd_unit(struct pw_slice cgroup, char unit[PW_UNIT_BYTES]);

/* The property that a file of a cgroup is, with a value: "MemoryHigh=infinity" for memory.high and
 * "max". False for files that systemd has no property for. */
bool pw_systemd_assignment(const char *file, const char *value,
                           char assignment[PW_ASSIGNMENT_BYTES]);

/* Whether systemd is this machine's first process and manages the unit's cgroup, whose folder from
 * the root is `folder`: no folder above it, below `mount`, was delegated. */
bool pw_systemd_manages(const struct pw_source *source, const char *mount, const char *folder);

/* Has systemd make an assignment to a unit. 0 or -errno: EREMOTEIO when it did not take it. */
int pw_systemd_set(const char *unit, const char *assignment);

#endif
