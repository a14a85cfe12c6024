/* SPDX-License-Identifier: MIT */
#include "act/swap_path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* As many links on the way as the kernel follows. */
#define MOST_LINKS 40


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


int pw_swap_root(const struct pw_source *source, char root[PATH_MAX]) {
    return source->live ? (strcpy(root, "/"), 0) : name_of(source->root_fd, root, PATH_MAX);
}


/* Makes a path that begins at this machine's root one that begins at the source's. */
static int cut_root(const struct pw_source *source, char *name) {
    char root[PATH_MAX];
    int error = pw_swap_root(source, root);
    size_t size = error || strcmp(root, "/") == 0 ? 0 : strlen(root);
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


int pw_swap_resolve_folder(const struct pw_source *source, const char *folder,
                           char resolved[PATH_MAX]) {
    int fd = pw_source_open_at(source, source->root_fd, folder);
    if (fd < 0) {
        return fd;
    }
    int error = name_of(fd, resolved, PATH_MAX);
    close(fd);
    if (!error) {
        error = cut_root(source, resolved);
    }
    if (!error && !resolved[0]) {
        strcpy(resolved, "/");
    }
    return error;
}
