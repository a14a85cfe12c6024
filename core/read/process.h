/* SPDX-License-Identifier: MIT
 *
 * One process of a source, which is (pid, start time) and never a bare pid: pids are used again.
 */
#ifndef PAGEWARDEN_READ_PROCESS_H
#define PAGEWARDEN_READ_PROCESS_H

#include "read/source.h"
#include "read/stat.h"

struct pw_identity {
    int64_t pid;
    int64_t start_ticks; /* after boot; PW_ABSENT: whoever has the pid now */
};

/* Opens the process's directory and reads its stat, whose comm is a slice of the buffer. Everything
 * read through the descriptor is of that process, or fails when it has ended. The caller closes
 * it. Returns the descriptor or -errno: ESRCH when the pid belongs to another process by now,
 * EBADMSG when stat makes no sense. */
int pw_process_open(const struct pw_source *source, const struct pw_identity *identity,
                    struct pw_buffer *buffer, struct pw_stat *stat, struct pw_flaws *flaws);

/* Reads one file of the process after the same checks: 0 or -errno. ENOENT of the process itself
 * comes as ESRCH, so ENOENT means that this kernel has no such file. */
int pw_process_read(const struct pw_source *source, const struct pw_identity *identity,
                    const char *name, struct pw_buffer *buffer);

/* Reads one file of a process whose directory is open, or what an overlay has in its place; one
 * record, as pw_source_read_record() does. 0 or -errno. */
int pw_process_read_at(const struct pw_source *source, const struct pw_identity *identity,
                       int dir_fd, const char *name, struct pw_buffer *buffer);

/* Room for the path of a process's file. */
#define PW_PROCESS_PATH_BYTES 80

/* The path under which an overlay has a file of a process: "proc/PID:START/NAME". There is no such
 * file, so a pid that is used again does not meet it. */
void pw_process_overlay_path(const struct pw_identity *identity, const char *name,
                             char path[PW_PROCESS_PATH_BYTES]);

/* Whether an overlay has a file of a process, and its text. */
bool pw_process_overlaid(const struct pw_source *source, const struct pw_identity *identity,
                         const char *name, struct pw_slice *text);

/* Reads smaps_rollup or smaps, as pw_source_read_rollup() does. */
int pw_process_read_rollup(struct pw_source *source, const struct pw_identity *identity,
                           struct pw_buffer *buffer);

#endif
