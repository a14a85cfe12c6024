/* SPDX-License-Identifier: MIT
 *
 * Running somebody else's program, as the work of a job (job.h). No shell takes part: the arguments
 * reach the program as they are. It gets no input, a small environment of ours, a process group of
 * its own, and no more time than it was given.
 */
#ifndef PAGEWARDEN_ACT_PROGRAM_H
#define PAGEWARDEN_ACT_PROGRAM_H

#include "act/job.h"

struct pw_program_request {
    const char *const *arguments; /* the program's whole path first; ends with NULL */
    int64_t timeout_ns;           /* after which it is killed, and all it started in its group */
};

/* How it ended: by exit(2) with a status, or by a signal; the other one is 0. */
enum { PW_PROGRAM_STATUS, PW_PROGRAM_SIGNAL };

/* The work; what it is given is a request. Ends with the last line that the program printed as the
 * reason, or as much as has room there. ETIMEDOUT when its time was over; ENOENT, EACCES, ENOEXEC
 * and so on when it could not be run. */
void pw_program_work(int speaker_fd, const void *request, struct pw_job_news *news);

/* Whether there is such a program that we would run: NULL, or why not, and then `error` is an
 * errno. Root runs nothing that others may write. */
const char *pw_program_obstacle(const char *path, int *error);

#endif
