/* SPDX-License-Identifier: MIT */
#include "act/sysctl_changes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "act/sysctl.h"


static const char *name_of(const struct pw_change *change) {
    return change->key + strlen("sysctl ");
}


static bool is_zero(const struct pw_change *change) {
    return pw_value_same(change->value, "0");
}


/* Below 0: before all others; above: after them. */
static int weigh(const struct pw_change *change) {
    if (strcmp(name_of(change), "vm.overcommit_memory") == 0) {
        return pw_value_same(change->value, "2") ? 1 : -1;
    }
    if (strcmp(name_of(change), "vm.panic_on_oom") == 0) {
        return is_zero(change) ? -1 : 1;
    }
    return 0;
}


static int compare(const void *a, const void *b) {
    const struct pw_change *change = a, *other = b;
    int difference = weigh(change) - weigh(other);
    return difference ? difference : strcmp(change->key, other->key);
}


static const struct pw_change *partner_of(const struct pw_change changes[], int count,
                                          const struct pw_change *change) {
    const char *partner = pw_sysctl_partner(name_of(change));
    for (int i = 0; i < count && partner; i++) {
        if (strcmp(name_of(&changes[i]), partner) == 0) {
            return &changes[i];
        }
    }
    return NULL;
}


/* Bytes and KiB cannot be set to 0, or not to mean nothing; a ratio can. */
static bool is_dropped(const struct pw_change *change, const struct pw_change *partner) {
    return partner && is_zero(change) && (!is_zero(partner) || !strstr(change->key, "_ratio"));
}


static const char *find_conflict(const struct pw_change changes[], int count) {
    for (int i = 0; i < count; i++) {
        const struct pw_change *partner = partner_of(changes, count, &changes[i]);
        if (partner && !is_zero(&changes[i]) && !is_zero(partner)) {
            return name_of(&changes[i]);
        }
    }
    return NULL;
}


int pw_sysctl_arrange(struct pw_change changes[], int count, const char **conflict) {
    int left = 0;
    *conflict = find_conflict(changes, count);
    if (*conflict) {
        return -EINVAL;
    }
    qsort(changes, (size_t)count, sizeof *changes, compare);
    for (int i = 0; i < count; i++) {
        /* A partner that was dropped is written over, and then this one stays. */
        const struct pw_change *partner = partner_of(changes, count, &changes[i]);
        if (!is_dropped(&changes[i], partner)) {
            changes[left++] = changes[i];
        }
    }
    return left;
}
