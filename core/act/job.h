/* SPDX-License-Identifier: MIT
 *
 * A job: work that may block for long, or need more memory than there is, done in a process of its
 * own. Whoever asked for it goes on meanwhile and can give it up. It dies with the thread that
 * started it.
 */
#ifndef PAGEWARDEN_ACT_JOB_H
#define PAGEWARDEN_ACT_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "read/source.h"

/* Numbers that a job may say; what they mean is the work's. */
#define PW_JOB_FIGURES 8

/* What a job says: how far it is, or how it ended. */
struct pw_job_news {
    bool ended;
    int error; /* when it ended: 0 or a positive errno, and then the reason; ECANCELED: killed */
    char reason[160];
    int64_t figures[PW_JOB_FIGURES];
};

/* What is done in the process, where it has nothing open but what it opens itself. `news` is for
 * its end; pw_job_say() tells how far it is before that. */
typedef void pw_job_work(int speaker_fd, const void *arguments, struct pw_job_news *news);

struct pw_job {
    pid_t pid;
    int fd; /* readable when there is news; -1 when the job is closed */
};

/* In a process whose work takes memory: makes of it what the kernel kills first when that runs out.
 * Others are not to: to kill one that has nothing frees nothing, and only ends its work. */
void pw_job_volunteer(void);

/* Starts a job. It has its own copy of all memory, `arguments` too. Returns 0 or -errno, with
 * nothing to close. */
int pw_job_start(struct pw_job *job, pw_job_work *work, const void *arguments);

/* From inside a job: how far it is. What the other side has not taken in time is lost. */
void pw_job_say(int speaker_fd, const struct pw_job_news *news);

/* From inside a job: makes its news those of a failure. */
void pw_job_fail(struct pw_job_news *news, int error, const char *reason);

/* From inside a job: opens the machine's own root. False: the news say why not. */
bool pw_job_open_machine(struct pw_source *source, struct pw_job_news *news);

/* Takes the next news without waiting: 0, or -EAGAIN when there is none. After the end there is
 * none. */
int pw_job_take(struct pw_job *job, struct pw_job_news *news);

/* Ends it, if need be with SIGKILL; what the kernel does for it may take a while to stop. Safe to
 * call twice, and on {.fd = -1}. */
void pw_job_close(struct pw_job *job);

#endif
