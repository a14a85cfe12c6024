/* SPDX-License-Identifier: MIT */
#include "read/log.h"

#include <errno.h>
#include <unistd.h>

/* Room for any record, dictionary and escapes included (kernel/printk, CONSOLE_EXT_LOG_MAX). */
#define RECORD_BYTES 8192


/* One read is one record. EPIPE: the next one was overwritten meanwhile, and what follows is the
 * oldest that is left. EAGAIN: that was the last. */
static int read_records(int fd, struct pw_buffer *buffer) {
    char record[RECORD_BYTES];
    for (;;) {
        ssize_t size = read(fd, record, sizeof record);
        if (size == 0 || (size < 0 && errno == EAGAIN)) {
            return 0;
        }
        if (size < 0 && errno != EPIPE && errno != EINTR) {
            return -errno;
        }
        int error =
            size > 0 ? pw_buffer_append(buffer, (struct pw_slice){record, (size_t)size}) : 0;
        if (error) {
            return error;
        }
    }
}


static int read_file(const struct pw_source *source, const char *path, struct pw_buffer *buffer) {
    int fd = pw_source_open_at(source, source->root_fd, path);
    if (fd < 0) {
        return fd;
    }
    int error = read_records(fd, buffer);
    close(fd);
    return error;
}


int pw_log_read(const struct pw_source *source, struct pw_buffer *buffer, const char **path) {
    buffer->size_bytes = 0;
    *path = "dev/kmsg";
    int error = read_file(source, *path, buffer);
    if (error == -ENOENT && !source->live) {
        *path = "var/log/dmesg";
        error = read_file(source, *path, buffer);
    }
    return error;
}
