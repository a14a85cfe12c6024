/* SPDX-License-Identifier: MIT
 *
 * What an administrator wrote at a cgroup's folder for those who end programs when memory is short:
 * the extended attributes oomd_prefer, oomd_avoid and oomd_omit of oomd and systemd-oomd, "1" each.
 */
#ifndef PAGEWARDEN_READ_CGROUP_PREFERENCE_H
#define PAGEWARDEN_READ_CGROUP_PREFERENCE_H

#include "read/cgroupfs.h"

enum pw_cgroup_preference {
    PW_PREFERENCE_NONE,
    PW_PREFERENCE_PREFER,
    PW_PREFERENCE_AVOID,
    PW_PREFERENCE_OMIT
};

/* The strongest that a cgroup or one above it has; omit is stronger than avoid, that than prefer.
 * Those in the namespace "trusted" are root's. Those in "user" count where the folder is root's:
 * its owner could write them, and nobody may exempt himself. 0 or -errno. */
int pw_cgroup_read_preference(const struct pw_source *source, const struct pw_cgroups *cgroups,
                              struct pw_slice path, enum pw_cgroup_preference *preference);

/* What a cgroup itself has of systemd-oomd's: avoid and omit in "user", where its folder is root's
 * or has the same owner as that of a cgroup above it that is watched (src/oom/oomd-util.c, systemd
 * 254: oomd_fetch_cgroup_oom_preference). 0 or -errno. */
int pw_cgroup_read_own_preference(const struct pw_source *source, const struct pw_cgroups *cgroups,
                                  struct pw_slice path, struct pw_slice watched,
                                  enum pw_cgroup_preference *preference);

#endif
