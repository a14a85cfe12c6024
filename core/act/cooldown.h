/* SPDX-License-Identifier: MIT
 *
 * How long a policy has to wait before it may do the same thing again.
 */
#ifndef PAGEWARDEN_ACT_COOLDOWN_H
#define PAGEWARDEN_ACT_COOLDOWN_H

#include <stdint.h>

struct pw_cooldown {
    char *key;
    char *policy;
    int64_t until_ns;
};

/* {0} holds nobody back. */
struct pw_cooldowns {
    struct pw_cooldown *list;
    int count;
};

/* Nanoseconds that the policy has to wait yet before it does something with a key; 0 for none. */
int64_t pw_cooldowns_left(const struct pw_cooldowns *cooldowns, const char *key, const char *policy,
                          int64_t now_ns);

/* Starts one, and forgets those that are over. 0 or -ENOMEM. */
int pw_cooldowns_start(struct pw_cooldowns *cooldowns, const char *key, const char *policy,
                       int64_t now_ns, int64_t until_ns);

/* Forgets those of a policy; of all when it is NULL. */
void pw_cooldowns_forget(struct pw_cooldowns *cooldowns, const char *policy);

#endif
