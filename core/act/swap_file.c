/* SPDX-License-Identifier: MIT */
#include "act/swap_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/extents.h"
#include "act/file.h"
#include "act/swap_disk.h"
#include "act/swap_probe.h"

#define FILE_MODE 0600

/* Written with zeros so much at a time. */
#define CHUNK_BYTES ((size_t)1 << 20)

/* A file that is being made: its folder, and itself before it has a name. */
struct file {
    const struct pw_swap_making *making;
    struct pw_swap_disk disk;
    long page_size_bytes;
    int folder_fd;
    int fd;
    const char *name; /* its last part */
    char *reason;
};


__attribute__((format(printf, 3, 4))) static int fail(char reason[PW_SWAP_REASON_BYTES], int error,
                                                      const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, PW_SWAP_REASON_BYTES, format, arguments);
    va_end(arguments);
    return error;
}


int pw_swap_new_uuid(struct pw_uuid *uuid) {
    if (getrandom(uuid->bytes, sizeof uuid->bytes, 0) != (ssize_t)sizeof uuid->bytes) {
        return -EIO;
    }
    uuid->bytes[6] = (unsigned char)((uuid->bytes[6] & 0x0f) | 0x40);
    uuid->bytes[8] = (unsigned char)((uuid->bytes[8] & 0x3f) | 0x80);
    return 0;
}


/* Whether nobody but root and ourselves can put another file in the place of one in this folder.
 * Where the sticky bit is set, others cannot touch what is not theirs. */
static bool is_ours_alone(const struct stat *folder) {
    bool writable = folder->st_mode & (S_IWGRP | S_IWOTH) && !(folder->st_mode & S_ISVTX);
    return (folder->st_uid == 0 || folder->st_uid == geteuid()) && !writable;
}


/* Climbs from a folder to the top, closing what it opened on the way. */
static int check_folders(int folder_fd, char *reason) {
    int fd = fcntl(folder_fd, F_DUPFD_CLOEXEC, 0), error = fd < 0 ? -errno : 0;
    struct stat folder, above = {0};
    while (!error) {
        if (fstat(fd, &folder)) {
            error = -errno;
        } else if (!is_ours_alone(&folder)) {
            error = fail(reason, -EPERM, "others may change the folder that it would be in");
        } else if (folder.st_dev == above.st_dev && folder.st_ino == above.st_ino) {
            break;
        }
        above = folder;
        int next_fd = error ? -1 : openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (!error && next_fd < 0) {
            error = -errno;
        }
        close(fd);
        fd = next_fd;
    }
    if (fd >= 0) {
        close(fd);
    }
    return error;
}


static int check_disk(struct file *file) {
    int error = pw_swap_disk_of(file->folder_fd, &file->disk);
    if (error) {
        return error;
    }
    if (file->disk.refusal && !file->making->imagined) {
        return fail(file->reason, -EOPNOTSUPP, "there is no swap on %s: %s", file->disk.name,
                    file->disk.refusal);
    }
    int64_t room_bytes = pw_swap_disk_room(file->folder_fd, file->making->reserve_bytes);
    if (room_bytes < file->making->size_bytes) {
        return fail(file->reason, -ENOSPC,
                    "the disk has room for %lld MiB only, without its reserve",
                    (long long)(room_bytes > 0 ? room_bytes >> 20 : 0));
    }
    return 0;
}


/* Says what already has the name. */
static int check_name(const struct pw_source *source, const char *path, const struct file *file) {
    struct stat status;
    if (fstatat(file->folder_fd, file->name, &status, AT_SYMLINK_NOFOLLOW)) {
        return errno == ENOENT ? 0 : -errno;
    }
    struct pw_swap_probe probe;
    bool swap = !pw_swap_probe(source, path, &probe) && probe.header.signature != PW_SWAP_NONE;
    return fail(file->reason, -EEXIST, swap ? "it is already swap" : "there is already a file");
}


/* A file without a name, that nobody else can have open. */
static int create(struct file *file) {
    file->fd = openat(file->folder_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, FILE_MODE);
    if (file->fd < 0) {
        bool unable = errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL;
        return unable ? fail(file->reason, -EOPNOTSUPP, "%s makes no files without a name",
                             file->disk.name)
                      : -errno;
    }
    return fchmod(file->fd, FILE_MODE) ? -errno : 0;
}


/* Neither copied when it is written, nor compressed. The file must be empty still. */
static int forbid_copies(const struct file *file) {
    int flags = 0;
    if (!file->disk.copies) {
        return 0;
    }
    if (ioctl(file->fd, FS_IOC_GETFLAGS, &flags)) {
        return -errno;
    }
    flags = (flags | FS_NOCOW_FL) & ~FS_COMPR_FL;
    return ioctl(file->fd, FS_IOC_SETFLAGS, &flags) ? -errno : 0;
}


static void report(const struct file *file, int64_t bytes) {
    if (file->making->progress) {
        file->making->progress(file->making->context, bytes);
    }
}


static int write_zeros(const struct file *file) {
    char *zeros = calloc(1, CHUNK_BYTES);
    int64_t done_bytes = 0, size_bytes = file->making->size_bytes;
    int error = zeros ? 0 : -ENOMEM;
    while (!error && done_bytes < size_bytes) {
        int64_t left_bytes = size_bytes - done_bytes;
        size_t wanted = left_bytes < (int64_t)CHUNK_BYTES ? (size_t)left_bytes : CHUNK_BYTES;
        ssize_t written = pwrite(file->fd, zeros, wanted, done_bytes);
        if (written < 0 && errno != EINTR) {
            error = -errno;
        } else if (written > 0) {
            done_bytes += written;
            report(file, done_bytes);
        }
    }
    free(zeros);
    return error;
}


