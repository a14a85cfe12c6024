/* SPDX-License-Identifier: MIT
 *
 * Reads the wanted files of one process into a row. What may be opened: files below /proc/PID of
 * the source's root.
 */
#ifndef PAGEWARDEN_READ_PROCESS_ROW_H
#define PAGEWARDEN_READ_PROCESS_ROW_H

#include "read/columns.h"
#include "read/source.h"

/* What reading many processes in turn shares, and what it met. */
struct pw_row_reader {
    struct pw_source *source;
    struct pw_buffer *buffer;         /* scratch; its text is gone with the next file */
    struct pw_buffer cgroup, cmdline; /* what the row's texts point into */
    bool *no_rollup;                  /* this kernel was seen to lack smaps_rollup (before 4.14) */
    uint32_t failures[PW_FAILURES];   /* files that could not be read, by kind */
    struct pw_flaws flaws;
};

/* Frees the buffers that are the reader's own. */
void pw_row_reader_free(struct pw_row_reader *reader);

/* Reads `files` of a process through `proc_fd`, the open /proc. stat is always read, and first:
 * when it cannot be, there is no row and the return is -errno. Any other file that cannot be read
 * is counted and its fields stay absent. The row's texts are valid until the next call. With more
 * than one file all are read through one directory descriptor, so they are of one process. */
int pw_read_row(struct pw_row_reader *reader, int proc_fd, int64_t pid, pw_file_set files,
                struct pw_row *row);

/* Reads `files` into a row whose pid and start_time are known; -ESRCH when the process is no
 * longer the same. */
int pw_read_more(struct pw_row_reader *reader, int proc_fd, pw_file_set files, struct pw_row *row);

/* The same from descriptors that are held, by file; files without one are passed over. Held
 * descriptors stay with one task for ever, so a pid that is used again cannot be mistaken. */
int pw_reread_row(struct pw_row_reader *reader, const int fds[PW_FILE_ROLLUP], struct pw_row *row);

/* Opens one file of a process: the descriptor or -errno. */
int pw_open_process_file(const struct pw_row_reader *reader, int proc_fd, int64_t pid,
                         enum pw_file_id file);

/* Counts a failure under its kind. */
void pw_row_failed(struct pw_row_reader *reader, int error);

#endif
