/* SPDX-License-Identifier: MIT
 *
 * How long a call may take, by a clock that tests can put in.
 *
 * The clock is the CPU time of the thread. A loop that does not end uses it up; a machine that
 * makes everybody wait, because it thrashes or has too much to run, does not: that is when a policy
 * is needed most. A call that blocks is not the deadline's business but the watchdog's.
 */
#ifndef PAGEWARDEN_HOST_DEADLINE_H
#define PAGEWARDEN_HOST_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

struct pw_deadline {
    int64_t (*now)(void *clock); /* nanoseconds, never going back */
    void *clock;                 /* what `now` wants */
    int64_t limit_ns;
    int64_t due_ns; /* of the call under way; PW_NEVER_NS between calls */
    bool expired;   /* stays set until the next start */
};

/* Nanoseconds that the calling thread has spent on a CPU. */
int64_t pw_thread_cpu_ns(void *clock);

/* From now on `limit_ns` are left. */
void pw_deadline_start(struct pw_deadline *deadline);

/* Nothing is due any more. Whether it had expired can still be asked. */
void pw_deadline_stop(struct pw_deadline *deadline);

/* Looks at the clock. Once true it stays true until the next start. */
bool pw_deadline_has_passed(struct pw_deadline *deadline);

#endif
