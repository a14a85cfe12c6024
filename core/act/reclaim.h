/* SPDX-License-Identifier: MIT
 *
 * Ways to get memory back, each the work of a job (job.h): they take as long as disks do, or as the
 * kernel needs to look at everything it has cached.
 */
#ifndef PAGEWARDEN_ACT_RECLAIM_H
#define PAGEWARDEN_ACT_RECLAIM_H

#include "act/job.h"
#include "read/source.h"

#define PW_DROP_CACHES "proc/sys/vm/drop_caches"
#define PW_COMPACT_MEMORY "proc/sys/vm/compact_memory"

/* Writes what is dirty to disk. */
struct pw_sync_request {
    const char *path; /* a folder of the only file system that is meant; NULL: all */
};

/* Writes to a file of the kernel, which does something then. */
struct pw_reclaim_request {
    const char *path; /* from the root */
    char text[64];
    bool sync_first;     /* what is dirty cannot be dropped */
    bool may_fall_short; /* EAGAIN is no failure: the kernel did a part of it */
    const char *invalid; /* what EINVAL means; NULL: nothing more than that */
};

/* The figure that is 1 when it fell short. */
enum { PW_RECLAIM_SHORT };

/* The works; what they are given is one of the requests. */
void pw_sync_work(int speaker_fd, const void *arguments, struct pw_job_news *news);
void pw_reclaim_work(int speaker_fd, const void *arguments, struct pw_job_news *news);

/* The second under a root. */
void pw_reclaim_do(const struct pw_source *source, const struct pw_reclaim_request *request,
                   struct pw_job_news *news);

#endif
