/* SPDX-License-Identifier: MIT
 *
 * The Lua modules written in C that the executable has built in, so that it needs no pagewarden.so.
 */
#ifndef PAGEWARDEN_HOST_MODULES_H
#define PAGEWARDEN_HOST_MODULES_H

#include <lua.h>

/* [-0, +0, m] Makes `require` find them, before any file. package must be open. */
void pw_preload_modules(lua_State *L);

#endif
