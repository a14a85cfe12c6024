/* SPDX-License-Identifier: MIT */
#include "act/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILE_MODE 0644
#define FOLDER_MODE 0755

/* A pipe in a fake tree must not hang who writes to it. */
#define ALWAYS (O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK)


/* Before Linux 5.6 there is no openat2; a fake tree is then trusted not to point outside. */
static int open_in_root(int dir_fd, const char *path, int flags) {
    struct open_how how = {
        .flags = (unsigned)(flags | ALWAYS),
        .mode = flags & O_CREAT ? FILE_MODE : 0,
        .resolve = RESOLVE_IN_ROOT,
    };
    long fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof how);
    if (fd < 0 && errno == ENOSYS) {
        fd = openat(dir_fd, path, flags | ALWAYS, FILE_MODE);
    }
    return (int)fd;
}


int pw_file_open(const struct pw_source *source, int dir_fd, const char *path, int flags) {
    if (dir_fd < 0) {
        return dir_fd;
    }
    int fd = source->live ? openat(dir_fd, path, flags | ALWAYS, FILE_MODE)
                          : open_in_root(dir_fd, path, flags);
    return fd < 0 ? -errno : fd;
}


/* Opens one folder in another, which is closed, and makes it when it is missing. */
static int step_into(int parent_fd, const char *name) {
    int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT &&
        (mkdirat(parent_fd, name, FOLDER_MODE) == 0 || errno == EEXIST)) {
        fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    int result = fd < 0 ? -errno : fd;
    close(parent_fd);
    return result;
}


/* What stands in these folders is obeyed, so nobody else may write there. */
static int check_folder(int fd) {
    struct stat status;
    if (fstat(fd, &status)) {
        return -errno;
    }
    bool ours = status.st_uid == 0 && !(status.st_mode & (S_IWGRP | S_IWOTH));
    return geteuid() == 0 && !ours ? -EPERM : 0;
}


static int walk(int fd, struct pw_slice path) {
    struct pw_slice part;
    char name[NAME_MAX + 1];
    while (fd >= 0 && path.size > 0) {
        if (!pw_take_until(&path, '/', &part)) {
            part = path;
            path.size = 0;
        }
        if (part.size > NAME_MAX) {
            close(fd);
            return -ENAMETOOLONG;
        }
        memcpy(name, part.data, part.size);
        name[part.size] = '\0';
        fd = step_into(fd, name);
    }
    return fd;
}


int pw_file_make_folder(const struct pw_source *source, const char *path) {
    if (source->root_fd < 0) {
        return source->root_fd;
    }
    int root_fd = fcntl(source->root_fd, F_DUPFD_CLOEXEC, 0);
    int fd = root_fd < 0 ? -errno : walk(root_fd, pw_slice_of(path));
    int error = fd < 0 ? fd : check_folder(fd);
    if (error && fd >= 0) {
        close(fd);
    }
    return error ? error : fd;
}


static int write_line(int fd, const char *text, bool truncate) {
    char line[PIPE_BUF];
    size_t size = strlen(text);
    if (size + 1 > sizeof line) {
        return -E2BIG;
    }
    memcpy(line, text, size);
    line[size++] = '\n';
    ssize_t written = write(fd, line, size);
    if (written < 0) {
        return -errno;
    }
    if ((size_t)written < size) {
        return -EIO;
    }
    return truncate && ftruncate(fd, (off_t)size) ? -errno : 0;
}


int pw_file_write(const struct pw_source *source, int dir_fd, const char *path, const char *text) {
    int fd = pw_file_open(source, dir_fd, path, O_WRONLY);
    if (fd < 0) {
        return fd;
    }
    int error = write_line(fd, text, !source->live);
    close(fd);
    return error;
}


bool pw_file_is_named(int folder_fd, const char *name, int fd) {
    struct stat opened, named;
    return fstat(fd, &opened) == 0 && fstatat(folder_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}
