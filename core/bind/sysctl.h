/* SPDX-License-Identifier: MIT
 *
 * The parts of pagewarden.sysctl that stand in files of their own.
 */
#ifndef PAGEWARDEN_BIND_SYSCTL_H
#define PAGEWARDEN_BIND_SYSCTL_H

#include "bind/act.h"
#include "bind/view.h"

#define PW_SYSCTL "pagewarden.sysctl"

/* [-0, +0, v] The key at 2. */
void pw_check_sysctl(lua_State *L, struct pw_setting *setting);

/* sysctl.set of several keys, sysctl.save and sysctl.restore. */
int pw_sysctl_set_all(lua_State *L);
int pw_sysctl_save(lua_State *L);
int pw_sysctl_restore(lua_State *L);

#endif
