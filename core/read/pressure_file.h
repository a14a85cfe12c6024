/* SPDX-License-Identifier: MIT
 *
 * Triggers on pressure files: descriptors that poll() finds ready (POLLPRI) when so much time was
 * lost within a window, at most once a window, and in error (POLLERR) when the cgroup is gone.
 * Linux 5.2; Documentation/accounting/psi.rst. Asking for one writes to the file, and changes
 * nothing.
 */
#ifndef PAGEWARDEN_READ_PRESSURE_FILE_H
#define PAGEWARDEN_READ_PRESSURE_FILE_H

#include "read/source.h"

/* What the kernel takes. Without CAP_SYS_RESOURCE windows are multiples of 2 s, since Linux 6.5 and
 * as far back as 6.1 where it was backported; before, there were none. */
#define PW_PRESSURE_LEAST_WINDOW_US INT64_C(500000)
#define PW_PRESSURE_MOST_WINDOW_US INT64_C(10000000)
#define PW_PRESSURE_UNPRIVILEGED_WINDOW_US INT64_C(2000000)

struct pw_pressure_request {
    const char *path;  /* from the source's root; the caller keeps it until the trigger is closed */
    bool full;         /* all tasks stalled, instead of some */
    int64_t stall_us;  /* 1 to window_us */
    int64_t window_us; /* see above */
};

/* Opens a trigger: its descriptor, or -errno. EPERM: the window needs CAP_SYS_RESOURCE. ENOENT and
 * EOPNOTSUPP: there is no pressure information of this resource, kind or cgroup. EACCES, EINVAL and
 * EROFS: this file can be read, but takes no trigger of ours; EINVAL comes from kernels before 5.2,
 * EROFS from a root that is not live. */
int pw_pressure_file_open(const struct pw_source *source,
                          const struct pw_pressure_request *request);

#endif
