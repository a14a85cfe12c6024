/* SPDX-License-Identifier: MIT */
#include "read/process.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* "proc/" and the digits of any int64_t. */
struct directory_path {
    char text[32];
};


static struct directory_path directory_of(int64_t pid) {
    struct directory_path path;
    pw_append_number(stpcpy(path.text, "proc/"), pid);
    return path;
}


static int read_stat(const struct pw_source *source, const struct pw_identity *identity, int dir_fd,
                     struct pw_buffer *buffer, struct pw_stat *stat, struct pw_flaws *flaws) {
    int error = pw_source_read_record(source, dir_fd, "stat", buffer);
    if (error) {
        return error == -ENOENT ? -ESRCH : error;
    }
    if (!pw_parse_stat(pw_buffer_text(buffer), PW_STAT_ALL, stat, flaws)) {
        return -EBADMSG;
    }
    bool same =
        identity->start_ticks == PW_ABSENT || identity->start_ticks == stat->starttime_ticks;
    return same ? 0 : -ESRCH;
}


int pw_process_open(const struct pw_source *source, const struct pw_identity *identity,
                    struct pw_buffer *buffer, struct pw_stat *stat, struct pw_flaws *flaws) {
    struct directory_path path = directory_of(identity->pid);
    int fd = pw_source_open_at(source, source->root_fd, path.text);
    if (fd < 0) {
        return fd == -ENOENT ? -ESRCH : fd;
    }
    int error = read_stat(source, identity, fd, buffer, stat, flaws);
    if (error) {
        close(fd);
        return error;
    }
    return fd;
}


void pw_process_overlay_path(const struct pw_identity *identity, const char *name,
                             char path[PW_PROCESS_PATH_BYTES]) {
    char *end = pw_append_number(stpcpy(path, "proc/"), identity->pid);
    *end++ = ':';
    end = pw_append_number(end, identity->start_ticks);
    *end++ = '/';
    end = stpncpy(end, name, (size_t)(path + PW_PROCESS_PATH_BYTES - 1 - end));
    *end = '\0';
}


bool pw_process_overlaid(const struct pw_source *source, const struct pw_identity *identity,
                         const char *name, struct pw_slice *text) {
    char path[PW_PROCESS_PATH_BYTES];
    if (!source->overlay.find || identity->start_ticks < 0) {
        return false;
    }
    pw_process_overlay_path(identity, name, path);
    return pw_source_overlaid(source, path, text);
}


int pw_process_read_at(const struct pw_source *source, const struct pw_identity *identity,
                       int dir_fd, const char *name, struct pw_buffer *buffer) {
    struct pw_slice text;
    if (!pw_process_overlaid(source, identity, name, &text)) {
        return pw_source_read_record(source, dir_fd, name, buffer);
    }
    buffer->size_bytes = 0;
    return pw_buffer_append(buffer, text);
}


int pw_process_read(const struct pw_source *source, const struct pw_identity *identity,
                    const char *name, struct pw_buffer *buffer) {
    struct pw_stat stat;
    struct pw_flaws flaws = {0};
    int fd = pw_process_open(source, identity, buffer, &stat, &flaws);
    if (fd < 0) {
        return fd;
    }
    int error = pw_source_read_at(source, fd, name, buffer);
    close(fd);
    return error;
}


int pw_process_read_rollup(struct pw_source *source, const struct pw_identity *identity,
                           struct pw_buffer *buffer) {
    struct pw_stat stat;
    struct pw_flaws flaws = {0};
    int fd = pw_process_open(source, identity, buffer, &stat, &flaws);
    if (fd < 0) {
        return fd;
    }
    int error = pw_source_read_rollup(source, fd, buffer);
    close(fd);
    return error;
}
