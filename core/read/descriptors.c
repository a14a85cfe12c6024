/* SPDX-License-Identifier: MIT */
#include "read/descriptors.h"

#include <string.h>
#include <unistd.h>

#include "read/directory.h"

/* "proc/PID/fd", and "socket:[INODE]". */
#define PATH_BYTES 40


/* The number in "socket:[123]", or -1. */
static int64_t inode_of(struct pw_slice target) {
    struct pw_number inode;
    struct pw_slice digits;
    if (!pw_slice_starts(target, "socket:[")) {
        return -1;
    }
    target = pw_slice_skip(target, strlen("socket:["));
    return pw_take_until(&target, ']', &digits) && pw_parse_number(digits, &inode) ? inode.value
                                                                                   : -1;
}


static bool is_one_of(int64_t inode, const int64_t inodes[], int count) {
    for (int i = 0; i < count; i++) {
        if (inode == inodes[i]) {
            return true;
        }
    }
    return false;
}


int pw_process_has_socket(const struct pw_source *source, int64_t pid, const int64_t inodes[],
                          int count, struct pw_buffer *buffer) {
    char path[PATH_BYTES], target[PATH_BYTES];
    strcpy(pw_append_number(stpcpy(path, "proc/"), pid), "/fd");
    int error = pw_directory_read(source, path, buffer);
    int fd = error ? error : pw_source_open_at(source, source->root_fd, path);
    if (fd < 0) {
        return fd;
    }
    struct pw_slice names = pw_buffer_text(buffer), name;
    bool found = false;
    while (!found && pw_take_name(&names, &name)) {
        ssize_t size = readlinkat(fd, name.data, target, sizeof target);
        found =
            size > 0 && is_one_of(inode_of((struct pw_slice){target, (size_t)size}), inodes, count);
    }
    close(fd);
    return found;
}
