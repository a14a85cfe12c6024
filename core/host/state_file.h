/* SPDX-License-Identifier: MIT
 *
 * What a policy keeps from one start to the next: one file a policy,
 * ROOT/var/lib/pagewarden/state/NAME. It begins with
 *
 *   pagewarden-state 1 BYTES CHECKSUM
 *
 * and holds as many bytes that are nothing to this module. It is replaced as a whole: written
 * beside, flushed to the disk, renamed. A disk can take seconds, above all when memory is short, so
 * a thread of its own does that for each write and ends; nobody waits for it who does not want to.
 */
#ifndef PAGEWARDEN_HOST_STATE_FILE_H
#define PAGEWARDEN_HOST_STATE_FILE_H

#include <pthread.h>
#include <stdatomic.h>

#include "read/source.h"

#define PW_STATE_FOLDER "var/lib/pagewarden/state"
#define PW_STATE_VERSION 1

/* Room for the name of a policy, with its NUL. */
#define PW_STATE_NAME_BYTES 200

/* The caller's to embed. It must not move while a write is under way. */
struct pw_state_file {
    const struct pw_source *source;
    char name[PW_STATE_NAME_BYTES];
    struct pw_buffer writing; /* what the thread writes: header and contents */
    pthread_t thread;
    bool started;     /* there is a thread to wait for */
    atomic_bool done; /* it has nothing more to do */
    int error;        /* how it ended: 0 or -errno */
};

/* The file of a policy; nothing is opened yet. 0, or -EINVAL for what is no plain file name and
 * -ENAMETOOLONG. */
int pw_state_file_init(struct pw_state_file *file, const struct pw_source *source,
                       const char *name);

/* Reads the contents, a part of the buffer. 0 or -errno: ENOENT when there is none yet, EBADMSG
 * when it is corrupt or torn, EPROTONOSUPPORT when another version wrote it, EPERM when root is to
 * read what is somebody else's or what others may write. */
int pw_state_file_read(const struct pw_state_file *file, struct pw_buffer *buffer,
                       struct pw_slice *contents);

/* Renames the file to NAME.corrupt, in place of an earlier one. 0 or -errno. */
int pw_state_file_set_aside(const struct pw_state_file *file);

/* Copies the contents and begins to write them. 0 or -errno: EBUSY while a write is under way or
 * its end was not asked for. */
int pw_state_file_write(struct pw_state_file *file, struct pw_slice contents);

/* How the last write ended: 0 (also when there was none), -errno, or -EINPROGRESS. After a failure
 * the file is as it was. With `wait` it ends first. Once it has ended, the next may begin. */
int pw_state_file_finish(struct pw_state_file *file, bool wait);

/* Waits for a write under way and gives everything back; safe to call twice. */
void pw_state_file_close(struct pw_state_file *file);

#endif
