/* SPDX-License-Identifier: MIT */
#include "read/source.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Larger than any one-record file, and than what lxcfs loses bytes below (psutil #2050). */
#define FIRST_CAPACITY_BYTES ((size_t)64 << 10)

/* O_NONBLOCK: a pipe in a captured tree must not hang a reader. */
#define READ_FLAGS (O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)


int pw_source_open(struct pw_source *source, const char *path) {
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    *source = (struct pw_source){
        .root_fd = fd < 0 ? -errno : fd,
        .live = strcmp(path, "/") == 0,
        .page_size_bytes = sysconf(_SC_PAGESIZE),
        .clock_ticks_per_second = sysconf(_SC_CLK_TCK),
    };
    return source->root_fd < 0 ? source->root_fd : 0;
}


void pw_source_close(struct pw_source *source) {
    if (source->root_fd >= 0) {
        close(source->root_fd);
    }
    source->root_fd = -EBADF;
}


/* Before Linux 5.6 there is no openat2; a captured tree is then trusted not to point outside. */
static int open_in_root(int dir_fd, const char *path) {
    struct open_how how = {.flags = READ_FLAGS, .resolve = RESOLVE_IN_ROOT};
    long fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof how);
    if (fd < 0 && errno == ENOSYS) {
        fd = openat(dir_fd, path, READ_FLAGS);
    }
    return (int)fd;
}


int pw_source_open_at(const struct pw_source *source, int dir_fd, const char *path) {
    if (dir_fd < 0) {
        return dir_fd;
    }
    int fd = source->live ? openat(dir_fd, path, READ_FLAGS) : open_in_root(dir_fd, path);
    return fd < 0 ? -errno : fd;
}


bool pw_source_has(const struct pw_source *source, const char *path) {
    int fd = pw_source_open_at(source, source->root_fd, path);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0 || fd == -EACCES || fd == -EPERM;
}


static int grow(struct pw_buffer *buffer) {
    size_t capacity = buffer->capacity_bytes ? buffer->capacity_bytes * 2 : FIRST_CAPACITY_BYTES;
    if (capacity > PW_FILE_LIMIT_BYTES) {
        return -EFBIG;
    }
    char *data = realloc(buffer->data, capacity);
    if (!data) {
        return -ENOMEM;
    }
    buffer->data = data;
    buffer->capacity_bytes = capacity;
    return 0;
}


int pw_buffer_append(struct pw_buffer *buffer, struct pw_slice bytes) {
    while (buffer->capacity_bytes - buffer->size_bytes < bytes.size) {
        int error = grow(buffer);
        if (error) {
            return error;
        }
    }
    memcpy(buffer->data + buffer->size_bytes, bytes.data, bytes.size);
    buffer->size_bytes += bytes.size;
    return 0;
}


/* read() for a file that was just opened, since lxcfs refuses pread() (ESPIPE); pread() for one
 * that is kept open and read again and again. */
static ssize_t read_or_reread(int fd, struct pw_buffer *buffer, bool again) {
    char *free_space = buffer->data + buffer->size_bytes;
    size_t room = buffer->capacity_bytes - buffer->size_bytes;
    return again ? pread(fd, free_space, room, (off_t)buffer->size_bytes)
                 : read(fd, free_space, room);
}


/* Appends what one read gives: the count, 0 at the end, or -errno. */
static ssize_t append(int fd, struct pw_buffer *buffer, bool again) {
    if (buffer->size_bytes == buffer->capacity_bytes) {
        int error = grow(buffer);
        if (error) {
            return error;
        }
    }
    ssize_t count;
    do {
        count = read_or_reread(fd, buffer, again);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        return -errno;
    }
    buffer->size_bytes += (size_t)count;
    return count;
}


/* To the read that returns 0. */
static int read_to_end(int fd, struct pw_buffer *buffer, bool again) {
    buffer->size_bytes = 0;
    ssize_t count;
    do {
        count = append(fd, buffer, again);
    } while (count > 0);
    return (int)count;
}


