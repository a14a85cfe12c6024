/* SPDX-License-Identifier: MIT
 *
 * What is special about the settings of cgroups.
 */
#ifndef PAGEWARDEN_ACT_CGROUP_H
#define PAGEWARDEN_ACT_CGROUP_H

#include "act/setting.h"

/* The file that freezes a cgroup of version 1, whose hierarchy is the freezer's own. */
#define PW_FREEZER_STATE "freezer.state"

/* Whether the setting freezes a cgroup that must go on: NULL, or the reason, pagewarden or init
 * being in it or below it. */
const char *pw_cgroup_taboo(const struct pw_source *source, struct pw_buffer *buffer,
                            const struct pw_setting *setting);

/* Writes a file of a cgroup, or has systemd write it where that manages the cgroup. 0 or -errno:
 * EREMOTEIO and ETIMEDOUT come from systemd alone. */
int pw_cgroup_write(const struct pw_source *source, struct pw_buffer *buffer,
                    const struct pw_setting *setting, const char *text);

#endif
