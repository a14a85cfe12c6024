/* SPDX-License-Identifier: MIT */
#include "read/directory.h"

#include <dirent.h>
#include <errno.h>
#include <unistd.h>


static int append_names(const char *entries, ssize_t size, struct pw_buffer *buffer) {
    int error = 0;
    for (ssize_t at = 0; at < size && !error;) {
        const struct dirent64 *entry = (const void *)(entries + at);
        at += entry->d_reclen;
        if (entry->d_name[0] != '.') {
            struct pw_slice name = pw_slice_of(entry->d_name);
            name.size++; /* with its NUL */
            error = pw_buffer_append(buffer, name);
        }
    }
    return error;
}


static int read_names(int fd, struct pw_buffer *buffer) {
    _Alignas(struct dirent64) char entries[4096];
    ssize_t size;
    while ((size = getdents64(fd, entries, sizeof entries)) > 0) {
        int error = append_names(entries, size, buffer);
        if (error) {
            return error;
        }
    }
    return size < 0 ? -errno : 0;
}


int pw_directory_read(const struct pw_source *source, const char *path, struct pw_buffer *buffer) {
    buffer->size_bytes = 0;
    int fd = pw_source_open_at(source, source->root_fd, path);
    if (fd < 0) {
        return fd;
    }
    int error = read_names(fd, buffer);
    close(fd);
    return error;
}


bool pw_take_name(struct pw_slice *rest, struct pw_slice *name) {
    return pw_take_until(rest, '\0', name);
}
