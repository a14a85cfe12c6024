/* SPDX-License-Identifier: MIT */
#include "read/sweep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>


int pw_sweep_open(struct pw_sweep *sweep, const struct pw_sweep_backend *backend,
                  struct pw_source *source, struct pw_buffer *buffer) {
    if (source->root_fd < 0) {
        return source->root_fd;
    }
    int fd = openat(source->root_fd, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    sweep->backend = backend;
    sweep->proc_fd = fd;
    sweep->reader.source = source;
    sweep->reader.buffer = buffer;
    return 0;
}


int pw_sweep_begin(struct pw_sweep *sweep) {
    memset(sweep->reader.failures, 0, sizeof sweep->reader.failures);
    sweep->reader.flaws = (struct pw_flaws){0};
    return sweep->backend->begin(sweep);
}


int pw_sweep_next(struct pw_sweep *sweep, struct pw_row *row) {
    return sweep->backend->next(sweep, row);
}


void pw_sweep_close(struct pw_sweep *sweep) {
    if (!sweep->backend) {
        return;
    }
    sweep->backend->close(sweep);
    sweep->backend = NULL;
    pw_row_reader_free(&sweep->reader);
    close(sweep->proc_fd);
}


static int scan_begin(struct pw_sweep *sweep) {
    struct pw_scan *scan = (struct pw_scan *)sweep;
    scan->entries_size = scan->entries_at = 0;
    return lseek(sweep->proc_fd, 0, SEEK_SET) < 0 ? -errno : 0;
}


/* The next name that is a number: 1, 0 at the end, or -errno. */
static int next_pid(struct pw_scan *scan, int64_t *pid) {
    for (;;) {
        if (scan->entries_at >= scan->entries_size) {
            ssize_t size = getdents64(scan->sweep.proc_fd, scan->entries, sizeof scan->entries);
            if (size <= 0) {
                return size < 0 ? -errno : 0;
            }
            scan->entries_size = (int)size;
            scan->entries_at = 0;
        }
        const struct dirent64 *entry = (const void *)(scan->entries + scan->entries_at);
        scan->entries_at += entry->d_reclen;
        struct pw_number number;
        bool is_pid = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
                      pw_parse_number(pw_slice_of(entry->d_name), &number) && !number.clamped;
        if (is_pid) {
            *pid = number.value;
            return 1;
        }
    }
}


static int scan_next(struct pw_sweep *sweep, struct pw_row *row) {
    int64_t pid;
    int found = next_pid((struct pw_scan *)sweep, &pid);
    while (found > 0) {
        int error = pw_read_row(&sweep->reader, sweep->proc_fd, pid, sweep->files, row);
        if (!error) {
            return 1;
        }
        pw_row_failed(&sweep->reader, error);
        found = next_pid((struct pw_scan *)sweep, &pid);
    }
    return found;
}


static void scan_close(struct pw_sweep *sweep) {
    (void)sweep;
}


int pw_scan_open(struct pw_scan *scan, struct pw_source *source, struct pw_buffer *buffer) {
    static const struct pw_sweep_backend backend = {scan_begin, scan_next, scan_close};
    return pw_sweep_open(&scan->sweep, &backend, source, buffer);
}
