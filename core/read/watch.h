/* SPDX-License-Identifier: MIT
 *
 * A sweep over chosen processes whose files are kept open: a read then costs a quarter to a half
 * of opening it again. Only files that follow a task through execve are kept; what hangs on its
 * memory (smaps_rollup) is opened each time.
 */
#ifndef PAGEWARDEN_READ_WATCH_H
#define PAGEWARDEN_READ_WATCH_H

#include "read/sweep.h"

/* One process that is followed, with all of its descriptors held or none: negative then. */
struct pw_watched {
    int64_t pid;
    int64_t start_time;
    int fds[PW_FILE_ROLLUP];
};

/* The processes lie in memory that the caller brings. Descriptors are held for as many as the
 * limit allows; those beyond it are opened each time and read the same. */
struct pw_watch {
    struct pw_sweep sweep;
    struct pw_watched *processes;
    uint32_t count, capacity, at;
    uint32_t held, held_limit; /* descriptors */
};

/* Half of the descriptors that RLIMIT_NOFILE leaves this program: what a watch may hold unless
 * told otherwise. */
uint32_t pw_watch_default_limit(void);

/* Opens a watch over nothing, holding at most `limit` descriptors: 0 or -errno. */
int pw_watch_open(struct pw_watch *watch, struct pw_source *source, struct pw_buffer *buffer,
                  uint32_t limit);

/* Whether a sweep is a watch. */
bool pw_is_watch(const struct pw_sweep *sweep);

/* Moves the list of processes into memory for `capacity` of them. */
void pw_watch_move(struct pw_watch *watch, struct pw_watched *memory, uint32_t capacity);

/* Follows a process from now on; there must be room. `start_time` may be PW_ABSENT for whoever has
 * the pid now. 0, also when it was followed already, or -errno: -ESRCH when it is not that one. */
int pw_watch_add(struct pw_watch *watch, int64_t pid, int64_t start_time);

/* Follows it no more; false when it was not followed. */
bool pw_watch_remove(struct pw_watch *watch, int64_t pid);

#endif
