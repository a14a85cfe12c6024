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

/* [-0, +1, m] The name of a swap area's file or disk, as it is on disk. */
void pw_push_swap_filename(lua_State *L, const struct pw_swap_area *area);

#endif
