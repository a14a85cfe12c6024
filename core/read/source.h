/* SPDX-License-Identifier: MIT
 *
 * Where the kernel's text comes from: whole files below a root directory, "/" or a captured tree.
 * The only folder-wide room for I/O of core/read; the parsers never see a descriptor.
 */
#ifndef PAGEWARDEN_READ_SOURCE_H
#define PAGEWARDEN_READ_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "read/text.h"

/* Texts that stand before the files of a root: what a dry run would have written. `find` says
 * whether there is one for a path from the root, and which; it is valid until the next change. */
struct pw_source_overlay {
    bool (*find)(const void *context, const char *path, struct pw_slice *text); /* or NULL */
    const void *context;
};

/* A root and what its kernel was built with. Open until pw_source_close(). */
struct pw_source {
    int root_fd; /* O_PATH, or a negative errno when the root could not be opened */
    bool live;   /* the root is this machine's own "/" */
    long page_size_bytes;
    long clock_ticks_per_second;
    bool no_rollup; /* smaps_rollup was missing where smaps was there: ask for smaps first */
    struct pw_source_overlay overlay; /* looked at first when a path from the root is read */
};

/* Text that grows as files need it and is kept from read to read. Starts empty: {0}. */
struct pw_buffer {
    char *data;
    size_t size_bytes;
    size_t capacity_bytes;
};

/* Why reading failed, apart from the errno: what a sweep counts and a user is told. */
enum pw_failure {
    PW_GONE,        /* ENOENT, ESRCH: the process or cgroup vanished, or is hidden */
    PW_DENIED,      /* EACCES, EPERM */
    PW_UNSUPPORTED, /* ENOSYS, EOPNOTSUPP: this kernel, or its configuration, has no such thing */
    PW_BROKEN,      /* everything else; EMFILE and EIO among them, never reported as gone */
    PW_FAILURES
};

/* Most that is read of one file. A process with 40,000 mappings has 29 MB of smaps. */
#define PW_FILE_LIMIT_BYTES ((size_t)256 << 20)

/* Opens `path` as the root. The page size and clock tick start as this machine's, and are the
 * caller's to change for captures of another. On failure returns -errno, and every later read of
 * the source fails with the same. */
int pw_source_open(struct pw_source *source, const char *path);

/* Closes what is open; safe to call twice. */
void pw_source_close(struct pw_source *source);

/* Opens a path relative to `dir_fd` for reading: a source's root_fd, or the directory of one
 * process. Under a root that is not live, symbolic links cannot lead out of it (openat2,
 * RESOLVE_IN_ROOT, Linux 5.6). Returns the descriptor or -errno. */
int pw_source_open_at(const struct pw_source *source, int dir_fd, const char *path);

/* Whether the root has such a file, though it may not be one to read. Reads nothing of it. */
bool pw_source_has(const struct pw_source *source, const char *path);

/* Reads a whole file into the buffer, to its end (a short read is not the end: seq_file hands out
 * a page at a time). Returns 0 or -errno: EFBIG past PW_FILE_LIMIT_BYTES. */
int pw_source_read(const struct pw_source *source, const char *path, struct pw_buffer *buffer);

/* The same relative to a directory descriptor. */
int pw_source_read_at(const struct pw_source *source, int dir_fd, const char *path,
                      struct pw_buffer *buffer);

/* The same for files that seq_file makes of one record (stat, statm, status, meminfo): when less
 * than the buffer came back that was all of it, and the read that would only return 0 is saved. */
int pw_source_read_record(const struct pw_source *source, int dir_fd, const char *path,
                          struct pw_buffer *buffer);

/* Whether the overlay has a text for a path from the root, and which. */
bool pw_source_overlaid(const struct pw_source *source, const char *path, struct pw_slice *text);

/* Reads what a process maps, for pw_parse_rollup(): smaps_rollup, or smaps where the kernel has
 * only that (before Linux 4.14, but some backport it, so it is tried). `dir_fd` is the process's
 * directory. Which of them was there is remembered and tried first the next time. */
int pw_source_read_rollup(struct pw_source *source, int dir_fd, struct pw_buffer *buffer);

/* Reads a file that is kept open, from its beginning to its end, without closing it. */
int pw_source_reread(int fd, struct pw_buffer *buffer);

/* The same for a one-record file. */
int pw_source_reread_record(int fd, struct pw_buffer *buffer);

/* What the buffer holds. */
struct pw_slice pw_buffer_text(const struct pw_buffer *buffer);

/* Adds bytes to what the buffer holds; 0, -ENOMEM or -EFBIG. */
int pw_buffer_append(struct pw_buffer *buffer, struct pw_slice bytes);

/* Frees the buffer's memory; it is empty again. */
void pw_buffer_free(struct pw_buffer *buffer);

/* Sorts a positive errno. */
enum pw_failure pw_failure_of(int error);

/* "gone", "denied", "unsupported" or "broken". */
const char *pw_failure_name(enum pw_failure failure);

#endif
