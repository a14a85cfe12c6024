/* SPDX-License-Identifier: MIT
 *
 * A change of swap in a process of its own (job.h): it may take minutes, and the kernel kills who
 * takes an area off that memory has no room for.
 */
#ifndef PAGEWARDEN_ACT_SWAP_JOB_H
#define PAGEWARDEN_ACT_SWAP_JOB_H

#include <limits.h>

#include "act/job.h"
#include "act/swap_change.h"

/* Which change of what. */
struct pw_swap_job {
    char root[PATH_MAX]; /* the folder that is the root */
    char path[PATH_MAX];
    struct pw_swap_change change;
};

/* Fills it in: 0 or -errno. */
int pw_swap_job_prepare(struct pw_swap_job *job, const struct pw_source *source, const char *path,
                        const struct pw_swap_change *change);

/* The work, its argument being a struct pw_swap_job. Says in its first figure how far it is, as
 * pw_swap_change tells. */
void pw_swap_job_work(int speaker_fd, const void *arguments, struct pw_job_news *news);

/* Makes the change in a job, and waits: 0 or -errno, and then the reason. */
int pw_swap_job_run(const struct pw_source *source, const char *path,
                    const struct pw_swap_change *change, char reason[PW_SWAP_REASON_BYTES]);

#endif
