/* SPDX-License-Identifier: MIT
 *
 * What loop:inject needs of loop:on_pressure: how a table tells of pressure.
 */
#ifndef PAGEWARDEN_HOST_PRESSURE_HANDLE_H
#define PAGEWARDEN_HOST_PRESSURE_HANDLE_H

#include "bind/reader.h"
#include "host/pressure_trigger.h"

/* [-0, +n, v] Reads the event at 3 that loop:inject was given; raises when it makes no sense.
 * Returns 0, or -EOPNOTSUPP when nobody can be waiting for it: it is of a cgroup, and the second
 * version is not in use. */
int pw_check_pressure_news(lua_State *L, struct pw_pressure_news *news);

#endif
