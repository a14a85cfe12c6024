/* SPDX-License-Identifier: MIT
 *
 * What the lines of zoneinfo, buddyinfo and pagetypeinfo begin with. Pure.
 */
#ifndef PAGEWARDEN_READ_ZONE_H
#define PAGEWARDEN_READ_ZONE_H

#include "read/text.h"

/* Takes "Node 0, zone      DMA" off the front of a line; a comma behind the name goes with it. */
bool pw_take_zone(struct pw_slice *line, int64_t *node, struct pw_slice *name);

#endif
