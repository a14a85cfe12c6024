/* SPDX-License-Identifier: MIT
 *
 * Telling the kernel which memory of another process is not needed soon: process_madvise(2), Linux
 * 5.10. It wants the rights of a debugger and CAP_SYS_NICE.
 */
#ifndef PAGEWARDEN_ACT_ADVISE_H
#define PAGEWARDEN_ACT_ADVISE_H

#include <sys/uio.h>

#include "act/job.h"
#include "read/process.h"

struct pw_advise_request {
    struct pw_identity process;
    bool cold; /* MADV_COLD: the first to go when memory runs short. Else MADV_PAGEOUT: now */
};

/* Bytes of addresses that were advised, and that the kernel would not have: locked memory. */
enum { PW_ADVISED_BYTES, PW_ADVISE_REFUSED_BYTES };

/* The work of a job: advises all the anonymous memory of a process. */
void pw_advise_work(int speaker_fd, const void *arguments, struct pw_job_news *news);

/* process_madvise(2), or what a test has in its place: bytes advised, or -1 and errno. */
typedef ssize_t pw_advise_call(int pidfd, const struct iovec *ranges, size_t count, int advice);

/* What is advised, and how. */
struct pw_advice {
    pw_advise_call *call;
    int pidfd;
    int advice;
};

/* Advises the anonymous memory among the mappings of a process, whose /proc/PID/maps this is. Sets
 * both figures. 0 or -errno: it ended there. */
int pw_advise_mappings(const struct pw_advice *advice, struct pw_slice maps,
                       struct pw_job_news *news);

#endif
