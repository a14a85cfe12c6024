/* SPDX-License-Identifier: MIT
 *
 * What a policy may change, as an administrator put it in words:
 *
 *   "sysctl vm.swappiness"   "cgroup /user.slice"   "oom"   "sysrq f"   "swap /var/swap"
 *   "reclaim drop_caches"   "reclaim pageout"   "reclaim cgroup /user.slice"
 */
#ifndef PAGEWARDEN_ACT_GRANT_H
#define PAGEWARDEN_ACT_GRANT_H

#include "read/text.h"

/* A set of grants; {0} grants nothing. */
struct pw_grants {
    char **texts;
    int count;
};

/* Adds a grant in words. That of a path, a cgroup's or a swap area's, is one for those below it
 * too. 0, -EINVAL when the words make none, or -ENOMEM. */
int pw_grants_add(struct pw_grants *grants, struct pw_slice words);

/* Whether what such a key is about may be changed: "oom 812:45678" where "oom" is granted,
 * "swap /var/swap/a" where "swap /var/swap" is, "reclaim pageout 812:45678" where "reclaim pageout"
 * is. */
bool pw_grants_allow(const struct pw_grants *grants, struct pw_slice key);

/* Forgets all of them. */
void pw_grants_free(struct pw_grants *grants);

#endif
