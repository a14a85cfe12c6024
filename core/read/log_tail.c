/* SPDX-License-Identifier: MIT */
#include "read/log_tail.h"

#include <errno.h>
#include <unistd.h>


/* A pipe, which a test has in place of the log, has no past to skip. */
void pw_log_tail_open(struct pw_log_tail *tail, const struct pw_source *source) {
    tail->fd = pw_source_open_at(source, source->root_fd, "dev/kmsg");
    if (tail->fd >= 0 && lseek(tail->fd, 0, SEEK_END) < 0 && errno != ESPIPE) {
        int error = -errno;
        close(tail->fd);
        tail->fd = error;
    }
}


/* One read is one record. EPIPE: the next one was overwritten, and what follows is the oldest that
 * is left. */
bool pw_log_tail_next(struct pw_log_tail *tail, char room[PW_LOG_RECORD_BYTES],
                      struct pw_slice *record) {
    ssize_t size;
    if (tail->fd < 0) {
        return false;
    }
    do {
        size = read(tail->fd, room, PW_LOG_RECORD_BYTES);
    } while (size < 0 && (errno == EPIPE || errno == EINTR));
    *record = (struct pw_slice){room, size > 0 ? (size_t)size : 0};
    return size > 0;
}


void pw_log_tail_close(struct pw_log_tail *tail) {
    if (tail->fd >= 0) {
        close(tail->fd);
    }
    tail->fd = -EBADF;
}
