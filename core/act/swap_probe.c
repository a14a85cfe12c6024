/* SPDX-License-Identifier: MIT */
#include "act/swap_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/extents.h"
#include "act/file.h"

/* As many links on the way as the kernel follows. */
#define MOST_LINKS 40


/* The first bytes of it, as many as a header can have. */
static int read_start(int fd, struct pw_swap_header *header) {
    char *start = malloc(PW_SWAP_HEADER_BYTES);
    if (!start) {
        return -ENOMEM;
    }
    ssize_t size = pread(fd, start, PW_SWAP_HEADER_BYTES, 0);
    int error = size < 0 ? -errno : 0;
    if (!error) {
        *header = pw_swap_header_read((struct pw_slice){start, (size_t)size});
    }
    free(start);
    return error;
}


static int probe_open(const struct pw_source *source, int fd, struct pw_swap_probe *probe) {
    struct stat status;
    if (fstat(fd, &status)) {
        return -errno;
    }
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) {
        return -EINVAL;
    }
    probe->regular = S_ISREG(status.st_mode);
    probe->size_bytes = lseek(fd, 0, SEEK_END); /* which a disk answers too */
    int error = probe->size_bytes < 0 ? -errno : read_start(fd, &probe->header);
    if (!error) {
        probe->problem = pw_swap_header_problem(&probe->header, source->page_size_bytes,
                                                probe->size_bytes, probe->regular);
    }
    if (!error && !probe->problem && probe->regular) {
        int64_t last_page = probe->header.last_page;
        probe->problem = pw_extents_problem(fd, (last_page + 1) * source->page_size_bytes);
    }
    return error;
}


int pw_swap_probe(const struct pw_source *source, const char *path, struct pw_swap_probe *probe) {
    *probe = (struct pw_swap_probe){0};
    int fd = pw_file_open(source, source->root_fd, path, O_RDONLY);
    if (fd < 0) {
        return fd;
    }
    int error = probe_open(source, fd, probe);
    close(fd);
    return error;
}


/* Where a descriptor is, as the kernel prints it. */
static int name_of(int fd, char *name, size_t room) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, name, room);
    if (size < 0) {
        return -errno;
    }
    if ((size_t)size >= room) {
        return -ENAMETOOLONG;
    }
    name[size] = '\0';
    return 0;
}


/* Makes a path that begins at this machine's root one that begins at the source's. */
static int cut_root(const struct pw_source *source, char *name) {
    char root[PATH_MAX];
    int error = source->live ? 0 : name_of(source->root_fd, root, sizeof root);
    size_t size = source->live || error || strcmp(root, "/") == 0 ? 0 : strlen(root);
    if (error || strncmp(name, root, size) != 0) {
        return error ? error : -EXDEV;
    }
    memmove(name, name + size, strlen(name + size) + 1);
    return 0;
}


/* The folder that a path's last part is in, opened, and that part. */
static int open_parent(const struct pw_source *source, const char *path, const char **last) {
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    *last = slash + 1;
    if (strcmp(*last, "") == 0 || strcmp(*last, ".") == 0 || strcmp(*last, "..") == 0) {
        return -EISDIR;
    }
    int size = slash == path ? 1 : (int)(slash - path);
    snprintf(folder, sizeof folder, "%.*s", size, path);
    return pw_source_open_at(source, source->root_fd, folder);
}


/* If the last part is a link, makes of the path where that leads: 1; else 0 or -errno. */
static int follow(int folder_fd, const char *folder, const char *last, char path[PATH_MAX]) {
    char target[PATH_MAX];
    ssize_t size = readlinkat(folder_fd, last, target, sizeof target);
    if (size < 0) {
        return errno == EINVAL || errno == ENOENT ? 0 : -errno;
    }
    bool whole = size > 0 && target[0] == '/';
    int length = snprintf(path, PATH_MAX, "%s%s%.*s", whole ? "" : folder, whole ? "" : "/",
                          (int)size, target);
    return length < PATH_MAX ? 1 : -ENAMETOOLONG;
}


/* One step: 1 when `path` was a link and is where it leads now; 0 when `resolved` is its name. */
static int resolve_step(const struct pw_source *source, char path[PATH_MAX], char *resolved,
                        size_t room) {
    char folder[PATH_MAX];
    const char *last;
    int folder_fd = open_parent(source, path, &last);
    if (folder_fd < 0) {
        return folder_fd;
    }
    int error = name_of(folder_fd, folder, sizeof folder);
    if (!error) {
        error = cut_root(source, folder);
    }
    if (!error) {
        const char *slash = strcmp(folder, "/") == 0 ? "" : "/";
        int length = snprintf(resolved, room, "%s%s%s", folder, slash, last);
        error = length < (int)room ? follow(folder_fd, folder, last, path) : -ENAMETOOLONG;
    }
    close(folder_fd);
    return error;
}


int pw_swap_resolve(const struct pw_source *source, const char *path, char *resolved, size_t room) {
    char current[PATH_MAX];
    if (path[0] != '/' || snprintf(current, sizeof current, "%s", path) >= PATH_MAX) {
        return path[0] == '/' ? -ENAMETOOLONG : -EINVAL;
    }
    int more = 1;
    for (int links = 0; more == 1 && links < MOST_LINKS; links++) {
        more = resolve_step(source, current, resolved, room);
    }
    return more == 1 ? -ELOOP : more;
}
