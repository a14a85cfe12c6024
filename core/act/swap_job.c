/* SPDX-License-Identifier: MIT */
#include "act/swap_job.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "act/swap_path.h"


int pw_swap_job_prepare(struct pw_swap_job *job, const struct pw_source *source, const char *path,
                        const struct pw_swap_change *change) {
    job->change = *change;
    int size = snprintf(job->path, sizeof job->path, "%s", path);
    return size < (int)sizeof job->path ? pw_swap_root(source, job->root) : -ENAMETOOLONG;
}


_Static_assert(sizeof((struct pw_job_news){0}.reason) >= PW_SWAP_REASON_BYTES, "reasons fit");


static void say(void *context, int64_t bytes) {
    pw_job_say(*(const int *)context, &(struct pw_job_news){.figures = {bytes}});
}


void pw_swap_job_work(int speaker_fd, const void *arguments, struct pw_job_news *news) {
    const struct pw_swap_job *job = arguments;
    struct pw_swap_change change = job->change;
    struct pw_source source;
    struct pw_buffer buffer = {0};
    char reason[PW_SWAP_REASON_BYTES] = "";
    change.progress = say;
    change.context = &speaker_fd;
    int error = pw_source_open(&source, job->root);
    if (!error) {
        error = pw_swap_change_make(&source, &buffer, job->path, &change, reason);
    }
    news->error = -error;
    snprintf(news->reason, sizeof news->reason, "%s", reason[0] ? reason : strerror(-error));
}


/* Waits for the job's last word. */
static struct pw_job_news wait_for_end(struct pw_job *job) {
    struct pw_job_news news = {.ended = false};
    while (!news.ended) {
        poll(&(struct pollfd){.fd = job->fd, .events = POLLIN}, 1, -1);
        while (!news.ended && pw_job_take(job, &news) == 0) {
        }
    }
    return news;
}


int pw_swap_job_run(const struct pw_source *source, const char *path,
                    const struct pw_swap_change *change, char reason[PW_SWAP_REASON_BYTES]) {
    struct pw_swap_job what;
    struct pw_job job;
    int error = pw_swap_job_prepare(&what, source, path, change);
    if (!error) {
        error = pw_job_start(&job, pw_swap_job_work, &what);
    }
    if (error) {
        snprintf(reason, PW_SWAP_REASON_BYTES, "no process for it: %s", strerror(-error));
        return error;
    }
    struct pw_job_news end = wait_for_end(&job);
    snprintf(reason, PW_SWAP_REASON_BYTES, "%s", end.error ? end.reason : "");
    return -end.error;
}
