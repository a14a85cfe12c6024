/* SPDX-License-Identifier: MIT
 *
 * The parts of the module pagewarden.proc: methods of a reader, one list a file.
 */
#ifndef PAGEWARDEN_BIND_PROC_H
#define PAGEWARDEN_BIND_PROC_H

#include "bind/bind.h"
#include "read/swaps.h"

extern const luaL_Reg pw_machine_methods[]; /* meminfo, vmstat, pressure: one table each */
extern const luaL_Reg pw_zones_methods[];   /* zoneinfo, buddyinfo, pagetypeinfo */
extern const luaL_Reg pw_listing_methods[]; /* slabinfo, swaps, diskstats */

/* [-0, +4, v] Reads a file of the machine with the reader at 1. Returns 0, or on failure the number
 * of results that say why, to be returned by the caller. */
int pw_read_machine_file(lua_State *L, const char *path);

/* The text that was read last by the reader at 1. */
struct pw_slice pw_text_read(lua_State *L);

/* [-0, +0, m] Appends a swap area to the list on top of the stack, its file or disk, named as it is
 * on disk, under `name_key`. */
void pw_append_swap_area(lua_State *L, const struct pw_swap_area *area, const char *name_key);

#endif
