/* SPDX-License-Identifier: MIT
 *
 * Passes over many processes. A sweep yields one row after another; where rows come from is a
 * backend's affair, and this is the one place where another is added:
 *
 *   scan   every process that /proc lists, its files opened and closed (this header)
 *   watch  chosen processes, their files kept open (watch.h)
 */
#ifndef PAGEWARDEN_READ_SWEEP_H
#define PAGEWARDEN_READ_SWEEP_H

#include "read/process_row.h"

struct pw_sweep;

struct pw_sweep_backend {
    /* Starts a new pass. 0 or -errno. */
    int (*begin)(struct pw_sweep *sweep);
    /* Fills the next row: 1, 0 at the end of the pass, or -errno when the pass cannot go on. A
     * process that vanished or may not be read is counted and passed over. */
    int (*next)(struct pw_sweep *sweep, struct pw_row *row);
    /* Closes what is the backend's own. */
    void (*close)(struct pw_sweep *sweep);
};

/* Closed when `backend` is NULL. Backends embed it as their first member. */
struct pw_sweep {
    const struct pw_sweep_backend *backend;
    struct pw_row_reader reader;
    pw_file_set files; /* read of every process; stat always is */
    int proc_fd;
};

/* Opens /proc of the source; 0 or -errno. Called by the backends' own openers. */
int pw_sweep_open(struct pw_sweep *sweep, const struct pw_sweep_backend *backend,
                  struct pw_source *source, struct pw_buffer *buffer);

/* Starts a pass and resets what was counted. */
int pw_sweep_begin(struct pw_sweep *sweep);

/* As the backend's next(). */
int pw_sweep_next(struct pw_sweep *sweep, struct pw_row *row);

/* Closes the sweep; safe to call twice. */
void pw_sweep_close(struct pw_sweep *sweep);

/* A sweep over all that /proc lists. */
struct pw_scan {
    struct pw_sweep sweep;
    int entries_size, entries_at;
    _Alignas(8) char entries[8192]; /* of getdents64(2); larger ones measure no faster */
};

/* Opens a scan: 0 or -errno. */
int pw_scan_open(struct pw_scan *scan, struct pw_source *source, struct pw_buffer *buffer);

#endif
