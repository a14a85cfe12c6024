/* SPDX-License-Identifier: MIT */
#include "act/cooldown.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>


int64_t pw_cooldowns_left(const struct pw_cooldowns *cooldowns, const char *key, const char *policy,
                          int64_t now_ns) {
    for (int i = 0; i < cooldowns->count; i++) {
        const struct pw_cooldown *cooldown = &cooldowns->list[i];
        if (strcmp(cooldown->key, key) == 0 && strcmp(cooldown->policy, policy) == 0 &&
            cooldown->until_ns > now_ns) {
            return cooldown->until_ns - now_ns;
        }
    }
    return 0;
}


static void drop(struct pw_cooldowns *cooldowns, int index) {
    free(cooldowns->list[index].key);
    free(cooldowns->list[index].policy);
    cooldowns->list[index] = cooldowns->list[--cooldowns->count];
}


int pw_cooldowns_start(struct pw_cooldowns *cooldowns, const char *key, const char *policy,
                       int64_t now_ns, int64_t until_ns) {
    for (int i = cooldowns->count - 1; i >= 0; i--) {
        if (cooldowns->list[i].until_ns <= now_ns) {
            drop(cooldowns, i);
        }
    }
    struct pw_cooldown *list =
        realloc(cooldowns->list, ((size_t)cooldowns->count + 1) * sizeof *list);
    if (!list) {
        return -ENOMEM;
    }
    cooldowns->list = list;
    list[cooldowns->count++] = (struct pw_cooldown){strdup(key), strdup(policy), until_ns};
    if (!list[cooldowns->count - 1].key || !list[cooldowns->count - 1].policy) {
        drop(cooldowns, cooldowns->count - 1);
        return -ENOMEM;
    }
    return 0;
}


void pw_cooldowns_forget(struct pw_cooldowns *cooldowns, const char *policy) {
    for (int i = cooldowns->count - 1; i >= 0; i--) {
        if (!policy || strcmp(cooldowns->list[i].policy, policy) == 0) {
            drop(cooldowns, i);
        }
    }
    if (cooldowns->count == 0) {
        free(cooldowns->list);
        cooldowns->list = NULL;
    }
}
