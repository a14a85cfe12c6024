/* SPDX-License-Identifier: MIT
 *
 * Finding a daemon among the processes of a snapshot, by what an administrator knows of it.
 */
#ifndef PAGEWARDEN_READ_DAEMON_H
#define PAGEWARDEN_READ_DAEMON_H

#include "read/columns.h"
#include "read/source.h"

enum pw_daemon_by {
    PW_BY_NAME, /* comm; of a longer name its first 15 bytes, which is all that the kernel has */
    PW_BY_UNIT, /* of systemd; ".service" may be left out */
    PW_BY_CGROUP,
    PW_BY_PID_FILE, /* a path from the root of the source */
    PW_BY_PORT,     /* TCP, of this network namespace */
};

struct pw_daemon {
    enum pw_daemon_by by;
    const char *text; /* of all but the port */
    int64_t port;
};

/* Why nothing was found: a positive errno and a sentence. */
struct pw_daemon_miss {
    int error;
    char reason[128];
};

/* The fields that a snapshot must have to find it in. */
pw_field_set pw_daemon_fields(const struct pw_daemon *daemon);

/* Marks the rows that are the daemon's, not yet what those started; never init, and no kernel
 * thread. A pid file is not believed when it is older than the process it names, or somebody
 * else's. False when there are none, and then `miss` says why. */
bool pw_daemon_mark(const struct pw_daemon *daemon, const struct pw_source *source,
                    struct pw_buffer *buffer, const struct pw_columns *columns, bool marked[],
                    struct pw_daemon_miss *miss);

#endif
