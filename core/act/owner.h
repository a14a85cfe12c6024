/* SPDX-License-Identifier: MIT
 *
 * One owner a key, machine-wide: a lock file for each key beneath ROOT/run/pagewarden/owners, whose
 * lock ends with the process that holds it, however it ends, and whose text names the owner.
 */
#ifndef PAGEWARDEN_ACT_OWNER_H
#define PAGEWARDEN_ACT_OWNER_H

#include "act/setting.h"

/* Room for "policy NAME (pid 812)". */
#define PW_OWNER_BYTES 128

struct pw_owned {
    char *key;
    char *policy;
    int fd; /* the lock; -1 for a dry run's claim, which only others in dry run meet */
};

/* What the policies of this process own; {0} owns nothing. */
struct pw_owners {
    struct pw_owned *owned;
    int count;
};

/* Makes `policy` the owner of the setting, if it is not already. 0; -EBUSY when somebody else is,
 * who is then named in `owner`; or another -errno, such as EROFS when /run cannot be written. A
 * claim for a dry run writes nothing. */
int pw_owners_claim(struct pw_owners *owners, const struct pw_source *source, const char *key,
                    const char *policy, bool dry, char owner[PW_OWNER_BYTES]);

/* Gives a key up, in dry run or not; nothing happens when the policy does not own it. */
void pw_owners_release(struct pw_owners *owners, const struct pw_source *source, const char *key,
                       const char *policy, bool dry);

/* Gives up every key of a policy; of all policies when it is NULL. */
void pw_owners_release_all(struct pw_owners *owners, const struct pw_source *source,
                           const char *policy);

#endif
