/* SPDX-License-Identifier: MIT
 *
 * What loop:inject needs of loop:on_oom: how a table tells of a kill.
 */
#ifndef PAGEWARDEN_HOST_OOM_HANDLE_H
#define PAGEWARDEN_HOST_OOM_HANDLE_H

#include <lua.h>

#include "host/oom_kills.h"

/* [-0, +n, v] Reads the event at 3 that loop:inject was given into `event`, and into `report` when
 * it names a pid; raises when it makes no sense. Its texts live as long as what was pushed. */
void pw_check_oom_event(lua_State *L, struct pw_oom_event *event, struct pw_oom_report *report);

#endif
