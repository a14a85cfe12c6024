/* SPDX-License-Identifier: MIT
 *
 * Files that change, as events: inotify on the loop, one descriptor for all of a loop's files since
 * the kernel grants a user only 128. It is open while anything is watched, and nothing allocates. A
 * virtual loop does not stay for it: nobody but the one who moves its clock would change a file.
 */
#ifndef PAGEWARDEN_HOST_FILE_CHANGES_H
#define PAGEWARDEN_HOST_FILE_CHANGES_H

#include "host/loop.h"
#include "read/source.h"

struct pw_file_watch;

/* All of a loop's watches. Starts as {.fd = -1}, and is empty again when the last one is closed. */
struct pw_file_changes {
    struct pw_file_watch *first;
    uint64_t turns;
    uint64_t openings; /* tells watch descriptors of this inotify from those of the last */
    int fd;            /* -1: nothing is watched */
    int slot;
};

/* `mask` is what inotify(7) says happened, of what was asked for, or IN_IGNORED, with which the
 * file is gone and the watch is closed, or IN_Q_OVERFLOW: anything may have happened. `name` is of
 * the entry of a watched folder, else empty. The watch may be closed. */
typedef void pw_file_action(struct pw_file_watch *watch, uint32_t mask, const char *name,
                            void *context);

struct pw_file_watch {
    pw_file_action *action;
    void *context;
    /* This module's own. */
    struct pw_file_changes *changes;
    struct pw_loop *loop;
    struct pw_file_watch *next;
    uint64_t turn;
    uint32_t mask;
    int descriptor; /* inotify's; several watches of one file share one */
};

/* Watches a file or folder of the source for what `mask` says: IN_MODIFY, …; its end is always
 * told. Returns 0 or -errno, with nothing to close. */
int pw_file_watch_open(struct pw_file_watch *watch, struct pw_file_changes *changes,
                       struct pw_loop *loop, const struct pw_source *source, const char *path,
                       uint32_t mask);

/* Stops watching. Safe to call twice, and for one that was never opened ({0}). */
void pw_file_watch_close(struct pw_file_watch *watch);

#endif
