/* SPDX-License-Identifier: MIT */
#include "act/tunable.h"

#include <string.h>


/* Whether a name is what the pattern, with at most one "*" in it, stands for. */
static bool fits(const char *pattern, struct pw_slice name) {
    const char *star = strchr(pattern, '*');
    if (!star) {
        return pw_slice_is(name, pattern);
    }
    size_t head = (size_t)(star - pattern), tail = strlen(star + 1);
    return name.size > head + tail && memcmp(name.data, pattern, head) == 0 &&
           memcmp(name.data + name.size - tail, star + 1, tail) == 0 &&
           !memchr(name.data + head, '/', name.size - head - tail);
}


const struct pw_tunable *pw_tunable_find(const struct pw_tunable tunables[], struct pw_slice name) {
    for (; tunables->name; tunables++) {
        if (fits(tunables->name, name)) {
            return tunables;
        }
    }
    return NULL;
}


const struct pw_era *pw_tunable_era(const struct pw_tunable *tunable, int64_t version) {
    const struct pw_era *era = tunable->eras;
    for (int i = 1; i < PW_TUNABLE_ERAS && tunable->eras[i].since; i++) {
        if (version == 0 || tunable->eras[i].since <= version) {
            era = &tunable->eras[i];
        }
    }
    return era;
}


int64_t pw_tunable_min(const struct pw_tunable *tunable, const struct pw_era *era,
                       long page_size_bytes) {
    return tunable->min_in_pages && era->min != PW_ABSENT ? era->min * page_size_bytes : era->min;
}
