/* SPDX-License-Identifier: MIT
 *
 * What the functions of pagewarden.oom share; they stand in several files.
 */
#ifndef PAGEWARDEN_BIND_OOM_H
#define PAGEWARDEN_BIND_OOM_H

#include "bind/view.h"

#define PW_OOM "pagewarden.oom"

/* Methods. */
int pw_oom_victims(lua_State *L);

#endif
