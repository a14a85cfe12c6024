/* SPDX-License-Identifier: MIT
 *
 * Triggers a letter in a process of its own: what the kernel writes down about every task may take
 * minutes on a serial console, and who asked for it would have to wait.
 */
#ifndef PAGEWARDEN_ACT_SYSRQ_JOB_H
#define PAGEWARDEN_ACT_SYSRQ_JOB_H

#include "act/job.h"
#include "read/source.h"

struct pw_sysrq_request {
    char letter;      /* not 'f', which would kill the job */
    int64_t limit_ns; /* how long to wait for "Emergency Sync complete" after 's' */
};

/* The figure that is 1 when the kernel is known to be done. Where its log cannot be read, that of
 * 's' is 0, with the reason but without an error. */
enum { PW_SYSRQ_CONFIRMED };

/* The work of the job; its arguments are a struct pw_sysrq_request. */
void pw_sysrq_work(int speaker_fd, const void *arguments, struct pw_job_news *news);

/* The same under a root. */
void pw_sysrq_do(const struct pw_source *source, const struct pw_sysrq_request *request,
                 struct pw_job_news *news);

#endif
