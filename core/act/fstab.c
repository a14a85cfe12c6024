/* SPDX-License-Identifier: MIT */
#include "act/fstab.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/file.h"
#include "read/fstab.h"

#define FOLDER "etc"
#define NAME "fstab"
#define MODE 0644


/* Everything of the text that is not about the path; how many lines are. */
static int sift(struct pw_slice text, const char *path, struct pw_buffer *rest) {
    struct pw_slice left = text, whole;
    struct pw_fstab_line line;
    int found = 0, error = 0;
    while (!error && pw_take_line(&left, &whole)) {
        struct pw_slice one = whole;
        if (pw_next_fstab_swap(&one, &line) && pw_fstab_is_of(&line, path)) {
            found++;
        } else if (!(error = pw_buffer_append(rest, whole))) {
            error = pw_buffer_append(rest, pw_slice_of("\n"));
        }
    }
    return error ? error : found;
}


static int write_all(int fd, struct pw_slice text) {
    while (text.size > 0) {
        ssize_t written = write(fd, text.data, text.size);
        if (written < 0 && errno != EINTR) {
            return -errno;
        }
        text = pw_slice_skip(text, written > 0 ? (size_t)written : 0);
    }
    return 0;
}


/* Mode and owner are those that the file had. A link is not followed: whoever made it has reasons
 * that are not known here. */
static int copy_status(int folder_fd, int fd) {
    struct stat status;
    if (fstatat(folder_fd, NAME, &status, AT_SYMLINK_NOFOLLOW)) {
        return errno == ENOENT && fchmod(fd, MODE) == 0 ? 0 : -errno;
    }
    if (!S_ISREG(status.st_mode)) {
        return -ELOOP;
    }
    bool same = fchown(fd, status.st_uid, status.st_gid) == 0;
    return same && fchmod(fd, status.st_mode & 07777) == 0 ? 0 : -errno;
}


/* A new file takes the old one's place when all of it is on the disk. */
static int replace(const struct pw_source *source, int folder_fd, struct pw_slice text) {
    char name[64];
    snprintf(name, sizeof name, NAME ".pagewarden-%d", (int)getpid());
    int fd = pw_file_open(source, folder_fd, name, O_WRONLY | O_CREAT | O_EXCL);
    if (fd < 0) {
        return fd;
    }
    int error = copy_status(folder_fd, fd);
    if (!error) {
        error = write_all(fd, text);
    }
    if (!error && (fsync(fd) || renameat(folder_fd, name, folder_fd, NAME))) {
        error = -errno;
    }
    close(fd);
    if (error) {
        unlinkat(folder_fd, name, 0);
        return error;
    }
    return fsync(folder_fd) ? -errno : 0;
}


static int rewrite(const struct pw_source *source, struct pw_slice text) {
    int folder_fd = pw_file_open(source, source->root_fd, FOLDER, O_RDONLY | O_DIRECTORY);
    int error = folder_fd < 0 ? folder_fd : replace(source, folder_fd, text);
    if (folder_fd >= 0) {
        close(folder_fd);
    }
    return error;
}


/* The file without the lines that are about the path; how many there were. */
static int read_rest(const struct pw_source *source, const char *path, struct pw_buffer *rest) {
    struct pw_buffer buffer = {0};
    int found = pw_source_read(source, FOLDER "/" NAME, &buffer);
    if (found == 0) {
        found = sift(pw_buffer_text(&buffer), path, rest);
    }
    pw_buffer_free(&buffer);
    return found;
}


int pw_fstab_add(const struct pw_source *source, const char *path, const char *line) {
    struct pw_buffer text = {0};
    int found = read_rest(source, path, &text);
    int error = found > 0 ? -EEXIST : found == -ENOENT ? 0 : found;
    if (!error) {
        error = pw_buffer_append(&text, pw_slice_of(line));
    }
    if (!error) {
        error = pw_buffer_append(&text, pw_slice_of("\n"));
    }
    if (!error) {
        error = rewrite(source, pw_buffer_text(&text));
    }
    pw_buffer_free(&text);
    return error;
}


int pw_fstab_remove(const struct pw_source *source, const char *path) {
    struct pw_buffer text = {0};
    int found = read_rest(source, path, &text);
    if (found == -ENOENT) {
        found = 0;
    }
    int error = found > 0 ? rewrite(source, pw_buffer_text(&text)) : 0;
    pw_buffer_free(&text);
    return error ? error : found;
}
