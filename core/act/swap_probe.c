/* SPDX-License-Identifier: MIT */
#include "act/swap_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/extents.h"
#include "act/file.h"


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
    if (!error && !probe->problem && probe->regular && source->live) {
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


/* Of an active swap file fallocate(2) says so before it looks at what is asked for: here for a byte
 * where no file can have one, so that another file is refused it too (fs/open.c, vfs_fallocate()).
 */
static bool is_active(int fd) {
    return fallocate(fd, FALLOC_FL_KEEP_SIZE, INT64_MAX, 1) == -1 && errno == ETXTBSY;
}


int64_t pw_swap_active_bytes(const struct pw_source *source, const char *path) {
    struct stat status;
    bool regular = source->live && lstat(path, &status) == 0 && S_ISREG(status.st_mode);
    int fd = regular ? pw_file_open(source, source->root_fd, path, O_WRONLY) : -1;
    int64_t size_bytes = fd >= 0 && is_active(fd) ? (int64_t)status.st_size : 0;
    if (fd >= 0) {
        close(fd);
    }
    return size_bytes;
}