static int reserve(const struct file *file) {
    int error;
    do {
        error = fallocate(file->fd, 0, 0, file->making->size_bytes) ? -errno : 0;
    } while (error == -EINTR);
    return error;
}


/* Gives every byte its place on the disk; what nobody swaps to needs none. */
static int fill(const struct file *file) {
    if (file->making->imagined) {
        return ftruncate(file->fd, file->making->size_bytes) ? -errno : 0;
    }
    bool try_reserving = file->disk.reserves && !file->making->written;
    int error = try_reserving ? reserve(file) : -EOPNOTSUPP;
    if (error == -EOPNOTSUPP || error == -ENOSYS) {
        error = write_zeros(file);
    }
    return error;
}


static int write_header(const struct file *file) {
    const struct pw_swap_making *making = file->making;
    size_t page = (size_t)file->page_size_bytes;
    uint64_t pages = pw_swap_pages(making->size_bytes, file->page_size_bytes);
    struct pw_swap_header header = {.page_size_bytes = file->page_size_bytes,
                                    .last_page = (uint32_t)(pages - 1),
                                    .uuid = making->uuid};
    memcpy(header.label, making->label, sizeof header.label);
    char *start = malloc(page);
    if (!start) {
        return -ENOMEM;
    }
    pw_swap_header_write(&header, start);
    ssize_t written = pwrite(file->fd, start, page, 0);
    int error = written == (ssize_t)page ? 0 : written < 0 ? -errno : -ENOSPC;
    free(start);
    return error;
}


/* What the kernel would refuse later is refused here. */
static int check_extents(const struct file *file) {
    const char *problem =
        file->making->imagined ? NULL : pw_extents_problem(file->fd, file->making->size_bytes);
    return problem ? fail(file->reason, -EIO, "made on %s, %s", file->disk.name, problem) : 0;
}


/* Only a name that nothing has is given. */
static int give_name(const struct file *file) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file->fd);
    if (linkat(AT_FDCWD, link, file->folder_fd, file->name, AT_SYMLINK_FOLLOW)) {
        return errno == EEXIST ? fail(file->reason, -EEXIST, "there is already a file") : -errno;
    }
    if (fsync(file->folder_fd)) {
        int error = -errno;
        unlinkat(file->folder_fd, file->name, 0);
        return error;
    }
    return 0;
}


static int make(struct file *file) {
    int error = create(file);
    if (!error) {
        error = forbid_copies(file);
    }
    if (!error) {
        error = fill(file);
    }
    if (!error) {
        error = write_header(file);
    }
    if (!error) {
        error = fsync(file->fd) ? -errno : check_extents(file);
    }
    return error ? error : give_name(file);
}


/* The folder of a path, and the path's last part. */
static int open_folder(const struct pw_source *source, const char *path, const char **name) {
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    *name = slash + 1;
    snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    return pw_file_open(source, source->root_fd, folder, O_RDONLY | O_DIRECTORY);
}


static int explain(char reason[PW_SWAP_REASON_BYTES], int error) {
    if (error && !reason[0]) {
        snprintf(reason, PW_SWAP_REASON_BYTES, "%s",
                 error == -ENOSPC   ? "the disk is full"
                 : error == -ENOENT ? "there is no such folder"
                                    : strerror(-error));
    }
    return error;
}


/* Opens the folder, and looks at what can be seen before anything is made. */
static int begin(const struct pw_source *source, const char *path, struct file *file) {
    file->reason[0] = '\0';
    file->fd = -1;
    file->page_size_bytes = source->page_size_bytes;
    file->folder_fd = open_folder(source, path, &file->name);
    int error = file->folder_fd < 0 ? file->folder_fd : 0;
    if (!error) {
        error = check_folders(file->folder_fd, file->reason);
    }
    if (!error) {
        error = check_name(source, path, file);
    }
    return error ? error : check_disk(file);
}


static int end(struct file *file, int error) {
    if (file->fd >= 0) {
        close(file->fd);
    }
    if (file->folder_fd >= 0) {
        close(file->folder_fd);
    }
    return explain(file->reason, error);
}


int pw_swap_file_check(const struct pw_source *source, const char *path,
                       const struct pw_swap_making *making, char reason[PW_SWAP_REASON_BYTES]) {
    struct file file = {.making = making, .reason = reason};
    return end(&file, begin(source, path, &file));
}


int pw_swap_file_make(const struct pw_source *source, const char *path,
                      const struct pw_swap_making *making, char reason[PW_SWAP_REASON_BYTES]) {
    struct file file = {.making = making, .reason = reason};
    int error = begin(source, path, &file);
    return end(&file, error ? error : make(&file));
}


int pw_swap_file_remove(const struct pw_source *source, const char *path,
                        const struct pw_uuid *uuid, char reason[PW_SWAP_REASON_BYTES]) {
    struct pw_swap_probe probe;
    const char *name;
    reason[0] = '\0';
    int error = pw_swap_probe(source, path, &probe);
    if (!error && !probe.regular) {
        error = fail(reason, -EINVAL, "it is a disk, not a file");
    }
    if (!error && memcmp(&probe.header.uuid, uuid, sizeof *uuid) != 0) {
        error = fail(reason, -EEXIST, "it is not the swap file that was made here");
    }
    if (!error && pw_swap_active_bytes(source, path) > 0) {
        error = fail(reason, -EBUSY, "it is on");
    }
    int folder_fd = error ? error : open_folder(source, path, &name);
    if (!error && folder_fd >= 0) {
        error = unlinkat(folder_fd, name, 0) ? -errno : 0;
        close(folder_fd);
    }
    return explain(reason, folder_fd < 0 ? folder_fd : error);
}
