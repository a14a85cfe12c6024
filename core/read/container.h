/* SPDX-License-Identifier: MIT
 *
 * Whether a root is a container's. There /proc/meminfo, vmstat and pressure are those of the whole
 * machine, and what acts on that is not the container's to do.
 */
#ifndef PAGEWARDEN_READ_CONTAINER_H
#define PAGEWARDEN_READ_CONTAINER_H

#include "read/source.h"

/* What tells that it is one, for a message; NULL when nothing does: a pid namespace other than the
 * first, or, where that is shared with the machine, one of the files that container managers leave
 * (systemd's CONTAINER_INTERFACE, podman, Docker) in a mount namespace other than init's. */
const char *pw_container_sign(const struct pw_source *source);

#endif
