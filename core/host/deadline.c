/* SPDX-License-Identifier: MIT */
#include "host/deadline.h"

#include <time.h>

#include "host/clock.h"


int64_t pw_thread_cpu_ns(void *clock) {
    (void)clock;
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec * PW_SECOND_NS + time.tv_nsec;
}


void pw_deadline_start(struct pw_deadline *deadline) {
    int64_t now_ns = deadline->now(deadline->clock);
    bool far = deadline->limit_ns > PW_NEVER_NS - now_ns;
    deadline->due_ns = far ? PW_NEVER_NS : now_ns + deadline->limit_ns;
    deadline->expired = false;
}


void pw_deadline_stop(struct pw_deadline *deadline) {
    deadline->due_ns = PW_NEVER_NS;
}


bool pw_deadline_has_passed(struct pw_deadline *deadline) {
    if (!deadline->expired && deadline->due_ns != PW_NEVER_NS) {
        deadline->expired = deadline->now(deadline->clock) >= deadline->due_ns;
    }
    return deadline->expired;
}