/* To the first read that leaves room: all of a one-record file. */
static int read_one_record(int fd, struct pw_buffer *buffer, bool again) {
    buffer->size_bytes = 0;
    ssize_t count;
    do {
        count = append(fd, buffer, again);
    } while (count > 0 && buffer->size_bytes == buffer->capacity_bytes);
    return count < 0 ? (int)count : 0;
}


bool pw_source_overlaid(const struct pw_source *source, const char *path, struct pw_slice *text) {
    return source->overlay.find && source->overlay.find(source->overlay.context, path, text);
}


/* Reads a file of the overlay into the buffer, if it is one of those. */
static bool take_overlaid(const struct pw_source *source, int dir_fd, const char *path,
                          struct pw_buffer *buffer, int *error) {
    struct pw_slice text;
    if (dir_fd != source->root_fd || !pw_source_overlaid(source, path, &text)) {
        return false;
    }
    buffer->size_bytes = 0;
    *error = pw_buffer_append(buffer, text);
    return true;
}


/* Opens, reads as `read_text` does, and closes; what the overlay has comes from there. */
static int read_file(const struct pw_source *source, int dir_fd, const char *path,
                     struct pw_buffer *buffer,
                     int (*read_text)(int fd, struct pw_buffer *buffer, bool again)) {
    int error;
    if (take_overlaid(source, dir_fd, path, buffer, &error)) {
        return error;
    }
    int fd = pw_source_open_at(source, dir_fd, path);
    if (fd < 0) {
        buffer->size_bytes = 0;
        return fd;
    }
    error = read_text(fd, buffer, false);
    close(fd);
    return error;
}


int pw_source_read_record(const struct pw_source *source, int dir_fd, const char *path,
                          struct pw_buffer *buffer) {
    return read_file(source, dir_fd, path, buffer, read_one_record);
}


int pw_source_reread(int fd, struct pw_buffer *buffer) {
    return read_to_end(fd, buffer, true);
}


int pw_source_reread_record(int fd, struct pw_buffer *buffer) {
    return read_one_record(fd, buffer, true);
}


int pw_source_read_at(const struct pw_source *source, int dir_fd, const char *path,
                      struct pw_buffer *buffer) {
    return read_file(source, dir_fd, path, buffer, read_to_end);
}


int pw_source_read(const struct pw_source *source, const char *path, struct pw_buffer *buffer) {
    return pw_source_read_at(source, source->root_fd, path, buffer);
}


int pw_source_read_rollup(struct pw_source *source, int dir_fd, struct pw_buffer *buffer) {
    static const char *const names[] = {"smaps_rollup", "smaps"};
    bool first = source->no_rollup;
    int error = pw_source_read_at(source, dir_fd, names[first], buffer);
    if (error != -ENOENT || pw_source_read_at(source, dir_fd, names[!first], buffer) != 0) {
        return error;
    }
    source->no_rollup = !first;
    return 0;
}


struct pw_slice pw_buffer_text(const struct pw_buffer *buffer) {
    return (struct pw_slice){buffer->data ? buffer->data : "", buffer->size_bytes};
}


void pw_buffer_free(struct pw_buffer *buffer) {
    free(buffer->data);
    *buffer = (struct pw_buffer){0};
}


enum pw_failure pw_failure_of(int error) {
    switch (error) {
    case ENOENT:
    case ESRCH:
        return PW_GONE;
    case EACCES:
    case EPERM:
        return PW_DENIED;
    case ENOSYS:
    case EOPNOTSUPP:
        return PW_UNSUPPORTED;
    default:
        return PW_BROKEN;
    }
}


const char *pw_failure_name(enum pw_failure failure) {
    static const char *const names[] = {"gone", "denied", "unsupported", "broken"};
    return names[failure];
}
