/* SPDX-License-Identifier: MIT
 *
 * What a policy may write, as an administrator put it in words:
 *
 *   "sysctl vm.swappiness"   "cgroup /user.slice"   "oom"
 */
#ifndef PAGEWARDEN_ACT_GRANT_H
#define PAGEWARDEN_ACT_GRANT_H

#include "act/setting.h"

/* A set of grants; {0} grants nothing. */
struct pw_grants {
    char **texts; /* "sysctl vm.swappiness", "cgroup /user.slice" */
    int count;
    bool oom;
};

/* Adds a grant in words. A cgroup's is one for those below it too. 0, -EINVAL when the words make
 * none, or -ENOMEM. */
int pw_grants_add(struct pw_grants *grants, struct pw_slice words);

/* Adds the grants of a text, one a line; blank lines and what follows a "#" are passed over. 0 or
 * -errno, and then `line` is the number of the line that was wrong. */
int pw_grants_parse(struct pw_grants *grants, struct pw_slice text, int *line);

/* Whether the setting may be written. */
bool pw_grants_allow(const struct pw_grants *grants, const struct pw_setting *setting);

/* Forgets all of them. */
void pw_grants_free(struct pw_grants *grants);

#endif
