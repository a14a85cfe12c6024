/* SPDX-License-Identifier: MIT */
#include "act/sysrq_job.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "act/hooks.h"
#include "act/sysrq.h"
#include "read/log_line.h"
#include "read/log_tail.h"

#define MILLISECOND_NS 1000000


/* Reads what there is. fs/sync.c, do_sync_work(). */
static bool says_complete(struct pw_log_tail *tail) {
    char room[PW_LOG_RECORD_BYTES], text[PW_LOG_LINE_BYTES];
    struct pw_slice record;
    struct pw_log_line line;
    while (pw_log_tail_next(tail, room, &record)) {
        if (pw_parse_log_record(record, text, &line) && line.from_kernel &&
            pw_slice_is(line.text, "Emergency Sync complete")) {
            return true;
        }
    }
    return false;
}


static bool wait_for_sync(struct pw_log_tail *tail, int64_t limit_ns) {
    int64_t end_ns = pw_boot_time_ns() + limit_ns, left_ns = limit_ns;
    while (!says_complete(tail)) {
        if (left_ns <= 0) {
            return false;
        }
        poll(&(struct pollfd){.fd = tail->fd, .events = POLLIN}, 1,
             (int)(left_ns / MILLISECOND_NS) + 1);
        left_ns = end_ns - pw_boot_time_ns();
    }
    return true;
}


static void confirm_sync(struct pw_log_tail *tail, int64_t limit_ns, struct pw_job_news *news) {
    if (tail->fd < 0) {
        news->figures[PW_SYSRQ_CONFIRMED] = 0;
        snprintf(news->reason, sizeof news->reason, "/dev/kmsg cannot be read: %s",
                 strerror(-tail->fd));
    } else if (!wait_for_sync(tail, limit_ns)) {
        pw_job_fail(news, ETIMEDOUT, "the kernel did not say in time that it is complete");
    }
}


void pw_sysrq_do(const struct pw_source *source, const struct pw_sysrq_request *request,
                 struct pw_job_news *news) {
    struct pw_log_tail tail = {.fd = -EBADF};
    bool is_sync = request->letter == 's';
    if (is_sync) {
        pw_log_tail_open(&tail, source);
    }
    news->figures[PW_SYSRQ_CONFIRMED] = 1;
    int error = pw_sysrq_press(source, request->letter);
    if (error) {
        pw_job_fail(news, -error, pw_sysrq_reason(-error));
    } else if (is_sync) {
        confirm_sync(&tail, request->limit_ns, news);
    }
    pw_log_tail_close(&tail);
}


void pw_sysrq_work(int speaker_fd, const void *arguments, struct pw_job_news *news) {
    struct pw_source source;
    (void)speaker_fd;
    if (pw_job_open_machine(&source, news)) {
        pw_sysrq_do(&source, arguments, news);
        pw_source_close(&source);
    }
}
